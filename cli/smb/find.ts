/** Looks up what a path on a share is. */
import { isFailure } from '../../base/failure.ts';
import type { Stat, Tree } from '../../smb/index.ts';

/** What is at a path; undefined when there is nothing. */
export async function statIfThere(tree: Tree, path: string): Promise<Stat | undefined> {
  try {
    return await tree.stat(path);
  } catch (error) {
    if (isFailure(error, 'not-found')) return undefined;
    throw error;
  }
}
