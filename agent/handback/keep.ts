/**
 * What a restore replaces or removes on the main is kept first: `statePath/kept/<decision>/<share>/<path>`, whole or not at
 * all, on the disk before the main is touched. Readable by root only: it holds users' data without their access rules.
 *
 * These may be the only copies, so nothing ever deletes them but a person. What bounds them is the disk: a restore stops before it
 * takes the room that standbyd needs to remember its own decisions.
 */
import fs from 'node:fs';
import path from 'node:path';
import { Failure, failureOf } from '../../base/failure.ts';
import { syncFolder } from '../../base/file.ts';
import { humanSize } from '../../base/human.ts';
import { linkDescriptor, O_TMPFILE, stampDescriptor } from '../../base/libc.ts';
import { unixNs } from '../../smb/file-time.ts';
import type { Stat, Tree } from '../../smb/types.ts';
import { componentsOf, nameOf, parentOf } from './beneath.ts';
import { withTail } from './beside.ts';
import { isAsExpected, type PlanLine } from './plan-line.ts';

/** Left free on the disk that holds standbyd's own state as well. */
export const LEFT_FREE_BYTES = 256 * 1_048_576;
/** Copies of one name that one decision may leave (each restore that was interrupted adds one). */
const COPIES_LIMIT = 1_000;

/** Keeps the main's file; false when it is not, or did not stay, what was expected. Throws when it cannot be read or kept. */
export async function keep(folder: string, tree: Tree, file: string, expected: PlanLine['main']): Promise<boolean> {
  const home = makeFolders(folder, [tree.share, ...componentsOf(parentOf(file))]);
  checkRoom(home, path.dirname(folder), expected?.size ?? 0);
  let fd: number;
  try {
    fd = fs.openSync(home, fs.constants.O_RDWR | O_TMPFILE, 0o600);
  } catch (error) {
    throw failureOf(error, 'keep a copy', home);
  }
  try {
    const { before, after, bytes } = await tree.fetch(file, expected?.size ?? 0, {
      data: (chunk, offset) => writeAll(fd, chunk, offset, file),
    });
    if (bytes !== before.size || !isAsExpected(expected, before) || !isAsExpected(expected, after)) return false;
    publish(fd, home, nameOf(file), after);
    return true;
  } finally {
    fs.closeSync(fd);
  }
}

/** Throws `no-space` when there is no room for so many bytes. */
function checkRoom(home: string, kept: string, bytes: number): void {
  const { bavail, bsize } = fs.statfsSync(home);
  if (bavail * bsize - bytes >= LEFT_FREE_BYTES) return;
  throw new Failure({
    code: 'no-space',
    doing: 'keep a copy of what is replaced on the main',
    subject: home,
    what: `its disk has ${humanSize(bavail * bsize)} free; ${humanSize(bytes)} are needed, and ${humanSize(LEFT_FREE_BYTES)} must stay free`,
    hint: `make room, then restore again: the folders in ${kept} are of earlier restores, and may be moved away once nobody misses anything`,
  });
}

function writeAll(fd: number, chunk: Buffer, offset: number, subject: string): void {
  try {
    let written = 0;
    while (written < chunk.length)
      written += fs.writeSync(fd, chunk, written, chunk.length - written, offset + written);
  } catch (error) {
    throw failureOf(error, 'keep a copy of', subject, 'the standby’s own disk has no room for what would be replaced');
  }
}

function publish(fd: number, home: string, name: string, stat: Stat): void {
  try {
    const writtenNs = stat.written === 0n ? 0n : unixNs(stat.written);
    stampDescriptor(fd, { accessedNs: writtenNs, writtenNs });
    fs.fsyncSync(fd);
    linkDescriptor(fd, path.join(home, freeName(home, name)));
    syncFolder(home);
  } catch (error) {
    throw failureOf(error, 'keep a copy', path.join(home, name));
  }
}

function freeName(home: string, name: string): string {
  for (let ordinal = 1; ordinal < COPIES_LIMIT; ordinal += 1) {
    const tried = ordinal === 1 ? name : withTail(name, ` (${ordinal})`);
    if (!fs.existsSync(path.join(home, tried))) return tried;
  }
  return name;
}

/** A file of an earlier copy where a folder is needed now (a file and a folder changed places) gets a folder beside it. */
function makeFolders(root: string, parts: readonly string[]): string {
  let folder = root;
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const part of parts) {
      let next = path.join(folder, part);
      if (fs.statSync(next, { throwIfNoEntry: false })?.isFile() === true)
        next = path.join(folder, withTail(part, ' (folder)'));
      if (!fs.existsSync(next)) {
        fs.mkdirSync(next, { mode: 0o700 });
        syncFolder(folder);
      }
      folder = next;
    }
    return folder;
  } catch (error) {
    throw failureOf(error, 'keep a copy', path.join(root, ...parts));
  }
}
