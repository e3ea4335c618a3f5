/** What a walk through one share knows, and the lines it writes. */
import { Failure } from '../../base/failure.ts';
import type { Tree } from '../../smb/types.ts';
import type { MainSide, Question } from '../decide/restore.ts';
import type { BaseView } from './base-view.ts';
import { join } from './beneath.ts';
import { sideOf, statOnMain } from './compare.ts';
import type { Pair } from './local.ts';
import { mainPath, type Place } from './place.ts';
import { type PlanLine, writeMain, writeSignature } from './plan-line.ts';

export interface Walk {
  share: string;
  view: BaseView;
  tree: Tree;
  plan: { add(line: PlanLine): void };
  /** The mirror's folder of the share. */
  root: string;
  /** The mirror of the share is empty and the base is not: more likely a lost disk than users' work. */
  doubtDeletions: boolean;
}

/** One name with all that is known about it. */
export interface Case extends Question {
  pair: Pair;
  /** In the mirror; '' when nothing is there. */
  from: string;
}

export type BareLine = Omit<PlanLine, 'phase' | 'action'>;

export function emptyLine(walk: Walk, path: string, from: string): BareLine {
  return { share: walk.share, path, from, beside: '', why: '', local: null, main: null };
}

/** The line of a case with what it expects of both sides. */
export function lineOf(walk: Walk, place: Place, it: Case, why: string): BareLine {
  return {
    ...emptyLine(walk, join(mainPath(place), it.pair.name), it.from),
    why,
    local: it.standby?.kind === 'file' ? writeSignature(it.standby.signature) : null,
    main: writeMain(it.main),
  };
}

/** Something that cannot be judged now: it stays open, and so does the freeze. */
export function block(walk: Walk, path: string, from: string, why: string): void {
  walk.plan.add({ ...emptyLine(walk, path, from), phase: 'notes', action: 'blocked', why });
}

/** The mirror takes over the main's spelling, so that base, main and mirror have one name again. */
export function respell(walk: Walk, place: Place, pair: Pair, from: string): void {
  if (pair.local === undefined || pair.base === undefined || pair.local.name === pair.base.name) return;
  const why = 'only the case of the name changed on the standby: the main’s spelling stays';
  const line = emptyLine(walk, join(mainPath(place), pair.base.name), from);
  walk.plan.add({ ...line, phase: 'notes', action: 'respell', why });
}

/** A deletion that could hit something else than what was deleted is not planned. */
export function planRemoval(walk: Walk, pair: Pair, line: PlanLine): void {
  const leave = (why: string) => walk.plan.add({ ...line, phase: 'notes', action: 'leave', why });
  if (walk.doubtDeletions) leave('the whole share is empty on the standby: nothing is deleted on the main');
  else if (pair.twin) leave('deleted on the standby, where another name differs only in case');
  else walk.plan.add(line);
}

export async function sideOnMain(tree: Tree, path: string): Promise<MainSide | undefined> {
  const stat = await statOnMain(tree, path);
  return stat === undefined ? undefined : sideOf(stat);
}

/** A broken expectation of the planning itself. */
export function planFailure(code: string, subject: string, what: string, hint?: string): Failure {
  return new Failure({ code, doing: 'plan the restore', subject, what, ...(hint === undefined ? {} : { hint }) });
}
