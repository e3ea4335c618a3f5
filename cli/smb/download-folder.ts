/**
 * Fetches a folder with everything below it, many files at once. Whatever concerns one name is told and passed over; what
 * concerns the connection ends it.
 *
 * What could go wrong, and why it does not:
 * - a name that leads out of the target: the client hands out no such name, and every folder is opened by openDirectoryBeneath,
 *   which follows no symbolic link and never leaves the target, however it is changed while we work;
 * - a link on the share: what shows as a link is passed over, and what leads back to a folder above it as well;
 * - a tree that never ends: paths end where Linux cannot hold them.
 */
import fs from 'node:fs';
import { openDirectoryBeneath } from '../../base/beneath.ts';
import { errnoOf, Failure, failureOf, isFailure } from '../../base/failure.ts';
import { stampDescriptor, syncFileSystem } from '../../base/libc.ts';
import { unixNs } from '../../smb/file-time.ts';
import type { Entry, FileTime, Tree } from '../../smb/index.ts';
import { whyElsewhere } from './attributes.ts';
import { endsEverything } from './failure.ts';
import { fetchFile } from './fetch-file.ts';
import { unfitHere, within } from './landing.ts';
import { joined } from './path.ts';
import { unsafeName } from './problems.ts';
import type { Amount } from './progress.ts';
import { inCircles, leadsBack, type Trail, trailOf } from './trail.ts';

/** Files under way at once. */
const FILES_AT_ONCE = 64;
/** PATH_MAX of Linux, less the room for the target's own path. */
const PATH_LIMIT_BYTES = 3_900;

export interface DownloadJob {
  tree: Tree;
  /** The folder on the share; '' is its root. */
  from: string;
  /** The local folder that takes what is in it, open. */
  to: number;
  overwrite: boolean;
  signal: AbortSignal;
  /** Kept as it is while everything arrives. What fails counts no more. */
  amount: Amount;
  /** A path below `from` that could not be had, and why. */
  problem(path: string, failure: Failure): void;
}

export interface Downloaded {
  files: number;
  folders: number;
  bytes: number;
}

/** A folder that was made here. */
interface Folder {
  path: string;
  /** Given back when everything is in it. */
  written: FileTime;
}

/** Returns when everything was tried and the disk has it. Throws what ends it all. */
export async function downloadFolder(job: DownloadJob): Promise<Downloaded> {
  const download = new Download(job);
  try {
    await download.walk();
  } finally {
    await download.idle();
  }
  download.stampFolders();
  syncFileSystem(job.to);
  return download.done;
}

class Download {
  readonly done: Downloaded = { files: 0, folders: 0, bytes: 0 };
  readonly #job: DownloadJob;
  readonly #made: Folder[] = [];
  readonly #under = new Set<Promise<void>>();
  #fatal: unknown;

  constructor(job: DownloadJob) {
    this.#job = job;
  }

