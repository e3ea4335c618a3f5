/**
 * Directories in which something happened lately. They are listed again and again for a while, and watched one by one where that
 * helps (hot.ts), since notify tells nothing of writes below a watched directory. Bounded: the quietest goes first, and the
 * rounds over all directories find what it would have shown.
 */
const EVERY_MS = 1_000;
/** One that has a watch of its own needs no more than to be made sure of. */
const WATCHED_EVERY_MS = 10_000;
/** A directory stays so long after its last event. */
const FOR_MS = 600_000;
/** Async requests of one connection are limited to 512 on Windows and on Samba (each watch is one). */
export const ACTIVE_LIMIT = 256;

export class Active {
  /** In order of their last event. */
  readonly #directories = new Map<string, { untilMs: number; dueMs: number }>();

  touch(directory: string, nowMs: number): void {
    const dueMs = this.#directories.get(directory)?.dueMs ?? nowMs + EVERY_MS;
    this.#directories.delete(directory);
    this.#directories.set(directory, { untilMs: nowMs + FOR_MS, dueMs });
    for (const oldest of this.#directories.keys()) {
      if (this.#directories.size <= ACTIVE_LIMIT) break;
      this.#directories.delete(oldest);
    }
  }

  forget(directory: string): void {
    this.#directories.delete(directory);
  }

  /** All of them, the quietest first. */
  get all(): IterableIterator<string> {
    return this.#directories.keys();
  }

  has(directory: string): boolean {
    return this.#directories.has(directory);
  }

  /** The one that waits longest for its turn, unless it is being listed; its next turn comes after `listed`. */
  next(nowMs: number, isBusy: (directory: string) => boolean): string | undefined {
    let next: string | undefined;
    let nextMs = nowMs;
    for (const [directory, active] of this.#directories) {
      if (active.untilMs < nowMs) this.#directories.delete(directory);
      else if (active.dueMs <= nextMs && !isBusy(directory)) {
        next = directory;
        nextMs = active.dueMs;
      }
    }
    const active = next === undefined ? undefined : this.#directories.get(next);
    if (active !== undefined) active.dueMs = Number.POSITIVE_INFINITY;
    return next;
  }

  /** It was listed. */
  listed(directory: string, nowMs: number, isWatched: boolean): void {
    const active = this.#directories.get(directory);
    if (active !== undefined) active.dueMs = nowMs + (isWatched ? WATCHED_EVERY_MS : EVERY_MS);
  }
}
