/**
 * Directories that moved here lately, old place and new. What happened below one just before it was renamed is told, or was
 * noted, under its old name; without this it would wait for the next full pass. Whoever finds nothing under an old name asks
 * where it is now, and when nothing is known yet, leaves the path to be asked for when more has moved.
 */
const LIMIT = 64;
const FRESH_MS = 60_000;
/** A directory may move on while it is asked for. */
const STEPS = 8;
/** A rename is followed within a second or two, or not at all. */
const LOST_MS = 10_000;
const LOST_LIMIT = 5_000;

export class Moves {
  #list: { from: string; to: string; ms: number }[] = [];
  /** Paths that were not where somebody looked, oldest first, and when. */
  readonly #lost = new Map<string, number>();
  #isNew = false;

  note(from: string, to: string, nowMs: number): void {
    this.#list.push({ from, to, ms: nowMs });
    this.#list = this.#list.filter((move) => nowMs - move.ms <= FRESH_MS).slice(-LIMIT);
    this.#isNew = true;
  }

  /** Where an old path is now; undefined when nothing above it, and not itself, moved lately. */
  whereIs(path: string, nowMs: number): string | undefined {
    let now = path;
    let first = 0;
    for (let step = 0; step < STEPS; step += 1) {
      const at = this.#list.findIndex(
        ({ from, ms }, n) => n >= first && nowMs - ms <= FRESH_MS && (now === from || now.startsWith(`${from}/`)),
      );
      const move = this.#list[at];
      if (move === undefined) break;
      now = `${move.to}${now.slice(move.from.length)}`;
      first = at + 1;
    }
    return now === path ? undefined : now;
  }

  /** Remembers a path that was not there; false when there are too many of them. */
  lose(path: string, nowMs: number): boolean {
    this.#lost.delete(path);
    for (const [oldest, ms] of this.#lost) {
      if (nowMs - ms <= LOST_MS) break;
      this.#lost.delete(oldest);
    }
    if (this.#lost.size >= LOST_LIMIT) return false;
    this.#lost.set(path, nowMs);
    return true;
  }

  /** New places of lost paths, as far as something moved since this was last asked. */
  found(nowMs: number): string[] {
    if (!this.#isNew) return [];
    this.#isNew = false;
    const found: string[] = [];
    for (const [path, ms] of this.#lost) {
      const now = nowMs - ms <= LOST_MS ? this.whereIs(path, nowMs) : undefined;
      if (now === undefined) continue;
      this.#lost.delete(path);
      found.push(now);
    }
    return found;
  }
}
