/** Lets other work run between pieces of a long one: the engine must keep beating and answering while it walks a tree. */
import { setImmediate } from 'node:timers/promises';

/** Milliseconds of work without a break; well below what anybody waits for. */
const TURN_MS = 8;

export class Pace {
  #sinceMs = performance.now();

  /** True when it is time for `rest`. Asking costs next to nothing. */
  get isTired(): boolean {
    return performance.now() - this.#sinceMs > TURN_MS;
  }

  async rest(): Promise<void> {
    await setImmediate();
    this.#sinceMs = performance.now();
  }
}
