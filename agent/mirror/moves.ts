/**
 * Directories that moved here lately, old place and new. What happened below one just before it was renamed is told, or was
 * noted, under its old name, which may belong to another directory by now; without this it would wait for the next full
 * pass. So whoever follows the share looks through the whole of what moved, and who finds nothing under an old name asks
 * where it is now.
 */
const LIMIT = 64;
const FRESH_MS = 60_000;
/** Far more than can be followed until somebody asks. */
const FRESH_LIMIT = 1_000;
/** A directory may move on while it is asked for. */
const STEPS = 8;
export class Moves {
  #list: { from: string; to: string; ms: number }[] = [];
  readonly #fresh: string[] = [];

  note(from: string, to: string, nowMs: number): void {
    this.#list.push({ from, to, ms: nowMs });
    this.#list = this.#list.filter((move) => nowMs - move.ms <= FRESH_MS).slice(-LIMIT);
    if (this.#fresh.length < FRESH_LIMIT) this.#fresh.push(to);
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

  /** New places since this was last asked. */
  take(): string[] {
    return this.#fresh.splice(0);
  }
}
