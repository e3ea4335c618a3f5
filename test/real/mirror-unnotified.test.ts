/** Changes of which the watch from above tells nothing, found between passes: writes in place, and what is done on the server itself. */
import fs from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SHARE } from '../../smb/wire/create.ts';
import { seeded } from '../../tryout/files.ts';
import { startProgram } from './mirror-holder.ts';
import { type Engine, until, World } from './mirror-world.ts';

const FOLDERS = 60;
const REMOVALS = process.env['STANDBY_LONG'] === undefined ? 30 : 300;
const SEED = 41;
let world: World;
let engine: Engine;

beforeAll(async () => {
  world = await World.make({ port: 4493 });
  for (let n = 0; n < FOLDERS; n += 1) world.put(`Cold/${n}/file.txt`, `old ${n}`, 1_600_000_000);
  engine = world.engine();
  await world.live(engine);
});

afterAll(async () => {
  await world.close();
});

const copy = (file: string): string => fs.readFileSync(world.mirror(file), 'utf8');

it('finds a file that is written in place in a folder where nothing had happened, and what is done on the server itself', async () => {
  const program = await startProgram(world.port);
  const file = await program.open('Cold/7/file.txt', SHARE.all);
  await file.write(0, Buffer.from('new 7'));
  await file.close();
  fs.writeFileSync(world.main('Cold/8/file.txt'), 'new 8, on the server');
  fs.writeFileSync(world.main('Cold/9/another.txt'), 'made on the server');
  fs.rmSync(world.main('Cold/10/file.txt'));
  await until('the write in place is here', () => copy('Cold/7/file.txt') === 'new 7');
  await until('the local one', () => copy('Cold/8/file.txt') === 'new 8, on the server');
  await until('the local new one', () => fs.existsSync(world.mirror('Cold/9/another.txt')));
  await until('the local removal', () => !fs.existsSync(world.mirror('Cold/10/file.txt')));
  program.end();
  // Not by a pass: there was but the first one.
  expect(engine.stderr.match(/passed over the share/gu)).toHaveLength(1);
  await world.same();
});

it('lets users rename the folders that it watches, and those above them', async () => {
  await world.client('put /etc/hostname Cold/20/made.txt');
  await until('the new file is here', () => fs.existsSync(world.mirror('Cold/20/made.txt')));
  await world.client('rename Cold/20 Cold/twenty; rename Cold Warm');
  await until('the folders were followed', () => fs.existsSync(world.mirror('Warm/twenty/made.txt')));
  fs.writeFileSync(world.main('Warm/twenty/made.txt'), 'written after the rename');
  await until('and what happens in them', () => copy('Warm/twenty/made.txt') === 'written after the rename');
  await world.same();
});

it(`holds no folder that users remove right after they worked in it (${REMOVALS} times, seed ${SEED})`, async () => {
  const chance = seeded(SEED);
  for (let n = 0; n < REMOVALS; n += 1) {
    await world.client(`mkdir Gone${n}; put /etc/hostname Gone${n}/made.txt`);
    await new Promise((resolve) => setTimeout(resolve, chance() * 120));
    await world.client(`del Gone${n}/made.txt; rmdir Gone${n}`);
  }
  await until(
    'all are gone from the main',
    () => !fs.readdirSync(world.main('')).some((name) => name.startsWith('Gone')),
  );
  await world.same();
});
