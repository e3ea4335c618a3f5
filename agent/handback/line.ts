/** Carrying out one line: its expectations are looked at again, right before anything is touched. */
import fs from 'node:fs';
import path from 'node:path';
import { failureOf, isFailure } from '../../base/failure.ts';
import { syncFolder } from '../../base/file.ts';
import { fileTimeOfNs } from '../../smb/file-time.ts';
import type { Tree } from '../../smb/types.ts';
import { type Signature, sameSignature } from '../decide/restore.ts';
import { attributesFor } from './attributes.ts';
import type { BaseView } from './base-view.ts';
import { nameOf, openFolderBeneath, parentOf, statBeneath } from './beneath.ts';
import { aloneOnMain, sideOf, statOnMain } from './compare.ts';
import { keep } from './keep.ts';
import { isAsExpected, type PlanLine, readSignature } from './plan-line.ts';
import { type Outcome, put } from './put.ts';
import { isSame, withoutReadOnly } from './read-only.ts';
import type { Temps } from './temps.ts';

/** What the lines of one run share. */
export interface Desk {
  view: BaseView;
  temps: Temps;
  /** Where replaced and removed files are kept. */
  keptFolder: string;
  treeOf(share: string): Promise<Tree>;
}

const CHANGED_HERE: Outcome = { kind: 'open', why: 'it changed on the standby since the plan' };
const CHANGED_THERE: Outcome = { kind: 'open', why: 'the main’s changed since the plan' };

export async function carryLine(line: PlanLine, desk: Desk): Promise<Outcome> {
  const tree = await desk.treeOf(line.share);
  switch (line.action) {
    case 'send':
    case 'send-new':
      return send(line, desk, tree, { target: line.path, replaces: line.main });
    case 'send-for-directory':
      return send(line, desk, tree, {
        target: (await statOnMain(tree, line.path)) === undefined ? line.path : line.beside,
        replaces: null,
      });
    case 'conflict': {
      if (!isAsExpected(line.main, await statOnMain(tree, line.path))) return CHANGED_THERE;
      // Beside a file that not everybody may read, its other version is not for everybody either.
      const rulesOf = line.main?.kind === 'file' ? line.path : undefined;
      return send(line, desk, tree, { target: line.beside, replaces: null, rulesOf });
    }
    case 'stamp':
      return stamp(line, desk, tree);
    case 'make-directory':
      return makeDirectory(tree, line.path);
    case 'conflict-directory': {
      const { kind } = await makeDirectory(tree, line.beside);
      return kind === 'done' ? { kind } : CHANGED_THERE;
    }
    case 'remove':
      return remove(line, desk, tree);
    case 'remove-directory':
      return removeDirectory(tree, line);
    case 'equal': {
      const local = localAsExpected(line, desk);
      if (local === undefined) return CHANGED_HERE;
      const stat = await statOnMain(tree, line.path);
      if (stat === undefined || !isAsExpected(line.main, stat)) return CHANGED_THERE;
      return { kind: 'done', common: { stat, local } };
    }
    case 'leave':
      return leave(line, desk, tree);
    case 'respell':
      return respell(line, desk);
    case 'blocked':
      return { kind: 'open', why: line.why };
  }
}

interface Destination {
  target: string;
  replaces: PlanLine['main'];
  /** Whose access rules it gets; those of what it replaces unless told. */
  rulesOf?: string | undefined;
}

async function send(line: PlanLine, desk: Desk, tree: Tree, where: Destination): Promise<Outcome> {
  const { target, replaces } = where;
  if (line.local === null) return CHANGED_HERE;
  const outcome = await put({
    tree,
    temps: desk.temps,
    root: desk.view.mirrorFolder(line.share),
    from: line.from,
    local: readSignature(line.local),
    marks: (file) => desk.view.marksOf(file),
    target,
    replaces,
    rulesOf: where.rulesOf ?? (replaces === null ? undefined : target),
    keep: () => keep(desk.keptFolder, tree, target, replaces),
  });
  // Under another name than ours it is nothing that main and mirror have in common.
  if (outcome.kind === 'done' && target !== line.path) return { kind: 'done', ...noteOf(outcome) };
  return outcome;
}

function noteOf(outcome: Outcome & { kind: 'done' }): { note?: string } {
  return outcome.note === undefined ? {} : { note: outcome.note };
}

