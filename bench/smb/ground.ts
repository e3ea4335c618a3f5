/**
 * What the SMB benches stand on: a real smbd with mandatory signing, its shares on an ext4 file system of its own in memory (what other programs
 * do to the machine's disk must not decide), and one account.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { mustRun } from '../../base/command.ts';
import { makeDisk } from '../../tryout/disk.ts';
import { startSamba } from '../../tryout/samba.ts';

export const PORT = 4455;
export const HOST = '127.0.0.1';
export const USER = 'alice';
export const PASSWORD = 'bench-only-1';
/** For any one run of a contender. */
export const LIMIT_MS = 600_000;
/** The account as smbclient and rclone take it. */
export const CREDENTIALS_FILE = '/run/bench-credentials';
export const RCLONE_FILE = '/run/bench-rclone.conf';

/**
 * rclone 1.60 gives up («signing required») when smbd hands a READ or WRITE to another thread and says so with an interim answer. So it has
 * shares of its own, of the same folders, where smbd does not.
 */
const NO_INTERIM = ['aio read size = 0', 'aio write size = 0'];

export function shareForRclone(share: string): string {
  return `${share}-rclone`;
}

export interface Ground {
  /** The file system: contenders copy from it and to it. */
  readonly disk: string;
  /** Processes of smbd at the moment. */
  pids(): number[];
  /** What all contenders met, for the notes. */
  readonly conditions: string;
  /** Stops smbd. The disk goes with the namespace. */
  close(): Promise<void>;
}

export interface GroundShare {
  name: string;
  /** Folder on the disk. */
  folder: string;
  /** Further lines of the share's section. */
  lines?: string[];
}

export async function openGround(diskMb: number, shares: readonly GroundShare[]): Promise<Ground> {
  const disk = await makeDisk('bench', diskMb);
  const samba = await startSamba({
    folder: '/run/bench-main',
    netbiosName: 'MAIN',
    users: { [USER]: PASSWORD },
    shares: shares.flatMap(({ name, folder, lines = [] }) => {
      const share = { name, path: path.join(disk, folder), lines: ['force user = root', ...lines] };
      return [share, { ...share, name: shareForRclone(name), lines: [...share.lines, ...NO_INTERIM] }];
    }),
    port: PORT,
  });
  await writeAccount();
  const version = (await mustRun('smbd', ['--version'], { timeLimitMs: LIMIT_MS })).trim();
  return {
    disk,
    pids: () => samba.pids(),
    conditions: `smbd ${version}, server signing = mandatory, ${os.availableParallelism()} processors, page cache warm; from and to ext4 on a loop device in memory; every contender is a whole process with its log-on, started before (Node has its compile cache); for rclone alone ${NO_INTERIM.join(', ')}, as it does not understand interim answers`,
    close: () => samba.stop(),
  };
}

async function writeAccount(): Promise<void> {
  const secret = { mode: 0o600 };
  fs.writeFileSync(CREDENTIALS_FILE, `username = ${USER}\npassword = ${PASSWORD}\n`, secret);
  const obscured = (await mustRun('rclone', ['obscure', '-'], { timeLimitMs: LIMIT_MS, input: PASSWORD })).trim();
  fs.writeFileSync(RCLONE_FILE, `[main]\ntype = smb\nhost = ${HOST}\nuser = ${USER}\npass = ${obscured}\n`, secret);
}

/** An empty folder of that name on the disk, with everything from before on the disk for good. */
export async function emptyFolder(ground: Ground, name: string): Promise<string> {
  const folder = path.join(ground.disk, name);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder);
  await mustRun('sync', [], { timeLimitMs: LIMIT_MS });
  return folder;
}