  async walk(): Promise<void> {
    const waiting: Trail[] = [await trailOf(this.#job.tree, this.#job.from)];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      this.#throwIfOver();
      for (const below of await this.#list(at)) waiting.push(below);
    }
    this.#job.amount.found.all = true;
    await this.idle();
    this.#throwIfOver();
  }

  /** No file is under way any more. */
  async idle(): Promise<void> {
    while (this.#under.size > 0) await Promise.all(this.#under);
  }

  /** The folders below. Files are begun at once, as far as there is room. */
  async #list(at: Trail): Promise<Trail[]> {
    const { path } = at;
    const folders: Trail[] = [];
    try {
      for await (const { entries, refused } of this.#job.tree.list(joined(this.#job.from, path))) {
        for (const name of refused) this.#problem(joined(path, name), unsafeName('fetch', name));
        // All at once: files are begun only as there is room for them.
        for (const entry of entries) if (isFetched(entry, joined(path, entry.name))) this.#count(1, entry.size);
        for (const entry of entries) {
          this.#throwIfOver();
          const below = joined(path, entry.name);
          const why = unfit(entry, below);
          if (why !== undefined) this.#problem(below, new Failure({ code: 'left-out', doing: 'fetch', what: why }));
          else if (!entry.directory) await this.#begin(path, entry);
          else if (leadsBack(at, entry.fileId)) this.#problem(below, inCircles(below));
          else if (this.#makeFolder(path, entry)) folders.push({ path: below, fileId: entry.fileId, above: at });
        }
      }
    } catch (error) {
      this.#passOver(path, error);
    }
    return folders;
  }

  /** False when there is no such folder afterwards; that was told. */
  #makeFolder(path: string, { name, written }: Entry): boolean {
    const below = joined(path, name);
    try {
      const parent = openDirectoryBeneath(this.#job.to, path);
      try {
        fs.mkdirSync(within(parent, name));
        this.#made.push({ path: below, written });
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error;
        // Only a real folder will do: a symbolic link in its place ends here with ELOOP.
        fs.closeSync(openDirectoryBeneath(parent, name));
      } finally {
        fs.closeSync(parent);
      }
      this.done.folders += 1;
      return true;
    } catch (error) {
      this.#passOver(below, localFailure(error, below));
      return false;
    }
  }

  async #begin(path: string, entry: Entry): Promise<void> {
    while (this.#under.size >= FILES_AT_ONCE) await Promise.race(this.#under);
    const work = this.#fetch(path, entry).finally(() => this.#under.delete(work));
    this.#under.add(work);
  }

  async #fetch(path: string, { name, size }: Entry): Promise<void> {
    const { tree, from, to, overwrite, signal, amount } = this.#job;
    const below = joined(path, name);
    let arrivedBytes = 0;
    let folderFd: number | undefined;
    try {
      this.#throwIfOver();
      folderFd = openLocal(to, path);
      const arrived = (bytes: number): void => {
        arrivedBytes += bytes;
        amount.bytes += bytes;
      };
      const job = { tree, from: joined(from, below), size, folderFd, name, overwrite, durable: false, signal, arrived };
      const bytes = await fetchFile(job);
      this.done.bytes += bytes;
      this.done.files += 1;
      amount.files += 1;
      // It may have another size than was listed.
      this.#count(0, bytes - size);
    } catch (error) {
      amount.bytes -= arrivedBytes;
      this.#count(-1, -size);
      this.#passOver(below, error);
    } finally {
      if (folderFd !== undefined) fs.closeSync(folderFd);
    }
  }

  #count(files: number, bytes: number): void {
    const { found } = this.#job.amount;
    found.files += files;
    found.bytes += bytes;
  }

  /** Deepest first, since giving a folder its time is no change of its parent. Those that were there before keep theirs. */
  stampFolders(): void {
    for (const { path, written } of this.#made.reverse()) {
      if (written === 0n) continue;
      try {
        const fd = openDirectoryBeneath(this.#job.to, path);
        try {
          const writtenNs = unixNs(written);
          stampDescriptor(fd, { accessedNs: writtenNs, writtenNs });
        } finally {
          fs.closeSync(fd);
        }
      } catch (error) {
        this.#problem(path, failureOf(error, 'give its time to', path));
      }
    }
  }

  #throwIfOver(): void {
    this.#job.signal.throwIfAborted();
    if (this.#fatal !== undefined) throw this.#fatal;
  }

  /** Keeps what must end everything, as when the folder itself cannot be listed; tells the rest. Never throws: `walk` looks at it. */
  #passOver(path: string, error: unknown): void {
    if (this.#fatal !== undefined || this.#job.signal.aborted) return;
    if (path !== '' && isFailure(error) && !endsEverything(error) && !isAboutDisk(error)) this.#problem(path, error);
    else this.#fatal = error;
  }

  #problem(path: string, failure: Failure): void {
    this.#job.problem(path, failure);
  }
}

/** What the next file would meet as well. */
function isAboutDisk(error: Failure): boolean {
  return isFailure(error, 'enospc', 'edquot', 'erofs', 'eio', 'emfile', 'enfile', 'no-hard-links');
}

function openLocal(to: number, path: string): number {
  try {
    return openDirectoryBeneath(to, path);
  } catch (error) {
    throw localFailure(error, path);
  }
}

function localFailure(error: unknown, path: string): Failure {
  const errno = errnoOf(error);
  if (errno !== 'ELOOP' && errno !== 'EXDEV' && errno !== 'ENOTDIR') return failureOf(error, 'make folder', path);
  return new Failure({
    code: 'not-a-folder-here',
    doing: 'make folder',
    subject: path,
    what: 'a file or a symbolic link is in its place; it is not followed',
    cause: error,
  });
}

function isFetched(entry: Entry, path: string): boolean {
  return !entry.directory && unfit(entry, path) === undefined;
}

function unfit(entry: Entry, path: string): string | undefined {
  if (Buffer.byteLength(path) > PATH_LIMIT_BYTES) return 'the path is longer than Linux can hold';
  return unfitHere(entry.name) ?? whyElsewhere(entry.attributes);
}
