/**
 * Dresses one object that lies here already with what the main's has beside its content, without reading that again: directories,
 * files that were only renamed or got other attributes, and everything in an index from before this was kept.
 *
 * What could go wrong, and why it does not:
 * - the object moved on the main meanwhile: what its own CLOSE tells differs from the row, and its directory is looked at instead;
 * - streams are read after that: the object is looked at once more when they are, and left for later when it moved;
 * - ours is not the one that we placed, or is gone: the same look at its directory finds and mends it;
 * - killed in the middle: extras-table.ts does not say that it is dressed, so it is dressed again; the intent keeps the file from
 *   being copied again;
 * - the order to stop came while we read: nothing is written.
 */
import fs from 'node:fs';
import { errnoOf, isFailure } from '../../base/failure.ts';
import type { Stat, Tree } from '../../smb/types.ts';
import { intend, markOf } from './adopt.ts';
import type { Outcome } from './content.ts';
import { dressExtras } from './dress-extras.ts';
import { noteExtras, settleProblems } from './extras-table.ts';
import { type Directory, sameSignature, signatureOf } from './folder.ts';
import { type Ground, isAboutPath, localProblem, problemOf, sameTime, toldOf } from './ground.ts';
import type { Row } from './index-row.ts';
import * as meta from './metadata.ts';
import { parentOf } from './names.ts';
import { type ReadDressing, readDressing } from './read-extras.ts';

const MOVED_RETRY_MS = 400;

/** Throws only what concerns the connection; everything about this object is an outcome. */
export async function fetchExtras(ground: Ground, tree: Tree, path: string, signal: AbortSignal): Promise<Outcome> {
  try {
    const told = await tree.extras(path);
    const dressing = await readDressing(tree, path, told);
    const moved = dressing.isLate && hasChanged(told.stat, await tree.stat(path));
    signal.throwIfAborted();
    if (moved) return movedMeanwhile();
    return dress(ground, path, told.stat, dressing);
  } catch (error) {
    return outcomeOf(error);
  }
}

/** Looked at again by its path: a listing may tell for long what was true before. */
function movedMeanwhile(): Outcome {
  const why = 'what belongs to it changes while it is read';
  return { kind: 'problem', problem: { code: 'changing', why, retryMs: MOVED_RETRY_MS } };
}

/** Between two looks at one object. */
export function hasChanged(one: Stat, other: Stat): boolean {
  return one.changed !== other.changed || one.written !== other.written || one.size !== other.size;
}

/** Without a pause from the first look to the last row. */
function dress(ground: Ground, path: string, now: Stat, dressing: ReadDressing): Outcome {
  const { index, rootId, brake } = ground;
  brake.mustBeOff(path);
  const row = index.find(rootId, path);
  if (row === undefined || (row.kind === 'directory') !== now.directory) return { kind: 'gone' };
  if (row.kind === 'file' && !isContentOf(row, now)) return movedMeanwhile();
  const lost =
    row.kind === 'directory'
      ? dressDirectory(ground, path, row, now, dressing)
      : ground.folder.within(parentOf(path), (dir) => dressFile(ground, dir, row, dressing));
  if (lost === undefined) return { kind: 'gone' };
  const changed = row.kind === 'directory' ? now.changed : row.changed;
  noteExtras(ground, row.id, { changed, lost, again: dressing.again });
  settleProblems(ground, path, row.id);
  return { kind: 'dressed' };
}

/** The row's content is what the main has: what differs has to be compared by its listing first. */
function isContentOf(row: Row, now: Stat): boolean {
  return row.size === now.size && row.written === now.written && sameTime(row.changed, now.changed);
}

/**
 * Its attributes too: of the root no listing tells, and of others only the next one of their parent. Its own times are those of the
 * row: when they moved, more has happened in it.
 */
function dressDirectory(ground: Ground, path: string, row: Row, now: Stat, dressing: ReadDressing): string[] {
  const { index, folder, shareId } = ground;
  const { attributes, created } = toldOf(now, 0n);
  const lost = folder.within(path, (dir) => {
    if (path === '' || attributes !== row.attributes || created !== row.created)
      meta.dress(dir.fd, 'directory', { ...now, accessed: 0n, written: row.written }, folder.owner);
    return dressExtras(dir.fd, dressing);
  });
  // The row waits for the same flush, so that a power cut takes both back.
  index.put(shareId, row.parent, row.name, 'directory', { ...row, attributes, created }, undefined);
  return lost;
}

/** Undefined when it is not the file that we placed. */
function dressFile(ground: Ground, dir: Directory, row: Row, dressing: ReadDressing): string[] | undefined {
  return ground.folder.withFile(dir, row.name, (fd) => {
    const before = fs.fstatSync(fd, { bigint: true });
    if (!before.isFile() || !sameSignature(signatureOf(before), row.local)) return undefined;
    intend(ground, row, row, markOf(before));
    const lost = dressExtras(fd, dressing);
    const after = signatureOf(fs.fstatSync(fd, { bigint: true }));
    ground.index.put(ground.shareId, row.parent, row.name, 'file', row, after);
    return lost;
  });
}

function outcomeOf(error: unknown): Outcome {
  if (isFailure(error, 'not-found')) return { kind: 'gone' };
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return { kind: 'full', bytes: 0 };
  if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'ELOOP') return { kind: 'gone' };
  if (isAboutPath(error)) return { kind: 'problem', problem: problemOf(error) };
  const local = localProblem(error);
  if (local !== undefined) return { kind: 'problem', problem: local };
  throw error;
}
