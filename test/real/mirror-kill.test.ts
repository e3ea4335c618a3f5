/** kill -9 of the engine at random moments of its first pass: no half file is ever visible, and nothing that had its name is copied twice. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { seeded } from '../../tryout/files.ts';
import { until, World } from './mirror-world.ts';

const SEED = 20_261;
const ROUNDS = process.env['STANDBY_LONG'] === undefined ? 5 : 20;
const FILES = 1_500;

let world: World;

afterEach(async () => {
  await world.close();
});

function digest(file: string): string {
  return crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}

/** Every file that is visible in the mirror, with its inode. */
function visible(): Map<string, number> {
  const found = new Map<string, number>();
  const root = world.mirror('');
  if (!fs.existsSync(root)) return found;
  for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
    const at = path.join(entry.parentPath, entry.name);
    // The engine may be at work: a temp can be gone between the listing and the look.
    const stat = fs.lstatSync(at, { throwIfNoEntry: false });
    if (stat?.isFile()) found.set(path.relative(root, at), stat.ino);
  }
  return found;
}

it(`shows no half file and copies nothing twice when it is killed ${ROUNDS} times (seed ${SEED})`, {
  timeout: 120_000,
}, async () => {
  const chance = seeded(SEED);
  world = await World.make({ port: 4480 });
  const digests = new Map<string, string>();
  for (let n = 0; n < FILES; n += 1) {
    const file = `folder ${n % 37}/sub ${n % 5}/file ${n}.bin`;
    const at = world.main(file);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, crypto.randomBytes(n % 50 === 0 ? 3_000_000 : Math.floor(chance() * 65_536)));
    digests.set(file, digest(at));
  }
  world.own();
  /** Copied again although they were there. */
  const again: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = visible();
    const engine = world.engine();
    const wanted = Math.floor(((round + chance()) * FILES) / ROUNDS);
    await until('so many files are there', () => visible().size >= Math.max(wanted, before.size));
    await engine.kill();
    const now = visible();
    for (const [file] of now)
      if (!file.includes('.~standby-')) expect(digest(world.mirror(file)), file).toBe(digests.get(file));
    for (const [file, inode] of before) if (now.has(file) && now.get(file) !== inode) again.push(file);
  }
  const last = visible();
  const engine = world.engine();
  await world.live(engine);
  await world.same();
  const end = visible();
  for (const [file, inode] of last) if (end.get(file) !== inode && !file.includes('.~standby-')) again.push(file);
  expect(again).toEqual([]);
  expect([...end.keys()].filter((file) => file.includes('.~standby-'))).toEqual([]);
});

it('leaves the old or the new version, and never a mixture, when it is killed while it replaces', {
  timeout: 60_000,
}, async () => {
  world = await World.make({ port: 4481 });
  const versions = [1, 2].map((value) => Buffer.alloc(6_000_000, value));
  const written = versions.map((content) => crypto.createHash('sha256').update(content).digest('hex'));
  world.put('big.bin', versions[0] ?? '');
  let engine = world.engine();
  await world.live(engine);
  const chance = seeded(SEED);
  for (let round = 1; round <= ROUNDS; round += 1) {
    await engine.kill();
    world.put('big.bin', versions[round % 2] ?? '');
    engine = world.engine();
    await until('it is mirroring', () => engine.last('mirror'));
    await new Promise((resolve) => setTimeout(resolve, chance() * 60));
    await engine.kill();
    expect(written).toContain(digest(world.mirror('big.bin')));
  }
  engine = world.engine();
  await world.same();
});
