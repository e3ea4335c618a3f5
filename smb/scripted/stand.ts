/** For tests: a real smbd with one account and one share, on a port of its own. Only inside `tryout/isolate`. */

import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { mustRun } from '../../base/command.ts';
import { type Samba, startSamba } from '../../tryout/samba.ts';
import { openConnection } from '../connection.ts';
import type { Connection, Tree } from '../types.ts';
import { listen } from './server.ts';

export const ACCOUNT = { user: 'alice', domain: '', password: 'a secret of Alice' } as const;
export const SHARE = 'docs';
const SMB_PORT = 445;

export interface Stand {
  /** Where it is: the loopback unless told otherwise. */
  readonly host: string;
  readonly port: number;
  readonly samba: Samba;
  /** The share's folder, as the server sees it. */
  readonly folder: string;
  connect(port?: number): Promise<Connection>;
  /** Connected, logged on, at the share; over another port when a proxy stands between. */
  tree(port?: number): Promise<{ connection: Connection; tree: Tree }>;
  /** What smbclient prints for these commands, run at the share: the oracle. */
  smbclient(commands: string): Promise<string>;
  /** What smbcacls prints about a file (`--numeric`), and with `set` after it has given it these rules. Only on port 445, which it insists on. */
  smbcacls(path: string, set?: string): Promise<string>;
  /** The same as smbclient, and nothing else happens in this process until it has ended: what our own side was about to send waits meanwhile. */
  smbclientNow(commands: string): string;
  /** Has smbclient open a file; it lets others read and write it, and not delete it. */
  hold(name: string): Promise<{ release(): Promise<void> }>;
  /** What the server holds open for anybody, by name; «.» is the share itself. */
  openFiles(): Promise<string[]>;
  stop(): Promise<void>;
}

export interface StandOptions {
  /** Further lines of [global]. */
  global?: string[];
  /** Further lines of the share. */
  share?: string[];
  /** A network namespace with a smbd of its own on port 445, and its address. */
  cell?: { namespace: string; host: string };
  requestTimeoutMs?: number;
}

export async function startStand(options: StandOptions = {}): Promise<Stand> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stand-'));
  const folder = path.join(root, 'docs');
  const host = options.cell?.host ?? '127.0.0.1';
  const port = options.cell === undefined ? await freePort() : SMB_PORT;
  const samba = await startSamba({
    folder: path.join(root, 'samba'),
    netbiosName: 'MAIN',
    users: { [ACCOUNT.user]: ACCOUNT.password },
    shares: [{ name: SHARE, path: folder, lines: ['force user = root', ...(options.share ?? [])] }],
    port,
    lines: options.global ?? [],
    ...(options.cell === undefined ? {} : { namespace: options.cell.namespace }),
  });
  const login = path.join(root, 'login');
  fs.writeFileSync(login, `username=${ACCOUNT.user}\npassword=${ACCOUNT.password}\n`, { mode: 0o600 });
  const share = `//${host}/${SHARE}`;
  const oracle = [share, '-p', String(port), '-A', login];
  const open: Connection[] = [];
  const connect = async (through = port): Promise<Connection> => {
    const connection = await openConnection(
      {
        // A proxy stands on the loopback.
        host: through === port ? host : '127.0.0.1',
        port: through,
        connectTimeoutMs: 5_000,
        requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
      },
      { clock: systemClock, random: randomBytes },
    );
    open.push(connection);
    return connection;
  };
  const openFiles = async (): Promise<string[]> => {
    const lines = (await mustRun('smbstatus', ['-s', samba.configFile, '-L'], { timeLimitMs: 20_000 })).split('\n');
    // The columns behind the folder are the name and the time, with several spaces between.
    return lines.flatMap((line) => line.split(`${folder} `)[1]?.trim().split(/ {3,}/)[0] ?? []);
  };
  return {
    host,
    port,
    samba,
    folder,
    connect,
    tree: async (through = port) => {
      const connection = await connect(through);
      const session = await connection.logon(ACCOUNT);
      return { connection, tree: await session.tree(SHARE) };
    },
    smbclient: (commands) => mustRun('smbclient', [...oracle, '-c', commands], { timeLimitMs: 20_000 }),
    smbcacls: (name, set) =>
      mustRun('smbcacls', [share, name, '-A', login, '--numeric', ...(set === undefined ? [] : ['--set', set])], {
        timeLimitMs: 20_000,
      }),
    smbclientNow: (commands) =>
      spawnSync('smbclient', [...oracle, '-c', commands], { timeout: 20_000, encoding: 'utf8' }).stdout,
    hold: async (name) => {
      const child = spawn('smbclient', oracle, { stdio: ['pipe', 'ignore', 'inherit'] });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin.write(`open ${name}\n`);
      const deadline = performance.now() + 10_000;
      while (!(await openFiles()).includes(name)) {
        if (performance.now() < deadline) continue;
        child.kill();
        throw new Error(`smbclient does not hold ${name}`);
      }
      return {
        release: async () => {
          child.stdin.end('quit\n');
          await ended;
        },
      };
    },
    openFiles,
    stop: async () => {
      for (const connection of open) connection.close();
      await samba.stop();
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
