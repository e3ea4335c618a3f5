/** Runs the real command against a server with a fake daemon, piped or on a terminal of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type FakeDaemon, fakeDaemon } from '../agent/http/daemon.fake.ts';
import { openHttp } from '../agent/http/server.ts';
import { silentLog } from '../agent/http/silent-log.fake.ts';
import { systemClock } from '../base/clock.ts';

const PROGRAM = path.resolve(import.meta.dirname, '..', 'bin', 'standby');
/** Far more than any command takes; a hanging one fails its test. */
const RUN_LIMIT_MS = 20_000;

export interface Ran {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface Bench {
  daemon: FakeDaemon;
  folder: string;
  socket: string;
  close(): Promise<void>;
}

export async function openBench(): Promise<Bench> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cli-'));
  const daemon = fakeDaemon();
  const socket = path.join(folder, 'standby.sock');
  const edge = await openHttp({ socket, daemon, clock: systemClock, log: silentLog });
  return {
    daemon,
    folder,
    socket,
    async close() {
      await edge.close();
      fs.rmSync(folder, { recursive: true });
    },
  };
}

export interface RunOptions {
  /** Given to standard input at once. */
  input?: string;
  /** Sees the output so far at each change; true ends the program with TERM. */
  watch?: (stdout: string) => boolean;
  env?: Record<string, string>;
}

/** Runs it with pipes: no terminal anywhere. */
export function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, [...args], { env: { ...process.env, ...options.env } });
    const stopTimer = limitTime(child, () => reject(new Error(`not done: ${JSON.stringify(ran)}`)));
    const ran: Ran = { exitCode: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      ran.stdout += text;
      if (options.watch?.(ran.stdout) === true) child.kill('SIGTERM');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      ran.stderr += text;
    });
    child.on('error', reject);
    child.on('close', (exitCode) => {
      stopTimer();
      resolve({ ...ran, exitCode });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** Runs it on a pseudo-terminal (script(1)); each answer is typed, or asked for, when its question has been shown. All output in one text. */
export function runOnTerminal(
  args: readonly string[],
  answers: readonly [question: string, typed: string | (() => string)][],
  env: Record<string, string> = {},
): Promise<{ exitCode: number | null; shown: string }> {
  return new Promise((resolve, reject) => {
    const quoted = [PROGRAM, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const child = spawn('script', ['-qefc', quoted, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm', ...env },
    });
    let shown = '';
    const stopTimer = limitTime(child, () => reject(new Error(`not done: ${JSON.stringify(shown)}`)));
    let seen = 0;
    const waiting = [...answers];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        const at = shown.indexOf(next[0], seen);
        if (at < 0) return;
        seen = at + next[0].length;
        child.stdin.write(typeof next[1] === 'string' ? next[1] : next[1]());
        waiting.shift();
      }
    });
    child.on('error', reject);
    child.on('close', (exitCode) => {
      stopTimer();
      resolve({ exitCode, shown });
    });
    child.stdin.on('error', () => {});
  });
}

/** Kills what runs too long; returns what calls that off. */
function limitTime(child: ChildProcess, late: () => void): () => void {
  const timer = setTimeout(() => {
    late();
    child.kill('SIGKILL');
  }, RUN_LIMIT_MS);
  return () => clearTimeout(timer);
}

/** The JSON object in the last line. */
export function lastJson({ stdout }: Ran): unknown {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}
