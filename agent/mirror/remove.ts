/**
 * Removes from the mirror what is gone from the main. The one place where that happens.
 *
 * Proofs, all of them needed, for each name:
 * 1. a listing of its parent came to its proven end without it (scan.ts);
 * 2. asked for by its path, the main says «not found» (any other answer, also «denied», means: unknown, keep it);
 *    or the main finds it only under another spelling of the same letters, which that listing showed;
 * 3. after these answers the share's root is still the one that the index knows (volume serial and file id), so we are
 *    not looking at an empty folder under an unmounted disk;
 * 4. the row is still where it was and describes the same copy as when we asked.
 * Then it goes to the attic, and only then its row goes.
 *
 * Killed between attic and row: the row has no file; it is found absent again, and there is nothing left to move.
 */
import { failureOf } from '../../base/failure.ts';
import type { Tree } from '../../smb/types.ts';
import { sameSignature } from './folder.ts';
import { type Ground, isAboutPath, isGone, isOneName, keeperFor, unsettle } from './ground.ts';
import type { Row } from './index-row.ts';
import { nameOf, parentOf } from './names.ts';
import type { Absent, Scratch } from './scratch.ts';

/** Names asked for at a time. Few: a server without case distinction may search a whole directory for each name that is not there. */
const TOGETHER = 16;

/** Handles what was noted before a moment (monotonic ms). Throws only what concerns the connection. */
export async function removeAbsent(ground: Ground, tree: Tree, scratch: Scratch, beforeMs: number): Promise<void> {
  for (;;) {
    const some = scratch.takeAbsent(beforeMs, TOGETHER);
    if (some.length === 0) return;
    const proven = (await Promise.all(some.map((absent) => prove(ground, tree, absent)))).filter(
      (one) => one !== undefined,
    );
    if (proven.length > 0 && (await isSameShare(ground, tree))) for (const one of proven) removeOne(ground, one);
  }
}

interface Proven {
  row: Row;
  path: string;
}

async function prove(ground: Ground, tree: Tree, absent: Absent): Promise<Proven | undefined> {
  const row = ground.index.row(absent.id);
  if (row === undefined || row.parent !== absent.parent || row.name !== absent.name) return undefined;
  const path = ground.index.path(row.id);
  if (path === undefined || path === '') return undefined;
  if (await isGone(tree, path)) return { row, path };
  return (await isOtherSpelling(tree, path)) ? { row, path } : undefined;
}

/** The main shows the same letters in another case, and not this spelling: a rename that changed only the case. */
export async function isOtherSpelling(tree: Tree, path: string): Promise<boolean> {
  const name = nameOf(path);
  let other = false;
  try {
    for await (const batch of tree.list(parentOf(path))) {
      if (batch.refused.length > 0 || batch.entries.some((entry) => entry.name === name)) return false;
      other ||= batch.entries.some((entry) => isOneName(entry.name, name));
    }
  } catch (error) {
    if (isAboutPath(error)) return false;
    throw error;
  }
  return other;
}

/** The root is the one that the index knows. */
export async function isSameShare(ground: Ground, tree: Tree): Promise<boolean> {
  const known = ground.index.share(ground.share).identity;
  const now = await tree.identity();
  return known !== undefined && known.volumeSerial === now.volumeSerial && known.rootFileId === now.rootFileId;
}

function removeOne(ground: Ground, { row, path }: Proven): void {
  const { index, folder, problems, share, clock } = ground;
  const now = index.row(row.id);
  if (now === undefined || index.path(row.id) !== path || !sameSignature(now.local, row.local)) return;
  try {
    if (folder.look(path).kind !== 'none')
      folder.within(parentOf(path), (dir) => keeperFor(ground, path).move(dir, nameOf(path)));
  } catch (error) {
    const { code, what } = failureOf(error, 'put away', path);
    problems.add(
      share,
      path,
      { code, why: `is gone from the main and cannot be put away here: ${what}` },
      clock.wallMs(),
    );
    return;
  }
  index.remove(now);
  unsettle(ground, parentOf(path));
  problems.clear(share, path);
}
