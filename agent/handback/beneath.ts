/**
 * Looking at and opening what is in the mirror without ever leaving it: the way to it holds no symbolic link, and its last
 * component is not followed either, so that no link planted or swapped in meanwhile can lead outside.
 */
import fs from 'node:fs';
import path from 'node:path';
import { openDirectoryBeneath } from '../../base/beneath.ts';
import { errnoOf, Failure, failureOf } from '../../base/failure.ts';
import type { Signature } from '../decide/restore.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/** The components of a path below a share; refuses what could lead elsewhere. */
export function componentsOf(relative: string): string[] {
  if (relative === '') return [];
  const parts = relative.split('/');
  for (const part of parts) {
    if (part === '' || part === '.' || part === '..' || part.includes('\0'))
      throw new Failure({ code: 'bad-name', doing: 'use', subject: relative, what: 'not a path below a share' });
  }
  return parts;
}

/** A descriptor of the folder; throws Node's error (ENOENT, ENOTDIR, ELOOP for a link in the way). The caller closes it. */
export function openFolderBeneath(root: string, relative: string): number {
  const fd = fs.openSync(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    return openDirectoryBeneath(fd, relative);
  } finally {
    fs.closeSync(fd);
  }
}

/** A descriptor for reading a file; throws Node's error. The caller closes it. */
export function openFileBeneath(root: string, relative: string): number {
  const folder = openFolderBeneath(root, parentOf(relative));
  try {
    // Without O_NONBLOCK a pipe in the file's place would hang the open.
    return fs.openSync(`/proc/self/fd/${folder}/${path.posix.basename(relative)}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } finally {
    fs.closeSync(folder);
  }
}

export interface LocalStat {
  kind: 'file' | 'directory' | 'other';
  signature: Signature;
}

export function localStatOf(stat: fs.BigIntStats): LocalStat {
  const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other';
  return {
    kind,
    signature: { size: Number(stat.size), mtimeNs: stat.mtimeNs, ctimeNs: stat.ctimeNs, ino: stat.ino },
  };
}

/** What is at a path, a link being a link; undefined when nothing is. Any other trouble is a Failure, never «nothing». */
export function statBeneath(root: string, relative: string): LocalStat | undefined {
  let folder: number;
  try {
    folder = openFolderBeneath(root, parentOf(relative));
  } catch (error) {
    // A file where a parent was is as good as no parent.
    if (isAbsence(error) && fs.existsSync(root)) return undefined;
    throw failureOf(error, 'look into the mirror', path.join(root, relative));
  }
  try {
    return localStatOf(fs.lstatSync(`/proc/self/fd/${folder}/${path.posix.basename(relative)}`, { bigint: true }));
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw failureOf(error, 'look into the mirror', path.join(root, relative));
  } finally {
    fs.closeSync(folder);
  }
}

/** `a/b/c` → `a/b`, `a` → ''. */
export function parentOf(relative: string): string {
  const cut = relative.lastIndexOf('/');
  return cut < 0 ? '' : relative.slice(0, cut);
}

/** `a/b/c` → `c`. */
export function nameOf(relative: string): string {
  return relative.slice(relative.lastIndexOf('/') + 1);
}

export function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

/** A link is nothing of a user's: what is behind it is not there. */
function isAbsence(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'ELOOP';
}
