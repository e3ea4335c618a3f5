/** A restore for people: the plan before, the progress during. */
import type { Plan } from '../../api/command.ts';
import type { RestoreProgress } from '../../api/event.ts';
import { counted, humanCount, humanDuration, humanSize, printable } from '../../base/human.ts';
import { safe } from '../screen.ts';
import { progressBar } from './bar.ts';

export function planLines(plan: Plan, mainName: string): string[] {
  const main = printable(mainName);
  const shown = plan.sample.length;
  const all = plan.send + plan.remove + plan.conflicts;
  return [
    `Restore Files would, on ${main}:`,
    `  send    ${counted(plan.send, 'file')} (${humanSize(plan.sendBytes)}) that changed here`,
    `  remove  ${counted(plan.remove, 'file')} deleted here; a copy is kept`,
    `  keep    ${counted(plan.conflicts, 'conflict')}: changed on both sides, both versions stay`,
    `  leave   ${counted(plan.leave, 'file')} that ${plan.leave === 1 ? 'is' : 'are'} newer there, or equal`,
    ...(plan.blocked === 0
      ? []
      : [`  skip    ${counted(plan.blocked, 'file')} that could not be looked at; see the plan`]),
    ...plan.sample.map(
      ({ action, share, path, why }) => safe`    ${action}  ${share}/${path}${why === '' ? '' : `  (${why})`}`,
    ),
    ...(shown < all ? [`    … ${humanCount(all - shown)} more`] : []),
    `  The whole plan: ${printable(plan.file)}`,
  ];
}

export function restoreLine(progress: RestoreProgress): string {
  const { done, total, bytesPerSecond, leftMs } = progress;
  const left = leftMs < 0 ? '' : `, ${humanDuration(leftMs)} left`;
  return `  ${progressBar(total === 0 ? 0 : done / total)}  ${humanCount(done)} of ${counted(total, 'file')}, ${humanSize(bytesPerSecond)}/s${left}`;
}
