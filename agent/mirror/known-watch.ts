/** Sees to it that there is a known file while there is any file at all, and that it is what the main has. */
import type { Clock } from '../../base/clock.ts';
import type { IndexStore } from './index-store.ts';
import { chooseKnown, type KnownFile } from './known.ts';

const EVERY_MS = 60_000;
/** Between two choices at least: while everything changes there is none that lasts. */
const PAUSE_MS = 1_000;

export interface KnownFileWatchOptions {
  index: IndexStore;
  shares: readonly string[];
  clock: Clock;
  /** Another file, or another version of it, is the known one. */
  tell(known: KnownFile): void;
  failed(why: string): void;
}

export class KnownFileWatch {
  readonly #options: KnownFileWatchOptions;
  #known: KnownFile | undefined;
  #chosenMs = Number.NEGATIVE_INFINITY;

  constructor(options: KnownFileWatchOptions) {
    this.#options = options;
  }

  /** Called often; chooses anew from time to time, and as soon as the present one does not hold. */
  turn(): void {
    const sinceMs = this.#options.clock.monoMs() - this.#chosenMs;
    if (sinceMs <= PAUSE_MS || (sinceMs <= EVERY_MS && this.#isValid())) return;
    this.#chosenMs = this.#options.clock.monoMs();
    this.#choose().catch((error: unknown) => this.#options.failed(String(error)));
  }

  /** A known file that a user changed or deleted must be replaced before anybody takes it for a fault of the main. */
  #isValid(): boolean {
    const known = this.#known;
    if (known === undefined) return false;
    const { index } = this.#options;
    const row = index.find(index.share(known.share).root, known.path);
    return row !== undefined && row.size === known.size && String(row.written) === known.writtenFileTime;
  }

  async #choose(): Promise<void> {
    const { index, shares, tell } = this.#options;
    for (const share of shares) {
      const found = await chooseKnown(index, share);
      if (found === undefined) continue;
      if (JSON.stringify(found) !== JSON.stringify(this.#known)) tell(found);
      this.#known = found;
      return;
    }
  }
}
