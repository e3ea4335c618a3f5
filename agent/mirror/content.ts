/**
 * Takes one file's bytes in and places it: the sink of a fetch. Small files are held in memory until they are whole and then
 * placed in one go; big ones stream into a nameless draft (big-draft.ts).
 */
import fs from 'node:fs';
import { errnoOf, Failure } from '../../base/failure.ts';
import type { Fetched, FetchSink, Stat } from '../../smb/types.ts';
import { dressInPlace, intend, markOf } from './adopt.ts';
import { BigDraft } from './big-draft.ts';
import { type Directory, type Signature, sameSignature } from './folder.ts';
import { type Ground, keeperFor, toldOf } from './ground.ts';
import type { Row } from './index-row.ts';
import * as meta from './metadata.ts';
import { nameOf, parentOf } from './names.ts';
import { openDraft, publish } from './place.ts';
import type { Problem } from './problems.ts';
import type { Job } from './scratch.ts';

/** Held in memory up to this size. */
export const SMALL_BYTES = 1_048_576;

export type Outcome =
  | { kind: 'placed'; bytes: number; after: Stat }
  /** Nothing had to be copied: it only moved, and so did our copy. */
  | { kind: 'followed' }
  /** Not there any more, or its parent is not: the parent directory has to be looked at. */
  | { kind: 'gone' }
  | { kind: 'problem'; problem: Problem }
  /** The disk here has no room for so many bytes. */
  | { kind: 'full'; bytes: number };

/** Why an object is no plain content that may be read; undefined when it is. */
export function whyNotContent(stat: Stat): Problem | undefined {
  if ((stat.attributes & meta.ATTRIBUTE_REPARSE_POINT) !== 0)
    return { code: 'link', why: 'a link, junction or placeholder on the main: links are not followed' };
  const recall = meta.ATTRIBUTE_OFFLINE | meta.ATTRIBUTE_RECALL_ON_OPEN | meta.ATTRIBUTE_RECALL_ON_DATA_ACCESS;
  if ((stat.attributes & recall) !== 0)
    return { code: 'offline', why: 'its content is on tape or in a cloud: reading it would call it back' };
  return undefined;
}

/** It has grown since it was listed, beyond the room that was promised. */
export class NoRoom extends Failure {
  readonly bytes: number;

  constructor(bytes: number) {
    super({ code: 'no-room', doing: 'fetch', what: 'it has grown' });
    this.bytes = bytes;
  }
}

export class NotContent extends Failure {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super({ code: problem.code, doing: 'fetch', what: problem.why });
    this.problem = problem;
  }
}

/** One fetch, from its first byte to its place. */
export class Content implements FetchSink {
  readonly #ground: Ground;
  readonly #path: string;
  readonly #patch: boolean;
  /** Bytes that room was promised for. */
  #promised: number;
  #size = 0;
  #memory: Buffer | undefined;
  #draft: number | undefined;
  /** Behind `#draft`, of a big one. */
  #big: BigDraft | undefined;
  readonly #traffic = { readBytes: 0, writtenBytes: 0, changedBytes: 0, uncomparedBytes: 0 };

  /** @param promised bytes that room was promised for; given back by `close` */
  constructor(ground: Ground, job: Job, promised: number, patch: boolean) {
    this.#ground = ground;
    this.#path = job.path;
    this.#promised = promised;
    this.#patch = patch;
  }

