/** Our client in the benches' own processes: reads the job, connects, and hands over the share. */
import fs from 'node:fs';
import { connect } from '../../smb/index.ts';
import type { FileTime, Tree } from '../../smb/types.ts';
import type { Job } from './run.ts';

export interface FolderJob extends Job {
  folder: string;
}

/** Ends the process when the work is done. */
export function withShare(work: (tree: Tree, folder: string) => Promise<void>): Promise<never> {
  return withShares(1, ([tree], folder) => work(tree, folder));
}

/** The same share over several connections: a Samba server has a process for each. */
export async function withShares(
  connections: number,
  work: (trees: readonly [Tree, ...Tree[]], folder: string) => Promise<void>,
): Promise<never> {
  const job = JSON.parse(fs.readFileSync(0, 'utf8')) as FolderJob;
  const { host, port, user, password } = job;
  const open = async (): Promise<Tree> => {
    const connection = await connect({ host, port, connectTimeoutMs: 5_000, requestTimeoutMs: 60_000 });
    const session = await connection.logon({ user, domain: '', password });
    return session.tree(job.share);
  };
  const trees = [await open(), ...(await Promise.all(Array.from({ length: connections - 1 }, open)))] as const;
  await work(trees, job.folder);
  process.exit(0);
}

const EPOCH_MS = 11_644_473_600_000;

/** Milliseconds since 1970, with what is left of the 100 ns behind the point. */
export function msOf(time: FileTime): number {
  return Number(time) / 10_000 - EPOCH_MS;
}

export function fileTimeOf(ms: number): FileTime {
  return BigInt(Math.round((ms + EPOCH_MS) * 10_000));
}
