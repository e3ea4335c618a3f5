/**
 * A real smbd with its own configuration, state and accounts, for the try-out, the tests and the benches: the «main» of the
 * play, or an oracle. It must run inside `tryout/isolate`, which makes the Unix accounts (alice, bob, carol, standby) and
 * takes everything away at the end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { mustRun } from '../base/command.ts';
import { Failure } from '../base/failure.ts';

export interface SambaShare {
  name: string;
  /** Folder with the content; made when it is not there. */
  path: string;
  comment?: string;
  /** Further lines of the share's section. */
  lines?: string[];
}

export interface SambaOptions {
  /** Everything of this server goes below it: configuration, state, accounts, log. */
  folder: string;
  netbiosName: string;
  /** Account name to password; the Unix account must exist. */
  users: Record<string, string>;
  shares: SambaShare[];
  port?: number;
  /** Network namespace made with `ip netns add`; the current one when absent. */
  namespace?: string;
  /** Further lines of [global]. */
  lines?: string[];
}

export interface Samba {
  readonly options: SambaOptions;
  readonly pid: number;
  readonly configFile: string;
  /** All its processes, the parent first. */
  pids(): number[];
  /** SIGKILL to the parent and every child, as a crash would. */
  kill(): void;
  /** SIGSTOP to the parent and every child: TCP still accepts. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

const READY_MS = 10_000;

/** Writes the configuration, sets the passwords, starts smbd and waits until it answers on TCP. */
export async function startSamba(options: SambaOptions): Promise<Samba> {
  const configFile = configure(options);
  await setPasswords(configFile, options.users);
  const inside = options.namespace === undefined ? [] : ['ip', 'netns', 'exec', options.namespace];
  const [program, ...args] = [
    ...inside,
    'smbd',
    '-F',
    '--no-process-group',
    '-s',
    configFile,
    '-l',
    path.join(options.folder, 'log'),
  ];
  const log = fs.openSync(path.join(options.folder, 'log', 'stdout'), 'a');
  const child = spawn(program ?? 'smbd', args, {
    stdio: ['ignore', log, log],
    detached: true,
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C' },
  });
  fs.closeSync(log);
  await waitForPort(options, child);
  const pid = child.pid ?? 0;
  const pids = (): number[] => [pid, ...descendants(pid)];
  const signal = (name: NodeJS.Signals): void => {
    for (const each of pids()) {
      try {
        process.kill(each, name);
      } catch {
        // It ended between the list and the signal.
      }
    }
  };
  return {
    options,
    pid,
    configFile,
    pids,
    kill: () => signal('SIGKILL'),
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    stop: async () => {
      const ended =
        child.exitCode === null && child.signalCode === null
          ? new Promise((resolve) => child.once('exit', resolve))
          : undefined;
      signal('SIGTERM');
      await ended;
      signal('SIGKILL');
    },
  };
}

function configure(options: SambaOptions): string {
  const { folder } = options;
  for (const name of ['private', 'state', 'cache', 'lock', 'pid', 'ncalrpc', 'log'])
    fs.mkdirSync(path.join(folder, name), { recursive: true });
  const lines = [
    '[global]',
    `netbios name = ${options.netbiosName}`,
    'workgroup = OFFICE',
    'server role = standalone server',
    'security = user',
    'map to guest = never',
    'server signing = mandatory',
    'server min protocol = SMB2_10',
    'disable netbios = yes',
    `smb ports = ${options.port ?? 445}`,
    `private dir = ${folder}/private`,
    `state directory = ${folder}/state`,
    `cache directory = ${folder}/cache`,
    `lock directory = ${folder}/lock`,
    `pid directory = ${folder}/pid`,
    `ncalrpc dir = ${folder}/ncalrpc`,
    `log file = ${folder}/log/smbd`,
    'passdb backend = tdbsam',
    'load printers = no',
    'printing = bsd',
    'printcap name = /dev/null',
    'disable spoolss = yes',
    'store dos attributes = yes',
    'map archive = no',
    'unix extensions = no',
    ...(options.lines ?? []),
  ];
  for (const share of options.shares) {
    fs.mkdirSync(share.path, { recursive: true });
    lines.push(
      `[${share.name}]`,
      `path = ${share.path}`,
      `comment = ${share.comment ?? ''}`,
      'read only = no',
      ...(share.lines ?? []),
    );
  }
  const configFile = path.join(folder, 'smb.conf');
  fs.writeFileSync(configFile, `${lines.join('\n')}\n`);
  return configFile;
}

async function setPasswords(configFile: string, users: Record<string, string>): Promise<void> {
  for (const [user, password] of Object.entries(users)) {
    await mustRun('smbpasswd', ['-c', configFile, '-a', '-s', user], {
      timeLimitMs: 10_000,
      input: `${password}\n${password}\n`,
    });
  }
}

async function waitForPort(options: SambaOptions, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    if (child.exitCode !== null || performance.now() > deadline) {
      const log = path.join(options.folder, 'log', 'stdout');
      throw new Failure({
        code: 'samba',
        doing: 'start smbd',
        subject: options.folder,
        what: fs.readFileSync(log, 'utf8').slice(-2_000),
      });
    }
    const port = options.port ?? 445;
    // From another namespace its port cannot be tried. With its pid file it is there itself, and listens a moment later.
    const up =
      options.namespace === undefined
        ? await answers(port)
        : fs.existsSync(path.join(options.folder, 'pid', 'smbd.pid')) && listens(child, port);
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether anybody listens on this port in the network namespace of a process. */
function listens(child: ChildProcess, port: number): boolean {
  const socket = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} [0-9A-F]+:0000 0A `);
  try {
    return ['tcp', 'tcp6'].some((table) => socket.test(fs.readFileSync(`/proc/${child.pid}/net/${table}`, 'utf8')));
  } catch {
    // It has ended; the next look tells why.
    return false;
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** Process ids of all descendants, from /proc. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = fs.readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It ended while we looked.
    }
  }
  const found: number[] = [];
  const queue = [pid];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const child of children.get(next) ?? []) {
      found.push(child);
      queue.push(child);
    }
  }
  return found;
}
