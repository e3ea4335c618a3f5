/**
 * Fetches what is wanted, many small files at a time and a few big ones, over one connection. The waiting line lies in the
 * scratch database, so it may be as long as the tree. Limits: files in flight, bytes in flight, big files in flight.
 */
import type { Tree } from '../../smb/types.ts';
import { type Outcome, SMALL_BYTES } from './content.ts';
import { fetchFile } from './fetch.ts';
import { followById } from './follow.ts';
import type { Ground } from './ground.ts';
import { Pace } from './pace.ts';
import { type Job, Scratch } from './scratch.ts';

export interface LaneOptions {
  ground: Ground;
  tree: Tree;
  signal: AbortSignal;
  /** Small files in flight. */
  width: number;
  /** What became of a file. */
  settled(job: Job, outcome: Outcome): void;
}

const BYTES_IN_FLIGHT = 32 * 1_048_576;
const BIG_IN_FLIGHT = 2;
const NO_ROOM_RETRY_MS = 2_000;
/** Jobs taken from the scratch database at a time. */
const TAKE = 128;
/** Big files that may wait aside while small ones go on. */
const ASIDE = 16;

export class Lane {
  readonly #options: LaneOptions;
  readonly #scratch = new Scratch();
  readonly #pace = new Pace();
  #next: Job[] = [];
  #aside: Job[] = [];
  #flying = 0;
  #flyingBytes = 0;
  #flyingBig = 0;
  #failed: unknown;
  #pumping = false;
  #waiters: (() => void)[] = [];

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  push(job: Job): void {
    this.#scratch.addJob(job);
    if (!this.#pumping) void this.#pump();
  }

  /** Files not settled yet. */
  get files(): number {
    return this.#scratch.jobs + this.#next.length + this.#aside.length + this.#flying;
  }

  /** Their bytes, as listed. */
  get bytes(): number {
    const held = [...this.#next, ...this.#aside].reduce((sum, job) => sum + job.size, 0);
    return this.#scratch.jobBytes + held + this.#flyingBytes;
  }

  /** Resolves when nothing is left to fetch; throws what ended the connection, or the abort. */
  async idle(): Promise<void> {
    while (this.files > 0 && this.#failed === undefined && !this.#options.signal.aborted)
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    if (this.#failed !== undefined) throw this.#failed;
    this.#options.signal.throwIfAborted();
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      for (let job = this.#admit(); job !== undefined; job = this.#admit()) {
        void this.#fly(job);
        if (this.#pace.isTired) await this.#pace.rest();
        const { wait } = this.#options.ground.index.room;
        if (wait !== undefined) await wait;
      }
    } catch (error) {
      this.#failed ??= error;
      this.#wake();
    } finally {
      this.#pumping = false;
    }
  }

  /** The next job that the limits let fly. */
  #admit(): Job | undefined {
    if (this.#failed !== undefined || this.#options.signal.aborted) return undefined;
    if (this.#flyingBig < BIG_IN_FLIGHT) {
      const big = this.#aside.shift();
      if (big !== undefined) return big;
    }
    while (this.#flying < this.#options.width && this.#flyingBytes < BYTES_IN_FLIGHT && this.#aside.length < ASIDE) {
      if (this.#next.length === 0) this.#next = this.#scratch.takeJobs(TAKE).reverse();
      const job = this.#next.pop();
      if (job === undefined || job.size <= SMALL_BYTES || this.#flyingBig < BIG_IN_FLIGHT) return job;
      this.#aside.push(job);
    }
    return undefined;
  }

  async #fly(job: Job): Promise<void> {
    const isBig = job.size > SMALL_BYTES;
    // A big file streams: what it holds in memory is the client's window, not its size.
    const bytes = isBig ? SMALL_BYTES : job.size;
    this.#flying += 1;
    this.#flyingBytes += bytes;
    this.#flyingBig += isBig ? 1 : 0;
    try {
      const outcome = await this.#fetch(job);
      if (!this.#options.signal.aborted) this.#options.settled(job, outcome);
    } catch (error) {
      this.#failed ??= error;
    } finally {
      this.#flying -= 1;
      this.#flyingBytes -= bytes;
      this.#flyingBig -= isBig ? 1 : 0;
      if (!this.#pumping) void this.#pump();
      if (this.files === 0 || this.#failed !== undefined || this.#options.signal.aborted) this.#wake();
    }
  }

  async #fetch(job: Job): Promise<Outcome> {
    const { ground, tree, signal } = this.#options;
    // The other lane has it in its hands: what this one saw may be newer, so somebody has to look again.
    if (ground.busy.has(job.path))
      return { kind: 'problem', problem: { code: 'busy', why: 'it is being copied', retryMs: 200 } };
    ground.busy.add(job.path);
    try {
      if (await followById(ground, tree, job.path, job.fileId, 'file')) {
        ground.problems.clear(ground.share, job.path);
        return { kind: 'followed' };
      }
      for (let waited = false; ; waited = true) {
        const outcome = await fetchFile(ground, tree, job, signal);
        if (waited && outcome.kind !== 'full') ground.space.proved();
        if (outcome.kind !== 'full') return outcome;
        const why = await ground.space.wait(outcome.bytes, signal);
        if (why !== undefined) return { kind: 'problem', problem: { code: 'no-room', why, retryMs: NO_ROOM_RETRY_MS } };
      }
    } finally {
      ground.busy.delete(job.path);
    }
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** After the signal was aborted: waits for what is in flight, which publishes nothing any more. */
  async landed(): Promise<void> {
    while (this.#flying > 0) await new Promise<void>((resolve) => this.#waiters.push(resolve));
    this.#scratch.close();
  }
}
