/**
 * Pauses between tries that fail: each twice as long as the one before, up to a limit, and each a little off, so that many who
 * failed together do not come again together. Pure: chance comes in.
 */

export interface BackOffLimits {
  /** Milliseconds of the first pause. */
  firstMs: number;
  /** Milliseconds of the longest, before chance. */
  mostMs: number;
  /** What went well for so long (milliseconds) did not fail at its start: the next pause is a first one. */
  steadyMs: number;
}

/** A pause is off by at most this part of it, either way. */
const JITTER = 0.25;

export class BackOff {
  readonly #limits: BackOffLimits;
  #nextMs: number;

  constructor(limits: BackOffLimits) {
    this.#limits = limits;
    this.#nextMs = limits.firstMs;
  }

  /**
   * Milliseconds to wait before the next try.
   * @param lastedMs how long the last one lasted before it failed @param chance from 0 up to 1
   */
  pause(lastedMs: number, chance: number): number {
    const { firstMs, mostMs, steadyMs } = this.#limits;
    if (lastedMs >= steadyMs) this.#nextMs = firstMs;
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(pauseMs * 2, mostMs);
    return jittered(pauseMs, chance);
  }
}

/** A pause of about so many milliseconds. @param chance from 0 up to 1 */
export function jittered(ms: number, chance: number): number {
  return ms * (1 - JITTER + 2 * JITTER * chance);
}
