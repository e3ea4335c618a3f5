/** Lets a loop sleep until the earliest of the moments that it, or others, asked for. */
import type { Clock } from '../../base/clock.ts';

export class Alarm {
  readonly #clock: Clock;
  /** What was asked for since it last rang; infinite when nothing was. */
  #atMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #rung = Promise.withResolvers<void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Rings at this moment (monotonic milliseconds), unless it was to ring before. */
  at(dueMs: number): void {
    if (dueMs >= this.#atMs) return;
    this.#atMs = dueMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ring(), Math.max(0, dueMs - this.#clock.monoMs()));
  }

  #ring(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#atMs = Number.POSITIVE_INFINITY;
    this.#rung.resolve();
  }

  /** Resolves when it rings, at once when it has rung since this was last awaited; rejects with the signal's reason. */
  async sleep(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#rung.reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      await this.#rung.promise;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#rung = Promise.withResolvers();
    }
  }

  /** It rings no more. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
