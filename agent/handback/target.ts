/** Where something of the standby goes on the main: into a folder that must be there, or beside a name that is taken. */
import fs from 'node:fs';
import { type StandbySide, sameSignature } from '../decide/restore.ts';
import { join, localStatOf, nameOf, openFileBeneath, statBeneath } from './beneath.ts';
import { besideName } from './beside.ts';
import { compareContent } from './compare.ts';
import { mainPath, type Place, rootPlace } from './place.ts';
import { type PlanLine, writeMain } from './plan-line.ts';
import { block, type Case, emptyLine, planFailure, sideOnMain, type Walk } from './walk.ts';

/** Names tried beside a file. */
const BESIDE_LIMIT = 100;

/**
 * Makes sure that the folder is on the main, or will be, when something is put into it. Where a file has taken its name there,
 * the place gets another name: whoever has judged by the old one must look again.
 */
export async function ensure(walk: Walk, place: Place): Promise<void> {
  if (place.onMain !== 'not-asked' || place.parent === undefined) return;
  await ensure(walk, place.parent);
  const there = place.parent.onMain === 'planned' ? undefined : await sideOnMain(walk.tree, mainPath(place));
  if (there?.kind === 'directory') {
    place.onMain = 'there';
  } else if (there === undefined) {
    const why = 'folder deleted on the main, holds changes of the standby';
    const line = emptyLine(walk, mainPath(place), place.local ?? '');
    walk.plan.add({ ...line, phase: 'folders', action: 'make-directory', why });
    place.onMain = 'planned';
  } else {
    await moveBeside(walk, place, 'holds changes of the standby, and its name is taken on the main');
  }
}

/** Gives a folder of the standby a name on the main that is free, or that an earlier restore made for it. */
export async function moveBeside(walk: Walk, place: Place, why: string): Promise<void> {
  const parent = place.parent ?? rootPlace();
  await ensure(walk, parent);
  const taken = mainPath(place);
  const local = place.local === undefined ? undefined : statBeneath(walk.root, place.local);
  for (let ordinal = 1; ordinal <= BESIDE_LIMIT; ordinal += 1) {
    place.name = besideName(nameOf(taken), local?.signature.mtimeNs ?? 0n, ordinal);
    const there = parent.onMain === 'planned' ? undefined : await sideOnMain(walk.tree, mainPath(place));
    const line = emptyLine(walk, taken, place.local ?? '');
    if (there?.kind === 'directory') {
      const note = `its content goes to ${place.name}, which is there already`;
      walk.plan.add({ ...line, phase: 'notes', action: 'leave', why: note });
      place.onMain = 'there';
      return;
    }
    if (there === undefined) {
      walk.plan.add({ ...line, phase: 'folders', action: 'conflict-directory', beside: mainPath(place), why });
      place.onMain = 'planned';
      return;
    }
  }
  throw planFailure('exists', taken, 'every name beside it is taken');
}

/** Plans the standby's file beside the main's; when an earlier restore has put it there already, only a note. */
export async function sendBeside(walk: Walk, place: Place, it: Case, line: PlanLine): Promise<void> {
  const directory = mainPath(place);
  for (let ordinal = 1; ordinal <= BESIDE_LIMIT; ordinal += 1) {
    const path = join(directory, besideName(it.pair.name, it.standby?.signature.mtimeNs ?? 0n, ordinal));
    const there = place.onMain === 'planned' ? undefined : await sideOnMain(walk.tree, path);
    if (there === undefined) {
      walk.plan.add({ ...line, beside: path });
      return;
    }
    const sameSize = there.kind === 'file' && there.size === it.standby?.signature.size;
    if (sameSize && (await compareLocal(walk, it.from, it.standby, path)) === 'equal') {
      const why = `already beside it as ${nameOf(path)}`;
      walk.plan.add({ ...line, phase: 'notes', action: 'leave', beside: path, main: writeMain(there), why });
      return;
    }
  }
  block(walk, line.path, it.from, 'every name beside it is taken');
}

/** Compares a file of the mirror with one on the main. Throws `mirror-changing` when somebody writes to it meanwhile. */
export async function compareLocal(
  walk: Walk,
  from: string,
  standby: StandbySide | undefined,
  path: string,
): Promise<'equal' | 'different' | 'unreadable'> {
  if (standby === undefined) return 'different';
  const fd = openFileBeneath(walk.root, from);
  try {
    const result = await compareContent(walk.tree, path, standby.signature.size, fd);
    if (sameSignature(localStatOf(fs.fstatSync(fd, { bigint: true })).signature, standby.signature)) return result;
  } finally {
    fs.closeSync(fd);
  }
  const what = 'it changed on the standby while it was compared';
  throw planFailure('mirror-changing', from, what, 'nobody may work on the standby meanwhile; then plan again');
}
