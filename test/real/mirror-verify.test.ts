/** `verify` and the scrub against a real main: what rotted, was changed behind our back, is locked, or never stands still. */
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import type { FromEngine, VerifyState } from '../../agent/engine-messages.ts';
import { setXattr, stampPath } from '../../base/libc.ts';
import { startSamba } from '../../tryout/samba.ts';
import { startProgram } from './mirror-holder.ts';
import { type Engine, until, World } from './mirror-world.ts';

const LONG = process.env['STANDBY_LONG'] === '1';
const LIMIT_MS = 120_000;
let world: World;

afterEach(async () => {
  await world.close();
});

function fill(): void {
  for (let n = 0; n < 40; n += 1)
    world.put(`Letters/inner ${n % 4}/${n}.txt`, `letter ${n} `.repeat(n + 1), 1_600_000_000 + n);
  world.put('Plans/big.bin', Buffer.alloc(5_000_000, 'plan'), 1_500_000_000);
  world.put('top.txt', 'at the top', 1_600_000_000);
  world.put('empty.txt', '', 1_600_000_000);
}

async function standBy(port: number, more: Parameters<World['engine']>[0] = {}, many = 0): Promise<Engine> {
  world = await World.make({ port });
  fill();
  for (let n = 0; n < many; n += 1) {
    const at = world.main(`Many/${n % 30}/${n}.txt`);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, `one of many ${n}`);
  }
  world.own();
  const engine = world.engine(more);
  await world.live(engine);
  await world.same();
  return engine;
}

type Findings = Extract<FromEngine, { kind: 'findings' }>['findings'];

/** One verify, from its order to its end. */
async function verify(engine: Engine, more: { heal?: boolean; hashes?: boolean } = {}): Promise<VerifyState> {
  const before = engine.last('verify')?.verify.id;
  engine.send({ kind: 'verify', heal: more.heal === true, hashes: more.hashes === true });
  await until('the verify begins', () => engine.last('verify')?.verify.id !== before);
  return ended(engine);
}

