/** A full disk on the mirror's side: everything there stays whole, the administrator hears of it, and it goes on by itself. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mustRun } from '../../base/command.ts';
import { until, World } from './mirror-world.ts';

const DISK_BYTES = 24 * 1_048_576;
let world: World;
let folder: string;
let disk: string;

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'disk-'));
  const image = path.join(folder, 'image');
  disk = path.join(folder, 'disk');
  fs.mkdirSync(disk);
  fs.writeFileSync(image, '');
  fs.truncateSync(image, DISK_BYTES);
  await mustRun('mkfs.ext4', ['-q', '-O', '^has_journal', image], { timeLimitMs: 20_000 });
  await mustRun('mount', ['-o', 'loop', image, disk], { timeLimitMs: 10_000 });
});

afterEach(async () => {
  await world.close();
  await mustRun('umount', [disk], { timeLimitMs: 10_000 });
});

for (const { how, reserveBytes } of [
  { how: 'the reserve is reached', reserveBytes: 4 * 1_048_576 },
  { how: 'the disk itself is full', reserveBytes: 0 },
])
  it(`stops with an alert when ${how}, and goes on when there is room`, async () => {
    world = await World.make({ port: 4482, mirrorPath: path.join(disk, 'mirror') });
    const ballast = path.join(disk, 'ballast');
    fs.writeFileSync(ballast, Buffer.alloc(12 * 1_048_576, 1));
    for (let n = 0; n < 60; n += 1) world.put(`folder/${n}.bin`, crypto.randomBytes(n === 30 ? 2_500_000 : 150_000));
    const engine = world.engine({ reserveBytes });
    await until('the alert', () =>
      engine.messages.some((message) => message.kind === 'alert' && message.code === 'disk-full'),
    );
    await until('the state tells it', () => (engine.share('Office')?.problem ?? '').includes('free'));
    for (const name of fs.readdirSync(world.mirror('folder')))
      expect(fs.readFileSync(world.mirror(`folder/${name}`)), name).toEqual(
        fs.readFileSync(world.main(`folder/${name}`)),
      );
    const { bavail, bsize } = fs.statfsSync(disk);
    expect(bavail * bsize).toBeGreaterThanOrEqual(reserveBytes);
    fs.rmSync(ballast);
    await world.live(engine);
    await world.same();
    expect(engine.share('Office')?.problem).toBe('');
  });

it('gives up the attic, oldest first, before it stops', async () => {
  world = await World.make({ port: 4483, mirrorPath: path.join(disk, 'mirror') });
  for (const day of ['2026-01-01', '2026-01-02']) {
    fs.mkdirSync(path.join(world.mirrorPath, '.standby-attic', day), { recursive: true });
    fs.writeFileSync(path.join(world.mirrorPath, '.standby-attic', day, 'old.bin'), Buffer.alloc(9 * 1_048_576, 1));
  }
  world.put('new.bin', crypto.randomBytes(8 * 1_048_576));
  const engine = world.engine();
  await world.live(engine);
  await world.same();
  expect(engine.messages.some((message) => message.kind === 'alert')).toBe(false);
});

it('ends when the index cannot be written, and goes on when it is started again and there is room', async () => {
  world = await World.make({ port: 4491 });
  fs.mkdirSync(world.statePath);
  await mustRun('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'state', world.statePath], { timeLimitMs: 5_000 });
  for (let n = 0; n < 1_500; n += 1)
    fs.writeFileSync(world.main(`file ${n} with a name that fills the index.txt`), `${n}`);
  world.own();
  let engine = world.engine();
  await until('it has ended', () => !engine.running);
  expect(engine.stderr).toContain('write the index');
  await mustRun('mount', ['-o', 'remount,size=50m', world.statePath], { timeLimitMs: 5_000 });
  engine = world.engine();
  await world.live(engine);
  await world.same();
  await engine.kill();
  await mustRun('umount', [world.statePath], { timeLimitMs: 5_000 });
});

it('does not tell anybody to move the index away when its disk is merely full, and takes the configuration later', async () => {
  world = await World.make({ port: 4492 });
  fs.mkdirSync(world.statePath);
  await mustRun('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'state', world.statePath], { timeLimitMs: 5_000 });
  world.put('a.txt', 'a');
  const engine = world.engine();
  const alert = await until('it is told', () => engine.last('alert'));
  expect(alert.code).toBe('index-failed');
  expect(alert.hint).not.toContain('move the file away');
  await mustRun('mount', ['-o', 'remount,size=50m', world.statePath], { timeLimitMs: 5_000 });
  await world.live(engine);
  await world.same();
  await engine.kill();
  await mustRun('umount', [world.statePath], { timeLimitMs: 5_000 });
});
