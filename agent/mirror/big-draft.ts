/**
 * The nameless draft of a big file. Where the file system shares blocks between files (reflinks: XFS, btrfs) it begins as a clone
 * of the copy that lies at the name; each block that comes from the main is compared with what the draft holds, and only what
 * differs is written. Elsewhere it begins empty and everything is written. Holes stay holes.
 *
 *   begin: open the old copy → draft (O_TMPFILE) → FICLONE (in a thread) → signature again → size
 *   each chunk: read the draft → compare → write what differs
 *
 * What could go wrong, and why it does not:
 * - the old copy is changed by it: it is only read; what is written into a clone goes to blocks of its own. Its second name in the
 *   attic shares an inode with it alone;
 * - the old copy is rotten, or is not what the index says: every block is compared with what came from the main, so it is healed.
 *   The comparison reads the draft, whose inode is new: the kernel holds nothing of it in memory, so it comes from the blocks on the
 *   disk that the clone shares, and not from what the kernel still remembers of the old copy;
 * - a write of the old copy never reached the disk: FICLONE writes it out first and fails when that fails; copies that an
 *   earlier failure made untrustworthy have no signature in their rows and are not cloned;
 * - the old copy is replaced or written to meanwhile: its signature is asked again when the clone is made; a clone of something
 *   else would still be compared block by block;
 * - a block cannot be read (btrfs knows of its rot, a disk with a bad sector), or a hole not be made: CannotPatch, and the file is
 *   fetched again into an empty draft;
 * - not supported here (ext4, tmpfs): remembered for the folder, everything is written. Another device, or flags of the one
 *   file that forbid it: the same for this one;
 * - the disk fills up: room is promised as it is used; the draft is dropped, the old copy stays;
 * - kill -9 or a power cut at any moment: the draft has no name, the kernel frees it.
 */
import fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { errnoOf, Failure } from '../../base/failure.ts';
import { nextData, punchHole } from '../../base/libc.ts';
import type { Stat } from '../../smb/types.ts';
import { bytesOf, differingRuns, isZero, worthWriting } from './blocks.ts';
import { type Directory, type Signature, sameSignature, signatureOf } from './folder.ts';
import type { Ground } from './ground.ts';
import { ATTRIBUTE_SPARSE } from './metadata.ts';
import { nameOf, parentOf } from './names.ts';
import { openDraft } from './place.ts';

const read = promisify(fs.read);
const write = promisify(fs.write);
// In threads: of a file in a million pieces these take their time.
const truncate = promisify(fs.ftruncate);
const close = promisify(fs.close);

/** Compared at a time: each READ under way holds so much of the draft in memory besides. */
const COMPARED_BYTES = 262_144;
/** Room is promised in such steps where it is not known how much will be needed. */
const STEP_BYTES = 16 * 1_048_576;
/** A hole is made bit by bit: one call for a hole over a million pieces would hold everything up. */
const PUNCH_BYTES = 64 * 1_048_576;

/** The clone is of no use; an empty draft will do. */
export class CannotPatch extends Failure {
  constructor(cause: unknown) {
    super({ code: 'cannot-patch', doing: 'patch', what: 'the copy here cannot be patched', cause });
  }
}

export interface BigDraftOptions {
  ground: Ground;
  path: string;
  before: Stat;
  /** Whether the copy at the name may be the draft's beginning. */
  patch: boolean;
  /** Promises room for so many bytes in all; throws when there is not so much. */
  ensure(bytes: number): void;
}

/** Our copy at the name, open. */
interface Old {
  fd: number;
  signature: Signature;
}

export class BigDraft {
  readonly fd: number;
  readonly #options: BigDraftOptions;
  readonly #size: number;
  /** Zeros need not be written: the main keeps none either. */
  readonly #sparse: boolean;
  readonly #ready: Promise<void>;
  readonly #spare: Buffer[] = [];
  #old: Old | undefined;
  /** The draft is a clone up to here; 0 when it is none. */
  #clonedTo = 0;
  #ensured = 0;
  #busy = 0;
  #idle: (() => void) | undefined;
  writtenBytes = 0;
  /** In blocks that differed from what lay here. */
  changedBytes = 0;
  #punched = false;

