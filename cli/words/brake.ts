/** The brake for people: what it stands at and why, then what it has seen. */
import type { BrakeList, BrakeStatus } from '../../api/brake.ts';
import { counted, humanCount, printable } from '../../base/human.ts';
import { safe } from '../screen.ts';
import { moment } from './time.ts';

/** One line: since when, and why. */
export function brakeWords({ state, sinceMs, share, why }: BrakeStatus): string {
  return state === 'off' ? 'off' : `${state} since ${moment(sinceMs)}, share ${printable(share)}: ${printable(why)}`;
}

/** `limit` of each list are shown. */
export function brakeLines(brake: BrakeStatus, list: BrakeList, limit: number): string[] {
  return [
    ...(brake.state === 'off' ? offLines(brake) : onLines(brake)),
    ...listed(
      'Copied before it tripped, or within the last day:',
      list.changes
        .slice(0, limit)
        .map(
          ({ share, path, kind, why, atMs, outcome }) =>
            safe`  ${moment(atMs)}  ${kind.padEnd(8)}  ${share}/${path}${why === '' ? '' : `: ${why}`}${outcome === '' ? '' : ` (${outcome})`}`,
        ),
      brake.noted,
    ),
    ...listed(
      'Held since then:',
      list.held
        .slice(0, limit)
        .map(
          ({ share, path, kind, why }) => safe`  ${kind.padEnd(8)}  ${share}/${path}${why === '' ? '' : `: ${why}`}`,
        ),
      brake.held,
    ),
  ];
}

function offLines({ score, share, why }: BrakeStatus): string[] {
  const percent = Math.floor(Math.min(1, score) * 100);
  return ['The brake is off.', ...(why === '' ? [] : [safe`  At ${percent} % of its limit, share ${share}: ${why}.`])];
}

function onLines(brake: BrakeStatus): string[] {
  const { state, noted, open, missing } = brake;
  const next = {
    tripped: 'Next: standby brake reject (back to the last good state), or standby brake allow (it is wanted).',
    rejecting: 'Next: wait until the last good state is back.',
    rejected: 'Next: clean the main, then standby brake allow.',
    off: '',
  }[state];
  return [
    `The brake is on: ${brakeWords(brake)}.`,
    ...(state === 'tripped'
      ? []
      : [`  ${humanCount(noted - open)} of ${counted(noted, 'change')} undone; ${humanCount(missing)} could not be.`]),
    `  ${next}`,
  ];
}

function listed(title: string, lines: string[], all: number): string[] {
  if (lines.length === 0) return [];
  const rest = all - lines.length;
  return [title, ...lines, ...(rest > 0 ? [`  … ${humanCount(rest)} more`] : [])];
}
