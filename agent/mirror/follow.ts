/**
 * Follows a rename on the main with a rename here, so that nothing is copied again. An optimisation that must never be
 * wrong about content: it acts only when the main itself says that the old path is gone and that the new one has the same
 * size and times as the row, and when the local copy is still the one that we placed.
 *
 * What could go wrong, and why it does not:
 * - a reused or shared file id (hard links, servers without ids): times and size must match too, and the old path must be gone;
 * - the tree changed while we asked: row and local file are looked at again after the last answer, then all is done in one go;
 * - killed between the rename here and the row: a file is adopted at its new place (adopt.ts); a folder's content is copied
 *   again by the next pass, and the old row has nothing and goes.
 */
import fs from 'node:fs';
import type { Stat, Tree } from '../../smb/types.ts';
import { intend, markOf } from './adopt.ts';
import { sameSignature } from './folder.ts';
import { type Ground, isAboutPath, isGone, isOneName, sameTime, toldOf, unsettle } from './ground.ts';
import type { Row } from './index-row.ts';
import { nameOf, parentOf } from './names.ts';

/** Tries to move what a row describes to `to`; false when it must be copied instead. Throws only what concerns the connection. */
export async function follow(ground: Ground, tree: Tree, row: Row, to: string, fileId: bigint): Promise<boolean> {
  const from = ground.index.path(row.id);
  if (from === undefined || from === '' || from === to || to.startsWith(`${from}/`)) return false;
  let now: Stat;
  try {
    now = await tree.stat(to);
  } catch (error) {
    if (isAboutPath(error)) return false;
    throw error;
  }
  if (!isSameObject(now, row)) return false;
  // A server without case distinction still finds the old spelling.
  if (!isOneName(from, to) && !(await isGone(tree, from))) return false;
  return moveHere(ground, row, from, to, now, fileId);
}

function isSameObject(now: Stat, row: Row): boolean {
  if (now.directory !== (row.kind === 'directory') || !sameTime(now.created, row.created)) return false;
  return now.directory || (now.size === row.size && now.written === row.written);
}

function moveHere(ground: Ground, before: Row, from: string, to: string, now: Stat, fileId: bigint): boolean {
  const { index, folder, rootId, shareId } = ground;
  const row = index.row(before.id);
  const parent = index.find(rootId, parentOf(to));
  if (row === undefined || index.path(row.id) !== from || parent?.kind !== 'directory') return false;
  if (index.child(parent.id, nameOf(to)) !== undefined || folder.look(to).kind !== 'none') return false;
  const there = folder.look(from);
  if (there.kind !== row.kind) return false;
  if (there.kind === 'file' && !sameSignature(there.signature, row.local)) return false;
  const signature = folder.within(parentOf(from), (old) =>
    folder.within(parentOf(to), (fresh) => {
      const name = nameOf(to);
      const told = toldOf(now, fileId);
      if (row.kind === 'file')
        intend(ground, { parent: parent.id, name }, told, markOf(fs.lstatSync(old.at(nameOf(from)), { bigint: true })));
      fs.renameSync(old.at(nameOf(from)), fresh.at(name));
      // Whoever renames may have changed these as well, and the row is about to say that we have them.
      const isDressed = told.attributes === row.attributes && told.created === row.created;
      if (row.kind === 'file' && !isDressed) return folder.dressFile(fresh, name, now);
      if (row.kind === 'directory' && !isDressed) folder.dressDirectory(fresh, name, now);
      const moved = fresh.look(name);
      return moved.kind === 'file' ? moved.signature : undefined;
    }),
  );
  index.move(row.id, parent.id, nameOf(to));
  index.put(shareId, parent.id, nameOf(to), row.kind, toldOf(now, fileId), signature);
  // A kill would estrange everything below it.
  if (row.kind === 'directory') index.commit();
  for (const path of [from, to]) unsettle(ground, parentOf(path));
  if (row.kind === 'directory') ground.moves.note(from, to, ground.clock.monoMs());
  ground.log.debug('followed a rename', { share: ground.share, from, to });
  return true;
}

/** Looks for a row with this file id elsewhere, and follows it to `directory/name`. */
export async function followById(
  ground: Ground,
  tree: Tree,
  path: string,
  fileId: bigint,
  kind: Row['kind'],
): Promise<boolean> {
  if (fileId === 0n) return false;
  for (const row of ground.index.withFileId(ground.shareId, fileId)) {
    if (row.kind === kind && (await follow(ground, tree, row, path, fileId))) return true;
  }
  return false;
}
