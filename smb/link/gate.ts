/**
 * Admits bulk work (fetching, storing) to a connection: so many operations and so many bytes at once, whatever number of
 * callers wait. What goes on with an open file comes before what would open another, so that files get finished and the
 * server holds few of them open. A limit from outside (types.ts, BulkLimit) may let in fewer, and later.
 */
import type { Failure } from '../../base/failure.ts';
import type { BulkLimit } from '../types.ts';
import { Fifo } from './fifo.ts';

/** Sixteen keep one Samba process busy up to 2 ms away; more hides longer ways and uneven files. */
const OPERATIONS = 64;
/** Bytes asked for or on their way: what memory can be taken up, and what an urgent request waits behind. */
const BYTES = 16 * 1_048_576;

interface Waiter {
  bytes: number;
  admit(): void;
  refuse(why: Failure): void;
}

export class Gate {
  #operations = 0;
  #bytes = 0;
  #why: Failure | undefined;
  readonly #continuing = new Fifo<Waiter>();
  readonly #fresh = new Fifo<Waiter>();
  readonly #limit: BulkLimit | undefined;
  readonly #forget: (() => void) | undefined;

  constructor(limit?: BulkLimit) {
    this.#limit = limit;
    this.#forget = limit?.onRoom(() => this.#admit());
  }

  /** Whether a listing has to come in as well. */
  get holdsLists(): boolean {
    return this.#limit?.holdsLists === true;
  }

  /** Resolves when the work may begin; whoever came in must `leave` with the same number. Rejects when the connection is gone. */
  enter(bytes: number, kind: 'fresh' | 'continuing'): Promise<void> {
    if (this.#why !== undefined) return Promise.reject(this.#why);
    return new Promise((resolve, reject) => {
      (kind === 'fresh' ? this.#fresh : this.#continuing).push({ bytes, admit: resolve, refuse: reject });
      this.#admit();
    });
  }

  leave(bytes: number): void {
    this.#operations -= 1;
    this.#bytes -= bytes;
    this.#limit?.ended(bytes);
    this.#admit();
  }

  /** Nobody comes in any more. */
  shut(why: Failure): void {
    this.#why = why;
    this.#forget?.();
    for (const waiter of [...this.#continuing.drain(), ...this.#fresh.drain()]) waiter.refuse(why);
  }

  #admit(): void {
    for (;;) {
      const queue = this.#continuing.length > 0 ? this.#continuing : this.#fresh;
      const first = queue.peek();
      if (first === undefined || this.#operations >= OPERATIONS) return;
      // A single one that is larger than the limit must not wait for ever.
      if (this.#bytes > 0 && this.#bytes + first.bytes > BYTES) return;
      if (this.#limit?.admits(this.#operations) === false) return;
      queue.shift();
      this.#operations += 1;
      this.#bytes += first.bytes;
      this.#limit?.began(first.bytes);
      first.admit();
    }
  }
}
