/**
 * Room on the mirror's disk: a reserve stays free, since a full disk would hinder serving and everything else on this box.
 * When there is not enough, the attic gives up its oldest days, one by one; when that does not help, mirroring waits, with an
 * alert, and goes on by itself when there is room again. What is there stays whole.
 *
 * A single file that is too big does not stop the others: one that the disk could never hold is told at once, without
 * touching the attic, and one that needs more than there is, while others still fit, is tried again later.
 */
import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { humanSize } from '../../base/human.ts';
import type { Attic } from './attic.ts';

/** A measured figure is used so long, less what was written since. */
const FRESH_MS = 250;
const SETTLE_MS = 20;
const LOOK_AGAIN_MS = 2_000;
/** Without a refusal for so long, and with nobody waiting, there is room. */
const QUIET_MS = 5_000;
/** With less than so much room nothing goes on. */
const SOME_BYTES = 1_048_576;
/** A replaced version is kept when it takes at most this part of the room: one in so many. */
const SMALL_PART = 64;

export interface SpaceOptions {
  mirrorPath: string;
  reserveBytes: number;
  attic: Pick<Attic, 'forgetOldest'>;
  monoMs(): number;
  /** Told when waiting begins and ends. */
  changed(full: string): void;
}

export class Space {
  readonly #options: SpaceOptions;
  #freeBytes = 0;
  #measuredMs = Number.NEGATIVE_INFINITY;
  /** Taken by files that are still on their way. */
  #promisedBytes = 0;
  #refusedMs = Number.NEGATIVE_INFINITY;
  #full = '';
  #wholeBytes = Number.POSITIVE_INFINITY;
  readonly #waiting = new Map<'some' | 'much', Promise<void>>();

  constructor(options: SpaceOptions) {
    this.#options = options;
  }

  /** Why nothing can be written now; '' while there is room. */
  get full(): string {
    return this.#full;
  }

  /** Promises room to a file on its way; false when the reserve would be touched. Each promise is given back by `settle`. */
  take(bytes: number): boolean {
    if (!this.#hasRoom(bytes)) return false;
    this.#promisedBytes += bytes;
    return true;
  }

  /** The file is placed or given up. */
  settle(bytes: number): void {
    this.#promisedBytes -= bytes;
    this.#freeBytes -= bytes;
  }

  #measure(): void {
    const nowMs = this.#options.monoMs();
    if (nowMs - this.#measuredMs <= FRESH_MS) return;
    const stat = fs.statfsSync(this.#options.mirrorPath);
    this.#freeBytes = stat.bavail * stat.bsize;
    this.#wholeBytes = stat.blocks * stat.bsize;
    this.#measuredMs = nowMs;
  }

  #hasRoom(bytes: number): boolean {
    this.#measure();
    if (this.#options.monoMs() - this.#refusedMs < LOOK_AGAIN_MS) return false;
    return this.#freeBytes - this.#promisedBytes - bytes >= this.#options.reserveBytes;
  }

  /** Whether so many bytes take only a small part of the room that there is. */
  isSmall(bytes: number): boolean {
    this.#measure();
    return bytes * SMALL_PART <= this.#freeBytes - this.#promisedBytes - this.#options.reserveBytes;
  }

  /**
   * Waits until that many bytes have room, clearing the attic if it must. Returns why they will not have any for now,
   * while smaller files still do; undefined when it is worth another try.
   */
  async wait(bytes: number, signal: AbortSignal): Promise<string | undefined> {
    this.#measure();
    if (bytes > SOME_BYTES && bytes + this.#options.reserveBytes > this.#wholeBytes)
      return `it needs ${humanSize(bytes)}, and the mirror's disk holds ${humanSize(this.#wholeBytes)}`;
    const kind = bytes > SOME_BYTES ? 'much' : 'some';
    let waiting = this.#waiting.get(kind);
    if (waiting === undefined) {
      waiting = this.#untilRoom(bytes, signal).finally(() => this.#waiting.delete(kind));
      this.#waiting.set(kind, waiting);
    }
    await waiting;
    return this.#hasRoom(bytes) || bytes <= SOME_BYTES ? undefined : this.#shortage(bytes);
  }

  /** The disk itself said no (no block, no inode, quota), whatever it measures. */
  refused(): void {
    this.#refusedMs = this.#options.monoMs();
  }

  /** A file that had waited got through. */
  proved(): void {
    this.#say('');
  }

  /** Ends what was said when whoever waited is no longer there to prove it; to be called now and then. */
  look(): void {
    const isQuiet = this.#options.monoMs() - this.#refusedMs > QUIET_MS;
    if (this.#full !== '' && this.#waiting.size === 0 && isQuiet && this.#hasRoom(SOME_BYTES)) this.#say('');
  }

  async #untilRoom(bytes: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      // Also lets what is on its way land, so that the next measurement knows it.
      await pause(SETTLE_MS, undefined, { signal });
      this.#measuredMs = Number.NEGATIVE_INFINITY;
      if (this.#hasRoom(bytes)) return;
      if (this.#promisedBytes > 0) continue;
      if (await this.#options.attic.forgetOldest()) {
        // What the disk refused before may fit now: a day more goes only when it says so again.
        this.#refusedMs = Number.NEGATIVE_INFINITY;
        continue;
      }
      if (bytes > SOME_BYTES && this.#hasRoom(SOME_BYTES)) return;
      this.#say(this.#shortage(bytes));
      await pause(LOOK_AGAIN_MS, undefined, { signal });
    }
  }

  #shortage(bytes: number): string {
    return `the mirror's disk has ${humanSize(this.#freeBytes)} free; ${humanSize(bytes)} are needed and ${humanSize(this.#options.reserveBytes)} are kept in reserve`;
  }

  #say(full: string): void {
    const news = (full === '') !== (this.#full === '');
    this.#full = full;
    if (news) this.#options.changed(full);
  }
}
