/**
 * The attic: where deleted files wait before they are really gone, in `.standby-attic/YYYY-MM-DD/SHARE/path` beside the
 * share folders and outside what is served. Putting away is one rename on the same file system, also for a whole tree.
 *
 * What could go wrong, and why it does not:
 * - two things of one name on one day: the second gets a folder of its own (`SHARE~2`); nothing in the attic is ever replaced;
 * - a planted symbolic link inside the attic: directories are opened beneath its root without following any;
 * - a clock that jumps forward would age everything: callers prune by the earlier of our clock and the main's.
 */
import fs from 'node:fs';
import path from 'node:path';
import { openDirectoryBeneath } from '../../base/beneath.ts';
import { errnoOf, Failure, failureOf } from '../../base/failure.ts';
import { Directory } from './folder.ts';
import { below, nameOf, parentOf } from './names.ts';

export const ATTIC_FOLDER = '.standby-attic';
const DAY_MS = 86_400_000;
/** Days that something waits. */
const KEEP_DAYS = 7;
/** Things of one path on one day. */
const SAME_NAME_LIMIT = 1_000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

export class Attic {
  readonly #folder: string;
  readonly #root: number;

  constructor(mirrorPath: string) {
    this.#folder = path.join(mirrorPath, ATTIC_FOLDER);
    try {
      fs.mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      this.#root = fs.openSync(
        this.#folder,
        fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW,
      );
    } catch (error) {
      throw failureOf(error, 'open attic', this.#folder);
    }
  }

  /** Moves what lies at a name of an open directory here; a directory goes with all its content. */
  move(dir: Directory, name: string, share: string, file: string, wallMs: number): void {
    this.#place(share, file, wallMs, (target) => fs.renameSync(dir.at(name), target));
  }

  /** Gives a file a second name here, so that replacing the first loses nothing. */
  link(dir: Directory, name: string, share: string, file: string, wallMs: number): void {
    this.#place(share, file, wallMs, (target) => fs.linkSync(dir.at(name), target));
  }

  #place(share: string, file: string, wallMs: number, act: (target: string) => void): void {
    const day = new Date(wallMs).toISOString().slice(0, 10);
    for (let n = 1; n <= SAME_NAME_LIMIT; n += 1) {
      const folder = n === 1 ? share : `${share}~${n}`;
      const parent = this.#folderFor(below(below(day, folder), parentOf(file)));
      if (parent === undefined) continue;
      try {
        if (parent.look(nameOf(file)).kind !== 'none') continue;
        act(parent.at(nameOf(file)));
        return;
      } finally {
        parent.close();
      }
    }
    throw new Failure({
      code: 'attic-crowded',
      doing: 'put away',
      subject: `${share}/${file}`,
      what: `${SAME_NAME_LIMIT} things of this name are there from one day`,
    });
  }

  /** The directory with its parents made; undefined when something else lies in the way. */
  #folderFor(file: string): Directory | undefined {
    let dir = new Directory(openDirectoryBeneath(this.#root, ''));
    for (const name of file.split('/').filter((part) => part !== '')) {
      let next: number;
      try {
        if (dir.look(name).kind === 'none') fs.mkdirSync(dir.at(name), { mode: 0o700 });
        next = openDirectoryBeneath(dir.fd, name);
      } catch (error) {
        if (['ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return undefined;
        throw error;
      } finally {
        dir.close();
      }
      dir = new Directory(next);
    }
    return dir;
  }

  /** Removes the days that have waited long enough. */
  async prune(wallMs: number): Promise<void> {
    for (const day of this.#days()) {
      if (Date.parse(day) < wallMs - (KEEP_DAYS + 1) * DAY_MS) await this.#forget(day);
    }
  }

  /** Removes the oldest day to make room; false when nothing is left. */
  async forgetOldest(): Promise<boolean> {
    const oldest = this.#days()[0];
    if (oldest === undefined) return false;
    await this.#forget(oldest);
    return true;
  }

  #days(): string[] {
    return fs
      .readdirSync(this.#folder)
      .filter((name) => DAY.test(name))
      .sort();
  }

  async #forget(day: string): Promise<void> {
    await fs.promises.rm(path.join(this.#folder, day), { recursive: true, force: true });
  }

  close(): void {
    fs.closeSync(this.#root);
  }
}
