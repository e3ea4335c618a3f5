/** The stage of the play: the LAN, the main with its files, the mail server, the standby's box, and the hands that touch them. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { type Box, openBox } from './box.ts';
import { makeDisk } from './disk.ts';
import { makeFiles } from './files.ts';
import { announce, buildLan, cable, LAN } from './lan.ts';
import { type Mailbox, openMailbox } from './mailbox.ts';
import { type Samba, type SambaShare, startSamba } from './samba.ts';

export const MAIN_NAME = 'FILES01';
export const MAIL_PORT = 25;
const MAIN_DISK_MB = 600;
/** Room for the mirror and the reserve that must stay free; only what is used takes memory. */
const STANDBY_DISK_MB = 3_000;

export interface Stage {
  box: Box;
  mailbox: Mailbox;
  /** The account that the standby logs on with, and the two users. Made anew for each play. */
  passwords: Record<'standby' | 'alice' | 'bob', string>;
  shares: SambaShare[];
  /** Small files in Office/Letters, in a fixed order: what users change in the play. */
  letters: string[];
  readonly main: Samba;
  /** As by a power cut: every process of the file service gone, the cable dead. */
  powerOffMain(): Promise<void>;
  /** The main boots: link, address announced, file service. */
  powerOnMain(): Promise<void>;
  end(): Promise<void>;
}

export async function buildStage(runFolder: string): Promise<Stage> {
  // The host names of this namespace are the play's own.
  fs.writeFileSync('/proc/sys/kernel/hostname', 'STANDBY1');
  await buildLan();
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
  const box = openBox(standbyDisk, runFolder);
  box.start();
  return {
    box,
    mailbox,
    passwords,
    shares,
    letters: lettersOf(shares),
    get main() {
      return main;
    },
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
      await box.end('SIGTERM');
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
