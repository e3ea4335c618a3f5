/** What the brake asks the index and the mirror about what lies around a change. */
import fs from 'node:fs';
import type { Ground } from '../ground.ts';
import type { IndexStore } from '../index-store.ts';
import { nameOf, parentOf } from '../names.ts';
import { type Neighbours, originOf } from './kin.ts';
import type { CopyMark } from './notes.ts';

/** Siblings are counted up to here. */
const BESIDE_LIMIT = 2_000;

/** The files of a directory, by its row. */
export function neighbours(index: IndexStore, parent: number): Neighbours {
  return {
    has: (name) => index.child(parent, name)?.kind === 'file',
    startingWith: (beginning) =>
      index
        .children(parent, beginning, 2)
        .filter(({ kind, name }) => kind === 'file' && name.startsWith(beginning))
        .map(({ name }) => name),
  };
}

/** What a new file is made from: the same object under another name, or a neighbour whose name begins the same. */
export function originIn(
  { index, shareId }: Ground,
  { path, parent, fileId }: { path: string; parent: number; fileId: bigint },
): string | undefined {
  const same = index.withFileId(shareId, fileId).find((row) => row.kind === 'file');
  const moved = same === undefined ? undefined : index.path(same.id);
  return moved !== undefined && moved !== path ? moved : originOf(neighbours(index, parent), nameOf(path));
}

/** How many files a directory holds, up to a limit. */
export function filesIn(index: IndexStore, parent: number): number {
  const found = index.get(
    'SELECT count(*) AS n FROM (SELECT 1 FROM objects WHERE parent = ? AND kind = 1 LIMIT ?)',
    parent,
    BESIDE_LIMIT,
  );
  return Number(found?.['n'] ?? 0);
}

/** A directory keeps its inode when it goes to the attic; its times move. */
export function directoryMark(ground: Ground, path: string): CopyMark | undefined {
  if (ground.folder.look(path).kind !== 'directory') return undefined;
  const { ino } = ground.folder.within(parentOf(path), (dir) => fs.lstatSync(dir.at(nameOf(path)), { bigint: true }));
  return { ino, size: 0n, mtimeNs: 0n };
}
