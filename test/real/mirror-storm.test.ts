/** A storm of what users do, all at once: whatever notify told or lost, main and mirror are equal when it is over. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { seeded } from '../../tryout/files.ts';
import { World } from './mirror-world.ts';

const SEED = 77;
const OPERATIONS = process.env['STANDBY_LONG'] === undefined ? 400 : 4_000;
const ROUNDS = 4;
let world: World;

afterEach(async () => {
  await world.close();
});

it(`is followed by watch and scans alone, without another full pass (${OPERATIONS} operations, seed ${SEED})`, {
  timeout: 120_000,
}, async () => {
  world = await World.make({ port: 4488 });
  const engine = world.engine();
  await world.live(engine);
  const passMs = engine.share('Office')?.lastPassMs;
  const chance = seeded(SEED);
  const pick = (list: string[]): string => list[Math.floor(chance() * list.length)] ?? '';
  const folders = ['a', 'a/b', 'c', 'c/d e', 'f'];
  const names = ['one.txt', 'two.txt', 'Three.doc', 'drei.txt', 'ONE.TXT'];
  const local = (n: number): string => path.join(world.folder, `local-${n}`);
  for (let n = 0; n < 8; n += 1) fs.writeFileSync(local(n), Buffer.alloc(n * n * 700, n));
  const operation = (): string => {
    const at = `${pick(folders)}/${pick(names)}`;
    const kinds = ['put', 'put', 'put', 'rename', 'del', 'mkdir', 'mkdir', 'deltree', 'folder', 'mode'];
    switch (pick(kinds)) {
      case 'put':
        return `put ${local(Math.floor(chance() * 8))} "${at}"`;
      case 'rename':
        return `rename "${at}" "${pick(folders)}/${pick(names)}"`;
      case 'del':
        return `del "${at}"`;
      case 'mkdir':
        return `mkdir "${pick(folders)}"`;
      case 'deltree':
        return chance() < 0.3 ? `deltree "${pick(folders)}"` : `mkdir "${pick(folders)}"`;
      case 'folder':
        return `rename "${pick(folders)}" "${pick(folders)}"`;
      default:
        return `setmode "${at}" ${pick(['+h', '-h', '+r', '-r'])}`;
    }
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const commands = Array.from({ length: OPERATIONS / ROUNDS }, operation);
    // smbclient's own failures (no such file, exists) belong to the storm.
    await world
      .client(`${folders.map((name) => `mkdir "${name}"`).join('; ')}; ${commands.join('; ')}`)
      .catch(() => {});
    await world.same();
  }
  expect(engine.share('Office')?.lastPassMs).toBe(passMs);
});
