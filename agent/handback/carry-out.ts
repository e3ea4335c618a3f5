/**
 * Carrying out a plan, phase by phase. A line whose expectations do not hold any more, or whose file is in use on the main,
 * stays open and is never forced. Trouble with the connection or with room on a disk ends the run: what was done is done,
 * nothing is half, and a new plan goes on from there.
 */
import { Failure, isFailure } from '../../base/failure.ts';
import type { BaseView } from './base-view.ts';
import { isAboutOneObject } from './compare.ts';
import { carryLine, type Desk } from './line.ts';
import type { OpenPlan } from './plan-file.ts';
import { PHASES, type Phase, type PlanLine } from './plan-line.ts';
import type { Outcome } from './put.ts';

/** Lines under way at once where their order does not matter: hides the round trips, and the main hardly notices. */
const LANES = 8;
/** Reasons that are kept for people. */
const PROBLEMS_LIMIT = 1_000;

export interface Problem {
  share: string;
  path: string;
  why: string;
}

export interface RestoreResult {
  /** Files, folders and stamps that the main has now under their names. */
  sent: number;
  removed: number;
  /** The standby's versions that stand beside the main's now. */
  conflicts: number;
  /** Lines that could not be done now; a new plan has them again. */
  open: number;
  /** Open lines, and done ones with something to tell; the first thousand. */
  problems: Problem[];
}

export interface Progress {
  done: number;
  total: number;
  /** Bytes of files sent, of those that the plan sends. */
  bytes: number;
  totalBytes: number;
}

/** @param left what is to be told besides what the lines tell */
export async function carryPlan(
  plan: OpenPlan,
  desk: Desk,
  left: readonly Problem[],
  progress: (progress: Progress) => void,
): Promise<RestoreResult> {
  const problems = left.slice(0, PROBLEMS_LIMIT);
  const result: RestoreResult = { sent: 0, removed: 0, conflicts: 0, open: 0, problems };
  const so: Progress = { done: 0, total: plan.total, bytes: 0, totalBytes: plan.totalBytes };
  const one = async (line: PlanLine): Promise<void> => {
    const outcome = await outcomeOf(line, desk);
    tell(result, line, outcome);
    if (outcome.kind === 'done') teach(desk.view, line, outcome);
    so.done += 1;
    if (line.phase === 'send') so.bytes += line.local?.size ?? 0;
    progress({ ...so });
  };
  for (const phase of PHASES) await runPhase(plan, phase, one);
  return result;
}

/** Folders and what is in their way keep the order of the plan; the rest goes side by side. */
async function runPhase(plan: OpenPlan, phase: Phase, one: (line: PlanLine) => Promise<void>): Promise<void> {
  const lanes = phase === 'send' || phase === 'remove' ? LANES : 1;
  const running = new Set<Promise<void>>();
  let stop: { error: unknown } | undefined;
  for (const line of plan.lines()) {
    if (line.phase !== phase) continue;
    const lane: Promise<void> = one(line)
      .catch((error: unknown) => {
        stop ??= { error };
      })
      .finally(() => running.delete(lane));
    running.add(lane);
    if (running.size >= lanes) await Promise.race(running);
    if (stop !== undefined) break;
  }
  await Promise.all(running);
  if (stop !== undefined) throw stop.error;
}

async function outcomeOf(line: PlanLine, desk: Desk): Promise<Outcome> {
  try {
    return await carryLine(line, desk);
  } catch (error) {
    if (isFailure(error, 'sharing-violation')) return { kind: 'open', why: 'it is open on the main' };
    // A name that the standby's own disk cannot hold concerns this one file.
    if (isAboutOneObject(error) || isFailure(error, 'enametoolong')) return { kind: 'open', why: error.message };
    throw error;
  }
}

function tell(result: RestoreResult, line: PlanLine, outcome: Outcome): void {
  const why = outcome.kind === 'open' ? outcome.why : outcome.note;
  if (why !== undefined && result.problems.length < PROBLEMS_LIMIT)
    result.problems.push({ share: line.share, path: line.path, why });
  if (outcome.kind === 'open') {
    result.open += 1;
    return;
  }
  switch (line.action) {
    case 'send':
    case 'send-new':
    case 'send-for-directory':
    case 'stamp':
    case 'make-directory':
      result.sent += 1;
      return;
    case 'remove':
    case 'remove-directory':
      if (outcome.note === undefined) result.removed += 1;
      return;
    case 'conflict':
    case 'conflict-directory':
      result.conflicts += 1;
      return;
    case 'equal':
    case 'leave':
    case 'respell':
      return;
    case 'blocked':
      throw new Failure({
        code: 'unexpected',
        doing: 'carry out',
        subject: line.path,
        what: 'a blocked line was done',
      });
  }
}

/**
 * What main and mirror have in common again. Where our copy is not what the main has under that name, the row goes, and the
 * next pass copies what the main has.
 */
function teach(view: BaseView, line: PlanLine, outcome: Outcome & { kind: 'done' }): void {
  if (outcome.common !== undefined && line.from === line.path) {
    view.learned(line.share, line.path, outcome.common.stat, outcome.common.local);
    return;
  }
  view.forget(line.share, line.path);
  if (line.from !== '' && line.from !== line.path) view.forget(line.share, line.from);
}
