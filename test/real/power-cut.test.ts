/**
 * Power cuts while the mirror is at work, on the file systems that a standby may have: right after the power is back, before
 * anybody has mended anything, every visible file is one that the main had; what the index calls complete is there; and
 * what was complete is not copied again. A neighbour who syncs its own file all the time forces the journal out, with
 * names in it whose content is still in memory only: without that, a cut simply loses everything since the last flush.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { seeded } from '../../tryout/files.ts';
import { canMake, Disk, type Kind } from './disks.ts';
import { type Engine, until, World } from './mirror-world.ts';
import { Users, visible } from './users.ts';

const CUTS = process.env['STANDBY_LONG'] === undefined ? 2 : 100;
const SEED = 20_261_122;
/** New, changed and moved files before each cut. */
const FRESH = 150;

let world: World | undefined;
let disks: Disk[] = [];

afterEach(async () => {
  await world?.close();
  for (const disk of disks.toReversed()) await disk.destroy();
  world = undefined;
  disks = [];
});

async function completeNow(statePath: string, is: (file: string) => boolean): Promise<void> {
  await until('it is complete', () =>
    indexed(statePath, true).some(({ path: file, batch }) => batch === 0 && is(file)),
  );
}

interface Known {
  path: string;
  inode: number;
  batch: number;
}

/** Files of the index in a folder, from a copy: opening it here must not mend what the engine has to open. */
function indexed(statePath: string, isLive: boolean): Known[] {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'index-'));
  const place = isLive ? statePath : copy;
  if (!isLive) fs.cpSync(statePath, copy, { recursive: true });
  const database = new DatabaseSync(path.join(place, 'index.sqlite'), { readOnly: isLive });
  try {
    if (!isLive) expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    const rows = database
      .prepare('SELECT id, parent, name, kind, batch, local_size AS size, local_ino AS inode FROM objects')
      .all();
    const byId = new Map(rows.map((row) => [row['id'], row]));
    const pathOf = (row: (typeof rows)[number]): string | undefined => {
      if (row['parent'] === 0) return '';
      const parent = byId.get(row['parent'] ?? null);
      const above = parent === undefined ? undefined : pathOf(parent);
      return above === undefined ? undefined : path.join(above, String(row['name']));
    };
    return rows.flatMap((row) => {
      const file = pathOf(row);
      if (row['kind'] !== 1 || file === undefined || Number(row['size']) < 0) return [];
      return [{ path: file, inode: Number(row['inode']), batch: Number(row['batch']) }];
    });
  } finally {
    database.close();
    fs.rmSync(copy, { recursive: true });
  }
}

/** Writes and syncs a file of its own on each disk until it is told to stop, or the power is gone. */
function neighbour(): () => Promise<void> {
  let goes = true;
  const busy = disks.map(async (disk) => {
    for (let n = 0; goes; n += 1) {
      try {
        const file = await fs.promises.open(path.join(disk.at, 'neighbour'), 'w');
        try {
          await file.write(`${n}`);
          await file.sync();
        } finally {
          await file.close();
        }
      } catch {
        return;
      }
      await pause(10);
    }
  });
  return async () => {
    goes = false;
    await Promise.all(busy);
  };
}

async function cutPower(kind: Kind): Promise<void> {
  const chance = seeded(SEED);
  const disk = await Disk.make(kind);
  disks.push(disk);
  // A state folder on a disk of its own, as is usual, and for btrfs on the same one.
  const state = kind === 'btrfs' ? disk : await Disk.make(kind);
  if (state !== disk) disks.push(state);
  world = await World.make({ port: 4496, mirrorPath: path.join(disk.at, 'mirror') });
  const statePath = path.join(state.at, 'state');
  const users = new Users(world, chance);
  const copiedAgain: string[] = [];
  const lost: string[] = [];
  const forgotten: string[] = [];
  /** What the mirror has not caught up with: it may be copied, or be half done, in any turn. */
  const touched = new Set<string>();
  let counted = 0;
  let midway = 0;
  let before = new Map<string, number>();
  const start = (at: World): Engine => at.engine({ statePath });
  for (let cut = 0; cut < CUTS; cut += 1) {
    for (const file of users.work(FRESH)) touched.add(file);
    const quiet = neighbour();
    const engine = start(world);
    await until('the index is there', () => engine.last('mirror'));
    const wanted = Math.floor(chance() * FRESH * 0.9);
    await until('so much of it is placed', () => {
      const now = indexed(statePath, true);
      const placed = now.filter(({ path: file, inode }) => touched.has(file) && before.get(file) !== inode).length;
      return placed >= wanted;
    });
    // Every other time until some of it is complete: a later file that is complete as well proves that this is on the disk.
    const isLate = cut % 2 === 1;
    if (isLate) await completeNow(statePath, (file) => touched.has(file));
    // Not what is complete in a version, or at a place, that it is about to leave.
    const at = world;
    const complete = indexed(statePath, true).filter(
      ({ path: file, batch }) => batch === 0 && (!touched.has(file) || (isLate && users.has(file, at.mirror(file)))),
    );
    if (isLate) {
      const late = users.add();
      touched.add(late);
      await completeNow(statePath, (file) => file === late);
    }
    // Where it is within its turn is up to chance as well.
    await pause(20 + chance() * 400);
    if (kind === 'btrfs') process.kill(engine.pid, 'SIGSTOP');
    for (const each of disks) each.cut();
    await engine.kill();
    await quiet();
    for (const each of disks) await each.back();
    const now = visible(world, users);
    if (now.size < users.count) midway += 1;
    for (const row of indexed(statePath, false))
      if (row.batch === 0 && !touched.has(row.path) && now.get(row.path) !== row.inode) lost.push(row.path);
    for (const [file, inode] of now)
      if (before.get(file) !== undefined && !touched.has(file) && before.get(file) !== inode) copiedAgain.push(file);
    counted += complete.length;
    const kept = new Set(indexed(statePath, false).flatMap(({ path: file, batch }) => (batch === 0 ? [file] : [])));
    for (const file of touched) if (kept.has(file) && users.has(file, world.mirror(file))) touched.delete(file);
    forgotten.push(...complete.flatMap(({ path: file }) => (kept.has(file) ? [] : [file])));
    before = new Map(
      complete.filter(({ path: file, inode }) => now.get(file) === inode).map((row) => [row.path, row.inode]),
    );
  }
  const engine = start(world);
  await world.live(engine);
  await world.same();
  const end = visible(world, users);
  for (const [file, inode] of before) if (end.get(file) !== inode) copiedAgain.push(file);
  console.log(
    `power-cut: ${kind}, ${CUTS} cuts (${midway} while files were missing), ${counted} complete files looked at, ${lost.length} lost, ${forgotten.length} forgotten, ${copiedAgain.length} copied again`,
  );
  expect(lost).toEqual([]);
  expect(forgotten).toEqual([]);
  expect(copiedAgain).toEqual([]);
}

for (const kind of ['ext4', 'xfs', 'btrfs'] as const)
  it.runIf(canMake(kind))(
    `${kind}: shows no half file and keeps what was complete through ${CUTS} power cuts (seed ${SEED})`,
    { timeout: CUTS * 20_000 },
    () => cutPower(kind),
  );
