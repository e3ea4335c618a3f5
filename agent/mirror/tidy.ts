/**
 * The end of a pass, on our side only: goes through the mirror's directories, removes the temps that a crash left, puts away
 * what is neither in the index nor on the main, and sets the directories' times, which everything before has moved.
 *
 * What could go wrong, and why it does not:
 * - a file that the main has and we could not index yet (read failed, just being placed): the main is asked, and unless it
 *   says «not found» the file stays;
 * - somebody put data into the mirror by mistake: it goes to the attic, it is not deleted;
 * - the mirror is frozen: no pass runs at all, so nothing here touches users' new files.
 */
import fs from 'node:fs';
import { unixNs } from '../../smb/file-time.ts';
import type { Tree } from '../../smb/types.ts';
import { type Directory, isNoDirectory } from './folder.ts';
import { type Ground, isGone, keeperFor } from './ground.ts';
import { below, isTempName } from './names.ts';
import { Pace } from './pace.ts';
import { isOtherSpelling, isSameShare } from './remove.ts';

/** Throws what concerns the connection, and on abort. */
export async function tidy(ground: Ground, tree: Tree, signal: AbortSignal): Promise<void> {
  const pace = new Pace();
  const levels = [{ id: ground.rootId, path: '', after: '' }];
  await tidyDirectory(ground, tree, ground.rootId, '', pace, signal);
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const rows = ground.index.directories(level.id, level.after, 1, false);
    const row = rows[0];
    if (row === undefined) {
      levels.pop();
      continue;
    }
    level.after = row.name;
    const path = below(level.path, row.name);
    await tidyDirectory(ground, tree, row.id, path, pace, signal);
    levels.push({ id: row.id, path, after: '' });
  }
}

/** One directory of the mirror: temps, what nobody knows, its times. Throws what concerns the connection, and on abort. */
export async function tidyDirectory(
  ground: Ground,
  tree: Tree,
  id: number,
  path: string,
  pace: Pace,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  let dir: Directory;
  try {
    dir = ground.folder.open(path);
  } catch (error) {
    // Gone meanwhile, or something is in its way: the next pass makes it anew.
    if (isNoDirectory(error)) return;
    throw error;
  }
  try {
    for await (const entry of await fs.promises.opendir(dir.at('.'))) {
      if (entry.isFile() && isTempName(entry.name)) fs.rmSync(dir.at(entry.name), { force: true });
      else if (ground.index.child(id, entry.name) === undefined)
        await putAway(ground, tree, dir, id, path, entry.name, signal);
      if (pace.isTired) await pace.rest();
    }
    stamp(ground, dir, id);
  } finally {
    dir.close();
  }
}

/** Puts away what is neither in the index nor on the main, if the main says so of this very name. */
export async function putAway(
  ground: Ground,
  tree: Tree,
  dir: Directory,
  id: number,
  path: string,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const file = below(path, name);
  if (!ground.index.row(id)?.listed || ground.problems.has(ground.share, file)) return;
  if (!(await isGone(tree, file)) && !(await isOtherSpelling(tree, file))) return;
  if (!(await isSameShare(ground, tree))) return;
  signal.throwIfAborted();
  if (ground.index.child(id, name) !== undefined || dir.look(name).kind === 'none') return;
  keeperFor(ground, file).move(dir, name);
  ground.log.notice('put into the attic what neither the main nor the index knows', {
    share: ground.share,
    path: file,
  });
}

/** Sets a directory's times to what the main said, unless they are so already. */
export function stamp(ground: Ground, dir: Directory, id: number): void {
  const row = ground.index.row(id);
  if (row === undefined || row.written === 0n) return;
  if (fs.fstatSync(dir.fd, { bigint: true }).mtimeNs !== unixNs(row.written))
    ground.folder.stampDirectory(dir, row.written);
}
