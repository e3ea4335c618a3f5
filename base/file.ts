/** Small files written whole or not at all: temp beside the target, sync, rename, sync of the folder. */
import fs from 'node:fs';
import path from 'node:path';
import { failureOf } from './failure.ts';

export interface WriteOptions {
  /** Permission bits of the new file; 0600 unless told. */
  mode?: number;
}

/**
 * Replaces a small file (settings, state, a queued mail) so that a reader or a power cut sees the old or the new content,
 * never a mix. Blocks until the disk has it. Throws a Failure that names the file.
 */
export function writeWhole(file: string, content: string | Uint8Array, options: WriteOptions = {}): void {
  const temp = `${file}.new`;
  try {
    const fd = fs.openSync(
      temp,
      fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_TRUNC | fs.constants.O_NOFOLLOW,
      0o600,
    );
    try {
      fs.fchmodSync(fd, options.mode ?? 0o600);
      fs.writeFileSync(fd, content);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temp, file);
    syncFolder(path.dirname(file));
  } catch (error) {
    throw failureOf(error, 'write', file);
  }
}

/** Makes the names in a folder durable (a rename or a link is only safe once its folder is synced). */
export function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** The text of a file, or undefined when there is none. Throws a Failure for anything else. */
export function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw failureOf(error, 'read', file);
  }
}

/** Makes a folder (and its parents) when it is not there, and sees that its permission bits are these. Throws a Failure. */
export function ensureFolder(folder: string, mode: number): void {
  try {
    fs.mkdirSync(folder, { recursive: true, mode });
    fs.chmodSync(folder, mode);
  } catch (error) {
    throw failureOf(error, 'make folder', folder);
  }
}
