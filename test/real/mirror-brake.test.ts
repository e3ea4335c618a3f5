/**
 * The brake against real smbd: documents are encrypted with openssl and written back through SMB one by one while the mirror
 * follows live. At most 5 % of them may be damaged on the mirror when it stops, reject brings every one back, allow goes on.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { BrakeState } from '../../agent/engine-messages.ts';
import { documentOf } from '../../agent/mirror/brake/documents.fake.ts';
import { mustRun } from '../../base/command.ts';
import { seeded } from '../../tryout/files.ts';
import { type Engine, until, World } from './mirror-world.ts';

const SEED = 20_262;
const FILES = process.env['STANDBY_LONG'] === undefined ? 200 : 1_000;
const PART = 0.05;
const KINDS = ['docx', 'pdf', 'txt', 'jpg'];
/** Files of one call of smbclient: it connects anew for each. */
const TOGETHER = 8;

let world: World;

afterEach(async () => {
  await world.close();
});

const brakeOf = (engine: Engine): BrakeState | undefined => engine.last('brake')?.brake;
const standsAt = (engine: Engine, state: BrakeState['state']): Promise<BrakeState> =>
  until(`the brake is ${state}`, () => {
    const brake = brakeOf(engine);
    return brake?.state === state && brake;
  });

/** The world with its documents, mirrored; each document's content by its path. */
async function office(port: number): Promise<{ engine: Engine; good: Map<string, Buffer> }> {
  const chance = seeded(SEED);
  world = await World.make({ port });
  const good = new Map<string, Buffer>();
  for (let n = 0; n < FILES; n += 1) {
    const kind = KINDS[n % KINDS.length] ?? '';
    const file = `dept ${n % 7}/${n}.${kind}`;
    const content = documentOf(kind, chance);
    good.set(file, content);
    fs.mkdirSync(path.dirname(world.main(file)), { recursive: true });
    fs.writeFileSync(world.main(file), content);
  }
  world.own();
  const engine = world.engine();
  await world.live(engine);
  await world.same();
  return { engine, good };
}

/** Encrypts every document beside the main, so that only writing it back is left to do. */
async function encrypt(good: Map<string, Buffer>, args: string): Promise<string> {
  const folder = path.join(world.folder, 'encrypted');
  fs.mkdirSync(folder);
  const script = [...good.keys()].map(
    (file, n) => `openssl enc -aes-256-cbc ${args} -in '${world.main(file)}' -out '${folder}/${n}'`,
  );
  const file = path.join(folder, 'script');
  fs.writeFileSync(file, script.join('\n'));
  await mustRun('sh', ['-e', file], { timeLimitMs: 120_000 });
  return folder;
}

/** Writes over SMB until all is done or the brake is on; returns how many were written. */
async function attack(
  files: string[],
  isOver: () => boolean,
  commands: (file: string, n: number) => string,
): Promise<number> {
  for (let n = 0; n < files.length; n += TOGETHER) {
    const some = files.slice(n, n + TOGETHER);
    await world.client(some.map((file, k) => commands(file, n + k)).join('; '));
    if (isOver()) return n + some.length;
  }
  return files.length;
}

/** Documents that are not on the mirror as they were. */
function damaged(good: Map<string, Buffer>): string[] {
  return [...good].flatMap(([file, content]) => {
    const at = world.mirror(file);
    return fs.existsSync(at) && fs.readFileSync(at).equals(content) ? [] : [file];
  });
}

