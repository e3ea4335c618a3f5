/**
 * Work on many small files in chains. While many wait, several of them share a chain:
 *
 *   CREATE a, …, CLOSE, CREATE b, …, CLOSE …      one message there, one back, one pass of the cipher each
 *
 * All parts but the first are related (MS-SMB2 3.2.4.1.4): a related CREATE takes session and share from the part before it and gives
 * the file id to those behind it (3.3.5.2.7.2), so styles are not mixed. While few wait each goes alone, and none waits for another.
 *
 * Whatever is not plainly well in a shared chain says nothing about the file: a server may fail all that stands behind a failed part.
 * Such a file is asked for again, alone, and that answer counts. A server that will not have shared chains at all is left in peace.
 */
import { RESERVE } from '../link/credits.ts';
import type { Line } from '../link/line.ts';
import { Window } from './window.ts';

/** Shared chains of which only the first file came, one after the other, until no more are sent. */
const REFUSALS = 3;

/** One file that waits for its turn. */
export interface Linked {
  /** Content that comes or goes. */
  bytes: number;
  /** Credits that its parts cost. */
  charge: number;
  reject(why: unknown): void;
}

export interface Limits {
  /** Files of one chain: a longer one saves little more, and all of it waits for its slowest file. */
  files: number;
  bytes: number;
}

/**
 * Does the work on the files of one chain, settles each, or gives it back with `again`. What it throws is given to all of them.
 * @param alone a single file that a shared chain did not bring, or of a server that is left in peace
 */
export type Work<T> = (chain: readonly T[], alone: boolean) => Promise<void>;

export class Chains<T extends Linked> {
  readonly #line: Line;
  readonly #limits: Limits;
  readonly #work: Work<T>;
  readonly #window = new Window();
  /** Those that a shared chain did not bring come first. */
  #again: T[] = [];
  #waiting: T[] = [];
  #taken = 0;
  #running = 0;
  #refusals = 0;

  constructor(line: Line, limits: Limits, work: Work<T>) {
    this.#line = line;
    this.#limits = limits;
    this.#work = work;
  }

  push(one: T): void {
    this.#waiting.push(one);
    this.#pump();
  }

  again(one: T): void {
    this.#again.push(one);
  }

  /** What became of a shared chain. @param refused only its first file came, or not even that, for no reason of its own */
  shared(refused: boolean): void {
    this.#refusals = refused ? this.#refusals + 1 : 0;
  }

  get #inPeace(): boolean {
    return this.#refusals >= REFUSALS;
  }

  #pump(): void {
    while (this.#running < this.#window.limit && (this.#again.length > 0 || this.#taken < this.#waiting.length)) {
      this.#running += 1;
      const again = this.#again.pop();
      void (again === undefined ? this.#run(this.#next(), this.#inPeace) : this.#run([again], true));
    }
  }

  /** The files of the next chain: as many as spreads what waits over the chains that are free. */
  #next(): T[] {
    const most = this.#inPeace ? 1 : this.#limits.files;
    const free = Math.max(1, this.#window.limit - this.#running + 1);
    const share = Math.min(most, Math.ceil((this.#waiting.length - this.#taken) / free));
    const chain: T[] = [];
    let bytes = 0;
    let charge = 0;
    // A part of the window, so that several chains fit into it and a single one never outgrows it.
    const affordable = (this.#line.link.credits.window - RESERVE) / 4;
    while (chain.length < Math.max(1, share)) {
      const candidate = this.#waiting[this.#taken];
      if (candidate === undefined) break;
      bytes += candidate.bytes;
      charge += candidate.charge;
      if (chain.length > 0 && (bytes > this.#limits.bytes || charge > affordable)) break;
      chain.push(candidate);
      this.#taken += 1;
    }
    if (this.#taken === this.#waiting.length || this.#taken > 1_024) {
      this.#waiting = this.#waiting.slice(this.#taken);
      this.#taken = 0;
    }
    return chain;
  }

  /** Never rejects: every file's own promise does. */
  async #run(chain: readonly T[], alone: boolean): Promise<void> {
    const { gate } = this.#line.link;
    const bytes = chain.reduce((sum, each) => sum + each.bytes, 0);
    try {
      await gate.enter(bytes, 'fresh');
      const full = this.#running >= this.#window.limit;
      const sentMs = this.#line.link.nowMs;
      try {
        await this.#work(chain, alone);
      } finally {
        this.#window.answered(this.#line.link.nowMs - sentMs, full);
        gate.leave(bytes);
      }
    } catch (error) {
      for (const each of chain) each.reject(error);
    }
    this.#running -= 1;
    this.#pump();
  }
}
