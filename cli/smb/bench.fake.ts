/** Runs the real command against a real smbd, and lets a test look on while it works. Only inside `tryout/isolate`. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ACCOUNT, SHARE, type Stand, type StandOptions, startStand } from '../../smb/scripted/stand.ts';
import type { Ran } from '../run.fake.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../../bin/standby');
/** Far more than any command takes, and less than it waits for a frozen server: one that waits this out fails its test. */
const LIMIT_MS = 18_000;

export const LONG_AGO_S = 1_100_000_000;

export interface Running {
  readonly child: ChildProcess;
  /** So far. */
  readonly stdout: string;
  readonly stderr: string;
  readonly ended: Promise<Ran>;
  /** Resolves when it holds; rejects when the command ends before, or after the limit. */
  until(holds: () => boolean): Promise<void>;
}

export interface SmbBench {
  readonly stand: Stand;
  /** For what is fetched; the commands run in it. */
  readonly folder: string;
  /** A file for --credentials. */
  readonly credentials: string;
  /** `//127.0.0.1/docs/…` */
  at(below?: string): string;
  /** Paths on the server's disk and in `folder`. */
  served(...names: string[]): string;
  here(...names: string[]): string;
  /** Puts a file on the server's disk, written at LONG_AGO_S. */
  serve(name: string, content?: string | Buffer): void;
  /** The same with zeros, which take no room on the disk. */
  serveLong(name: string, bytes: number): void;
  /** Takes everything away that is served, and that was fetched. */
  clear(): void;
  /** Begins a command with the account and the port. */
  begin(args: readonly string[]): Running;
  run(args: readonly string[]): Promise<Ran>;
  close(): Promise<void>;
}

export async function openSmbBench(options: StandOptions = {}): Promise<SmbBench> {
  const stand = await startStand(options);
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'smb-cli-'));
  const folder = path.join(root, 'here');
  fs.mkdirSync(folder);
  const credentials = path.join(root, 'credentials');
  fs.writeFileSync(credentials, `username = ${ACCOUNT.user}\npassword = ${ACCOUNT.password}\n`, { mode: 0o600 });
  const begin = (args: readonly string[]): Running =>
    beginStandby(['smb', ...args, '--port', String(stand.port), '--credentials', credentials], folder);
  const served = (...names: string[]): string => path.join(stand.folder, ...names);
  const serve = (name: string, content: string | Buffer = `content of ${name}`): void => {
    fs.mkdirSync(path.dirname(served(name)), { recursive: true });
    fs.writeFileSync(served(name), content);
    fs.utimesSync(served(name), LONG_AGO_S, LONG_AGO_S);
  };
  return {
    stand,
    folder,
    credentials,
    at: (below = '') => `//127.0.0.1/${SHARE}/${below}`,
    served,
    here: (...names) => path.join(folder, ...names),
    serve,
    serveLong(name, bytes) {
      serve(name, '');
      fs.truncateSync(served(name), bytes);
    },
    clear() {
      for (const at of [folder, stand.folder])
        for (const name of fs.readdirSync(at)) fs.rmSync(path.join(at, name), { recursive: true });
    },
    begin,
    run: (args) => begin(args).ended,
    close: async () => {
      await stand.stop();
      fs.rmSync(root, { recursive: true });
    },
  };
}

/** @param input given to standard input at once */
export function beginStandby(args: readonly string[], cwd: string, input = ''): Running {
  const child = spawn(PROGRAM, args, { cwd });
  const out = { stdout: '', stderr: '' };
  let over = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    out.stderr += text;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      over = true;
      clearTimeout(timer);
      resolve({ ...out, exitCode });
    });
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return {
    child,
    get stdout() {
      return out.stdout;
    },
    get stderr() {
      return out.stderr;
    },
    ended,
    async until(holds) {
      while (!holds()) {
        if (over) throw new Error(`ended before: ${JSON.stringify(out)}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

/** The objects in the lines of standard output; fails on a line that is none. */
export function jsonLines({ stdout }: Ran): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** Paths of everything below a folder. */
export function everythingIn(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}
