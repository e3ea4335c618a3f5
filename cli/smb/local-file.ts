/** A local file that is read by pieces, and the proof that nobody wrote to it meanwhile. */
import fs from 'node:fs';
import { Failure, failureOf } from '../../base/failure.ts';
import { fileTimeOfNs } from '../../smb/file-time.ts';
import type { FileTime } from '../../smb/index.ts';
import { usage } from '../usage.ts';

export class LocalFile {
  readonly path: string;
  readonly size: number;
  /** When it was written. */
  readonly written: FileTime;
  readonly #fd: number;
  readonly #opened: fs.BigIntStats;

  private constructor(file: string, fd: number, opened: fs.BigIntStats) {
    this.path = file;
    this.size = Number(opened.size);
    this.written = fileTimeOfNs(opened.mtimeNs);
    this.#fd = fd;
    this.#opened = opened;
  }

  /** Throws a Failure of the disk, or `usage` for what is no plain file. */
  static open(file: string): LocalFile {
    try {
      // O_NONBLOCK: a pipe of that name must not hang us.
      const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
      const opened = fs.fstatSync(fd, { bigint: true });
      if (opened.isFile()) return new LocalFile(file, fd, opened);
      fs.closeSync(fd);
    } catch (error) {
      throw failureOf(error, 'read', file);
    }
    throw usage(`${file} is no plain file`);
  }

  /** Shorter only at its end. */
  read(offset: number, length: number): Buffer {
    const room = Buffer.alloc(length);
    try {
      let done = 0;
      while (done < length) {
        const got = fs.readSync(this.#fd, room, done, length - done, offset + done);
        if (got === 0) break;
        done += got;
      }
      return room.subarray(0, done);
    } catch (error) {
      throw failureOf(error, 'read', this.path);
    }
  }

  /** Throws `changed` when it is not what was opened. */
  mustBeAsOpened(): void {
    const now = fs.fstatSync(this.#fd, { bigint: true });
    const { size, mtimeNs, ctimeNs } = this.#opened;
    if (now.size === size && now.mtimeNs === mtimeNs && now.ctimeNs === ctimeNs) return;
    throw new Failure({
      code: 'changed',
      doing: 'send',
      subject: this.path,
      what: 'it was changed while it was read',
      hint: 'nothing was sent; try again when nobody writes to it',
      retry: true,
    });
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}
