/**
 * The attic: where deleted and replaced files wait before they are really gone, in `.standby-attic/YYYY-MM-DD/SHARE/path`
 * beside the share folders and outside what is served. Putting away is one rename on the same file system, also for a whole
 * tree; what is replaced gets a second name here first. Of a file that is replaced again and again the first of a day is
 * kept, and those that had stood for a while.
 *
 * What could go wrong, and why it does not:
 * - two things of one name on one day: the second gets a folder of its own (`SHARE~2`); nothing in the attic is ever replaced;
 * - a planted symbolic link inside the attic: directories are opened beneath its root without following any;
 * - a clock that jumps would age everything: callers name days by the later of our clock and the main's, and prune by the earlier;
 * - something is put away while its day is removed: the day is renamed first, so it goes to a new one.
 */
import fs from 'node:fs';
import path from 'node:path';
import { openDirectoryBeneath } from '../../base/beneath.ts';
import { errnoOf, Failure, failureOf, isFailure } from '../../base/failure.ts';
import { Directory, type Signature } from './folder.ts';
import { below, nameOf, parentOf } from './names.ts';

export const ATTIC_FOLDER = '.standby-attic';
const DAY_MS = 86_400_000;
/** Days that something waits. */
const KEEP_DAYS = 7;
/** Things of one path on one day. */
const SAME_NAME_LIMIT = 1_000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** A day on its way out. */
const GOING = 'going-';
/** A replaced version that stood here so long is kept although the day has one already. */
const STOOD_MS = 600_000;

export class Attic {
  readonly #folder: string;
  readonly #root: number;
  #gone = 0;

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

  /** Moves what lies at a name of an open directory here; a directory goes with all its content. Returns where in the attic. */
  move(dir: Directory, name: string, share: string, file: string, wallMs: number): string {
    return this.#place(share, file, wallMs, (target) => fs.renameSync(dir.at(name), target));
  }

  /** Gives a file a second name here, so that replacing the first loses nothing. Returns where in the attic. */
  link(dir: Directory, name: string, share: string, file: string, wallMs: number): string {
    return this.#place(share, file, wallMs, (target) => fs.linkSync(dir.at(name), target));
  }

  /** Gives a version of ours that is about to be replaced a second name here, unless the day has one of it and it stood only briefly. */
  keep(dir: Directory, name: string, old: Signature, share: string, file: string, wallMs: number): void {
    // The time of its placing, by our own clock; one that was set meanwhile keeps a version too many or too few.
    const stoodMs = Math.abs(Date.now() - Number(old.ctimeNs / 1_000_000n));
    const limit = stoodMs >= STOOD_MS ? SAME_NAME_LIMIT : 1;
    try {
      this.#place(share, file, wallMs, (target) => fs.linkSync(dir.at(name), target), limit);
    } catch (error) {
      // A share with a disk of its own below the mirror's folder, or no name to be had: the new version is worth more.
      if (isFailure(error, 'attic-crowded') || ['EXDEV', 'EMLINK'].includes(errnoOf(error) ?? '')) return;
      throw error;
    }
  }

  #place(
    share: string,
    file: string,
    wallMs: number,
    act: (target: string) => void,
    limit: number = SAME_NAME_LIMIT,
  ): string {
    const day = new Date(wallMs).toISOString().slice(0, 10);
    for (let n = 1; n <= limit; n += 1) {
      const folder = n === 1 ? share : `${share}~${n}`;
      const parent = this.#folderFor(below(below(day, folder), parentOf(file)));
      if (parent === undefined) continue;
      try {
        if (parent.look(nameOf(file)).kind !== 'none') continue;
        act(parent.at(nameOf(file)));
        return below(below(day, folder), file);
      } finally {
        parent.close();
      }
    }
    throw new Failure({
      code: 'attic-crowded',
      doing: 'put away',
      subject: `${share}/${file}`,
      what: `${limit} things of this name are there from one day`,
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
    await this.#sweep();
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
    fs.renameSync(path.join(this.#folder, day), path.join(this.#folder, `${GOING}${day}-${++this.#gone}`));
    await this.#sweep();
  }

  /** Also what an earlier process did not finish. */
  async #sweep(): Promise<void> {
    for (const name of fs.readdirSync(this.#folder).filter((one) => one.startsWith(GOING)))
      await fs.promises.rm(path.join(this.#folder, name), { recursive: true, force: true, maxRetries: 2 });
  }

  close(): void {
    fs.closeSync(this.#root);
  }
}