/** For what is slow on purpose. */
async function slowly<T>(what: string, ask: () => T | undefined | false): Promise<T> {
  const deadline = performance.now() + LIMIT_MS;
  for (;;) {
    const answer = ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function ended(engine: Engine): Promise<VerifyState> {
  return slowly('the verify ends', () => {
    const state = engine.last('verify')?.verify;
    return state !== undefined && state.state !== 'running' && state;
  });
}

/** Main and mirror are equal again. */
async function mended(): Promise<void> {
  await slowly('main and mirror are equal', () => world.differences().length === 0);
}

const findings = (engine: Engine): Findings => engine.last('findings')?.findings ?? [];
const brief = (engine: Engine): string[] => findings(engine).map((one) => `${one.class} ${one.path}: ${one.code}`);

/** Changes one byte of a copy and sets its times back, as a disk would; the owner stays. */
function flip(file: string, at = 3): void {
  const { atimeNs, mtimeNs } = fs.statSync(file, { bigint: true });
  const fd = fs.openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  fs.readSync(fd, byte, 0, 1, at);
  fs.writeSync(fd, Buffer.from([(byte[0] ?? 0) ^ 0x10]), 0, 1, at);
  fs.closeSync(fd);
  stampPath(file, { accessedNs: atimeNs, writtenNs: mtimeNs });
}

/** Makes the index believe that the copies are as they were placed: a disk that rots moves no time at all. */
function forgetTouch(files: string[]): void {
  const index = new DatabaseSync(path.join(world.statePath, 'index.sqlite'));
  for (const file of files) {
    const { ctimeNs, ino } = fs.statSync(file, { bigint: true });
    const done = index.prepare('UPDATE objects SET local_ctime = ? WHERE local_ino = ?').run(ctimeNs, ino);
    expect(Number(done.changes)).toBe(1);
  }
  index.close();
}

describe('verify', () => {
  it('finds no difference where there is none, and proves the share', async () => {
    const engine = await standBy(4521);
    const state = await verify(engine, { hashes: true });
    expect(brief(engine)).toEqual([]);
    expect(state).toMatchObject({ state: 'done', different: 0, listed: 0, changing: 0, same: 43, filesDone: 43 });
    await until('the share tells its proof', () => (engine.share('Office')?.provedMs ?? 0) >= state.startedMs);
    const lines = fs
      .readFileSync(state.report, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));
    expect(lines.filter((line) => line['kind'] === 'file')).toHaveLength(43);
    const { createHash } = await import('node:crypto');
    const sha256 = createHash('sha256')
      .update(fs.readFileSync(world.main('Plans/big.bin')))
      .digest('hex');
    expect(lines.find((line) => line['path'] === 'Plans/big.bin')).toMatchObject({ result: 'same', sha256 });
  });

  it('finds everything that was changed behind our back, heals nothing unless told to, and then all of it', async () => {
    const engine = await standBy(4522);
    flip(world.mirror('Plans/big.bin'), 4_999_999);
    stampPath(world.mirror('top.txt'), { accessedNs: 0n, writtenNs: 1_600_000_000_000_000_100n });
    setXattr(world.mirror('Letters/inner 1/1.txt'), 'user.DOSATTRIB', Buffer.alloc(24));
    fs.rmSync(world.mirror('Letters/inner 2/2.txt'));
    fs.rmSync(world.mirror('Letters/inner 3'), { recursive: true });
    fs.writeFileSync(world.mirror('extra.txt'), 'nobody knows me');
    const state = await verify(engine);
    expect(brief(engine).filter((line) => !line.includes('inner 3/'))).toEqual([
      'different Letters/inner 1/1.txt: created',
      'different Letters/inner 2/2.txt: missing-here',
      'different Letters/inner 3: missing-here',
      'different Plans/big.bin: content',
      'different extra.txt: not-on-main',
      'different top.txt: written',
    ]);
    expect(brief(engine).filter((line) => line.includes('inner 3/'))).toHaveLength(10);
    expect(state).toMatchObject({ state: 'done', different: 16, healed: 0 });
    expect(findings(engine).find((one) => one.path === 'Plans/big.bin')?.why).toContain('from byte 4999999 on');
    expect(world.attic()).toEqual([]);
    expect(fs.existsSync(world.mirror('extra.txt'))).toBe(true);

    const healed = await verify(engine, { heal: true });
    expect(healed).toMatchObject({ state: 'done', different: 0, healed: 16 });
    await world.same();
    expect(world.attic()).toEqual([
      'Office/Letters/inner 1/1.txt',
      'Office/Plans/big.bin',
      'Office/extra.txt',
      'Office/top.txt',
    ]);
    expect(await verify(engine)).toMatchObject({ different: 0, healed: 0, same: 43 });
  });

  it('lists a file that somebody holds alone, and calls it no difference', async () => {
    const engine = await standBy(4523);
    const program = await startProgram(4523);
    const file = await program.open('top.txt', 0);
    expect(await verify(engine)).toMatchObject({ different: 0, listed: 1, same: 42 });
    expect(brief(engine)).toEqual(['listed top.txt: sharing-violation']);
    await file.close();
    program.end();
    expect(await verify(engine)).toMatchObject({ different: 0, listed: 0 });
  });

  it('calls a file changing that never stands still, and forgives one that came to rest', async () => {
    const engine = await standBy(4524);
    let n = 0;
    const write = (): void => {
      n += 1;
      fs.writeFileSync(world.main('top.txt'), `change ${n}`);
    };
    // The mirror copies nothing that was written a moment ago, so each look finds another content.
    const writer = setInterval(write, 20);
    try {
      await until('it is written again and again', () => n > 5);
      const state = await verify(engine);
      expect(state.different).toBe(0);
      expect([state.changing, state.same]).toEqual([1, 42]);
      expect(brief(engine)).toEqual(['changing top.txt: changing']);
    } finally {
      clearInterval(writer);
    }
    fs.writeFileSync(world.main('top.txt'), 'the last one');
    expect(await verify(engine)).toMatchObject({ different: 0, changing: 0, same: 43 });
  });

  it('goes on where it was when the server dies in the middle, and counts nothing twice', async () => {
    const engine = await standBy(4525, {}, 3_000);
    engine.send({ kind: 'verify', heal: false, hashes: true });
    await until('it is under way', () => (engine.last('verify')?.verify.filesDone ?? 0) > 20);
    expect(engine.last('verify')?.verify.state).toBe('running');
    await world.samba.stop();
    await until('it waits', () => engine.last('verify')?.verify.problem !== '');
    world.samba = await startSamba(world.samba.options);
    const state = await ended(engine);
    expect(state).toMatchObject({ state: 'done', different: 0, same: 3_043, filesDone: 3_043 });
    const paths = fs
      .readFileSync(state.report, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => String(JSON.parse(line).path));
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.filter((one) => one.endsWith('.txt') || one.endsWith('.bin'))).toHaveLength(3_043);
  });

  it('goes on after a kill of the engine; ends when mirroring is stopped; refuses while frozen', async () => {
    let engine = await standBy(4526, {}, 3_000);
    engine.send({ kind: 'verify', heal: false, hashes: false });
    const { id } = await until('it is under way', () => {
      const state = engine.last('verify')?.verify;
      return (state?.filesDone ?? 0) > 20 && state;
    });
    await engine.kill();
    engine = world.engine();
    expect(await ended(engine)).toMatchObject({ id, state: 'done', different: 0, same: 3_043 });

    engine.send({ kind: 'verify', heal: true, hashes: false });
    await until('the next begins', () => engine.last('verify')?.verify.id !== id);
    expect((await engine.order({ kind: 'verify', heal: false, hashes: false }, 'failed')).code).toBe('busy');
    await engine.order({ kind: 'freeze', decision: 'decision-1' }, 'frozen');
    expect(engine.last('verify')?.verify).toMatchObject({ state: 'stopped', problem: 'mirroring was stopped' });
    expect((await engine.order({ kind: 'verify', heal: true, hashes: false }, 'failed')).code).toBe('frozen');
    await engine.kill();
    engine = world.engine({}, false);
    expect((await engine.order({ kind: 'verify', heal: true, hashes: false }, 'failed')).code).toBe('frozen');
    await engine.order({ kind: 'thaw', decision: 'decision-1' }, 'thawed');
    expect((await engine.order({ kind: 'verify', heal: true, hashes: false }, 'failed')).code).toBe('not-mirroring');
  });
});

