/** Files that users of the main have open: kept as they were while they cannot be read, and never shown half one version and half another. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { SHARE } from '../../smb/wire/create.ts';
import { seeded } from '../../tryout/files.ts';
import { startProgram } from './mirror-holder.ts';
import { until, World } from './mirror-world.ts';

const VERSIONS = process.env['STANDBY_LONG'] === undefined ? 60 : 600;
const PIECES = 12;
const SEED = 31;
let world: World;

afterEach(async () => {
  await world.close();
});

it('keeps the old copy of a file that a program holds for itself, says so, and copies it when it is released', async () => {
  world = await World.make({ port: 4489 });
  world.put('Books/ledger.db', 'old', 1_600_000_000);
  world.put('Books/other.txt', 'other', 1_600_000_000);
  const engine = world.engine({ passEveryMs: 500 });
  await world.live(engine);
  const program = await startProgram(world.port);
  const file = await program.open('Books/ledger.db', SHARE.nothing);
  await file.write(0, Buffer.from('new and longer'));
  await until('it is told', () => engine.last('problems')?.problems.find((one) => one.path === 'Books/ledger.db'));
  expect(engine.last('problems')?.problems[0]?.why).toContain('somebody holds it');
  expect(engine.share('Office')?.skipped).toBe(1);
  expect(engine.share('Office')?.complete).toBe(true);
  await world.client(`put ${world.main('Books/other.txt')} Books/third.txt`);
  await until('others go on', () => fs.existsSync(world.mirror('Books/third.txt')));
  expect(fs.readFileSync(world.mirror('Books/ledger.db'), 'utf8')).toBe('old');
  await file.close();
  await until('it is copied', () => fs.readFileSync(world.mirror('Books/ledger.db'), 'utf8') === 'new and longer');
  await until('the problem is over', () => engine.last('problems')?.problems.length === 0);
  program.end();
  await world.same();
});

for (const { how, pieceBytes } of [
  { how: 'a small file', pieceBytes: 8_192 },
  { how: 'a big file', pieceBytes: 262_144 },
])
  it(`shows no mixture of two versions of ${how} that a program writes over and over (${VERSIONS} versions, seed ${SEED})`, {
    timeout: 120_000,
  }, async () => {
    world = await World.make({ port: 4490 });
    const piece = (version: number): Buffer => Buffer.alloc(pieceBytes, version % 251);
    world.put('Books/busy.db', Buffer.concat(Array.from({ length: PIECES }, () => piece(0))), 1_600_000_000);
    const engine = world.engine();
    await world.live(engine);
    const program = await startProgram(world.port);
    const seen = new Set<string>();
    const torn: string[] = [];
    let inode = 0;
    const look = (): void => {
      const fd = fs.openSync(world.mirror('Books/busy.db'), 'r');
      const { ino } = fs.fstatSync(fd);
      if (ino !== inode) {
        inode = ino;
        const content = fs.readFileSync(fd);
        const first = content[0] ?? 0;
        if (content.length !== PIECES * pieceBytes || !content.equals(Buffer.alloc(content.length, first)))
          torn.push(`${content.length} bytes, pieces of ${[...new Set(content)].join(' and ')}`);
        seen.add(crypto.createHash('sha256').update(content).digest('hex'));
      }
      fs.closeSync(fd);
    };
    const watch = setInterval(look, 2);
    const chance = seeded(SEED);
    for (let version = 1; version <= VERSIONS; version += 1) {
      const file = await program.open('Books/busy.db', SHARE.all);
      for (let n = 0; n < PIECES; n += 1) await file.write(n * pieceBytes, piece(version));
      await file.close();
      await new Promise((resolve) => setTimeout(resolve, chance() * 100));
      if (version % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await world.same();
    clearInterval(watch);
    look();
    program.end();
    console.log(`open: ${seen.size} of ${VERSIONS} versions of ${how} were seen on the mirror`);
    expect(torn).toEqual([]);
    expect(seen.size).toBeGreaterThan(1);
  });
