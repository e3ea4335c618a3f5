/** Keeps work within a part of the time: what took long is followed by a pause that is longer still. */

export class Budget {
  readonly #part: number;
  #readyMs = Number.NEGATIVE_INFINITY;

  /** @param part of the time that may be spent, above 0 and at most 1 */
  constructor(part: number) {
    this.#part = part;
  }

  /** When the next piece of work may begin. */
  get readyMs(): number {
    return this.#readyMs;
  }

  /** Work that began then took so long. */
  spent(beganMs: number, tookMs: number): void {
    this.#readyMs = Math.max(this.#readyMs, beganMs) + tookMs / this.#part;
  }
}
