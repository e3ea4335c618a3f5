/** Runs another program: an argument list (never a shell), a time limit, a limit on what it prints, and TERM before KILL. */
import { spawn } from 'node:child_process';
import { Failure, failureOf } from './failure.ts';

export interface CommandOptions {
  /** Milliseconds until TERM; KILL follows 2 s later. */
  timeLimitMs: number;
  /** Written to the program's standard input, which is closed after it. Secrets go this way, never as arguments. */
  input?: string;
  /** Replaces the whole environment; by default only PATH, LANG=C and HOME are passed on. */
  env?: Record<string, string>;
  cwd?: string;
  /** Bytes kept of each output; more is cut. */
  outputLimitBytes?: number;
}

export interface CommandResult {
  exitCode: number | undefined;
  signal: string | undefined;
  stdout: string;
  stderr: string;
}

const KILL_AFTER_MS = 2_000;

/** Runs to the end and returns how it ended, whatever the exit code. Throws a Failure when it cannot be started or takes too long. */
export function runCommand(program: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const limit = options.outputLimitBytes ?? 1_048_576;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: options.cwd,
      env: options.env ?? { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C', HOME: '/root' },
    });
    const collected = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let timedOut = false;
    const collect = (into: Buffer[]) => {
      let size = 0;
      return (chunk: Buffer) => {
        if (size < limit) into.push(chunk.subarray(0, limit - size));
        size += chunk.length;
      };
    };
    child.stdout.on('data', collect(collected.stdout));
    child.stderr.on('data', collect(collected.stderr));
    const term = setTimeout(() => {
      timedOut = true;
      child.kill('SIGTERM');
    }, options.timeLimitMs);
    const kill = setTimeout(() => child.kill('SIGKILL'), options.timeLimitMs + KILL_AFTER_MS);
    const stopTimers = () => {
      clearTimeout(term);
      clearTimeout(kill);
    };
    child.on('error', (error) => {
      stopTimers();
      reject(failureOf(error, 'run', program, `is ${program} installed?`));
    });
    child.on('close', (code, signal) => {
      stopTimers();
      const stderr = Buffer.concat(collected.stderr).toString();
      if (timedOut) {
        reject(
          new Failure({
            code: 'too-long',
            doing: 'run',
            subject: program,
            what: `not done after ${options.timeLimitMs} ms`,
            retry: true,
          }),
        );
        return;
      }
      resolve({
        exitCode: code ?? undefined,
        signal: signal ?? undefined,
        stdout: Buffer.concat(collected.stdout).toString(),
        stderr,
      });
    });
    // A program that ends before reading its input is not our error; its exit code tells.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** Like runCommand, and an exit code other than 0 is a Failure with the program's own last words. Returns standard output. */
export async function mustRun(program: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const result = await runCommand(program, args, options);
  if (result.exitCode === 0) return result.stdout;
  const words = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-3).join('; ');
  throw new Failure({
    code: 'command-failed',
    doing: 'run',
    subject: [program, ...args].join(' '),
    what: `${result.signal ?? `exit code ${result.exitCode}`}${words === '' ? '' : `: ${words}`}`,
  });
}
