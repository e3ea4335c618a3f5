/** Fetches one file into an open local folder: whole, with its time of writing, or not at all. */
import { changedMeanwhile, hasMoved, type Tree } from '../../smb/index.ts';
import { Landing } from './landing.ts';

export interface FetchJob {
  tree: Tree;
  /** Path on the share, and the size that is expected there. */
  from: string;
  size: number;
  folderFd: number;
  name: string;
  overwrite: boolean;
  /** Whether the disk must have all of it when this returns. */
  durable: boolean;
  signal: AbortSignal;
  /** Bytes that have just arrived. */
  arrived(bytes: number): void;
}

/** Returns its bytes. Throws what the share, the disk or the signal says; `changed` when it was written to meanwhile. */
export async function fetchFile(job: FetchJob): Promise<number> {
  const landing = await Landing.open(job.folderFd, job.name, job.overwrite);
  try {
    const fetched = await job.tree.fetch(job.from, job.size, {
      data: async (chunk, offset) => {
        job.signal.throwIfAborted();
        await landing.write(chunk, offset);
        job.arrived(chunk.length);
      },
    });
    if (hasMoved(fetched)) throw changedMeanwhile(job.from);
    job.signal.throwIfAborted();
    await landing.finish(fetched.after.written, job.durable);
    return fetched.bytes;
  } catch (error) {
    await landing.abandon();
    throw error;
  }
}
