/**
 * One local file that appears whole or not at all: content goes into a temp beside it, and the name is given at the end.
 *
 * What could go wrong, and why it does not:
 * - something has the name, or gets it while content arrives: link(2) never replaces, whatever it is;
 * - with `overwrite`: rename(2) replaces a file in one step, and a symbolic link itself, never what it points to; a folder stays, and
 *   so does a device: root that fetches into /dev/null must not put a file there;
 * - a symbolic link where a folder should be: openDirectoryBeneath does not follow it;
 * - killed: a temp stays, with a name that says whose it is;
 * - the disk is full, or the content ends early: the temp goes away, what was there stays.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { errnoOf, Failure, failureOf } from '../../base/failure.ts';
import { stampDescriptor } from '../../base/libc.ts';
import { unixNs } from '../../smb/file-time.ts';
import type { FileTime } from '../../smb/index.ts';

/** ext4, XFS and btrfs hold 255 bytes; NTFS holds 255 UTF-16 units, up to 765 bytes. */
const NAME_LIMIT_BYTES = 255;
/** What a file system without hard links answers to link(2). */
const NO_LINKS = ['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS'];

/** Why a name of the server cannot be kept here as it is; undefined when it can. The client refuses what no path may hold. */
export function unfitHere(name: string): string | undefined {
  const bytes = Buffer.byteLength(name);
  return bytes > NAME_LIMIT_BYTES
    ? `the name needs ${bytes} bytes, the disk here holds ${NAME_LIMIT_BYTES}`
    : undefined;
}

export class Landing {
  readonly #folderFd: number;
  readonly #name: string;
  readonly #overwrite: boolean;
  readonly #temp: string;
  readonly #file: fs.promises.FileHandle;

  private constructor(folderFd: number, name: string, overwrite: boolean, temp: string, file: fs.promises.FileHandle) {
    this.#folderFd = folderFd;
    this.#name = name;
    this.#overwrite = overwrite;
    this.#temp = temp;
    this.#file = file;
  }

  /**
   * @param folderFd an open folder, the caller's to close; `name` is one component
   * Throws `exists` before anything is fetched, and what the disk says.
   */
  static async open(folderFd: number, name: string, overwrite: boolean): Promise<Landing> {
    const unfit = unfitHere(name);
    if (unfit !== undefined) throw new Failure({ code: 'bad-local-name', doing: 'write', subject: name, what: unfit });
    const temp = `.~standby-get-${randomBytes(8).toString('hex')}.part`;
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
    try {
      const there = fs.lstatSync(within(folderFd, name), { throwIfNoEntry: false });
      if (there !== undefined && !overwrite) throw isThere(name);
      if (there?.isDirectory() === true) throw isFolder(name);
      if (there !== undefined && !there.isFile() && !there.isSymbolicLink()) throw isSpecial(name);
      const file = await fs.promises.open(within(folderFd, temp), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
      return new Landing(folderFd, name, overwrite, temp, file);
    } catch (error) {
      throw failureOf(error, 'write', name);
    }
  }

  async write(chunk: Buffer, offset: number): Promise<void> {
    try {
      for (let done = 0; done < chunk.length; ) {
        const { bytesWritten } = await this.#file.write(chunk, done, chunk.length - done, offset + done);
        done += bytesWritten;
      }
    } catch (error) {
      throw failureOf(error, 'write', this.#name);
    }
  }

  /**
   * Gives it its time and its name. With `durable` the disk has all of it when this returns. The disk always has the content before
   * the name where something may be replaced: after a power cut the name means the old or the new content, and never none.
   */
  async finish(written: FileTime, durable: boolean): Promise<void> {
    try {
      const writtenNs = unixNs(written);
      if (written !== 0n) stampDescriptor(this.#file.fd, { accessedNs: writtenNs, writtenNs });
      if (durable || this.#overwrite) await this.#file.sync();
      await this.#file.close();
      this.#publish();
      if (durable) fs.fsyncSync(this.#folderFd);
    } catch (error) {
      throw failureOf(error, 'write', this.#name);
    }
  }

  #publish(): void {
    const temp = within(this.#folderFd, this.#temp);
    const final = within(this.#folderFd, this.#name);
    if (this.#overwrite) {
      fs.renameSync(temp, final);
      return;
    }
    try {
      fs.linkSync(temp, final);
    } catch (error) {
      const errno = errnoOf(error) ?? '';
      if (errno === 'EEXIST') throw isThere(this.#name);
      if (NO_LINKS.includes(errno)) throw noLinks(this.#name);
      throw error;
    }
    fs.unlinkSync(temp);
  }

  /** Nothing of it stays, as far as the disk allows. For every file that was not finished, also when finishing failed; throws never. */
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    try {
      fs.rmSync(within(this.#folderFd, this.#temp), { force: true });
    } catch {
      // Why the file could not be had says more.
    }
  }
}

/** A path to one name in an open folder, whatever has become of the folder's own path. */
export function within(folderFd: number, name: string): string {
  return `/proc/self/fd/${folderFd}/${name}`;
}

function isThere(name: string): Failure {
  return new Failure({
    code: 'exists',
    doing: 'write',
    subject: name,
    what: 'something of that name is there already',
    hint: 'nothing was overwritten; choose another name, or add --overwrite',
  });
}

function isFolder(name: string): Failure {
  return new Failure({ code: 'is-a-directory', doing: 'write', subject: name, what: 'a folder of that name is there' });
}

function isSpecial(name: string): Failure {
  return new Failure({
    code: 'not-a-plain-file',
    doing: 'write',
    subject: name,
    what: 'a device, pipe or socket of that name is there, which is not replaced by a file',
    hint: 'choose another name',
  });
}

function noLinks(name: string): Failure {
  return new Failure({
    code: 'no-hard-links',
    doing: 'write',
    subject: name,
    what: 'the file system here has no hard links, without which a name cannot be given safely',
    hint: 'with --overwrite it can: then a file that gets this name meanwhile would be replaced',
  });
}
