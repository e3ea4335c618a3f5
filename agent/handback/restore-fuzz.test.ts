/**
 * Seeded three-way fuzz: a random base, random work on main and standby, random faults while the plan is carried out, and
 * planning again until nothing is open. The check is deliberately dumb: it looks at contents and knows no rules.
 */
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isFailure } from '../../base/failure.ts';
import { sameSignature } from '../decide/restore.ts';
import { parentOf } from './beneath.ts';
import { FakeMain, fault } from './fake-main.ts';
import { FakeMirror } from './fake-mirror.ts';
import { carryOut, planRestore } from './index.ts';
import { foldCase } from './local.ts';

const CASES = process.env['STANDBY_LONG'] === undefined ? 200 : 10_000;
const SEED = 20_261_121;
/** Plans until nothing may be open any more: one fault is used up in each. */
const ROUNDS = 12;

/** Few, so that both sides meet; with folders, names that differ in case only, and an umlaut. */
const somePath = fc.constantFrom(
  ...[
    'a',
    'A',
    'b.txt',
    'd',
    'D',
    'd/a',
    'd/A',
    'd/b.txt',
    'd/e',
    'd/e/a',
    'd/e/b.txt',
    'ü',
    'Ü',
    'ü/a',
    'ab',
    'AB',
    'Ab',
  ],
);
/** Often of one size, sometimes equal on both sides. */
const someContent = fc.constantFrom('one!', 'two!', 'tre!', 'four4', '', 'a much longer text than the others have');
const work = fc.record({
  what: fc.constantFrom('write', 'write', 'write', 'folder', 'erase', 'swap', 'touch', 'move', 'respell'),
  path: somePath,
  to: somePath,
  content: someContent,
});
type Work = typeof work extends fc.Arbitrary<infer T> ? T : never;
const trouble = fc.record({
  what: fc.constantFrom(
    'disconnected',
    'no-space',
    'timeout',
    'write-there',
    'sneak-there',
    'write-here',
    'held',
    'open',
    'mute',
  ),
  at: fc.integer({ min: 0, max: 40 }),
  path: somePath,
});
type Trouble = typeof trouble extends fc.Arbitrary<infer T> ? T : never;

