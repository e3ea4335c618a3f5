/**
 * The token bucket in front of bulk reads, in bytes as they come over the wire. Pure: the time is passed in.
 *
 *   balance = what the rate has brought − what has arrived, at most BURST_MS of the rate
 *
 * A read may begin when the balance, less what was asked for and has not arrived, is above zero. Everything that arrives is paid for,
 * also what nobody holds back (stat, watch, headers), so that the whole stays at the rate; a read that is larger than the balance leaves a
 * debt behind, which the next ones wait for. What was asked for before there was a limit is not paid for: it could be a debt of hours.
 */

/** So much of the rate may come at once after a pause. */
const BURST_MS = 250;
/** Of the rate: unheld traffic beyond it (a listing of a huge folder) is forgiven, so that reads do not wait for hours. */
const DEBT_LIMIT_MS = 60_000;

export class Bucket {
  /** Bytes per second; undefined: no limit. */
  #rate: number | undefined;
  #balance = 0;
  #asked = 0;
  /** Of what was asked for, what was asked before the limit began. */
  #free = 0;
  #lastMs: number;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  get rate(): number | undefined {
    return this.#rate;
  }

  /** @param rate bytes per second, above 0; undefined for no limit */
  limit(rate: number | undefined, nowMs: number): void {
    if (rate === this.#rate) return;
    this.#fill(nowMs);
    if (this.#rate === undefined) this.#free = this.#asked;
    this.#rate = rate;
    this.#balance = rate === undefined ? 0 : Math.min(this.#balance, burst(rate));
  }

  /** A read of so many bytes begins. */
  ask(bytes: number): void {
    this.#asked += bytes;
  }

  /** It has ended, whatever came of it. */
  settle(bytes: number): void {
    this.#asked -= bytes;
    this.#free = Math.min(this.#free, this.#asked);
  }

  arrived(bytes: number, nowMs: number): void {
    if (this.#rate === undefined) return;
    const free = Math.min(this.#free, bytes);
    this.#free -= free;
    this.#fill(nowMs);
    this.#balance = Math.max(this.#balance - (bytes - free), -(this.#rate * DEBT_LIMIT_MS) / 1_000);
  }

  /** Milliseconds until a read may begin; 0 when one may now. At least one may always begin when nothing is under way and no debt is left. */
  waitMs(nowMs: number): number {
    if (this.#rate === undefined) return 0;
    this.#fill(nowMs);
    const lack = this.#asked - this.#free - this.#balance;
    return lack < 0 ? 0 : Math.max(1, Math.ceil((lack / this.#rate) * 1_000));
  }

  #fill(nowMs: number): void {
    const sinceMs = Math.max(0, nowMs - this.#lastMs);
    this.#lastMs += sinceMs;
    if (this.#rate !== undefined)
      this.#balance = Math.min(burst(this.#rate), this.#balance + (this.#rate * sinceMs) / 1_000);
  }
}

function burst(rate: number): number {
  return Math.max(1, (rate * BURST_MS) / 1_000);
}