const cycle = (engine: Engine): number => engine.share('Office')?.provedMs ?? 0;

/** A whole cycle of the scrub that began after now is over. */
async function scrubbed(engine: Engine): Promise<void> {
  const nowMs = Date.now();
  await slowly('a cycle is over', () => cycle(engine) > nowMs);
}

describe('the scrub', { timeout: 240_000 }, () => {
  it('heals what rotted within one cycle, keeps what was there, and tells of it', async () => {
    let engine = await standBy(4527);
    await engine.end();
    const files = ['Plans/big.bin', 'Letters/inner 1/1.txt'].map((file) => world.mirror(file));
    const rotten = files.map((file) => {
      flip(file);
      return fs.readFileSync(file);
    });
    forgetTouch(files);
    engine = world.engine({ scrubEveryMs: 1_000 });
    await world.live(engine);
    expect(world.differences()).toHaveLength(2);
    await mended();
    await until('it is told', () => engine.last('alert')?.code === 'rot-healed');
    expect(engine.last('alert')?.hint).toContain('.standby-attic/');
    expect(world.attic()).toEqual(['Office/Letters/inner 1/1.txt', 'Office/Plans/big.bin']);
    const day = path.join(
      world.mirrorPath,
      '.standby-attic',
      fs.readdirSync(path.join(world.mirrorPath, '.standby-attic'))[0] ?? '',
    );
    expect(fs.readFileSync(path.join(day, 'Office/Plans/big.bin')).equals(rotten[0] ?? Buffer.alloc(0))).toBe(true);
    expect(fs.readFileSync(path.join(day, 'Office/Letters/inner 1/1.txt')).equals(rotten[1] ?? Buffer.alloc(0))).toBe(
      true,
    );
    await until('both are logged', () => engine.stderr.split('healed a copy that had rotted').length === 3);
  });

  it('reverts what somebody changed on the mirror, and survives a kill', async () => {
    let engine = await standBy(4528, { scrubEveryMs: 1_000 });
    await scrubbed(engine);
    fs.appendFileSync(world.mirror('top.txt'), ' and more');
    fs.rmSync(world.mirror('Letters/inner 2/2.txt'));
    fs.writeFileSync(world.mirror('Letters/extra.txt'), 'nobody knows me');
    await engine.kill();
    engine = world.engine({ scrubEveryMs: 1_000, passEveryMs: 3_600_000 }, false);
    engine.send({ kind: 'mirror' });
    await world.same();
    expect(world.attic()).toEqual(['Office/Letters/extra.txt', 'Office/top.txt']);
    await world.live(engine);
    // Now without a pass that could do it.
    await scrubbed(engine);
    fs.appendFileSync(world.mirror('empty.txt'), 'not empty');
    fs.writeFileSync(world.mirror('Plans/extra.txt'), 'nor do they know me');
    await mended();
    await until('it is told', () => engine.last('alert')?.code === 'drift-reverted');
    expect(world.attic()).toEqual([
      'Office/Letters/extra.txt',
      'Office/Plans/extra.txt',
      'Office/empty.txt',
      'Office/top.txt',
    ]);
  });
});

