/** Times as servers and file systems have them: rounded to two seconds, before 1970, after 2106. Nothing is copied without need, and no change is missed. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { stampPath } from '../../base/libc.ts';
import { canMake, Disk } from './disks.ts';
import { ALICE, type Engine, until, World } from './mirror-world.ts';

const PORT = 4503;
let world: World;
let disks: Disk[] = [];

afterEach(async () => {
  await world.close();
  for (const disk of disks) await disk.destroy();
  disks = [];
});

/** Mirrors with a fresh engine until its pass is over, and tells which files that replaced or touched. */
async function secondPass(first: Engine): Promise<{ engine: Engine; moved: string[] }> {
  const before = inodes();
  await first.end();
  const engine = world.engine();
  const began = Date.now();
  await until('the pass is over', () => (engine.share('Office')?.lastPassMs ?? 0) >= began);
  await world.live(engine);
  const after = inodes();
  expect(engine.share('Office')).toMatchObject({ skipped: 0, problem: '' });
  const moved = [...after].filter(([file, stamp]) => before.get(file) !== stamp).map(([file]) => file);
  return { engine, moved };
}

/** Path to inode number and ChangeTime: a copy, also one of the same content, and a change of marks move one of them. */
function inodes(): Map<string, string> {
  const root = world.mirror('');
  return new Map(
    fs.readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry) => {
      if (!entry.isFile()) return [];
      const at = path.join(entry.parentPath, entry.name);
      const stat = fs.statSync(at, { bigint: true });
      return [[path.relative(root, at), `${stat.ino} ${stat.ctimeNs}`] as const];
    }),
  );
}

it('misses no change on a server that rounds its times to two seconds, and copies nothing twice', async () => {
  world = await World.make({ port: PORT, lines: ['dos filetime resolution = yes'] });
  for (let n = 0; n < 40; n += 1) world.put(`a/${n}.txt`, `content ${n}`);
  const engine = world.engine();
  await world.live(engine);
  // Versions of one length, as fast as they come: most of them share their stamps with the one before.
  for (let version = 0; version < 12; version += 1) {
    for (let n = 0; n < 8; n += 1) fs.writeFileSync(world.main(`a/${n}.txt`), `version ${version % 10} of ${n}`);
    await pause(130);
  }
  // What the disk of the main has in finer stamps than the server tells is not compared here.
  const wrong = (): string[] =>
    world.differences().flatMap(({ path: file, what }) => (what.startsWith('written') ? [] : [`${file}: ${what}`]));
  await until('all changes have arrived', () => wrong().length === 0);
  // Everything is older than a step now, and the stamps say so.
  await until('nothing is looked at any more', () => engine.share('Office')?.skipped === 0);
  expect((await secondPass(engine)).moved).toEqual([]);
});

const YEAR_S = 31_556_952;
/** Seconds since 1970. */
const MOMENTS = {
  'of 1601': -11_644_473_600 + YEAR_S / 4,
  'of 1902': -2_145_916_800,
  'before 1970': -1_000_000_000,
  'of 1969': -2,
  'of 1970': 1,
  'of 2038': 2_147_483_647,
  'after 2038': 2_147_483_648 + 86_400,
  'of 2106': 4_294_967_296,
  'after 2106': 4_294_967_296 + YEAR_S,
  'of 2446': 15_032_385_535,
  'of 9999': 253_402_300_799,
};

for (const kind of ['tmpfs', 'ext4', 'xfs', 'btrfs'] as const)
  it.runIf(kind === 'tmpfs' || canMake(kind))(`${kind}: keeps or bounds times of all centuries`, async () => {
    const disk = kind === 'tmpfs' ? undefined : await Disk.make(kind);
    if (disk !== undefined) disks.push(disk);
    world = await World.make({
      port: PORT,
      ...(disk === undefined ? {} : { mirrorPath: path.join(disk.at, 'mirror') }),
    });
    for (const [name, seconds] of Object.entries(MOMENTS)) {
      world.put(`times/${name}`, name);
      const ns = BigInt(Math.floor(seconds)) * 1_000_000_000n + 123_456_700n;
      stampPath(world.main(`times/${name}`), { accessedNs: ns, writtenNs: ns });
    }
    let engine = world.engine();
    await world.live(engine);
    for (const name of Object.keys(MOMENTS)) expect(`${fs.readFileSync(world.mirror(`times/${name}`))}`).toBe(name);
    const moved = Object.keys(MOMENTS).filter((name) => {
      const [a, b] = [world.main(`times/${name}`), world.mirror(`times/${name}`)].map(
        (file) => fs.statSync(file, { bigint: true }).mtimeNs / 100n,
      );
      return a !== b;
    });
    console.log(`times: ${kind}: other times than on the main: ${moved.join(', ') || 'none'}`);
    const second = await secondPass(engine);
    expect(second.moved).toEqual([]);
    engine = second.engine;
    // A change of the time alone, far from today, is a change.
    const [file, ns] = [world.main('times/before 1970'), -900_000_000n * 1_000_000_000n];
    fs.writeFileSync(file, 'BEFORE 1970');
    fs.chownSync(file, ALICE.uid, ALICE.gid);
    stampPath(file, { accessedNs: ns, writtenNs: ns });
    expect((await secondPass(engine)).moved).toEqual(['times/before 1970']);
    expect(`${fs.readFileSync(world.mirror('times/before 1970'))}`).toBe('BEFORE 1970');
  });
