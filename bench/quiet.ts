/** Whether the machine has nothing else to do: figures of a busy one say little, and a report has to tell. */
import os from 'node:os';
import { machineIdleMs } from './cpu.ts';
import { progress } from './report.ts';

const LOOK_MS = 2_000;
/** Idle share of all processors from which on a machine counts as quiet. */
const QUIET = 0.95;

/** A note about the machine, from a look of two seconds in which the bench itself does nothing; also told on standard error when it is not quiet. */
export async function lookAtMachine(): Promise<string> {
  const before = { idleMs: machineIdleMs(), ms: performance.now() };
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const idle = (machineIdleMs() - before.idleMs) / ((performance.now() - before.ms) * os.availableParallelism());
  const note = quietNote(idle);
  if (idle < QUIET) progress(note);
  return note;
}

/** @param idle share of the time that the processors had nothing to do, 0 to 1 */
export function quietNote(idle: number): string {
  const percent = Math.max(0, Math.min(100, Math.round((1 - idle) * 100)));
  return idle < QUIET
    ? `the machine was NOT quiet before the first run: others used ${percent} % of its processors; compare contenders, and trust no absolute figure`
    : `the machine was quiet before the first run: ${percent} % of its processors in use`;
}