it('explains each path', async () => {
  const engine = await standBy(4529, { excludes: ['*.tmp', '/cache'] });
  await verify(engine);
  world.put('Letters/x.TMP', 'left out');
  world.put('.~standby-mine', 'refused');
  const program = await startProgram(4529);
  world.put('held.txt', 'held');
  const held = await program.open('held.txt', 0);
  let n = 0;
  const explain = async (file: string, share = 'office') => {
    n += 1;
    return (await engine.order({ kind: 'explain', n, share, path: file }, 'explained')).explanation;
  };
  expect(await explain('top.txt')).toMatchObject({ verdict: 'mirrored', share: 'Office', kind: 'file', size: 10 });
  expect((await explain('top.txt')).provedMs).toBeGreaterThan(0);
  expect((await explain('top.txt')).sinceMs).toBeGreaterThan(0);
  expect(await explain('Letters')).toMatchObject({ verdict: 'mirrored', kind: 'folder' });
  expect(await explain('Letters/x.TMP')).toMatchObject({ verdict: 'left-out', why: expect.stringContaining('*.tmp') });
  expect(await explain('Letters/cache/a')).toMatchObject({ verdict: 'not-on-main' });
  expect(await explain('cache/a')).toMatchObject({ verdict: 'left-out' });
  expect(await explain('.~standby-mine')).toMatchObject({ verdict: 'refused' });
  expect(await explain('a', 'Other')).toMatchObject({ verdict: 'no-share', why: expect.stringContaining('Office') });
  await until('the held file is told', async () => (await explain('held.txt')).why.includes('somebody holds it'));
  expect(fs.existsSync(world.mirror('Letters/x.TMP'))).toBe(false);
  await held.close();
  program.end();
});

it.runIf(LONG)('verifies a tree of 79,000 files', { timeout: 900_000 }, async () => {
  world = await World.make({ port: 4530 });
  const content = Buffer.alloc(4_096, 'x');
  for (let n = 0; n < 79_000; n += 1) {
    const at = world.main(`tree/${n % 79}/${n % 790}/${n}.c`);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, content.subarray(0, (n * 37) % 4_096));
  }
  world.own();
  const engine = world.engine();
  const deadline = performance.now() + 600_000;
  while (!(engine.share('Office')?.complete === true && engine.share('Office')?.filesToDo === 0)) {
    if (performance.now() > deadline) throw new Error('not mirrored in time');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const began = performance.now();
  const before = engine.last('beat')?.rssBytes ?? 0;
  let most = 0;
  engine.send({ kind: 'verify', heal: false, hashes: false });
  for (;;) {
    const state = engine.last('verify')?.verify;
    most = Math.max(most, engine.last('beat')?.rssBytes ?? 0);
    if (state !== undefined && state.state === 'done') break;
    if (performance.now() > deadline) throw new Error(JSON.stringify(state));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const seconds = (performance.now() - began) / 1_000;
  console.log(
    `79,000 files verified in ${seconds.toFixed(1)} s, memory ${Math.round(before / 1e6)} MB before, at most ${Math.round(most / 1e6)} MB meanwhile`,
  );
  expect(engine.last('verify')?.verify).toMatchObject({ different: 0, same: 79_000 });
  // Memory does not grow with the number of files.
  expect(most - before).toBeLessThan(60_000_000);
});
