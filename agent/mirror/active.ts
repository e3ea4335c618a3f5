/**
 * Directories in which something happened lately. They are listed again and again for a while, since notify tells nothing of
 * writes into a file that is open. Bounded: the quietest goes first, and full passes find what it would have shown.
 */
const EVERY_MS = 1_000;
/** A directory stays so long after its last event. */
const FOR_MS = 600_000;
/** Listing may take this part of the time: one in so many. */
const SHARE_OF_TIME = 10;
const LIMIT = 256;

export class Active {
  /** In order of their last event. */
  readonly #directories = new Map<string, { untilMs: number; dueMs: number }>();

  touch(directory: string, nowMs: number): void {
    const dueMs = this.#directories.get(directory)?.dueMs ?? nowMs + EVERY_MS;
    this.#directories.delete(directory);
    this.#directories.set(directory, { untilMs: nowMs + FOR_MS, dueMs });
    for (const oldest of this.#directories.keys()) {
      if (this.#directories.size <= LIMIT) break;
      this.#directories.delete(oldest);
    }
  }

  forget(directory: string): void {
    this.#directories.delete(directory);
  }

  /** Those whose turn it is, unless they are being listed; each has its next turn when `listed` was called for it. */
  *due(nowMs: number, isBusy: (directory: string) => boolean): IterableIterator<string> {
    for (const [directory, active] of this.#directories) {
      if (active.untilMs < nowMs) this.#directories.delete(directory);
      else if (active.dueMs <= nowMs && !isBusy(directory)) {
        active.dueMs = Number.POSITIVE_INFINITY;
        yield directory;
      }
    }
  }

  /** It was listed, which took so long. */
  listed(directory: string, nowMs: number, tookMs: number): void {
    const active = this.#directories.get(directory);
    if (active !== undefined) active.dueMs = nowMs + Math.max(EVERY_MS, tookMs * SHARE_OF_TIME);
  }
}
