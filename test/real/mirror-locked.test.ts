/** Files that users of a real smbd hold in each of the share modes: those that can be read are mirrored, the others listed until they are released. */
import fs from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { type OpenFile, startProgram } from './mirror-holder.ts';
import { type Engine, until, World } from './mirror-world.ts';

/** ShareAccess (MS-SMB2 2.2.13): read 1, write 2, delete 4. */
const MODES = { N: 0, R: 1, W: 2, RW: 3, D: 4, RD: 5, WD: 6, RWD: 7 } as const;
const READABLE = ['R', 'RW', 'RD', 'RWD'];
let world: World;

afterEach(async () => {
  await world.close();
});

const copy = (file: string): string => fs.readFileSync(world.mirror(file), 'utf8');
const locked = (engine: Engine): string[] => (engine.last('rpo')?.locked.files ?? []).map((one) => one.path).sort();

it('mirrors files that are held in R, RW, RD and RWD, lists those in N, W, D and WD, and mirrors these when they are released', async () => {
  world = await World.make({ port: 4491 });
  for (const mode of Object.keys(MODES)) world.put(`Held/${mode}.txt`, `old ${mode}`, 1_600_000_000);
  const engine = world.engine();
  await world.live(engine);
  const program = await startProgram(world.port);
  const held: OpenFile[] = [];
  for (const [mode, share] of Object.entries(MODES)) {
    const file = await program.open(`Held/${mode}.txt`, share);
    await file.write(0, Buffer.from(`new ${mode}`));
    held.push(file);
  }
  world.put('Held/never.txt', 'never');
  const never = await program.open('Held/never.txt', MODES.N);
  const unreadable = Object.keys(MODES).filter((mode) => !READABLE.includes(mode));
  await until('those that can be read are here', () =>
    READABLE.every((mode) => copy(`Held/${mode}.txt`) === `new ${mode}`),
  );
  const expected = [...unreadable, 'never'].map((name) => `Held/${name}.txt`).sort();
  await until('the others are listed', () => locked(engine).join() === expected.join());
  for (const mode of unreadable) expect(copy(`Held/${mode}.txt`)).toBe(`old ${mode}`);
  const { count, files } = engine.last('rpo')?.locked ?? { count: 0, files: [] };
  expect(count).toBe(expected.length);
  for (const file of files) {
    expect(Math.abs(Date.now() - file.sinceMs)).toBeLessThan(60_000);
    expect(file.snapshotMs).toBe(0);
    if (file.path === 'Held/never.txt') expect(file.copiedMs).toBe(0);
    else expect(Math.abs(file.copiedMs - fs.statSync(world.mirror(file.path)).ctimeMs)).toBeLessThan(1_000);
  }
  expect(engine.last('rpo')?.shares[0]?.locked).toBe(expected.length);
  // These were seen to arrive; what somebody holds back says nothing about how fast we are.
  const samples = (): number => engine.last('rpo')?.all.samples ?? 0;
  await until('those that arrived are counted', () => samples() === READABLE.length);
  for (const file of [...held, never]) await file.close();
  await until('they are here', () => unreadable.every((mode) => copy(`Held/${mode}.txt`) === `new ${mode}`));
  await until('nothing is listed', () => locked(engine).length === 0);
  expect(samples()).toBe(READABLE.length);
  program.end();
  await world.same();
});

const TOKEN = '@GMT-2026.01.31-12.00.00';
const SNAPSHOT_MS = Date.UTC(2026, 0, 31, 12);

it('reads a held file from the newest snapshot, as what it is, and lists it as of that moment; never one older than the copy', async () => {
  // Snapshots as folders: shadow_copy2 needs no file system that makes them.
  const lines = ['vfs objects = shadow_copy2', 'shadow:snapdir = .snapshots', 'shadow:snapdirseverywhere = yes'];
  world = await World.make({ port: 4492, shares: [{ name: 'Office', lines }] });
  const keep = (token: string, file: string, content: string, writtenSeconds: number): void =>
    world.put(`.snapshots/${token}/${file}`, content, writtenSeconds);
  world.put('Held/grown.db', 'first', 1_600_000_000);
  world.put('Held/ahead.db', 'already here', 1_700_000_000);
  keep('@GMT-2025.01.31-12.00.00', 'Held/grown.db', 'of last year', 1_650_000_000);
  keep(TOKEN, 'Held/grown.db', 'of this year', 1_660_000_000);
  keep(TOKEN, 'Held/ahead.db', 'older than here', 1_660_000_000);
  keep(TOKEN, 'Held/fresh.db', 'never copied before', 1_660_000_000);
  const engine = world.engine();
  await world.live(engine);
  const program = await startProgram(world.port);
  world.put('Held/fresh.db', 'new on the main');
  const names = ['ahead.db', 'fresh.db', 'grown.db'].map((name) => `Held/${name}`);
  const files = await Promise.all(names.map((name) => program.open(name, MODES.N)));
  for (const file of files) await file.write(0, Buffer.from('written while it is held'));
  await until('the snapshot is here', () => copy('Held/grown.db') === 'of this year');
  await until('and of the new file', () => fs.existsSync(world.mirror('Held/fresh.db')));
  expect(copy('Held/fresh.db')).toBe('never copied before');
  expect(fs.statSync(world.mirror('Held/grown.db')).mtimeMs).toBe(1_660_000_000_000);
  await until('all are listed', () => locked(engine).join() === names.join());
  await until('as of the snapshot', () => {
    const asOf = engine.last('rpo')?.locked.files.map((one) => `${one.path} ${one.snapshotMs}`);
    return asOf?.sort().join() === [`${names[0]} 0`, `${names[1]} ${SNAPSHOT_MS}`, `${names[2]} ${SNAPSHOT_MS}`].join();
  });
  expect(copy('Held/ahead.db')).toBe('already here');
  for (const file of files) await file.close();
  await until('what was held is here', () => names.every((name) => copy(name).startsWith('written while it is held')));
  await until('nothing is listed', () => locked(engine).length === 0);
  expect(engine.last('problems')?.problems ?? []).toEqual([]);
  program.end();
  await world.same();
});
