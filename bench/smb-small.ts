/**
 * 20,000 files of 1–64 KiB from a smbd with mandatory signing, on loopback, to disk: our client against what a user could pick.
 * Every contender is a whole process with log-on and listing; afterwards the copy is counted and its bytes summed.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun } from '../base/command.ts';
import { makeDisk, removeDisk } from '../tryout/disk.ts';
import { seeded } from '../tryout/files.ts';
import { startSamba } from '../tryout/samba.ts';
import { type Contender, contest, timed } from './contest.ts';
import { progress, type Report } from './report.ts';

const FILES = 20_000;
const FOLDERS = 200;
const ROUNDS = 3;
/** An ext4 file system of its own, in memory: what other programs do to the machine's disk must not decide. */
const DISK_MB = 4_000;
const PORT = 4455;
const USER = 'alice';
const PASSWORD = 'bench-only-1';
const LIMIT_MS = 300_000;

const root = fileURLToPath(new URL('..', import.meta.url));

export async function run(): Promise<Report> {
  const folder = await makeDisk('bench', DISK_MB);
  const source = path.join(folder, 'source');
  const bytes = makeTree(source);
  progress(`${FILES} files, ${(bytes / 1e6).toFixed(0)} MB`);
  const samba = await startSamba({
    folder: '/run/bench-main',
    netbiosName: 'MAIN',
    users: { [USER]: PASSWORD },
    shares: [{ name: 'bench', path: source, lines: ['force user = root'] }],
    port: PORT,
  });
  const credentials = '/run/bench-credentials';
  fs.writeFileSync(credentials, `username = ${USER}\npassword = ${PASSWORD}\n`, { mode: 0o600 });
  try {
    const results = await contest(
      contenders(folder, source, credentials, bytes),
      ROUNDS,
      (ms) => `${(ms / 1000).toFixed(2)} s`,
    );
    const { ours, 'cp -a': floor, ...peers } = Object.fromEntries(results);
    if (ours === undefined || floor === undefined) throw new Error('a contender is missing');
    return {
      bench: 'smb-small',
      unit: 'ms',
      better: 'lower',
      ours,
      peers,
      notes: [
        `floor: cp -a of the same tree from disk to disk, median ${Math.round(floor.median)} ms`,
        `smbd ${await version()}, server signing = mandatory, loopback, page cache warm; from and to ext4 on a loop device in memory; every contender is a whole process`,
        'content is the same for all; ours, smbclient tar and rclone keep the written time, smbclient mget does not; nobody syncs to the disk',
      ],
    };
  } finally {
    await samba.stop();
    await removeDisk('bench');
  }
}

function makeTree(source: string): number {
  const chance = seeded(1);
  const noise = Buffer.alloc(65_536 * 2);
  for (let at = 0; at < noise.length; at += 4) noise.writeUInt32LE(Math.floor(chance() * 4_294_967_296), at);
  let bytes = 0;
  for (let n = 0; n < FILES; n += 1) {
    const folder = path.join(source, `folder ${n % FOLDERS}`);
    if (n < FOLDERS) fs.mkdirSync(folder, { recursive: true });
    const size = 1_024 + Math.floor(chance() * (64 * 1_024 - 1_024));
    const from = Math.floor(chance() * 65_536);
    fs.writeFileSync(path.join(folder, `file ${n}.dat`), noise.subarray(from, from + size));
    bytes += size;
  }
  return bytes;
}

function contenders(folder: string, source: string, credentials: string, bytes: number): Contender[] {
  const into = (name: string, work: (target: string) => Promise<void>): Contender => ({
    name,
    async run() {
      const target = path.join(folder, 'target');
      fs.rmSync(target, { recursive: true, force: true });
      fs.mkdirSync(target);
      await mustRun('sync', [], { timeLimitMs: LIMIT_MS });
      const ms = await timed(() => work(target));
      check(name, target, bytes);
      return ms;
    },
  });
  const url = '//127.0.0.1/bench';
  return [
    into('ours', (target) =>
      finished(
        spawn(process.execPath, [path.join(root, 'bench/smb-get.ts')], { stdio: ['pipe', 'ignore', 'inherit'] }),
        {
          host: '127.0.0.1',
          port: PORT,
          user: USER,
          password: PASSWORD,
          share: 'bench',
          folder: target,
        },
      ),
    ),
    into('smbclient mget', async (target) => {
      await mustRun(
        'smbclient',
        [url, '-p', String(PORT), '-A', credentials, '-c', `prompt OFF; recurse ON; lcd "${target}"; mget *`],
        { timeLimitMs: LIMIT_MS },
      );
    }),
    into('smbclient tar', async (target) => {
      await mustRun(
        'sh',
        [
          '-c',
          'smbclient "$1" -p "$2" -A "$3" -Tc - 2>/dev/null | tar -x -C "$4"',
          'sh',
          url,
          String(PORT),
          credentials,
          target,
        ],
        { timeLimitMs: LIMIT_MS },
      );
    }),
    into('rclone', async (target) => {
      await mustRun('rclone', ['--config', await rcloneConfig(), 'copy', '--transfers', '16', 'main:bench', target], {
        timeLimitMs: LIMIT_MS,
      });
    }),
    into('cp -a', async (target) => {
      await mustRun('cp', ['-a', `${source}/.`, target], { timeLimitMs: LIMIT_MS });
    }),
  ];
}

async function rcloneConfig(): Promise<string> {
  const file = '/run/bench-rclone.conf';
  if (!fs.existsSync(file)) {
    const obscured = (await mustRun('rclone', ['obscure', '-'], { timeLimitMs: LIMIT_MS, input: PASSWORD })).trim();
    fs.writeFileSync(
      file,
      `[main]\ntype = smb\nhost = 127.0.0.1\nport = ${PORT}\nuser = ${USER}\npass = ${obscured}\n`,
      { mode: 0o600 },
    );
  }
  return file;
}

function finished(child: ReturnType<typeof spawn>, job: object): Promise<void> {
  child.stdin?.end(JSON.stringify(job));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`ours ended with ${code}`))));
  });
}

function check(name: string, target: string, bytes: number): void {
  let files = 0;
  let sum = 0;
  for (const entry of fs.readdirSync(target, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    files += 1;
    sum += fs.statSync(path.join(entry.parentPath, entry.name)).size;
  }
  if (files !== FILES || sum !== bytes)
    throw new Error(`${name} copied ${files} files and ${sum} bytes, not ${FILES} and ${bytes}`);
}

async function version(): Promise<string> {
  return (await mustRun('smbd', ['--version'], { timeLimitMs: LIMIT_MS })).trim();
}
