/** Several shares of one main: the first pass of one, however long, keeps no change from the others. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALICE, type Engine, until, World } from './mirror-world.ts';

/** Seconds of work for the engine, on any machine. */
const FILES = 6_000;
let world: World;
let engine: Engine;

beforeAll(async () => {
  // Shares are passed over in the order of the settings.
  world = await World.make({ port: 4491, shares: [{ name: 'Archive' }, { name: 'Plans' }] });
  for (let folder = 0; folder < 12; folder += 1) {
    const at = world.main(`year ${folder}`, 'Archive');
    fs.mkdirSync(at);
    for (let file = 0; file < FILES / 12; file += 1)
      fs.writeFileSync(path.join(at, `letter ${file}.txt`), `letter ${file} of ${folder} `.repeat(30));
  }
  fs.mkdirSync(world.main('old', 'Plans'));
  fs.writeFileSync(world.main('old/first.txt', 'Plans'), 'as it was');
  world.own('Archive');
  world.own('Plans');
});

afterAll(() => world.close());

/** What the mirror has at a path; undefined when there is nothing. */
function mirrored(file: string): string | undefined {
  const at = world.mirror(file, 'Plans');
  return fs.existsSync(at) ? fs.readFileSync(at, 'utf8') : undefined;
}

/** Files of the archive that are not on the mirror yet, as the engine tells. */
const archiveToDo = (): number => engine.share('Archive')?.filesToDo ?? 0;

async function put(file: string, content: string): Promise<void> {
  const local = `${world.folder}/local`;
  fs.writeFileSync(local, content);
  fs.chownSync(local, ALICE.uid, ALICE.gid);
  await world.client(`put ${local} "${file}"`, 'Plans');
}

it('a change arrives while the first pass of another share goes on, also before its own share was passed over', async () => {
  engine = world.engine();
  // The pass of the archive is under way, and Plans waits for its own turn.
  await until('the archive is being copied', () => (engine.share('Archive')?.files ?? 0) > 0 && archiveToDo() > 0);
  expect(engine.share('Plans')?.complete).toBe(false);

  await put('new.txt', 'written meanwhile');
  await until('the new file is on the mirror', () => mirrored('new.txt') === 'written meanwhile');
  await put('old/second.txt', 'in a folder that no pass has seen');
  await until('the other one too', () => mirrored('old/second.txt') === 'in a folder that no pass has seen');
  await put('new.txt', 'written again');
  await until('the change too', () => mirrored('new.txt') === 'written again');

  const left = archiveToDo();
  console.log(`three changes arrived while ${left} of ${FILES} files of the other share were still to be copied`);
  expect(engine.share('Archive')?.complete).toBe(false);
  expect(engine.share('Plans')?.complete).toBe(false);
  expect(left).toBeGreaterThan(0);
});

it('and afterwards everything of both is there', async () => {
  await until('both are complete', () => ['Archive', 'Plans'].every((name) => engine.share(name)?.complete));
  await world.same('Archive');
  await world.same('Plans');
});
