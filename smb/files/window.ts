/**
 * How many chains of small files may be under way: as many as keep the server busy, and no more than it answers within a moment.
 * A quick server is given the most; one that is slow, or busy with its users, is soon asked for one or two at a time, so that nobody
 * who works on it waits behind us. Pure: the times come with the answers.
 */

const START = 4;
const LEAST = 1;
/** 24 chains of eight files are 10 ms of work for one Samba process: longer than any pause of ours, so that it never runs dry. */
const MOST = 24;
/** What an answer may take beyond the quickest one: work that waits at the server longer than that only makes it slower for others. */
const PATIENCE_MS = 50;
/** After so many answers the window closes for a moment and the quickest one is looked for anew: the way may have become longer. */
const FORGET_AFTER = 5_000;
const SHRINK = 0.9;

export class Window {
  #limit = START;
  #quickestMs = Number.POSITIVE_INFINITY;
  #answers = 0;
  #crowded = false;

  /** 1 to 24. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /**
   * @param tookMs from sending to the last byte
   * @param full whether as many were under way as may be: only then more would have been of use
   */
  answered(tookMs: number, full: boolean): void {
    this.#answers += 1;
    if (this.#answers % FORGET_AFTER === 0) {
      this.#quickestMs = Number.POSITIVE_INFINITY;
      this.#limit = LEAST;
      this.#crowded = false;
    }
    this.#quickestMs = Math.min(this.#quickestMs, tookMs);
    if (tookMs > this.#quickestMs + PATIENCE_MS) {
      this.#limit = Math.max(LEAST, this.#limit * SHRINK);
      this.#crowded = true;
    } else if (full) {
      // By leaps until the server was crowded once, then by one for each round.
      this.#limit = Math.min(MOST, this.#limit + (this.#crowded ? 1 / this.#limit : 1));
    }
  }
}
