/**
 * Watches of their own on the directories where something happens. On Samba a watch from above tells nothing of writes into files
 * below it, and nothing of what is done on the server itself; one on the very directory tells both, at no cost to anybody.
 *
 * Only on Samba: a Windows server tells all that from above, and there a directory that somebody has open keeps users from
 * renaming those above it. Samba minds that only with `strict rename = yes`, which is not its default.
 *
 * A directory that somebody removes stays, without a name for anybody else, as long as it is open. The server ends our watch then
 * (STATUS_DELETE_PENDING); where it could not, for it was removed before we asked, an opening or the next listing finds that out.
 *
 * Bounded in number and in how fast they come; closed when the directory is quiet. A watch that ends is not opened again for a
 * while: the rounds (rounds.ts) see to its directory.
 */
import type { Tree, Watch, WatchBatch } from '../../smb/types.ts';
import { isAboutPath } from './ground.ts';

/** Opened at a time, so that a storm over thousands of directories does not become one of watches. */
const OPEN_AT_ONCE = 8;
/** A burst in one directory that does not fit is an overflow, after which it is listed. Costs one credit each. */
const BUFFER_BYTES = 16_384;
const REFUSED_PAUSE_MS = 60_000;

export interface HotOptions {
  tree: Tree;
  heard(directory: string, batch: WatchBatch): void;
  /** It has just begun to be watched: what happened before is found by listing it. */
  opened(directory: string): void;
  /** The connection has ended. */
  failed(error: unknown): void;
}

export class HotWatches {
  readonly #options: HotOptions;
  readonly #watches = new Map<string, Watch>();
  readonly #opening = new Set<string>();
  readonly #refusedMs = new Map<string, number>();
  #isClosed = false;

  constructor(options: HotOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#watches.size;
  }

  has(directory: string): boolean {
    return this.#watches.has(directory);
  }

  /** Makes the watches those of `wanted`, bit by bit: to be called again and again. */
  settle(wanted: Iterable<string>, isWanted: (directory: string) => boolean, nowMs: number): void {
    for (const [directory, watch] of this.#watches) if (!isWanted(directory)) this.#end(directory, watch);
    for (const [directory, ms] of this.#refusedMs) if (nowMs - ms > REFUSED_PAUSE_MS) this.#refusedMs.delete(directory);
    for (const directory of wanted) {
      if (this.#opening.size >= OPEN_AT_ONCE) return;
      if (this.#watches.has(directory) || this.#opening.has(directory) || this.#refusedMs.has(directory)) continue;
      void this.#follow(directory, nowMs);
    }
  }

  async #follow(directory: string, nowMs: number): Promise<void> {
    this.#opening.add(directory);
    try {
      const watch = await this.#options.tree
        .watch(directory, { recursive: false, bufferBytes: BUFFER_BYTES })
        .finally(() => this.#opening.delete(directory));
      if (this.#isClosed) {
        watch.close();
        return;
      }
      this.#watches.set(directory, watch);
      // One that was removed between our opening and our request stays there until we let go, and tells nothing.
      await this.#options.tree.stat(directory);
      this.#options.opened(directory);
      for await (const batch of watch.batches) {
        if (this.#watches.get(directory) !== watch) break;
        this.#options.heard(directory, batch);
      }
    } catch (error) {
      const watch = this.#watches.get(directory);
      if (watch !== undefined) this.#end(directory, watch);
      // Gone, or not allowed, or more than the server bears.
      if (isAboutPath(error)) this.#refusedMs.set(directory, nowMs);
      else this.#options.failed(error);
    }
  }

  #end(directory: string, watch: Watch): void {
    this.#watches.delete(directory);
    watch.close();
  }

  close(): void {
    this.#isClosed = true;
    for (const [directory, watch] of this.#watches) this.#end(directory, watch);
  }
}