const world = fc.record({
  base: fc.array(fc.record({ path: somePath, content: fc.option(someContent, { nil: undefined }) }), { maxLength: 8 }),
  neverCopied: fc.option(somePath, { nil: undefined }),
  main: fc.array(work, { maxLength: 5 }),
  standby: fc.array(work, { maxLength: 6 }),
  troubles: fc.array(trouble, { maxLength: 3 }),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

it(
  `loses nothing that a user wrote, on either side, in ${CASES} random worlds (seed ${SEED})`,
  async () => {
    await fc.assert(fc.asyncProperty(world, play), { numRuns: CASES, seed: SEED });
  },
  CASES * 1_000,
);

async function play(given: World): Promise<void> {
  const main = new FakeMain();
  const mirror = new FakeMirror();
  try {
    for (const { path: at, content } of given.base) {
      const parts = at.split('/');
      for (let depth = 1; depth < parts.length; depth += 1) main.write(parts.slice(0, depth).join('/'), undefined);
      main.write(at, content);
    }
    mirror.copyAll(main);
    if (given.neverCopied !== undefined) unlearn(mirror, given.neverCopied);
    const base = snapshot(main);
    for (const step of given.main) workOnMain(main, step);
    for (const step of given.standby) workOnStandby(mirror, step);
    const check = expectations(main, mirror, base);
    check(await restoreAll(main, mirror, given.troubles));
  } finally {
    mirror.clear();
  }
}

function unlearn(mirror: FakeMirror, at: string): void {
  const row = mirror.rows.get(at);
  if (row === undefined || row.directory) return;
  mirror.erase(at);
  mirror.rows.set(at, { ...row, local: undefined });
}

type Snapshot = Map<string, { text: string; written: bigint; changed: bigint }>;

function snapshot(main: FakeMain): Snapshot {
  return new Map(main.files().map(({ path: at, text, stat }) => [at, { text, ...stat }]));
}

/** What users wrote while the plan was carried out, by folded path. */
interface Meanwhile {
  there: Map<string, string>;
  here: Map<string, string>;
}

/** What must hold afterwards, written down before anything is restored. */
function expectations(main: FakeMain, mirror: FakeMirror, base: Snapshot): (meanwhile: Meanwhile) => void {
  const mainBefore = snapshot(main);
  const standbyBefore = mirror.files().filter(({ path: at }) => {
    // A folder that changed only its case took its untouched files along.
    const copies = [...mirror.rows].filter(([other]) => foldCase(other) === foldCase(at)).map(([, row]) => row.local);
    const now = mirror.signatureOf(at);
    return !copies.some((copy) => copy !== undefined && now !== undefined && sameSignature(copy, now));
  });
  const onlyHere = standbyBefore.filter(({ path: at }) => {
    const known = base.get(at);
    const still = mainBefore.get(at);
    const copied = mirror.rows.get(at)?.local !== undefined;
    return copied && known !== undefined && still?.written === known.written && still.changed === known.changed;
  });
  return ({ there, here }) => {
    const after = main.files();
    const onMain = new Set(after.map(({ text }) => text));
    const kept = new Set(mirror.kept().map(({ text }) => text));
    for (const [at, { text, written, changed }] of mainBefore) {
      if (there.has(foldCase(at))) continue;
      expect(onMain.has(text) || kept.has(text), `the main's ${at} «${text}» exists nowhere`).toBe(true);
      const was = base.get(at);
      const newer = was?.written !== written || was.changed !== changed;
      if (newer) expect(main.textOf(at), `the main's own ${at} was overwritten`).toBe(text);
    }
    for (const [at, text] of there) expect(main.textOf(at), `${at}, written on the main meanwhile`).toBe(text);
    for (const [at, text] of here) expect(onMain.has(text), `${at}, written here meanwhile`).toBe(true);
    for (const { path: at, text } of standbyBefore) {
      // Replaced by its own user here, or sent and then replaced by a user of the main.
      if (here.has(foldCase(at)) || there.has(foldCase(at))) continue;
      expect(onMain.has(text), `the standby's ${at} «${text}» did not reach the main`).toBe(true);
    }
    for (const { path: at, text } of onlyHere) {
      if (there.has(foldCase(at)) || here.has(foldCase(at))) continue;
      expect(main.textOf(at), `${at} changed only here`).toBe(text);
    }
    expect(after.filter(({ path: at }) => at.includes('~standby-'))).toEqual([]);
    // What the index calls common must be equal, or the mirror would keep a wrong copy for ever.
    for (const { path: at, text, stat } of after) {
      const row = mirror.rows.get(at);
      if (row?.local === undefined || row.written !== stat.written || row.changed !== stat.changed) continue;
      expect(fs.readFileSync(path.join(mirror.root, at), 'utf8'), `the copy of ${at} differs`).toBe(text);
    }
  };
}

async function restoreAll(main: FakeMain, mirror: FakeMirror, troubles: Trouble[]): Promise<Meanwhile> {
  const meanwhile: Meanwhile = { there: new Map(), here: new Map() };
  const waiting = [...troubles];
  const tree = main.tree();
  const deps = {
    view: mirror,
    statePath: mirror.statePath,
    decision: 'd1',
    shares: ['docs'],
    treeOf: async () => tree,
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    main.before = () => {};
    const plan = await planRestore(deps);
    const again = await planRestore(deps);
    expect(again.hash, 'the same world gives the same plan').toBe(plan.hash);
    const next = waiting.shift();
    if (next !== undefined) main.before = disturbance(main, mirror, next, meanwhile);
    let open: number;
    try {
      open = (await carryOut(deps, plan.hash)).open;
      const left = main.files().filter((file) => file.path.includes('~standby-'));
      const broke = next?.what === 'disconnected' || next?.what === 'timeout';
      if (!broke) expect(left, 'unfinished files after a run that was not cut off').toEqual([]);
    } catch (error) {
      if (!isFailure(error, 'disconnected', 'no-space', 'timeout')) throw error;
      open = 1;
    }
    main.held.clear();
    main.open.clear();
    main.freeBytes = 1_000_000;
    if (open === 0 && next === undefined) return meanwhile;
  }
  return expect.fail(`still open after ${ROUNDS} plans`);
}

/** One fault, at the n-th request of the run. Writes never fall between the last look and the rename, where SMB has no test to offer. */
function disturbance(main: FakeMain, mirror: FakeMirror, what: Trouble, meanwhile: Meanwhile): FakeMain['before'] {
  const { path: at } = what;
  let count = 0;
  let gone = false;
  return (request) => {
    count += 1;
    if (gone) throw fault('disconnected', 'main');
    if (count - 1 !== what.at) return;
    switch (what.what) {
      case 'disconnected':
        gone = true;
        throw fault('disconnected', 'main');
      case 'timeout':
        throw fault('timeout', 'main');
      case 'no-space':
        main.freeBytes = 0;
        return;
      case 'write-there':
      case 'sneak-there':
        if (request === 'rename' || justNamed(main, at)) count -= 1;
        else if (main.textOf(at) !== undefined || main.statNow(at) === undefined) {
          const sneak = what.what === 'sneak-there' ? main.statNow(at) : undefined;
          // The same size and the same time as before, as programs do that put the time back.
          main.write(at, sneak === undefined ? `written there at ${what.at}` : '#'.repeat(sneak.size), sneak?.written);
          const text = main.textOf(at);
          if (text !== undefined) meanwhile.there.set(foldCase(at), text);
        }
        return;
      case 'write-here':
        if (mirror.kindOf(at) !== 'directory') {
          mirror.write(at, `written here at ${what.at}`);
          if (mirror.kindOf(at) === 'file') meanwhile.here.set(foldCase(at), `written here at ${what.at}`);
        }
        return;
      case 'held':
      case 'open':
        for (const file of main.files()) if (!file.path.includes('~standby-')) main[what.what].add(foldCase(file.path));
        return;
      case 'mute':
        return;
    }
  };
}

/** Our rename is the latest that was done to it: the stat that follows cannot tell our bytes from another's of the same size and time. */
function justNamed(main: FakeMain, at: string): boolean {
  const about = ` ${foldCase(at)}`;
  const last = main.requests.findLast((request) => foldCase(request).endsWith(about) && !request.startsWith('stat '));
  return last?.startsWith('rename ') === true;
}

function workOnMain(main: FakeMain, step: Work): void {
  const now = main.textOf(step.path);
  switch (step.what) {
    case 'write':
      main.write(step.path, step.content);
      return;
    case 'folder':
      main.write(step.path, undefined);
      return;
    case 'erase':
    case 'move':
      main.erase(step.path);
      if (step.what === 'move' && now !== undefined) main.write(step.to, now);
      return;
    case 'swap':
      main.erase(step.path);
      main.write(step.path, now === undefined ? step.content : undefined);
      return;
    case 'touch':
    case 'respell':
      main.touch(step.path);
      return;
  }
}

function workOnStandby(mirror: FakeMirror, step: Work): void {
  const at = path.join(mirror.root, step.path);
  const was = mirror.kindOf(step.path);
  switch (step.what) {
    case 'write':
      mirror.write(step.path, step.content);
      return;
    case 'folder':
      mirror.write(step.path, undefined);
      return;
    case 'erase':
      mirror.erase(step.path);
      return;
    case 'swap':
      mirror.erase(step.path);
      mirror.write(step.path, was === 'file' ? undefined : step.content);
      return;
    case 'touch':
      if (was !== undefined) fs.utimesSync(at, 1_700_000_000, 1_700_000_000);
      return;
    case 'move':
    case 'respell': {
      const lower = step.path === step.path.toLowerCase();
      const to = step.what === 'move' ? step.to : lower ? step.path.toUpperCase() : step.path.toLowerCase();
      if (was === undefined || mirror.kindOf(to) !== undefined || to.startsWith(`${step.path}/`)) return;
      if (parentOf(to) === '' || mirror.kindOf(parentOf(to)) === 'directory')
        fs.renameSync(at, path.join(mirror.root, to));
      return;
    }
  }
}
