/**
 * How much of a full pass may be in flight, by how quickly the main answers a small question that is asked beside it. Pure: times are passed in.
 *
 *   answer time → smoothed → against the best that this main has shown under as much load of ours
 *     much slower  → the width is halved, once a second at most         (others need the main)
 *     else         → one more, for each sample                          (slowly, so that they keep it)
 *
 * Our own load makes a main slower as well, and that is no reason to give way: so the best time is kept for each depth of ours, and a sample is
 * compared with what was seen at that depth. More of our load never makes answers quicker, so the best at a greater depth stands for a lesser
 * one that is not known. What was never quicker since we know the main is not seen as slow.
 *
 * The window of small reads (smb/files/window.ts) does another thing: it keeps each connection's own queue at the server short, by
 * the answer times of the reads themselves, and knows nothing of others. It goes on beneath this width.
 */

/** What one connection may have in flight anyway (smb/link/gate.ts). */
export const MOST = 64;
const LEAST = 1;
/** Slower than the best: by this factor and by so many milliseconds, both. What people do not feel is no reason. */
const FACTOR = 3;
const SLACK_MS = 20;
/** Weight of the newest sample. */
const NEW = 0.3;
/** Samples at one depth before their mean counts as something that this main can do. */
const SETTLED = 4;
/** One slow answer is an accident. */
const SLOW_IN_ROW = 2;
const HALVE_EVERY_MS = 1_000;
/** A mean that was not fed for so long is begun anew: what it says is of another time. */
const STALE_MS = 10_000;
/** The best is the best of so many hours: a main that moved to a slower line is soon known as it is. */
const HOURS = 6;
const HOUR_MS = 3_600_000;
/** Depths are told apart up to these; deeper is one more. */
const DEPTHS = [0, 2, 8, 24];

export interface Sample {
  /** Milliseconds that the main took to answer. */
  tookMs: number;
  /** Bulk operations of ours in flight when it was asked. */
  inFlight: number;
  nowMs: number;
}

export class Width {
  #limit = MOST;
  /** Samples that were slow, one after the other. */
  #slow = 0;
  #halvedMs = Number.NEGATIVE_INFINITY;
  /** The most of ours that was in flight since the last halving. */
  #busiest = 0;
  readonly #depths = Array.from({ length: DEPTHS.length + 1 }, () => new Depth());

  /** Operations that may be in flight, 1 to 64. */
  get limit(): number {
    return this.#limit;
  }

  /** The main is, or was a moment ago, slower than our own load explains. */
  get isYielding(): boolean {
    return this.#limit < MOST;
  }

  sample({ tookMs, inFlight, nowMs }: Sample): void {
    const depth = depthOf(inFlight);
    const meanMs = this.#depths[depth]?.note(tookMs, nowMs) ?? tookMs;
    const usualMs = Math.min(...this.#depths.slice(depth).map((each) => each.best(nowMs)));
    const isSlow = (ms: number): boolean => ms > usualMs * FACTOR && ms > usualMs + SLACK_MS;
    this.#slow = isSlow(tookMs) && isSlow(meanMs) ? this.#slow + 1 : 0;
    this.#busiest = Math.max(this.#busiest, inFlight);
    if (this.#slow === 0) this.#limit = Math.min(MOST, this.#limit + 1);
    else if (this.#slow >= SLOW_IN_ROW && nowMs - this.#halvedMs >= HALVE_EVERY_MS) {
      // From what was really in flight: a limit that nothing reaches holds nothing back.
      this.#limit = Math.max(LEAST, Math.floor(Math.min(this.#limit, this.#busiest) / 2));
      this.#halvedMs = nowMs;
      this.#busiest = 0;
    }
  }
}

function depthOf(inFlight: number): number {
  const found = DEPTHS.findIndex((most) => inFlight <= most);
  return found < 0 ? DEPTHS.length : found;
}

/** What the main answers in at one depth of ours: the mean of now, and the best mean of the last hours. */
class Depth {
  #meanMs = 0;
  #samples = 0;
  #notedMs = Number.NEGATIVE_INFINITY;
  #hours: { hour: number; bestMs: number }[] = [];

  /** Returns the mean. */
  note(tookMs: number, nowMs: number): number {
    if (nowMs - this.#notedMs > STALE_MS) this.#samples = 0;
    this.#notedMs = nowMs;
    this.#meanMs = this.#samples === 0 ? tookMs : this.#meanMs + NEW * (tookMs - this.#meanMs);
    this.#samples += 1;
    if (this.#samples < SETTLED) return this.#meanMs;
    const hour = Math.floor(nowMs / HOUR_MS);
    const newest = this.#hours.at(-1);
    if (newest?.hour === hour) newest.bestMs = Math.min(newest.bestMs, this.#meanMs);
    else this.#hours = [...this.#hours, { hour, bestMs: this.#meanMs }].slice(-HOURS);
    return this.#meanMs;
  }

  /** Milliseconds; infinite when nothing is known. */
  best(nowMs: number): number {
    const oldest = Math.floor(nowMs / HOUR_MS) - HOURS;
    return Math.min(...this.#hours.filter(({ hour }) => hour > oldest).map(({ bestMs }) => bestMs));
  }
}
