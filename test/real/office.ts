/**
 * A small office for the tests that need everything for real: the LAN of the try-out, a main with one share of a few files, and a box for
 * the standby. `close` ends every process it started and takes LAN and disks away, so that the next file finds nothing.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Status } from '../../api/status.ts';
import { type Box, openBox, setupRequest } from '../../tryout/box.ts';
import { makeDisk, removeDisk } from '../../tryout/disk.ts';
import { buildLan, LAN, removeLan } from '../../tryout/lan.ts';
import { type Samba, type SambaOptions, startSamba } from '../../tryout/samba.ts';
import { until } from '../../tryout/wait.ts';

export const MAIN_NAME = 'FILES01';
export const SHARE = 'Office';
const RUN = '/run/office';

export interface Office {
  box: Box;
  samba: SambaOptions;
  password: string;
  /** The main's server now; started again after a kill with startMain. */
  main(): Samba;
  startMain(): Promise<void>;
  /** Folder of the share on the main's disk, and of its copy. */
  original: string;
  copy: string;
  /** Sets up and starts the sync; resolves when the standby stands by. */
  standBy(profile?: 'default' | 'fast'): Promise<void>;
  /** Resolves when standbyd answers. */
  answering(): Promise<void>;
  setup(changes?: Partial<Parameters<typeof setupRequest>[0]>): string;
  until(what: string, limitMs: number, look: (status: Status) => boolean): Promise<Status>;
  close(): Promise<void>;
}

export async function openOffice(lines: readonly string[] = []): Promise<Office> {
  fs.rmSync(RUN, { recursive: true, force: true });
  await buildLan();
  const mainDisk = await makeDisk('office-main', 800);
  const boxDisk = await makeDisk('office-box', 3_000);
  const original = path.join(mainDisk, SHARE);
  makeFiles(original);
  const password = randomBytes(12).toString('base64url');
  const samba: SambaOptions = {
    folder: path.join(mainDisk, 'samba'),
    netbiosName: MAIN_NAME,
    users: { standby: password, alice: password },
    shares: [{ name: SHARE, path: original, lines: ['force user = root'] }],
    namespace: 'main',
    lines: [...lines],
  };
  let main = await startSamba(samba);
  const box = openBox(boxDisk, RUN);
  box.start();
  const answering = async (): Promise<void> => {
    await until(
      'standbyd answers',
      20_000,
      async () => ((await box.run(['status'])).exitCode === 0 ? true : undefined),
      box.log,
    );
  };
  await answering();

  const setup: Office['setup'] = (changes = {}) =>
    setupRequest({
      name: MAIN_NAME,
      address: LAN.main,
      password,
      interface: LAN.interface,
      mirror: box.mirror,
      shares: [SHARE],
      users: { alice: password },
      witnesses: [LAN.client],
      ...changes,
    });
  const untilStatus: Office['until'] = (what, limitMs, look) =>
    until(
      what,
      limitMs,
      async () => {
        const status = await box.status();
        return look(status) ? status : undefined;
      },
      () => box.log().split('\n').slice(-20).join('\n'),
    );
  return {
    box,
    samba,
    password,
    main: () => main,
    startMain: async () => {
      main = await startSamba(samba);
    },
    original,
    copy: path.join(box.mirror, SHARE),
    answering,
    setup,
    standBy: async (profile = 'default') => {
      await box.standby(['setup', '--from', '-'], setup({ profile }));
      await box.standby(['start-sync', '--wait']);
      await untilStatus('standing by', 30_000, (status) => status.mode === 'standing-by');
    },
    until: untilStatus,
    close: async () => {
      await box.end('SIGKILL');
      await endEverything();
      await removeLan();
      await removeDisk('office-main');
      await removeDisk('office-box');
    },
  };
}

function makeFiles(folder: string): void {
  for (const sub of ['Letters', 'Orders/2026']) {
    fs.mkdirSync(path.join(folder, sub), { recursive: true });
    for (let n = 0; n < 20; n += 1) {
      const file = path.join(folder, sub, `letter ${n}.txt`);
      fs.writeFileSync(file, `letter ${n}\n`.repeat(n * 10));
      fs.utimesSync(file, 1_700_000_000 + n, 1_700_000_000 + n);
    }
  }
}

/** Everything in the namespaces of the office, whoever is its parent by now. */
async function endEverything(): Promise<void> {
  const rest = (): number[] => everyone().filter(inOtherNetwork);
  await until('every process of the office has ended', 10_000, () => {
    const left = rest();
    for (const pid of left) kill(pid);
    return left.length === 0 ? true : undefined;
  });
}

function everyone(): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function inOtherNetwork(pid: number): boolean {
  try {
    return fs.readlinkSync(`/proc/${pid}/ns/net`) !== fs.readlinkSync('/proc/self/ns/net');
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended between the look and the signal.
  }
}
