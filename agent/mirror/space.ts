/**
 * Room on the mirror's disk: a reserve stays free, since a full disk would hinder serving and everything else on this box.
 * When there is not enough, the attic gives up its oldest day; when that does not help, mirroring waits, with an alert, and
 * goes on by itself when there is room again. What is there stays whole.
 */
import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { humanSize } from '../../base/human.ts';
import type { Attic } from './attic.ts';

/** A measured figure is used so long, less what was written since. */
const FRESH_MS = 250;
const SETTLE_MS = 20;
const LOOK_AGAIN_MS = 2_000;

export interface SpaceOptions {
  mirrorPath: string;
  reserveBytes: number;
  attic: Attic;
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
  #waiting: Promise<void> | undefined;

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

  #hasRoom(bytes: number): boolean {
    const nowMs = this.#options.monoMs();
    if (nowMs - this.#measuredMs > FRESH_MS) {
      const stat = fs.statfsSync(this.#options.mirrorPath);
      this.#freeBytes = stat.bavail * stat.bsize;
      this.#measuredMs = nowMs;
    }
    if (nowMs - this.#refusedMs < LOOK_AGAIN_MS) return false;
    return this.#freeBytes - this.#promisedBytes - bytes >= this.#options.reserveBytes;
  }

  /** Waits until that many bytes have room, clearing the attic if it must. Everybody who needs room waits for the same. */
  async wait(bytes: number, signal: AbortSignal): Promise<void> {
    this.#waiting ??= this.#untilRoom(bytes, signal).finally(() => {
      this.#waiting = undefined;
    });
    await this.#waiting;
  }

  /** The disk itself said no (no block, no inode, quota), whatever it measures. */
  refused(): void {
    this.#refusedMs = this.#options.monoMs();
  }

  /** A file that had waited got through. */
  proved(): void {
    this.#say('');
  }

  async #untilRoom(bytes: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      // Also lets what is on its way land, so that the next measurement knows it.
      await pause(SETTLE_MS, undefined, { signal });
      this.#measuredMs = Number.NEGATIVE_INFINITY;
      if (this.#hasRoom(bytes)) return;
      if (this.#promisedBytes > 0 || (await this.#options.attic.forgetOldest())) continue;
      this.#say(
        `the mirror's disk has ${humanSize(this.#freeBytes)} free; ${humanSize(bytes)} are needed and ${humanSize(this.#options.reserveBytes)} are kept in reserve`,
      );
      await pause(LOOK_AGAIN_MS, undefined, { signal });
    }
  }

  #say(full: string): void {
    const news = (full === '') !== (this.#full === '');
    this.#full = full;
    if (news) this.#options.changed(full);
  }
}
