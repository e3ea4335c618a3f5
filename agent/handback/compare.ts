/** Whether a file on the main holds the same bytes as an open local one; reading ends at the first difference. */
import fs from 'node:fs';
import { Failure, isFailure } from '../../base/failure.ts';
import { actionOf } from '../../smb/status/status.ts';
import type { Stat, Tree } from '../../smb/types.ts';
import type { MainSide } from '../decide/restore.ts';

/** FILE_ATTRIBUTE_REPARSE_POINT (MS-FSCC 2.6). */
const REPARSE_POINT = 0x400;

/**
 * It says something about one object and nothing about the connection, the server or the room on it. What is no answer of the main at
 * all, as trouble with our own disk, is not about an object either.
 */
export function isAboutOneObject(error: unknown): error is Failure {
  if (!isFailure(error)) return false;
  switch (actionOf(error)?.do) {
    case 'skip':
    case 'retry':
    case 'degrade':
      return true;
    case 'reconnect':
    case 'stop':
    case undefined:
      return false;
  }
}

export function sideOf(stat: Stat): MainSide {
  const kind = (stat.attributes & REPARSE_POINT) !== 0 ? 'other' : stat.directory ? 'directory' : 'file';
  return { kind, size: stat.size, written: stat.written, changed: stat.changed, attributes: stat.attributes };
}

/** Stat of a path on the main, or undefined when nothing is there. */
export async function statOnMain(tree: Tree, path: string): Promise<Stat | undefined> {
  try {
    return await tree.stat(path);
  } catch (error) {
    if (isFailure(error, 'not-found', 'not-a-directory')) return undefined;
    throw error;
  }
}

/** The same of a file that nobody else has open; throws `sharing-violation` when somebody has. */
export async function aloneOnMain(tree: Tree, path: string): Promise<Stat | undefined> {
  try {
    return await tree.alone(path);
  } catch (error) {
    if (isFailure(error, 'not-found', 'not-a-directory')) return undefined;
    throw error;
  }
}

/**
 * Compares the main's file with the descriptor's. `unreadable` when the main does not let us read it now, or it changed
 * while it was read. Throws when the connection or our own disk fails.
 */
export async function compareContent(
  tree: Tree,
  path: string,
  size: number,
  fd: number,
): Promise<'equal' | 'different' | 'unreadable'> {
  let different = false;
  const stop = new Failure({ code: 'different', doing: 'compare', subject: path, what: 'the contents differ' });
  const differ = (): never => {
    different = true;
    throw stop;
  };
  try {
    const { before, after, bytes } = await tree.fetch(path, size, {
      begin: (stat) => {
        if (stat.size !== size) differ();
      },
      data: (chunk, offset) => {
        if (!sameBytes(chunk, fd, offset)) differ();
      },
    });
    return bytes === size && before.size === after.size && before.written === after.written ? 'equal' : 'unreadable';
  } catch (error) {
    if (different) return 'different';
    if (isAboutOneObject(error)) return 'unreadable';
    throw error;
  }
}

function sameBytes(chunk: Buffer, fd: number, offset: number): boolean {
  const ours = Buffer.allocUnsafe(chunk.length);
  let filled = 0;
  while (filled < ours.length) {
    const read = fs.readSync(fd, ours, filled, ours.length - filled, offset + filled);
    if (read === 0) return false;
    filled += read;
  }
  return ours.equals(chunk);
}