  begin(before: Stat): void {
    if (before.directory) throw new Failure({ code: 'is-a-directory', doing: 'fetch', what: 'it is a directory now' });
    const problem = whyNotContent(before);
    if (problem !== undefined) throw new NotContent(problem);
    this.#size = before.size;
    if (before.size <= SMALL_BYTES) {
      this.#ensure(before.size);
      return;
    }
    this.#big = new BigDraft({
      ground: this.#ground,
      path: this.#path,
      before,
      patch: this.#patch,
      ensure: (bytes) => this.#ensure(bytes),
    });
    this.#draft = this.#big.fd;
  }

  #ensure(bytes: number): void {
    if (bytes <= this.#promised) return;
    if (!this.#ground.space.take(bytes - this.#promised)) throw new NoRoom(bytes);
    this.#promised = bytes;
  }

  data(chunk: Buffer, offset: number): void | Promise<void> {
    this.#traffic.readBytes += chunk.length;
    // A file that grew: CLOSE will tell that it moved, and nothing of it is kept.
    if (offset + chunk.length > this.#size) return;
    if (this.#big !== undefined) return this.#big.data(chunk, offset);
    if (offset === 0 && chunk.length === this.#size) this.#memory = chunk;
    else {
      this.#memory ??= Buffer.allocUnsafe(this.#size);
      chunk.copy(this.#memory, offset);
    }
  }

  hole(from: number, to: number): void | Promise<void> {
    if (this.#big !== undefined) return this.#big.hole(from, to);
    this.#memory ??= Buffer.allocUnsafe(this.#size);
    this.#memory.fill(0, from, to);
  }

  /** All bytes are with the kernel. */
  async finished(): Promise<void> {
    await this.#big?.finished();
  }

  /** Without a pause from the first look to the last row, so that nothing of ours comes between. */
  place(job: Job, { after, bytes }: Fetched): Outcome {
    const { index, folder, owner, rootId, shareId, problems, share, placed } = {
      ...this.#ground,
      owner: this.#ground.folder.owner,
    };
    const parent = index.find(rootId, parentOf(job.path));
    if (parent === undefined || parent.kind !== 'directory') return { kind: 'gone' };
    const name = nameOf(job.path);
    const row = index.child(parent.id, name);
    const told = toldOf(after, job.fileId);
    const at = { parent: parent.id, name };
    const local = folder.within(parentOf(job.path), (dir: Directory): Signature => {
      if (row?.kind === 'file' && this.#isThere(dir, name, row, after))
        return dressInPlace(this.#ground, at, dir, after, told);
      this.#count(row);
      const draft = this.#draft ?? this.#fromMemory(dir);
      meta.dress(draft, 'file', after, owner);
      intend(this.#ground, at, told, markOf(fs.fstatSync(draft, { bigint: true })));
      return publish(
        draft,
        dir,
        name,
        row?.kind === 'file' ? row.local : undefined,
        keeperFor(this.#ground, job.path, this.#big?.sharedBytes),
      );
    });
    index.put(shareId, parent.id, name, 'file', told, local);
    problems.clear(share, job.path);
    placed.files += 1;
    placed.bytes += bytes;
    return { kind: 'placed', bytes, after };
  }

  /**
   * What lies there has this very content: only ChangeTime moved, as with new access rights on a whole tree. Replacing it would
   * fill the attic with copies of what is still here.
   */
  #isThere(dir: Directory, name: string, row: Row, after: Stat): boolean {
    if (row.size !== after.size || row.written !== after.written) return false;
    const there = dir.look(name);
    if (there.kind !== 'file' || !sameSignature(there.signature, row.local)) return false;
    if (this.#big !== undefined) return this.#big.isCopyOf(there.signature);
    try {
      return fs.readFileSync(dir.at(name)).equals(this.#memory ?? Buffer.alloc(0));
    } catch (error) {
      // A copy that the disk does not give back is as good as none.
      if (errnoOf(error) === 'EIO') return false;
      throw error;
    }
  }

  /** How much of what is about to be placed is new, as far as it was compared with what lies here. */
  #count(row: Row | undefined): void {
    const traffic = this.#traffic;
    if (this.#big?.isPatch === true) traffic.changedBytes = this.#big.changedBytes;
    else if (row?.kind === 'file') traffic.uncomparedBytes = traffic.readBytes;
    else traffic.changedBytes = traffic.readBytes;
  }

  #fromMemory(dir: Directory): number {
    const draft = openDraft(dir);
    this.#draft = draft;
    const memory = this.#memory ?? Buffer.alloc(0);
    for (let done = 0; done < memory.length; ) done += fs.writeSync(draft, memory, done, memory.length - done, done);
    this.#traffic.writtenBytes = memory.length;
    return draft;
  }

  close(): void {
    const { space, traffic, shareId } = this.#ground;
    space.settle(this.#promised);
    if (this.#big !== undefined) {
      this.#traffic.writtenBytes = this.#big.writtenBytes;
      void this.#big.close();
    } else if (this.#draft !== undefined) fs.closeSync(this.#draft);
    this.#draft = undefined;
    traffic.note(shareId, this.#traffic);
  }
}
