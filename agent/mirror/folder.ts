/**
 * One share's folder in the mirror, held by an open descriptor. Every access below it goes through a directory opened by
 * openDirectoryBeneath and then names one component of it, so that a symbolic link which somebody planted in the mirror
 * is met as an error or as a thing to be moved away, and never followed; and an unmounted mirror disk leaves us holding
 * the old file system instead of filling the one beneath.
 */
import fs from 'node:fs';
import path from 'node:path';
import { openDirectoryBeneath } from '../../base/beneath.ts';
import { errnoOf, failureOf } from '../../base/failure.ts';
import { dress, type Metadata, type Owner, stampTimes } from './metadata.ts';
import { nameOf, parentOf } from './names.ts';

/** What tells, without reading it, whether a local file is still the one that we placed. */
export interface Signature {
  size: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
  ino: bigint;
}

export const NO_SIGNATURE: Signature = { size: -1n, mtimeNs: 0n, ctimeNs: 0n, ino: 0n };

export function sameSignature(a: Signature, b: Signature): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino;
}

export type Local =
  | { kind: 'file'; signature: Signature }
  | { kind: 'directory'; mtimeNs: bigint }
  /** A symbolic link, device, socket or pipe: nothing that a mirror makes. */
  | { kind: 'foreign' }
  | { kind: 'none' };

/** An open directory; names in it are reached through the descriptor. */
export class Directory {
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  at(name: string): string {
    return `/proc/self/fd/${this.fd}/${name}`;
  }

  look(name: string): Local {
    const stat = fs.lstatSync(this.at(name), { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return { kind: 'none' };
    if (stat.isFile()) return { kind: 'file', signature: signatureOf(stat) };
    return stat.isDirectory() ? { kind: 'directory', mtimeNs: stat.mtimeNs } : { kind: 'foreign' };
  }

  close(): void {
    fs.closeSync(this.fd);
  }
}

export function signatureOf(stat: fs.BigIntStats): Signature {
  return { size: stat.size, mtimeNs: stat.mtimeNs, ctimeNs: stat.ctimeNs, ino: stat.ino };
}

/** errno names that mean «there is no such directory», whatever lies in its place. */
export function isNoDirectory(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '');
}

export class MirrorFolder {
  readonly #root: number;
  readonly owner: Owner;
  /** Whether files may share blocks (FICLONE); true until the file system has said no. */
  hasReflinks = true;

  /** Makes the folder where it is missing. Throws a Failure when it cannot, or when it is a symbolic link. */
  constructor(mirrorPath: string, share: string, owner: Owner) {
    const folder = path.join(mirrorPath, share);
    this.owner = owner;
    try {
      const made = fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (made !== undefined) fs.chownSync(folder, owner.uid, owner.gid);
      this.#root = fs.openSync(folder, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW);
    } catch (error) {
      throw failureOf(error, 'open mirror folder', folder);
    }
  }

  /** Throws the system's error when there is no such directory, or a link is in the way. The caller closes it. */
  open(directory: string): Directory {
    return new Directory(openDirectoryBeneath(this.#root, directory));
  }

  within<T>(directory: string, act: (dir: Directory) => T): T {
    const dir = this.open(directory);
    try {
      return act(dir);
    } finally {
      dir.close();
    }
  }

  /** What lies at a path; `none` also when one of its parents is no directory. */
  look(file: string): Local {
    if (file === '') return { kind: 'directory', mtimeNs: fs.fstatSync(this.#root, { bigint: true }).mtimeNs };
    try {
      return this.within(parentOf(file), (dir) => dir.look(nameOf(file)));
    } catch (error) {
      if (isNoDirectory(error)) return { kind: 'none' };
      throw error;
    }
  }

  /** Makes one directory in an existing parent, dressed. The name must be free. */
  makeDirectory(parent: Directory, name: string, metadata: Metadata): void {
    fs.mkdirSync(parent.at(name), { mode: 0o700 });
    this.dressDirectory(parent, name, metadata);
  }

  dressDirectory(parent: Directory, name: string, metadata: Metadata): void {
    const fd = openDirectoryBeneath(parent.fd, name);
    try {
      dress(fd, 'directory', metadata, this.owner);
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Dresses an existing file anew and returns its new signature. */
  dressFile(parent: Directory, name: string, metadata: Metadata): Signature {
    const fd = fs.openSync(parent.at(name), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    try {
      dress(fd, 'file', metadata, this.owner);
      return signatureOf(fs.fstatSync(fd, { bigint: true }));
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Sets a directory's own times again after its content moved them. */
  stampDirectory(dir: Directory, written: bigint): void {
    stampTimes(dir.fd, 0n, written);
  }

  /** Flushing and space questions are asked of this descriptor. */
  get descriptor(): number {
    return this.#root;
  }

  close(): void {
    fs.closeSync(this.#root);
  }
}
