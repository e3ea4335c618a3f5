/** Sets a directory's own times, which work in it has moved here or on the main. */
import type { Stat, Tree } from '../../smb/types.ts';
import { type Ground, isAboutPath } from './ground.ts';
import { stamp } from './tidy.ts';

/** Asks the main for them and sets them here; returns where the directory is now when it has moved. Throws what concerns the connection. */
export async function restamp(
  ground: Ground,
  tree: Tree,
  signal: AbortSignal,
  path: string,
): Promise<string | undefined> {
  const row = ground.index.find(ground.rootId, path);
  if (row?.kind !== 'directory') return ground.moves.whereIs(path, ground.clock.monoMs());
  let now: Stat;
  try {
    now = await tree.stat(path);
  } catch (error) {
    if (isAboutPath(error)) return undefined;
    throw error;
  }
  signal.throwIfAborted();
  const fresh = ground.index.find(ground.rootId, path);
  if (!now.directory || fresh?.id !== row.id || ground.folder.look(path).kind !== 'directory') return undefined;
  const { parent, name } = row;
  // Attributes and creation time are noted by whoever dresses it: a row must not say of them what is not done here.
  if (fresh.written !== now.written)
    ground.index.put(ground.shareId, parent, name, 'directory', { ...fresh, written: now.written }, undefined);
  ground.folder.within(path, (dir) => stamp(ground, dir, row.id));
  return undefined;
}
