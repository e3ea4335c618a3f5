/**
 * Comparing: walks base and mirror of a share side by side, asks the main only where they differ, and writes down what is to
 * be done. Changes nothing anywhere.
 *
 *     base ──┐                       ┌─ untouched here → no line, no question to the main
 *            ├─ pairs by name ─ judge ┼─ compare bytes when only they can tell ─ line of the plan
 *     mirror ┘                       └─ folders: deeper
 *
 * Memory holds the listings of one branch, never the tree.
 */
import fs from 'node:fs';
import { printable } from '../../base/human.ts';
import type { Tree } from '../../smb/types.ts';
import { type BaseSide, judge, type Question, type StandbySide, sameSignature } from '../decide/restore.ts';
import type { BaseRow, BaseView } from './base-view.ts';
import { join } from './beneath.ts';
import { isAboutOneObject } from './compare.ts';
import { type LocalEntry, listMirror, type Pair, pairNames } from './local.ts';
import { depthOf, mainPath, type Place, rootPlace } from './place.ts';
import type { PlanLine } from './plan-line.ts';
import { compareLocal, ensure, moveBeside, sendBeside } from './target.ts';
import { block, type Case, lineOf, planFailure, planRemoval, respell, sideOnMain, type Walk } from './walk.ts';

/** Levels of folders; deeper ones no SMB path can name. */
const DEPTH_LIMIT = 2_000;

