/**
 * Tells trouble of the mirror's disk as a whole from trouble with one file on it. A sector that cannot be read costs its own
 * file; a disk that takes nothing any more must stop the mirroring with an alert, instead of making a problem of each file.
 *
 * - read-only (somebody remounted it so, or the file system did after an error): what is there stays readable and served; we
 *   try again now and then, and go on when it can be written again;
 * - failing (the file system has shut itself down, the device is gone): every descriptor of ours leads to a file system that
 *   is dead for good, also when the disk is mounted anew at the same place. Only a fresh process lets go of it, and that one
 *   opens nothing before the disk takes a file again, so that it can be unmounted meanwhile.
 */
import fs from 'node:fs';
import { errnoOf, Failure } from '../../base/failure.ts';
import { O_TMPFILE } from '../../base/libc.ts';

/** What a disk says that is no longer there, besides EIO. */
const GONE = ['EIO', 'ENODEV', 'ENXIO', 'ESHUTDOWN'];

/** Undefined when the error concerns something else, or one object alone. `folder` lies on the disk. */
export function diskTrouble(error: unknown, folder: string): Failure | undefined {
  const errno = errnoOf(error) ?? '';
  if (errno === 'EROFS') return readOnly(folder);
  return GONE.includes(errno) ? probe(folder) : undefined;
}

/** Throws what concerns the whole disk; returns for everything else. */
export function throwDiskTrouble(error: unknown, folder: string): void {
  const trouble = diskTrouble(error, folder);
  if (trouble !== undefined) throw trouble;
}

/** Throws `mirror-failing` when the disk below a folder takes nothing; one that is missing, full or read-only passes. */
export function refuseFailing(folder: string): void {
  // Not asked for first: of a dead disk even that answer may be no.
  const trouble = probe(folder);
  if (trouble?.code === 'mirror-failing') throw trouble;
}

/** Asks for a file without a name, which every disk that works has room for, or says why not. */
function probe(folder: string): Failure | undefined {
  try {
    fs.closeSync(fs.openSync(folder, O_TMPFILE | fs.constants.O_RDWR, 0o600));
    return undefined;
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (errno === 'EROFS') return readOnly(folder);
    return GONE.includes(errno) ? failing(folder, errno) : undefined;
  }
}

function readOnly(folder: string): Failure {
  return new Failure({
    code: 'mirror-read-only',
    doing: 'write to the mirror',
    subject: folder,
    what: 'its disk is mounted read-only',
    hint: "look at the kernel's log for the reason and mount it writable again; mirroring goes on by itself",
  });
}

function failing(folder: string, errno: string): Failure {
  return new Failure({
    code: 'mirror-failing',
    doing: 'write to the mirror',
    subject: folder,
    what: `its disk takes nothing any more (${errno})`,
    hint: "look at the kernel's log, mend or replace the disk and mount it again; mirroring goes on by itself",
  });
}
