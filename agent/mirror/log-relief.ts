/**
 * Keeps the index's write-ahead log short. SQLite begins it anew only when all of it has been moved into the database and nobody has
 * written meanwhile; a pass over a million files writes without a pause, and its log would grow to more than a gigabyte, in which every
 * look for a page that is not in memory takes longer.
 *
 * So when the log is long, passes take on no new work (`IndexStore.room`) while the flusher's thread moves the rest: some tenths of a
 * second in every fifty thousand files, and no wait in the engine's own loop. What is under way goes on. Work is let in again
 * when the log is empty, and at the latest after PATIENCE_MS, whatever came of it.
 */
import fs from 'node:fs';
import type { IndexStore } from './index-store.ts';

const LONG_BYTES = 64 * 1_048_576;
const PATIENCE_MS = 10_000;
/** After it worked: the file is cut to what `journal_size_limit` says by the next commit, which may be long in coming. */
const PAUSE_MS = 10_000;
/** After it did not. */
const AGAIN_MS = 60_000;

export class LogRelief {
  readonly #index: Pick<IndexStore, 'file' | 'room'>;
  readonly #empty: () => void;
  readonly #longBytes: number;
  #beganMs: number | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  /** @param empty has the thread try once; its answer comes to `tried` */
  constructor(index: Pick<IndexStore, 'file' | 'room'>, empty: () => void, longBytes = LONG_BYTES) {
    this.#index = index;
    this.#empty = empty;
    this.#longBytes = longBytes;
  }

  /** To be called about once a second. */
  look(nowMs: number): void {
    if (this.#beganMs !== undefined) {
      // Also when the thread answers no more.
      if (nowMs - this.#beganMs > PATIENCE_MS) this.#finish(nowMs + AGAIN_MS);
      return;
    }
    if (nowMs < this.#notBeforeMs) return;
    const log = fs.statSync(`${this.#index.file}-wal`, { throwIfNoEntry: false });
    if (log === undefined || log.size < this.#longBytes) return;
    this.#beganMs = nowMs;
    this.#index.room.close();
    this.#empty();
  }

  tried(isEmpty: boolean, nowMs: number): void {
    if (this.#beganMs === undefined) return;
    if (isEmpty) this.#finish(nowMs + PAUSE_MS);
    else if (nowMs - this.#beganMs > PATIENCE_MS) this.#finish(nowMs + AGAIN_MS);
    else this.#empty();
  }

  #finish(notBeforeMs: number): void {
    this.#notBeforeMs = notBeforeMs;
    this.end();
  }

  end(): void {
    this.#beganMs = undefined;
    this.#index.room.open();
  }
}
