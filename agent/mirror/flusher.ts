/**
 * Makes what was placed durable, batch by batch: one flush of the file system serves thousands of files, and only after it
 * do their rows become complete. A flush that fails is told as an alert, and what waited is copied again: the disk lost data.
 */
import { Worker } from 'node:worker_threads';
import { Failure, isFailure } from '../../base/failure.ts';
import type { IndexStore } from './index-store.ts';
import { LogRelief } from './log-relief.ts';

/** Milliseconds between looks whether something waits. */
const EVERY_MS = 1_000;
const ROWS_AT_ONCE = 1_000;

export interface FlusherOptions {
  mirrorPath: string;
  index: IndexStore;
  failed(failure: Failure): void;
}

export class Flusher {
  readonly #options: FlusherOptions;
  readonly #thread: Worker;
  readonly #log: LogRelief;
  readonly #timer: NodeJS.Timeout;
  #batch = 0;
  #closed = false;
  #waiters: (() => void)[] = [];

  constructor(options: FlusherOptions) {
    this.#options = options;
    this.#thread = new Worker(new URL('./flusher-thread.ts', import.meta.url), {
      workerData: { mirrorPath: options.mirrorPath, indexFile: options.index.file },
    });
    this.#log = new LogRelief(options.index, () => this.#thread.postMessage('empty-log'));
    this.#thread.on('message', (answer: unknown) => {
      if (typeof answer === 'string') this.#flushed(answer);
      else this.#log.tried((answer as { isEmpty: boolean }).isEmpty, performance.now());
    });
    this.#thread.on('error', (error) => this.#flushed(error.message));
    this.#timer = setInterval(() => {
      this.#flush();
      this.#log.look(performance.now());
    }, EVERY_MS);
  }

  #flush(): void {
    const { index } = this.#options;
    if (this.#batch !== 0 || index.pending === 0 || index.broken !== undefined) return;
    this.#batch = index.closeBatch();
    this.#thread.postMessage('flush');
  }

  /** Resolves when everything noted before the call is durable, or has failed to be. */
  async settled(): Promise<void> {
    while (
      !this.#closed &&
      this.#options.index.broken === undefined &&
      (this.#batch !== 0 || this.#options.index.pending > 0)
    ) {
      this.#flush();
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  #flushed(why: string): void {
    if (this.#closed || this.#options.index.broken !== undefined) this.#settle();
    else if (why === '') this.#complete();
    else {
      this.#distrust();
      this.#settle();
      this.#options.failed(
        new Failure({
          code: 'flush-failed',
          doing: 'flush the mirror',
          subject: this.#options.mirrorPath,
          what: why,
          hint: "the mirror's disk may be failing: look at the kernel's log",
        }),
      );
    }
  }

  #distrust(): void {
    try {
      this.#options.index.distrustWaiting();
    } catch (error) {
      // The process ends of it, and the next one opens an index in which these rows still wait for a flush.
      if (!isFailure(error)) throw error;
    }
  }

  /** Bit by bit: the batch of a slow disk may hold hundreds of thousands of rows. */
  #complete(): void {
    const { index } = this.#options;
    if (!this.#closed && index.broken === undefined && index.completeBatch(this.#batch, ROWS_AT_ONCE))
      setImmediate(() => this.#complete());
    else this.#settle();
  }

  #settle(): void {
    this.#batch = 0;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** What waits stays waiting: it is trusted until the machine restarts. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#log.end();
    await this.#thread.terminate();
  }
}
