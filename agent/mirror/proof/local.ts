/** The copy as its disk gives it back: opened without following any link, and read past what the kernel holds in memory. */
import fs from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf } from '../../../base/failure.ts';
import { dropCached, getXattr } from '../../../base/libc.ts';
import type { FileTime } from '../../../smb/types.ts';
import { type Directory, isNoDirectory, NO_SIGNATURE, type Signature, sameSignature, signatureOf } from '../folder.ts';
import type { Ground } from '../ground.ts';
import { DOS_ATTRIBUTE_NAME, readDosAttribute } from '../metadata.ts';
import { nameOf, parentOf } from '../names.ts';

const read = promisify(fs.read);

export interface LocalObject {
  kind: 'file' | 'directory' | 'foreign' | 'none';
  size: number;
  mtimeNs: bigint;
  /** NO_SIGNATURE for what is no file. */
  signature: Signature;
  /** undefined where there are none that we understand. */
  marks: { attributes: number; created: FileTime | undefined } | undefined;
}

const NOTHING: LocalObject = { kind: 'none', size: 0, mtimeNs: 0n, signature: NO_SIGNATURE, marks: undefined };

/** What lies at a path of the mirror, held open until `close`. */
export class LocalCopy {
  readonly object: LocalObject;
  readonly #fd: number | undefined;

  private constructor(object: LocalObject, fd: number | undefined) {
    this.object = object;
    this.#fd = fd;
  }

  /** Throws the system's error where the disk fails. */
  static open(ground: Ground, path: string): LocalCopy {
    try {
      return path === ''
        ? ground.folder.within('', (dir) => LocalCopy.#at(dir, '.'))
        : ground.folder.within(parentOf(path), (dir) => LocalCopy.#at(dir, nameOf(path)));
    } catch (error) {
      if (isNoDirectory(error)) return new LocalCopy(NOTHING, undefined);
      throw error;
    }
  }

  static #at(dir: Directory, name: string): LocalCopy {
    const there = dir.look(name);
    if (there.kind === 'none') return new LocalCopy(NOTHING, undefined);
    if (there.kind === 'foreign') return new LocalCopy({ ...NOTHING, kind: 'foreign' }, undefined);
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    const fd = fs.openSync(dir.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = fs.fstatSync(fd, { bigint: true });
      const marks = getXattr(`/proc/self/fd/${fd}`, DOS_ATTRIBUTE_NAME);
      const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'foreign';
      if (kind === 'file') dropCached(fd);
      return new LocalCopy(
        {
          kind,
          size: kind === 'file' ? Number(stat.size) : 0,
          mtimeNs: stat.mtimeNs,
          signature: kind === 'file' ? signatureOf(stat) : NO_SIGNATURE,
          marks: marks === undefined ? undefined : readDosAttribute(marks),
        },
        fd,
      );
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  }

  /** Fills a buffer from an offset; returns how many bytes there were. Throws the system's error where the disk fails. */
  async read(buffer: Buffer, offset: number): Promise<number> {
    if (this.#fd === undefined) return 0;
    let done = 0;
    while (done < buffer.length) {
      const { bytesRead } = await read(this.#fd, buffer, done, buffer.length - done, offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  /** It is as it was when it was opened: nobody has written, replaced or renamed it. */
  get stands(): boolean {
    if (this.#fd === undefined || this.object.kind !== 'file') return true;
    return sameSignature(signatureOf(fs.fstatSync(this.#fd, { bigint: true })), this.object.signature);
  }

  /** Once, when nothing reads any more. */
  close(): void {
    if (this.#fd === undefined) return;
    // What was read only to be compared is not worth users' memory.
    if (this.object.kind === 'file') dropCached(this.#fd);
    fs.closeSync(this.#fd);
  }
}

/** The disk does not give back what it was given. */
export function isRotten(error: unknown): boolean {
  return ['EIO', 'EBADMSG', 'EUCLEAN', 'EILSEQ'].includes(errnoOf(error) ?? '');
}