async function stamp(line: PlanLine, desk: Desk, tree: Tree): Promise<Outcome> {
  const local = localAsExpected(line, desk);
  if (local === undefined) return CHANGED_HERE;
  const before = await statOnMain(tree, line.path);
  if (before === undefined || !isAsExpected(line.main, before)) return CHANGED_THERE;
  const marks = desk.view.marksOf(path.join(desk.view.mirrorFolder(line.share), line.from));
  const info = { written: fileTimeOfNs(local.mtimeNs), attributes: attributesFor(marks, before) };
  await tree.setBasic(line.path, info, (found) => isAsExpected(line.main, found));
  const stat = await tree.stat(line.path);
  const mine = stat.size === before.size && stat.written === info.written;
  return { kind: 'done', ...(mine ? { common: { stat, local } } : {}) };
}

async function makeDirectory(tree: Tree, target: string): Promise<Outcome> {
  try {
    await tree.makeDirectory(target);
  } catch (error) {
    if (!isFailure(error, 'exists')) throw error;
  }
  const stat = await tree.stat(target);
  // A junction is a directory as well, and leads elsewhere.
  return sideOf(stat).kind === 'directory' ? { kind: 'done', common: { stat, local: undefined } } : CHANGED_THERE;
}

async function remove(line: PlanLine, desk: Desk, tree: Tree): Promise<Outcome> {
  if (localKind(line, desk) === 'file') return CHANGED_HERE;
  const stat = await aloneOnMain(tree, line.path);
  if (stat === undefined || !isAsExpected(line.main, stat)) return CHANGED_THERE;
  if (!(await keep(desk.keptFolder, tree, line.path, line.main))) return CHANGED_THERE;
  // What is removed is what was kept: it is recognised on the handle that removes it, and nobody else has one.
  await withoutReadOnly(tree, line.path, stat, (now) => tree.removeFile(line.path, (found) => isSame(found, now)));
  return { kind: 'done' };
}

/** A folder that holds something stays: either a line of this plan is open, or the main has something of its own in it. */
async function removeDirectory(tree: Tree, line: PlanLine): Promise<Outcome> {
  const stat = await statOnMain(tree, line.path);
  if (stat === undefined) return { kind: 'done' };
  if (!isAsExpected(line.main, stat)) return CHANGED_THERE;
  try {
    await tree.removeDirectory(line.path);
  } catch (error) {
    if (!isFailure(error, 'not-empty')) throw error;
    return { kind: 'done', note: 'the folder stays on the main: there is something in it' };
  }
  return { kind: 'done' };
}

/** Nothing to do on the main; but our note of it must be true before the row goes. */
async function leave(line: PlanLine, desk: Desk, tree: Tree): Promise<Outcome> {
  if (line.local === null) return localKind(line, desk) === 'file' ? CHANGED_HERE : { kind: 'done' };
  if (localAsExpected(line, desk) === undefined) return CHANGED_HERE;
  const where = line.beside === '' ? line.path : line.beside;
  return isAsExpected(line.main, await statOnMain(tree, where)) ? { kind: 'done' } : CHANGED_THERE;
}

function respell(line: PlanLine, desk: Desk): Outcome {
  const root = desk.view.mirrorFolder(line.share);
  if (statBeneath(root, line.from) === undefined) return { kind: 'done' };
  let folder: number | undefined;
  try {
    folder = openFolderBeneath(root, parentOf(line.from));
    const at = `/proc/self/fd/${folder}`;
    if (fs.existsSync(`${at}/${nameOf(line.path)}`)) return CHANGED_HERE;
    fs.renameSync(`${at}/${nameOf(line.from)}`, `${at}/${nameOf(line.path)}`);
    syncFolder(at);
    return { kind: 'done' };
  } catch (error) {
    throw failureOf(error, 'rename in the mirror', path.join(root, line.from));
  } finally {
    if (folder !== undefined) fs.closeSync(folder);
  }
}

function localKind(line: PlanLine, desk: Desk): 'file' | 'directory' | 'other' | undefined {
  return statBeneath(desk.view.mirrorFolder(line.share), line.from === '' ? line.path : line.from)?.kind;
}

function localAsExpected(line: PlanLine, desk: Desk): Signature | undefined {
  if (line.local === null) return undefined;
  const now = statBeneath(desk.view.mirrorFolder(line.share), line.from);
  const expected = readSignature(line.local);
  return now?.kind === 'file' && sameSignature(now.signature, expected) ? expected : undefined;
}
