/**
 * Walks a tree of the main, several directories at a time. Sub-directories are taken from the index, page by page, after
 * their parent has been listed: the walk remembers one page for each level and no more, however wide the tree.
 */

import { errnoOf, isFailure } from '../../base/failure.ts';
import type { Tree } from '../../smb/types.ts';
import { type Ground, isAboutPath, problemOf } from './ground.ts';
import { below } from './names.ts';
import { type DirectoryAt, type ScanWork, scanDirectory } from './scan.ts';

export interface WalkOptions extends ScanWork {
  /** Directories listed at the same time. */
  workers: number;
  /** Below the first directory, only those that were never listed to their end: what a moved-in tree needs. */
  onlyNew: boolean;
  signal: AbortSignal;
  /** A directory vanished while we walked. */
  vanished(path: string): void;
}

/** Directories of one level held in memory. */
const PAGE = 64;

interface Level {
  at: DirectoryAt;
  page: DirectoryAt[];
  after: string;
}

/** Throws what concerns the connection, and on abort. A directory that cannot be listed becomes a problem; the rest goes on. */
export async function walk(ground: Ground, tree: Tree, from: DirectoryAt, options: WalkOptions): Promise<void> {
  const levels: Level[] = [];
  const running = new Set<Promise<void>>();
  let failed: unknown;
  const visit = async (at: DirectoryAt): Promise<void> => {
    try {
      await ground.index.room.wait;
      if (await scanOne(ground, tree, at, options)) levels.push({ at, page: [], after: '' });
    } catch (error) {
      failed ??= error;
    }
  };
  const begin = (at: DirectoryAt): void => {
    const visiting = visit(at).finally(() => running.delete(visiting));
    running.add(visiting);
  };
  begin(from);
  while (running.size > 0) {
    await Promise.race(running);
    while (failed === undefined && !options.signal.aborted && running.size < options.workers) {
      const next = nextDirectory(ground, levels, options.onlyNew);
      if (next === undefined) break;
      begin(next);
    }
  }
  if (failed !== undefined) throw failed;
  options.signal.throwIfAborted();
}

function nextDirectory(ground: Ground, levels: Level[], onlyNew: boolean): DirectoryAt | undefined {
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const next = level.page.shift();
    if (next !== undefined) return next;
    const { at } = level;
    const rows = ground.index.directories(at.id, level.after, PAGE, onlyNew);
    level.page = rows.map((row) => ({ id: row.id, path: below(at.path, row.name) }));
    level.after = rows.at(-1)?.name ?? '';
    if (rows.length === 0) levels.pop();
  }
  return undefined;
}

const UNLISTED_RETRY_MS = 60_000;

/** True when it was listed to its end. */
async function scanOne(ground: Ground, tree: Tree, at: DirectoryAt, options: WalkOptions): Promise<boolean> {
  try {
    await scanWithRoom(ground, tree, at, options);
    return true;
  } catch (error) {
    // Without its root a share is not «everything that could be read», it is nothing.
    if (!isAboutPath(error) || at.path === '') throw error;
    if (isFailure(error, 'not-found', 'not-a-directory')) options.vanished(at.path);
    else {
      const { code, why } = problemOf(error);
      const problem = {
        code,
        why: `cannot be listed: ${why}; nothing below it is removed here`,
        retryMs: UNLISTED_RETRY_MS,
      };
      ground.problems.add(ground.share, at.path, problem, ground.clock.wallMs());
    }
    return false;
  }
}

/** Directories need room as well: scans again when there is some. */
async function scanWithRoom(ground: Ground, tree: Tree, at: DirectoryAt, options: WalkOptions): Promise<void> {
  for (let waited = false; ; waited = true) {
    try {
      await scanDirectory(ground, tree, at, options);
      if (waited) ground.space.proved();
      return;
    } catch (error) {
      if (!['ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? '')) throw error;
      ground.space.refused();
      await ground.space.wait(0, options.signal);
    }
  }
}
