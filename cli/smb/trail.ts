/**
 * The way down to a folder, so that nobody goes round in circles: a Samba server shows a symbolic link inside the share as the
 * folder that it leads to, and in every round once more.
 */
import { Failure } from '../../base/failure.ts';
import type { Tree } from '../../smb/index.ts';

export interface Trail {
  /** Below the folder that was asked for. */
  path: string;
  /** 0n where the server has none: then only the length of paths ends a circle. */
  fileId: bigint;
  above: Trail | undefined;
}

/** The beginning: the folder that was asked for. */
export async function trailOf(tree: Tree, root: string): Promise<Trail> {
  return { path: '', fileId: await tree.fileId(root), above: undefined };
}

/** Whether a folder inside is one of those above it. Ids are not unique on every server, so it is told and never passed over in silence. */
export function leadsBack(trail: Trail, fileId: bigint): boolean {
  if (fileId === 0n) return false;
  for (let at: Trail | undefined = trail; at !== undefined; at = at.above) if (at.fileId === fileId) return true;
  return false;
}

export function inCircles(path: string): Failure {
  return new Failure({
    code: 'in-circles',
    doing: 'descend into',
    subject: path,
    what: 'it leads back to a folder above it',
    hint: 'it is a link on the server',
  });
}
