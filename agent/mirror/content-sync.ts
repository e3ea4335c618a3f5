/**
 * Brings a file's content to the disk before it gets its name. A journal may keep a name whose content never left memory:
 * after a power cut users would find an empty file, or zeros in place of what they had before. So:
 *
 *   draft whole and dressed → on the disk → named
 *
 * A sync for each of many small files would cost a commit of the journal each. Those that are ready while a sync is under
 * way wait for it and share the next one: a few are synced each on its own, which waits for nothing else; many with one
 * flush of their file system.
 *
 * What could go wrong, and why it does not:
 * - the flush of all fails: each is asked for itself, and only those that the disk really lost fail, with their own errno;
 * - the power goes between the sync and the name: the draft has none, and the file system frees it;
 * - the power goes after the name: whether it is there or not, nothing but the whole content can be behind it.
 */
import fs from 'node:fs';
import { promisify } from 'node:util';
import { flushFileSystem } from '../../base/libc.ts';

/** Up to so many are synced one by one. */
const FEW = 8;

const sync = promisify(fs.fdatasync);

interface Waiting {
  fd: number;
  done: PromiseWithResolvers<void>;
}

/** For the files of one file system. */
export class ContentSync {
  #waiting: Waiting[] = [];
  #isBusy = false;

  /** Resolves when all that was written to the open file before is on the disk; throws the system's error when it cannot be. */
  async sync(fd: number): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ fd, done });
    if (!this.#isBusy) void this.#work();
    await done.promise;
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    // Whoever becomes ready in this very turn comes along.
    await Promise.resolve();
    for (let some = this.#waiting; some.length > 0; some = this.#waiting) {
      this.#waiting = [];
      const first = some[0];
      const isAllThere = first !== undefined && some.length > FEW && (await flushFileSystem(first.fd));
      if (isAllThere) for (const { done } of some) done.resolve();
      else await Promise.all(some.map(one));
    }
    this.#isBusy = false;
  }
}

async function one({ fd, done }: Waiting): Promise<void> {
  try {
    await sync(fd);
    done.resolve();
  } catch (error) {
    done.reject(error);
  }
}
