/** The standby's box of the play: standbyd in its namespace, started and killed at will, and the `standby` command on it. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Status, status } from '../api/status.ts';
import { runCommand } from '../base/command.ts';
import { Failure } from '../base/failure.ts';
import { on } from './lan.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMMAND_LIMIT_MS = 600_000;

export interface CommandEnd {
  exitCode: number | undefined;
  /** The object that --json prints, or null when there is none. */
  result: unknown;
  /** Everything it said to people. */
  said: string;
}

export interface Box {
  readonly socket: string;
  readonly settingsFile: string;
  /** Folder of everything that outlives a restart. */
  readonly state: string;
  readonly mirror: string;
  /** standbyd, or undefined when it does not run. */
  readonly process: ChildProcess | undefined;
  /** Starts standbyd; resolves at once. */
  start(): void;
  /** Sends a signal to standbyd alone and waits for its end. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Runs the `standby` command with --json, whatever comes of it. */
  run(args: readonly string[], input?: string): Promise<CommandEnd>;
  /** The same; throws a Failure with its words when it fails. */
  standby(args: readonly string[], input?: string): Promise<unknown>;
  status(): Promise<Status>;
  /** Everything standbyd, the network process and the engine have logged. */
  log(): string;
}

/** `disk` is where the box keeps its data, `runFolder` where its sockets are. */
export function openBox(disk: string, runFolder: string): Box {
  const settingsFile = path.join(disk, 'etc', 'standby.yaml');
  const state = path.join(disk, 'state');
  const socket = path.join(runFolder, 'standby.sock');
  const logFile = path.join(runFolder, 'standbyd.log');
  fs.mkdirSync(path.dirname(settingsFile), { recursive: true });
  fs.mkdirSync(runFolder, { recursive: true });
  let child: ChildProcess | undefined;

  const run = async (args: readonly string[], input?: string): Promise<CommandEnd> => {
    const end = await runCommand(path.join(ROOT, 'bin/standby'), [...args, '--json', '--socket', socket], {
      timeLimitMs: COMMAND_LIMIT_MS,
      ...(input === undefined ? {} : { input }),
    });
    const last = end.stdout.trim().split('\n').at(-1) ?? '';
    return {
      exitCode: end.exitCode,
      result: last === '' ? null : JSON.parse(last),
      said: (end.stderr + end.stdout).trim(),
    };
  };

  const standby = async (args: readonly string[], input?: string): Promise<unknown> => {
    const { exitCode, result, said } = await run(args, input);
    if (exitCode !== 0)
      throw new Failure({
        code: 'command',
        doing: 'run standby',
        subject: args.join(' '),
        what: `exit code ${exitCode}: ${said}`,
      });
    return result;
  };

  return {
    socket,
    settingsFile,
    state,
    mirror: path.join(disk, 'mirror'),
    get process() {
      return child;
    },
    start() {
      const places = ['--config', settingsFile, '--state', state, '--run', runFolder];
      const [program, ...args] = on('standby', process.execPath, path.join(ROOT, 'agent/main.ts'), ...places);
      const log = fs.openSync(logFile, 'a');
      const born = spawn(program, args, {
        stdio: ['ignore', log, log],
        cwd: '/',
        env: { PATH: process.env['PATH'] ?? '', LANG: 'C' },
      });
      fs.closeSync(log);
      child = born;
      born.once('exit', () => {
        if (child === born) child = undefined;
      });
    },
    async end(signal) {
      const last = child;
      if (last === undefined) return;
      const gone = new Promise((resolve) => last.once('exit', resolve));
      last.kill(signal);
      await gone;
    },
    run,
    standby,
    status: async () => status.parse(await standby(['status'])),
    log: () => (fs.existsSync(logFile) ? fs.readFileSync(logFile, 'utf8') : ''),
  };
}

/** What `standby setup --from -` takes for the play's main. */
export function setupRequest(options: {
  name: string;
  address: string;
  password: string;
  interface: string;
  mirror: string;
  shares: readonly string[];
  users?: Record<string, string>;
  witnesses?: string[];
  profile?: 'default' | 'fast';
  mail?: object;
}): string {
  return JSON.stringify({
    main: { name: options.name, address: options.address, user: 'standby', password: options.password },
    interface: options.interface,
    mirrorPath: options.mirror,
    shares: options.shares,
    profile: options.profile ?? 'default',
    witnesses: options.witnesses ?? [],
    users: Object.entries(options.users ?? {}).map(([name, password]) => ({ name, password })),
    ...(options.mail === undefined ? {} : { mail: options.mail }),
  });
}
