/**
 * kill -9 of each of our processes at random moments of a first pass: afterwards no half file, no unfinished name, and no second copy of what
 * was there already. A sample in the ordinary run, twenty moments in the long one.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compareFolders } from '../../tryout/compare.ts';
import { seeded } from '../../tryout/files.ts';
import { until } from '../../tryout/wait.ts';
import { type Office, openOffice } from './office.ts';

const LONG = process.env['STANDBY_LONG'] !== undefined;
const KILLS = LONG ? 20 : 6;
const FILES = LONG ? 40_000 : 12_000;
const SEED = 20_261_121;

let office: Office;

beforeAll(async () => {
  office = await openOffice();
  makeMany(path.join(office.original, 'Many'));
});

afterAll(async () => {
  await office?.close();
});

/** Content that tells its own name, so that a mixed-up file is seen too. */
function makeMany(folder: string): void {
  for (let n = 0; n < FILES; n += 1) {
    const sub = path.join(folder, `folder ${n % 40}`);
    if (n < 40) fs.mkdirSync(sub, { recursive: true });
    fs.writeFileSync(path.join(sub, `file ${n}`), `file ${n} `.repeat(n % 1_000 === 0 ? 100_000 : 1 + (n % 300)));
  }
}

/** How many of the many files are there under their names: cheap enough to be asked all the time. */
function placed(): number {
  let count = 0;
  for (let n = 0; n < 40; n += 1) {
    const folder = path.join(office.copy, 'Many', `folder ${n}`);
    if (fs.existsSync(folder)) count += fs.readdirSync(folder).filter((name) => !name.startsWith('.')).length;
  }
  return count;
}

function lastLines(): string {
  return office.box.log().split('\n').slice(-60).join('\n');
}

/** Path to inode number of every file that is on the mirror under its name. */
function present(): Map<string, number> {
  const found = new Map<string, number>();
  if (!fs.existsSync(office.copy)) return found;
  for (const entry of fs.readdirSync(office.copy, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith('.~standby-')) continue;
    const file = path.join(entry.parentPath, entry.name);
    found.set(path.relative(office.copy, file), fs.statSync(file).ino);
  }
  return found;
}

it(`survives ${KILLS} kills at random moments of a pass over ${FILES} files (seed ${SEED})`, {
  timeout: 600_000,
}, async () => {
  const chance = seeded(SEED);
  const inodes = new Map<string, number>();
  let midway = 0;
  await office.box.standby(['setup', '--from', '-'], office.setup());
  await office.box.standby(['start-sync']);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const victim = (['agent', 'net', 'engine'] as const)[Math.floor(chance() * 3)] ?? 'engine';
    const { pid } = (await office.box.status()).processes[victim];
    // The moment is a share of the work done, which depends on no machine's speed.
    const goal = Math.min(FILES, placed() + 1 + Math.floor((chance() * FILES) / KILLS / 2));
    await until(`${goal} files are there`, 60_000, () => (placed() >= goal ? true : undefined), lastLines);
    if (pid > 0) process.kill(pid, 'SIGKILL');
    if (placed() < FILES) midway += 1;
    for (const [name, inode] of present()) if (!inodes.has(name)) inodes.set(name, inode);
    if (victim === 'agent') {
      await until('standbyd has ended', 10_000, () => (office.box.process === undefined ? true : undefined));
      office.box.start();
    }
    await until('standbyd answers', 30_000, async () =>
      (await office.box.run(['status'])).exitCode === 0 ? true : undefined,
    );
  }
  await office.until('the first pass is complete', 120_000, (status) => status.mode === 'standing-by');
  const { files, differences } = compareFolders(office.original, office.copy);
  expect(differences).toEqual([]);
  expect(files).toBe(FILES + 40);
  const unfinished = fs
    .readdirSync(office.copy, { recursive: true, encoding: 'utf8' })
    .filter((name) => path.basename(name).startsWith('.~standby-'));
  expect(unfinished).toEqual([]);
  const after = present();
  const copiedTwice = [...inodes].filter(([name, inode]) => after.get(name) !== inode).map(([name]) => name);
  console.log(
    `kills: ${KILLS} kills, ${FILES} files, ${inodes.size} seen before a kill, ${copiedTwice.length} of them copied again; ${midway} kills while files were still missing`,
  );
  expect(midway).toBeGreaterThan(KILLS / 2);
  expect(copiedTwice).toEqual([]);
});
