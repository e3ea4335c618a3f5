/**
 * kill -9 of the engine at many random points, from its first moment to its idle one: after each, every visible file is one that
 * the main had, and no file that was there already is copied again.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { seeded } from '../../tryout/files.ts';
import { until, World } from './mirror-world.ts';
import { Users, visible } from './users.ts';

const POINTS = process.env['STANDBY_LONG'] === undefined ? 20 : 1_000;
const SEED = 991;
/** New, changed and renamed files before each kill. */
const FRESH = 25;

let world: World;

afterEach(async () => {
  await world.close();
});

it(`shows no half file and copies nothing twice through ${POINTS} kills (seed ${SEED})`, {
  timeout: POINTS * 3_000 + 60_000,
}, async () => {
  const chance = seeded(SEED);
  world = await World.make({ port: 4508 });
  const users = new Users(world, chance);
  /** Users changed these since the mirror was seen to have them. */
  const touched = new Set<string>();
  const copiedAgain: string[] = [];
  let before = new Map<string, number>();
  let early = 0;
  let midway = 0;
  const see = (): void => {
    const now = visible(world, users);
    for (const [file, inode] of now) {
      const was = before.get(file);
      if (was !== undefined && was !== inode && !touched.has(file)) copiedAgain.push(file);
      if (touched.has(file) && users.has(file, world.mirror(file))) touched.delete(file);
    }
    before = now;
  };
  for (let point = 0; point < POINTS; point += 1) {
    for (const file of users.work(FRESH)) touched.add(file);
    const engine = world.engine();
    // A sixth of them fall into the start, before it is configured.
    if (chance() > 1 / 6) await until('it has begun', () => engine.last('mirror'));
    else early += 1;
    await pause(chance() * 150);
    await engine.kill();
    see();
    if (touched.size > 0) midway += 1;
  }
  const engine = world.engine();
  await world.live(engine);
  await world.same();
  see();
  console.log(
    `kill-points: ${POINTS} kills, ${early} of them at the start, ${midway} while the mirror was behind; ${before.size} files at the end, ${copiedAgain.length} copied again`,
  );
  expect(midway).toBeGreaterThan(POINTS / 4);
  expect(copiedAgain).toEqual([]);
});