  /** Throws what `ensure` throws. */
  constructor(options: BigDraftOptions) {
    const { ground, path, before, patch } = options;
    this.#options = options;
    this.#size = before.size;
    this.#sparse = before.allocatedBytes < before.size;
    const opened = ground.folder.within(parentOf(path), (dir) => {
      const old = patch ? openOld(ground, dir, path) : undefined;
      try {
        this.#ensure(this.#needBytes(old));
        return { old, draft: openDraft(dir) };
      } catch (error) {
        if (old !== undefined) fs.closeSync(old.fd);
        throw error;
      }
    });
    this.#old = opened.old;
    this.fd = opened.draft;
    this.#ready = this.#prepare();
    // Whoever brings the first chunk hears of it, or `finished`.
    this.#ready.catch(() => {});
  }

  /** The draft began as a clone of what lies at the name. */
  get isPatch(): boolean {
    return this.#clonedTo > 0;
  }

  /** Whether it holds, to the last byte, what the file with this signature held when the draft was begun. */
  isCopyOf(there: Signature): boolean {
    const old = this.#old?.signature;
    if (old === undefined || !sameSignature(old, there)) return false;
    const isWhole = this.#clonedTo === this.#size && old.size === BigInt(this.#size);
    return isWhole && this.writtenBytes === 0 && !this.#punched;
  }

  /** Bytes that share their room with what lies at the name. */
  get sharedBytes(): number {
    return Math.max(0, this.#clonedTo - this.writtenBytes);
  }

  /** Room that is needed at least, as far as it is known before the first byte. */
  #needBytes(old: Old | undefined): number {
    const { attributes, allocatedBytes, size } = this.#options.before;
    const wanted = (attributes & ATTRIBUTE_SPARSE) === 0 ? size : Math.min(size, allocatedBytes);
    if (old === undefined) return wanted;
    return Math.min(size, Math.max(0, wanted - Number(old.signature.size)) + STEP_BYTES);
  }

  #ensure(bytes: number): void {
    if (bytes <= this.#ensured) return;
    this.#options.ensure(bytes);
    this.#ensured = bytes;
  }

  async #prepare(): Promise<void> {
    if (this.#old !== undefined) {
      this.#clonedTo = await this.#clone(this.#old);
      if (this.#clonedTo === 0) {
        this.#ensure(this.#needBytes(undefined));
        await truncate(this.fd, 0);
      }
    }
    await truncate(this.fd, this.#size);
  }

  /** Up to where the draft is a clone now. */
  async #clone(old: Old): Promise<number> {
    const { folder } = this.#options.ground;
    try {
      // Through /proc so that both are the very files that are open here; libuv asks FICLONE in a thread of its own.
      const [from, to] = [old.fd, this.fd].map((fd) => `/proc/self/fd/${fd}`) as [string, string];
      await fs.promises.copyFile(from, to, fs.constants.COPYFILE_FICLONE_FORCE);
    } catch (error) {
      if (NO_REFLINKS.includes(errnoOf(error) ?? '')) folder.hasReflinks = false;
      return 0;
    }
    const now = signatureOf(fs.fstatSync(old.fd, { bigint: true }));
    return sameSignature(now, old.signature) ? Math.min(Number(now.size), this.#size) : 0;
  }

  data(chunk: Buffer, offset: number): Promise<void> {
    return this.#during(async () => {
      const cut = Math.max(0, Math.min(chunk.length, this.#clonedTo - offset));
      for (let at = 0; at < cut; at += COMPARED_BYTES) {
        const to = Math.min(cut, at + COMPARED_BYTES);
        await this.#patch(chunk.subarray(at, to), offset + at);
      }
      if (cut === chunk.length) return;
      const rest = chunk.subarray(cut);
      if (this.#sparse && isZero(rest)) return;
      await this.#write(rest, offset + cut);
      this.changedBytes += rest.length;
    });
  }

  /** Zeros that need no room. */
  hole(from: number, to: number): Promise<void> {
    return this.#during(async () => {
      const end = Math.min(to, this.#clonedTo);
      for (let at = from; at < end; at += PUNCH_BYTES) {
        const data = nextData(this.fd, at);
        if (data === undefined || data >= end) return;
        at = data;
        this.#punch(at, Math.min(end, at + PUNCH_BYTES));
        await setImmediate();
      }
    });
  }

