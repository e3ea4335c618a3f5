/**
 * Trouble with the mirror's disk besides its being full (mirror-disk.test.ts): no inodes, read-only, dead. Mirroring stops with
 * an alert that names the trouble, what is there stays served, and it goes on by itself when the disk is mended.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { mustRun } from '../../base/command.ts';
import { type Samba, startSamba } from '../../tryout/samba.ts';
import { canMake, Disk, type Kind } from './disks.ts';
import { type Engine, until, World } from './mirror-world.ts';

const PORT = 4500;
let world: World;
let disk: Disk;
let served: Samba | undefined;

afterEach(async () => {
  await served?.stop();
  served = undefined;
  await world.close();
  await disk.destroy();
});

async function mirrorOn(made: Disk): Promise<void> {
  disk = made;
  world = await World.make({ port: PORT, mirrorPath: path.join(disk.at, 'mirror') });
}

function alerted(engine: Engine, code: string): boolean {
  return engine.messages.some((message) => message.kind === 'alert' && message.code === code);
}

/** Serves the mirror's folder as after a takeover, and reads a file of it like a user. */
async function readServed(file: string): Promise<Buffer> {
  served ??= await startSamba({
    folder: path.join(world.folder, 'served'),
    netbiosName: 'STANDBY',
    users: { alice: 'alice-1' },
    shares: [{ name: 'Office', path: world.mirror(''), lines: ['force user = standby'] }],
    port: PORT + 1,
  });
  const account = path.join(world.folder, 'alice');
  const copy = path.join(world.folder, 'read');
  fs.writeFileSync(account, 'username = alice\npassword = alice-1\n', { mode: 0o600 });
  await mustRun(
    'smbclient',
    ['//127.0.0.1/Office', '-p', String(PORT + 1), '-A', account, '-c', `get "${file.replaceAll('/', '\\')}" ${copy}`],
    { timeLimitMs: 20_000 },
  );
  return fs.readFileSync(copy);
}

it('stops with an alert that speaks of inodes when there are none left, and goes on when there are', async () => {
  await mirrorOn(await Disk.make('ext4', { mkfs: ['-N', '256'], bytes: 64 * 1_048_576 }));
  for (let n = 0; n < 60; n += 1) world.put(`folder/${n}.txt`, `${n}`);
  const ballast = path.join(disk.at, 'ballast');
  fs.mkdirSync(ballast);
  for (let n = 0; fs.statfsSync(disk.at).ffree > 60; n += 1) fs.writeFileSync(path.join(ballast, `${n}`), '');
  const engine = world.engine();
  await until('the alert', () => alerted(engine, 'disk-full'));
  await until('the state tells it', () => (engine.share('Office')?.problem ?? '').includes('no inodes'));
  const [some = ''] = fs.readdirSync(world.mirror('folder'));
  expect((await readServed(`folder/${some}`)).toString()).toBe(path.basename(some, '.txt'));
  fs.rmSync(ballast, { recursive: true });
  await world.live(engine);
  await world.same();
  expect(engine.share('Office')?.problem).toBe('');
});

for (const kind of ['ext4', 'xfs', 'btrfs'] as const)
  it.runIf(canMake(kind))(`${kind}: stops with an alert while it is read-only, and goes on by itself`, async () => {
    await mirrorOn(await Disk.make(kind));
    const first = crypto.randomBytes(50_000);
    world.put('a/first.bin', first);
    world.put('a/gone.txt', 'gone');
    const engine = world.engine();
    await world.live(engine);
    await world.same();
    await disk.remount('ro');
    world.put('a/second.txt', 'second');
    world.put('a/first.bin', crypto.randomBytes(60_000));
    fs.rmSync(world.main('a/gone.txt'));
    await until('the alert', () => alerted(engine, 'mirror-read-only'));
    await until('the state tells it', () => (engine.share('Office')?.problem ?? '').includes('read-only'));
    expect(await readServed('a/first.bin')).toEqual(first);
    await disk.remount('rw');
    await world.live(engine);
    await world.same();
    expect(engine.running).toBe(true);
    expect(engine.share('Office')).toMatchObject({ problem: '', skipped: 0 });
  });

it('says so when only a removal meets the read-only disk', async () => {
  await mirrorOn(await Disk.make('ext4'));
  world.put('a/gone.txt', 'gone');
  const engine = world.engine();
  await world.live(engine);
  await disk.remount('ro');
  await world.client('del "a/gone.txt"');
  await until('the alert', () => alerted(engine, 'mirror-read-only'));
  await disk.remount('rw');
  await world.live(engine);
  await world.same();
});

async function dies(kind: Kind): Promise<void> {
  await mirrorOn(await Disk.make(kind));
  for (let n = 0; n < 40; n += 1) world.put(`folder/${n}.bin`, crypto.randomBytes(20_000));
  let engine = world.engine();
  await world.live(engine);
  await until('all is complete', () => world.differences().length === 0);
  disk.cut();
  world.put('folder/new.bin', 'new');
  // standbyd starts it again; that one opens nothing while the disk is dead.
  await until('it has ended', () => !engine.running);
  expect(alerted(engine, 'mirror-failing')).toBe(true);
  engine = world.engine();
  await until('the alert', () => alerted(engine, 'mirror-failing'));
  await disk.back();
  await world.live(engine);
  await world.same();
}

for (const kind of ['ext4', 'xfs'] as const)
  it.runIf(canMake(kind))(`${kind}: ends with an alert when the disk dies, and goes on when it is mounted again`, () =>
    dies(kind),
  );