it(`stops within 5 % of ${FILES} documents that are encrypted in place, puts all back, and goes on (seed ${SEED}, kill -9 in between)`, {
  timeout: 300_000,
}, async () => {
  const { engine: first, good } = await office(4495);
  let engine = first;
  const key = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';
  const folder = await encrypt(good, `-K ${key} -iv ${key.slice(0, 32)}`);
  const files = [...good.keys()];
  const write = (file: string, n: number): string => `put ${folder}/${n} "${file.replaceAll('/', '\\')}"`;
  // Some get through, then the engine is killed: what it has seen must count afterwards.
  await attack(files.slice(0, 4), () => false, write);
  await until('the first are noted', () => (brakeOf(engine)?.noted ?? 0) >= 3);
  await engine.kill();
  engine = world.engine();
  await world.live(engine);
  const reached =
    4 +
    (await attack(
      files.slice(4),
      () => brakeOf(engine)?.state === 'tripped',
      (file, n) => write(file, n + 4),
    ));
  const tripped = await standsAt(engine, 'tripped');
  const lost = damaged(good);
  console.log(
    `${reached} of ${FILES} encrypted when it was seen, ${lost.length} damaged on the mirror: ${tripped.why}`,
  );
  expect(lost.length).toBeGreaterThan(0);
  expect(lost.length).toBeLessThanOrEqual(FILES * PART);
  expect(tripped.why).toContain('random bytes where there was content');

  // A restart keeps it, and nothing is copied whoever asks.
  await engine.kill();
  await attack(
    files.slice(reached),
    () => false,
    (file, n) => write(file, n + reached),
  );
  engine = world.engine();
  await standsAt(engine, 'tripped');
  engine.send({ kind: 'mirror' });
  expect((await engine.order({ kind: 'brake', act: 'list' }, 'brake-list')).list.changes.length).toBeGreaterThanOrEqual(
    lost.length,
  );
  expect(damaged(good)).toEqual(lost);

  // Rejected, and killed at once: the next engine ends what was begun.
  engine.send({ kind: 'brake', act: 'reject' });
  await until('rejecting', () => ['rejecting', 'rejected'].includes(brakeOf(engine)?.state ?? ''));
  await engine.kill();
  engine = world.engine();
  const rejected = await standsAt(engine, 'rejected');
  expect(rejected).toMatchObject({ open: 0, missing: 0 });
  expect(damaged(good)).toEqual([]);

  // A takeover takes the good state, and gives it back.
  await engine.order({ kind: 'freeze', decision: 'd1' }, 'frozen');
  await engine.order({ kind: 'thaw', decision: 'd1' }, 'thawed');
  expect(damaged(good)).toEqual([]);

  engine.send({ kind: 'mirror' });
  await engine.order({ kind: 'brake', act: 'allow' }, 'brake-done');
  await world.same();
  expect(brakeOf(engine)?.state).toBe('off');
  expect(damaged(good)).toHaveLength(FILES);
});

it(`stops within 5 % of ${FILES} documents that get another name, and brings back what was removed`, {
  timeout: 300_000,
}, async () => {
  const { engine, good } = await office(4496);
  const folder = await encrypt(good, '-pbkdf2 -iter 1 -pass pass:x');
  const files = [...good.keys()];
  await attack(
    files,
    () => brakeOf(engine)?.state === 'tripped',
    (file, n) => {
      const name = file.replaceAll('/', '\\');
      return `put ${folder}/${n} "${name}.locked"; del "${name}"`;
    },
  );
  await standsAt(engine, 'tripped');
  expect(damaged(good).length).toBeLessThanOrEqual(FILES * PART);
  await engine.order({ kind: 'brake', act: 'reject' }, 'brake-done');
  await standsAt(engine, 'rejected');
  expect(damaged(good)).toEqual([]);
  const strays = fs
    .readdirSync(world.mirror(''), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.locked'));
  expect(strays).toEqual([]);
});

it('stops when more than half of a share goes at once, before it goes, and copies nothing more until it is allowed', {
  timeout: 60_000,
}, async () => {
  const { engine, good } = await office(4497);
  for (let n = 0; n < 5; n += 1) await world.client(`deltree "dept ${n}"`);
  const { why } = await standsAt(engine, 'tripped');
  expect(why).toContain('removed');
  expect(damaged(good).length).toBeLessThanOrEqual(FILES / 2);
  await until('what goes on is seen and counted', async () => {
    await world.client(`mkdir later; rmdir later`);
    const { list } = await engine.order({ kind: 'brake', act: 'list' }, 'brake-list');
    return list.held.some(({ path: held }) => held === 'later');
  });
  world.put('later.txt', 'written after it tripped');
  await engine.order({ kind: 'brake', act: 'reject' }, 'brake-done');
  await standsAt(engine, 'rejected');
  expect(damaged(good)).toEqual([]);
  expect(fs.existsSync(world.mirror('later.txt'))).toBe(false);
  await engine.order({ kind: 'brake', act: 'allow' }, 'brake-done');
  await world.same();
});