  async #patch(fresh: Buffer, offset: number): Promise<void> {
    const room = this.#spare.pop() ?? Buffer.allocUnsafeSlow(COMPARED_BYTES);
    try {
      const there = room.subarray(0, fresh.length);
      await this.#readBack(there, offset);
      const runs = differingRuns(fresh, there, offset);
      this.changedBytes += bytesOf(runs);
      for (const { from, to } of worthWriting(runs)) {
        const run = fresh.subarray(from, to);
        if (this.#sparse && isZero(run)) this.#punch(offset + from, offset + to);
        else await this.#write(run, offset + from);
      }
    } catch (error) {
      throw errnoOf(error) === 'EIO' ? new CannotPatch(error) : error;
    } finally {
      this.#spare.push(room);
    }
  }

  async #readBack(into: Buffer, offset: number): Promise<void> {
    for (let done = 0; done < into.length; ) {
      const { bytesRead } = await read(this.fd, into, done, into.length - done, offset + done);
      if (bytesRead === 0) throw new CannotPatch(new Error('the draft is shorter than it was made'));
      done += bytesRead;
    }
  }

  async #write(bytes: Buffer, offset: number): Promise<void> {
    this.writtenBytes += bytes.length;
    // By halves, so that a file which changed all over is not begun again at every step.
    if (this.writtenBytes > this.#ensured)
      this.#ensure(Math.min(Math.max(this.writtenBytes, this.#size), Math.max(this.writtenBytes * 2, STEP_BYTES)));
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await write(this.fd, bytes, done, bytes.length - done, offset + done);
      done += bytesWritten;
    }
  }

  #punch(from: number, to: number): void {
    this.#punched = true;
    try {
      punchHole(this.fd, from, to);
    } catch (error) {
      throw new CannotPatch(error);
    }
  }

  async #during(work: () => Promise<void>): Promise<void> {
    this.#busy += 1;
    try {
      await this.#ready;
      await work();
    } finally {
      this.#busy -= 1;
      if (this.#busy === 0) this.#idle?.();
    }
  }

  /** All bytes are with the kernel; throws what kept the draft from being begun. */
  async finished(): Promise<void> {
    await this.#ready;
    await this.#quiet();
  }

  async #quiet(): Promise<void> {
    while (this.#busy > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
  }

  /** Once nothing is under way any more: closing under a write or a clone could hit a descriptor that was given out again. */
  async close(): Promise<void> {
    await this.#ready.catch(() => {});
    await this.#quiet();
    await close(this.fd);
    // Where it has been replaced this gives its room back.
    if (this.#old !== undefined) await close(this.#old.fd);
  }
}

/** What FICLONE says of the whole file system, and not of these two files. */
const NO_REFLINKS = ['ENOTSUP', 'EOPNOTSUPP', 'ENOTTY', 'ENOSYS'];

/** Our own copy at the name, when it still is the one that the index knows. */
function openOld(ground: Ground, dir: Directory, path: string): Old | undefined {
  const { index, rootId, folder } = ground;
  if (!folder.hasReflinks) return undefined;
  const row = index.find(rootId, path);
  const name = nameOf(path);
  if (row?.kind !== 'file' || dir.look(name).kind !== 'file') return undefined;
  const fd = fs.openSync(dir.at(name), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  const signature = signatureOf(fs.fstatSync(fd, { bigint: true }));
  if (sameSignature(signature, row.local)) return { fd, signature };
  fs.closeSync(fd);
  return undefined;
}
