/** Starts one run (run.ts) in namespaces of its own and reads its result. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../base/command.ts';
import { type Job, OUTAGE_LIMIT_MS, type Result, result } from './result.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** For building the office and letting a contender get ready. */
const BEFORE_MS = 180_000;

/** Throws when the run did not come to its end, after showing what it said. */
export async function isolated(job: Omit<Job, 'folder'>): Promise<Result> {
  const folder = path.join(ROOT, 'build', 'bench-failover');
  fs.rmSync(folder, { recursive: true, force: true });
  const ended = await runCommand(
    path.join(ROOT, 'tryout', 'isolate'),
    [process.execPath, path.join(ROOT, 'bench', 'failover', 'run.ts')],
    { timeLimitMs: BEFORE_MS + OUTAGE_LIMIT_MS, input: JSON.stringify({ ...job, folder }) },
  );
  fs.rmSync(folder, { recursive: true, force: true });
  if (ended.exitCode !== 0) {
    process.stderr.write(ended.stderr);
    throw new Error(`the run ${job.contender}, ${job.death} ended with ${ended.signal ?? ended.exitCode}`);
  }
  return result.parse(JSON.parse(ended.stdout.trim().split('\n').at(-1) ?? ''));
}
