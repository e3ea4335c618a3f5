/** kill -9 of the engine while it patches a clone of a big file: the old or the new version lies there, and never a mixture. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { seeded } from '../../tryout/files.ts';
import { digest, fill, MIB } from './big-share.ts';
import { type Disk, makeDisk, REFLINK_DISKS } from './loop-disks.ts';
import { type Engine, until, World } from './mirror-world.ts';

const SEED = 20_264;
const ROUNDS = process.env['STANDBY_LONG'] === undefined ? 5 : 25;
const SIZE = 96 * MIB;
const PORT = 4_497;

let world: World;
let disk: Disk;

afterEach(async () => {
  await world.close();
  await disk.remove();
});

/** How much a nameless draft of the engine takes on the disk by now; undefined while it has none. */
function draftBlocks(engine: Engine): number | undefined {
  const folder = `/proc/${engine.pid}/fd`;
  for (const fd of fs.readdirSync(folder)) {
    try {
      const at = `${folder}/${fd}`;
      if (!fs.readlinkSync(at).startsWith(world.mirrorPath) || !fs.readlinkSync(at).endsWith('(deleted)')) continue;
      const stat = fs.statSync(at);
      if (stat.nlink === 0 && stat.size === SIZE) return stat.blocks;
    } catch {
      // It was closed between the listing and the look.
    }
  }
  return undefined;
}

describe.each(REFLINK_DISKS)('on %s', (kind) => {
  it(`leaves a whole version when it is killed ${ROUNDS} times while it patches (seed ${SEED})`, {
    timeout: 300_000,
  }, async () => {
    disk = await makeDisk(kind, 900);
    world = await World.make({ port: PORT, mirrorPath: `${disk.folder}/mirror` });
    const file = world.main('big.bin');
    fill(file, SIZE);
    world.own();
    let engine = world.engine();
    await world.live(engine);
    const chance = seeded(SEED);
    let cutOff = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      await engine.kill();
      const before = digest(world.mirror('big.bin'));
      const fd = fs.openSync(file, 'r+');
      for (let at = 0; at < SIZE; at += 2 * MIB) fs.writeSync(fd, crypto.randomBytes(MIB), 0, MIB, at);
      fs.closeSync(fd);
      const after = digest(file);
      engine = world.engine();
      await until('it patches, or is done', () => {
        const blocks = draftBlocks(engine);
        return blocks !== undefined || digest(world.mirror('big.bin')) === after;
      });
      // So many looks later, each of which takes a moment.
      const looks = Math.floor(chance() * 40);
      for (let look = 0; look < looks && draftBlocks(engine) !== undefined; look += 1)
        await new Promise((resolve) => setImmediate(resolve));
      if (draftBlocks(engine) !== undefined) cutOff += 1;
      await engine.kill();
      expect([before, after]).toContain(digest(world.mirror('big.bin')));
    }
    process.stderr.write(`${kind}: ${cutOff} of ${ROUNDS} kills fell into patching\n`);
    expect(cutOff).toBeGreaterThan(0);
    engine = world.engine();
    await world.same();
    await world.live(engine);
    // What a kill took away is not counted; from here on everything is.
    const before = engine.share('Office')?.traffic.ever ?? { readBytes: 0, writtenBytes: 0 };
    const fd = fs.openSync(file, 'r+');
    fs.writeSync(fd, crypto.randomBytes(MIB), 0, MIB, 5 * MIB);
    fs.closeSync(fd);
    await world.client('setmode big.bin +r');
    const moved = await until('the figures are told', () => {
      const { readBytes, writtenBytes } = engine.share('Office')?.traffic.ever ?? before;
      return readBytes >= before.readBytes + SIZE && { read: readBytes, written: writtenBytes - before.writtenBytes };
    });
    expect(moved.written).toBe(MIB);
    await world.same();
    expect(fs.readdirSync(world.mirror('')).filter((name) => name.startsWith('.~standby-'))).toEqual([]);
  });
});
