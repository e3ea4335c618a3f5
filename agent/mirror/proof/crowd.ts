/** Looks that run side by side: many small files, few big ones, and whoever adds waits for room. */
import { SMALL_BYTES } from '../content.ts';

const WIDTH = 24;
const BIG = 2;

export class Crowd {
  readonly #running = new Set<Promise<void>>();
  #big = 0;
  #failed: unknown;

  /** Begins something about a file of this size when there is room for it. Throws what something before it threw. */
  async add(bytes: number, act: () => Promise<void>): Promise<void> {
    const isBig = bytes > SMALL_BYTES;
    while (this.#running.size >= WIDTH || (isBig && this.#big >= BIG)) await Promise.race(this.#running);
    if (this.#failed !== undefined) throw this.#failed;
    this.#big += isBig ? 1 : 0;
    const running = this.#run(act).finally(() => {
      this.#big -= isBig ? 1 : 0;
      this.#running.delete(running);
    });
    this.#running.add(running);
  }

  async #run(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#failed ??= error;
    }
  }

  /** When nothing runs any more; throws what any of them threw. */
  async idle(): Promise<void> {
    await this.landed();
    if (this.#failed !== undefined) throw this.#failed;
  }

  /** The same, and throws nothing: for whoever has thrown already. */
  async landed(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running);
  }
}
