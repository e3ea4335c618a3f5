/** What both contenders protect, the same for both: a LAN, a main with its files and accounts, and where each box keeps its data. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { mustRun } from '../../base/command.ts';
import { makeFiles } from '../../tryout/files.ts';
import { announce, buildLan } from '../../tryout/lan.ts';
import { type Samba, type SambaOptions, type SambaShare, startSamba } from '../../tryout/samba.ts';

export const MAIN_NAME = 'FILES01';
/** Where the user at the client works. */
export const WORK = { share: 'Office', folder: 'Orders' } as const;

/** The smallest file that is worth reading; empty ones need no answer from the disk. */
const READ_LIMIT_BYTES = 65_536;

export interface Office {
  main: Samba;
  shares: SambaShare[];
  /** Of the standby on the main, and of the user. */
  passwords: { standby: string; alice: string };
  /** The user's folder on the main's own disk, and a file that is there from the beginning. */
  work: string;
  read: string;
  /** The standby box's own disk. */
  standbyDisk: string;
  /** A second smbd with a copy of the same files, for a contender that brings none of its own. */
  secondSamba(): Promise<Samba>;
}

/** `folder` is on a real disk and empty: what is synced during a takeover costs what it costs. */
export async function openOffice(folder: string): Promise<Office> {
  await buildLan();
  const mainDisk = await disk(folder, 'main');
  const standbyDisk = await disk(folder, 'standby');
  const lines = ['force user = root', 'valid users = standby alice'];
  const shares = makeFiles(path.join(mainDisk, 'shares'), { uid: 0, gid: 0 }, Date.now()).map((share) => ({
    ...share,
    lines,
  }));
  const passwords = { standby: secret(), alice: secret() };
  const options = (on: string, namespace: string, served: SambaShare[]): SambaOptions => ({
    folder: path.join(on, 'samba'),
    netbiosName: MAIN_NAME,
    users: passwords,
    shares: served,
    namespace,
  });
  const main = await startSamba(options(mainDisk, 'main', shares));
  await announce('main');
  const work = path.join(mainDisk, 'shares', WORK.share, WORK.folder);
  return {
    main,
    shares,
    passwords,
    work,
    read: readable(work),
    standbyDisk,
    secondSamba() {
      const copies = path.join(standbyDisk, 'shares');
      fs.cpSync(path.join(mainDisk, 'shares'), copies, { recursive: true, preserveTimestamps: true });
      const copied = shares.map((share) => ({ ...share, path: path.join(copies, share.name) }));
      return startSamba(options(standbyDisk, 'standby', copied));
    },
  };
}

/** A folder of the real disk, reached by a path of its own: who serves files from it need not pass the folders above. */
async function disk(folder: string, name: string): Promise<string> {
  const source = path.join(folder, name);
  const mountPoint = path.join('/run', `disk-${name}`);
  fs.mkdirSync(source, { recursive: true });
  fs.mkdirSync(mountPoint);
  await mustRun('mount', ['--bind', source, mountPoint], { timeLimitMs: 10_000 });
  return mountPoint;
}

function readable(folder: string): string {
  const found = fs.readdirSync(folder).find((name) => {
    const { size } = fs.statSync(path.join(folder, name));
    return size > 0 && size < READ_LIMIT_BYTES;
  });
  if (found === undefined) throw new Error(`${folder} has no file to read again and again`);
  return found;
}

function secret(): string {
  return randomBytes(12).toString('base64url');
}
