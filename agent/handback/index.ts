/**
 * Restore Files: what users changed on the standby while it served goes back to the main. Two steps, with a person between
 * them: `planRestore` compares and changes nothing; `carryOut` does exactly the plan whose hash was shown.
 *
 * Never: a newer file of the main overwritten, a version of either side lost, anything done that was not in the plan.
 */
import path from 'node:path';
import { Failure, failureOf } from '../../base/failure.ts';
import type { Tree } from '../../smb/types.ts';
import type { PlanSummary } from '../engine-messages.ts';
import type { BaseView } from './base-view.ts';
import { carryPlan, type Progress, type RestoreResult } from './carry-out.ts';
import { planShare } from './plan.ts';
import { openPlan, PlanWriter } from './plan-file.ts';
import { isDecision, type PlanHeader } from './plan-line.ts';
import { Temps } from './temps.ts';

export type { BaseRow, BaseView, LocalMarks } from './base-view.ts';
export type { Progress, RestoreResult } from './carry-out.ts';

export interface HandbackDeps {
  view: BaseView;
  /** Folder of the plans (`plans/`) and of what is replaced or removed on the main (`kept/`); readable by root only. */
  statePath: string;
  /** The takeover whose changes are restored: names its files. */
  decision: string;
  shares: readonly string[];
  /** A connected share of the main; asked for each line, so it should be kept. */
  treeOf(share: string): Promise<Tree>;
}

/** Compares base, main and mirror, writes the plan's file and tells what is in it. Changes nothing on main or mirror. */
export async function planRestore(deps: HandbackDeps): Promise<PlanSummary> {
  checkNames(deps);
  const plan = new PlanWriter(deps.statePath, await headerOf(deps));
  try {
    for (const share of deps.shares) await planShare(share, deps.view, await deps.treeOf(share), plan);
  } catch (error) {
    plan.abandon();
    throw failureOf(error, 'plan the restore');
  }
  return plan.finish();
}

/**
 * Carries out the plan with this hash. Throws `no-such-plan`, `plan-changed` or `other-main` before anything is touched; any
 * other Failure (no-space, disconnected …) after some lines were done, and a new plan has the rest. `other-main` comes then too,
 * when the connection was made anew and leads elsewhere: nothing is touched there.
 */
export async function carryOut(
  deps: HandbackDeps,
  planHash: string,
  progress: (progress: Progress) => void = () => {},
): Promise<RestoreResult> {
  checkNames(deps);
  if (!/^[0-9a-f]{64}$/.test(planHash))
    throw new Failure({ code: 'no-such-plan', doing: 'carry out the plan', what: 'this is not the hash of a plan' });
  const plan = openPlan(deps.statePath, deps.decision, planHash);
  try {
    const header = await headerOf(deps);
    if (JSON.stringify(header) !== JSON.stringify(plan.header)) throw otherMain();
    const temps = new Temps(deps.statePath, deps.decision);
    try {
      const treeOf = onVolumesOf(header, deps.treeOf);
      const left = await temps.tidy(treeOf);
      const keptFolder = path.join(deps.statePath, 'kept', deps.decision);
      const desk = { view: deps.view, temps, keptFolder, treeOf };
      return await carryPlan(plan, desk, left, progress);
    } finally {
      temps.close();
    }
  } catch (error) {
    throw failureOf(error, 'carry out the plan');
  } finally {
    plan.close();
  }
}

async function headerOf(deps: HandbackDeps): Promise<PlanHeader> {
  const shares: PlanHeader['shares'] = [];
  for (const share of deps.shares) {
    const { volumeSerial, rootFileId } = await (await deps.treeOf(share)).identity();
    shares.push({ share, volumeSerial, rootFileId: String(rootFileId) });
  }
  return { plan: 1, decision: deps.decision, shares };
}

/** A connection that was lost and made anew may lead to another machine: what is behind each new one is asked once. */
function onVolumesOf(header: PlanHeader, treeOf: HandbackDeps['treeOf']): HandbackDeps['treeOf'] {
  const known = new WeakSet<Tree>();
  return async (share) => {
    const expected = header.shares.find((each) => each.share === share);
    if (expected === undefined)
      throw new Failure({ code: 'bad-share', doing: 'restore', subject: share, what: 'the plan has no such share' });
    const tree = await treeOf(share);
    if (known.has(tree)) return tree;
    const { volumeSerial, rootFileId } = await tree.identity();
    if (volumeSerial !== expected.volumeSerial || String(rootFileId) !== expected.rootFileId) throw otherMain(share);
    known.add(tree);
    return tree;
  };
}

function otherMain(share?: string): Failure {
  return new Failure({
    code: 'other-main',
    doing: 'carry out the plan',
    ...(share === undefined ? {} : { subject: share }),
    what: 'behind the name of a share is another volume than when the plan was made',
    hint: 'check the main, then make a new plan',
  });
}

/** Both become names of folders. */
function checkNames(deps: HandbackDeps): void {
  const bad = deps.shares.find((share) => share === '' || share === '.' || share === '..' || /[/\\\0]/.test(share));
  if (bad === undefined && isDecision(deps.decision)) return;
  throw new Failure({
    code: 'bad-name',
    doing: 'restore',
    subject: bad ?? deps.decision,
    what: 'not usable as a name',
  });
}