/** Adds the lines of one share. Throws a Failure when mirror or main cannot be looked at as a whole. */
export async function planShare(share: string, view: BaseView, tree: Tree, plan: Walk['plan']): Promise<void> {
  const root = view.mirrorFolder(share);
  if (fs.statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw planFailure('mirror-missing', root, 'the mirror of the share is not there', 'is its disk mounted?');
  const { entries } = await listMirror(root, '');
  await visit({ share, view, tree, plan, root, doubtDeletions: entries.length === 0 }, rootPlace());
}

async function visit(walk: Walk, place: Place): Promise<void> {
  if (depthOf(place) > DEPTH_LIMIT)
    throw planFailure('too-deep', mainPath(place), `more than ${DEPTH_LIMIT} folders inside each other`);
  const rows: BaseRow[] = [];
  if (place.base !== undefined) for await (const row of walk.view.children(walk.share, place.base)) rows.push(row);
  const listing = place.local === undefined ? { entries: [], refused: [] } : await listMirror(walk.root, place.local);
  for (const name of listing.refused)
    block(walk, join(mainPath(place), printable(name)), '', 'the name on the standby is not valid UTF-8');
  for (const pair of pairNames(rows, listing.entries)) await consider(walk, place, pair);
}

async function consider(walk: Walk, place: Place, pair: Pair): Promise<void> {
  const from = pair.local === undefined ? '' : join(place.local ?? '', pair.local.name);
  await weigh(walk, place, pair, from);
  respell(walk, place, pair, from);
}

async function weigh(walk: Walk, place: Place, pair: Pair, from: string): Promise<void> {
  const base = pair.base === undefined ? undefined : baseSideOf(pair.base);
  const standby = pair.local === undefined ? undefined : standbySideOf(walk, pair.local, from);
  if (standby === undefined && base?.local === undefined) return;
  if (base !== undefined && standby !== undefined && isUntouched(base, standby)) {
    if (standby.kind === 'directory') await visit(walk, below(place, pair, from, 'not-asked'));
  } else {
    const path = join(mainPath(place), pair.name);
    try {
      const main = place.onMain === 'planned' ? undefined : await sideOnMain(walk.tree, path);
      let content: Question['content'] = 'not-compared';
      if (judge({ base, main, standby, content }).action === 'compare')
        content = await compareLocal(walk, from, standby, path);
      await act(walk, place, { pair, from, base, main, standby, content });
    } catch (error) {
      if (!isAboutOneObject(error)) throw error;
      block(walk, path, from, `the main does not let it be looked at: ${error.what}`);
    }
  }
}

async function act(walk: Walk, place: Place, it: Case): Promise<void> {
  const { pair, from } = it;
  const { action, why } = judge(it);
  const line = lineOf(walk, place, it, why);
  switch (action) {
    case 'nothing':
      if (it.standby?.kind !== 'directory') return;
      return visit(walk, below(place, pair, from, it.main?.kind === 'directory' ? 'there' : 'not-asked'));
    case 'send':
    case 'stamp':
      return walk.plan.add({ ...line, phase: 'send', action });
    case 'send-new':
    case 'make-directory':
      await ensure(walk, place);
      // The folder had to go beside a file of its name: what is in there was not looked at yet.
      if (mainPath(place) !== line.path.slice(0, -pair.name.length - 1)) return weigh(walk, place, pair, from);
      if (action === 'send-new') return walk.plan.add({ ...line, phase: 'send', action });
      walk.plan.add({ ...line, phase: 'folders', action });
      return visit(walk, below(place, pair, from, 'planned'));
    case 'send-for-directory':
      if (!pair.twin) await clearFolder(walk, place, it);
      return sendBeside(walk, place, it, { ...line, phase: 'send', action, main: null });
    case 'make-directory-for-file':
      if (pair.twin) return besideFile(walk, place, it, why);
      walk.plan.add({ ...line, phase: 'clear', action: 'remove' });
      walk.plan.add({ ...line, phase: 'folders', action: 'make-directory', main: null });
      return visit(walk, below(place, pair, from, 'planned'));
    case 'conflict':
      return sendBeside(walk, place, it, { ...line, phase: 'send', action });
    case 'conflict-directory':
      return besideFile(walk, place, it, why);
    case 'remove':
      return planRemoval(walk, pair, { ...line, phase: 'remove', action });
    case 'remove-directory':
      if (!pair.twin && !walk.doubtDeletions) await visit(walk, deletedFolder(place, pair));
      return planRemoval(walk, pair, { ...line, phase: 'empty-folders', action });
    case 'equal':
    case 'leave':
      return walk.plan.add({ ...line, phase: 'notes', action });
    case 'compare':
      throw planFailure('unexpected', line.path, 'compared, and still to be compared');
  }
}

/** What was in a folder that is a file here now is in the way of that file: it goes first, the folder last. */
async function clearFolder(walk: Walk, place: Place, it: Case): Promise<void> {
  const add = (line: PlanLine) => walk.plan.add(line.phase === 'notes' ? line : { ...line, phase: 'clear' });
  await visit({ ...walk, plan: { add } }, deletedFolder(place, it.pair));
  const why = 'folder became a file on the standby';
  add({ ...lineOf(walk, place, { ...it, standby: undefined }, why), phase: 'clear', action: 'remove-directory' });
}

async function besideFile(walk: Walk, place: Place, it: Case, why: string): Promise<void> {
  const folder = below(place, it.pair, it.from, 'not-asked');
  await moveBeside(walk, folder, why);
  return visit(walk, folder);
}

function deletedFolder(place: Place, pair: Pair): Place {
  return { ...below(place, pair, '', 'there'), local: undefined };
}

function below(place: Place, pair: Pair, from: string, onMain: Place['onMain']): Place {
  const known = pair.base?.directory === true && place.base !== undefined;
  const base = known ? join(place.base ?? '', pair.name) : undefined;
  return { parent: place, name: pair.name, local: from, base, onMain };
}

function baseSideOf(row: BaseRow): BaseSide {
  const { size, written, changed, attributes, local } = row;
  return { kind: row.directory ? 'directory' : 'file', size, written, changed, attributes, local };
}

function standbySideOf(walk: Walk, entry: LocalEntry, from: string): StandbySide {
  const attributes = entry.kind === 'file' ? walk.view.marksOf(`${walk.root}/${from}`).attributes : undefined;
  return { kind: entry.kind, signature: entry.signature, attributes };
}

function isUntouched(base: BaseSide, standby: StandbySide): boolean {
  if (base.kind !== standby.kind || base.local === undefined) return false;
  return base.kind === 'directory' || sameSignature(base.local, standby.signature);
}
