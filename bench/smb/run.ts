/** Starts the benches' own processes, which take their job by standard input. */
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../base/command.ts';
import { COMMAND_NODE_FLAGS } from '../../base/node-flags.ts';
import { HOST, LIMIT_MS, PASSWORD, USER } from './ground.ts';

/** A share at the end of a wire. */
export interface Place {
  port: number;
  share: string;
}

/**
 * Where Node keeps what it made of the sources when it first ran them, as an installed program does: without it a fifth of a second of every run
 * would go into removing types.
 */
export const COMPILED = '/run/bench-compiled';

/** What every such process is told. */
export interface Job extends Place {
  host: string;
  user: string;
  password: string;
}

/**
 * Throws when it fails, after showing what it said.
 * @param program relative to this folder
 */
export async function runProgram(program: string, place: Place, more: object): Promise<void> {
  const job: Job = { ...place, host: HOST, user: USER, password: PASSWORD };
  const ended = await runCommand(
    process.execPath,
    [...COMMAND_NODE_FLAGS, fileURLToPath(new URL(program, import.meta.url))],
    {
      timeLimitMs: LIMIT_MS,
      input: JSON.stringify({ ...job, ...more }),
      env: { PATH: process.env['PATH'] ?? '', LANG: 'C', HOME: '/root', NODE_COMPILE_CACHE: COMPILED },
    },
  );
  if (ended.exitCode === 0) return;
  process.stderr.write(ended.stderr);
  throw new Error(`${program} ended with ${ended.signal ?? ended.exitCode}`);
}
