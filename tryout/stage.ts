/** The stage of the play: the LAN, the main with its files, the mail server, standbyd on its box, and the hands that touch them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Status, status } from '../api/status.ts';
import { runCommand } from '../base/command.ts';
import { Failure } from '../base/failure.ts';
import { makeDisk } from './disk.ts';
import { makeFiles } from './files.ts';
import { announce, buildLan, cable, LAN, on } from './lan.ts';
import { type Mailbox, openMailbox } from './mailbox.ts';
import { type Samba, type SambaShare, startSamba } from './samba.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const MAIN_NAME = 'FILES01';
const MAIL_PORT = 25;
const MAIN_DISK_MB = 600;
const STANDBY_DISK_MB = 3_000;
/** The account on the main that the standby logs on with, and the two users. Made anew for each play. */
const ACCOUNTS = ['standby', 'alice', 'bob'] as const;

export interface Stage {
  mailbox: Mailbox;
  passwords: Record<(typeof ACCOUNTS)[number], string>;
  shares: SambaShare[];
  mirror: string;
  socket: string;
  /** Small files in Office/Letters, in a fixed order: what users change in the play. */
  letters: string[];
  /** The last lines of standbyd's log, for when something fails. */
  logTail(): string;
  /** Runs the `standby` command; returns the object it prints with --json. Throws a Failure with its words when it fails. */
  standby(args: string[], input?: string): Promise<unknown>;
  status(): Promise<Status>;
  /** As by a power cut: every process of the file service gone, the cable dead. */
  powerOffMain(): Promise<void>;
  /** The main boots: link, address announced, file service. */
  powerOnMain(): Promise<void>;
  end(): Promise<void>;
}

export async function buildStage(runFolder: string): Promise<Stage> {
  await buildLan();
  // The host names of this namespace are the play's own.
  fs.writeFileSync('/proc/sys/kernel/hostname', 'STANDBY1');
  const mainDisk = await makeDisk('main', MAIN_DISK_MB);
  const standbyDisk = await makeDisk('standby', STANDBY_DISK_MB);
  const shares = makeFiles(path.join(mainDisk, 'shares'), { uid: 0, gid: 0 }, Date.now()).map((share) => ({
    ...share,
    lines: ['force user = root', 'valid users = standby alice bob'],
  }));
  const passwords = { standby: secret(), alice: secret(), bob: secret() };
  const sambaOptions = {
    folder: path.join(mainDisk, 'samba'),
    netbiosName: MAIN_NAME,
    users: passwords,
    shares,
    namespace: 'main',
  };
  let main: Samba = await startSamba(sambaOptions);
  await announce('main');
  const mailbox = await openMailbox(LAN.gateway, MAIL_PORT);
  const socket = path.join(runFolder, 'standby.sock');
  const daemon = startDaemon(standbyDisk, runFolder);

  const standby = async (args: string[], input?: string): Promise<unknown> => {
    const result = await runCommand(path.join(ROOT, 'bin/standby'), [...args, '--json', '--socket', socket], {
      timeLimitMs: 600_000,
      ...(input === undefined ? {} : { input }),
    });
    if (result.exitCode !== 0) {
      throw new Failure({
        code: 'cli',
        doing: `run standby ${args.join(' ')}`,
        what: `exit code ${result.exitCode}: ${(result.stderr + result.stdout).trim()}`,
      });
    }
    return JSON.parse(result.stdout.trim().split('\n').at(-1) ?? 'null');
  };

  return {
    mailbox,
    passwords,
    shares,
    mirror: path.join(standbyDisk, 'mirror'),
    socket,
    letters: lettersOf(shares),
    logTail: () => fs.readFileSync(path.join(runFolder, 'standbyd.log'), 'utf8').split('\n').slice(-80).join('\n'),
    standby,
    status: async () => status.parse(await standby(['status'])),
    async powerOffMain() {
      main.kill();
      await cable('main', 'pulled');
    },
    async powerOnMain() {
      await cable('main', 'plugged');
      main = await startSamba(sambaOptions);
      await announce('main');
    },
    async end() {
      daemon.kill('SIGTERM');
      await mailbox.close();
    },
  };
}

function lettersOf(shares: SambaShare[]): string[] {
  const folder = path.join(shares[0]?.path ?? '', 'Letters');
  return fs
    .readdirSync(folder)
    .sort()
    .filter((name) => fs.statSync(path.join(folder, name)).size > 0);
}

function secret(): string {
  return randomBytes(12).toString('base64url');
}

function startDaemon(disk: string, runFolder: string): ChildProcess {
  fs.mkdirSync(path.join(disk, 'etc'), { recursive: true });
  const [program, ...args] = on(
    'standby',
    process.execPath,
    path.join(ROOT, 'agent/main.ts'),
    '--config',
    path.join(disk, 'etc', 'standby.yaml'),
    '--state',
    path.join(disk, 'state'),
    '--run',
    runFolder,
  );
  const log = fs.openSync(path.join(runFolder, 'standbyd.log'), 'a');
  const child = spawn(program, args, {
    stdio: ['ignore', log, log],
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C' },
  });
  fs.closeSync(log);
  return child;
}
