/** Rounds: every directory has its turn, active ones first, and all of it stays within its part of the time. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Active } from './active.ts';
import { FakeShare } from './ground.fake.ts';
import { Rounds } from './rounds.ts';

const DIRECTORIES = 40;
const free = (): boolean => false;
let share: FakeShare;
let active: Active;
let rounds: Rounds;

beforeEach(async () => {
  share = new FakeShare();
  for (let n = 0; n < DIRECTORIES; n += 1) {
    share.main.write(`d${n}`, undefined);
    for (let file = 0; file < 3; file += 1) share.main.write(`d${n}/${file}.txt`, 'x');
  }
  await share.pass();
  active = new Active();
  rounds = new Rounds(share.ground, active);
  rounds.onlyActive = false;
});

afterEach(() => {
  share.clear();
});

/** Plays so long, each listing taking as long as `cost` says; tells what was listed when, and the time that it took. */
function play(
  untilMs: number,
  cost: (path: string) => number,
): { listed: [ms: number, path: string][]; spentMs: number } {
  const listed: [number, string][] = [];
  let spentMs = 0;
  for (let nowMs = 0; nowMs < untilMs; nowMs += 1) {
    const path = rounds.next(nowMs, free);
    if (path === undefined) continue;
    const tookMs = cost(path);
    listed.push([nowMs, path]);
    spentMs += tookMs;
    rounds.listed(nowMs, tookMs);
    active.listed(path, nowMs + tookMs, false);
  }
  return { listed, spentMs };
}

it('lists every directory in each round, the root too', () => {
  const { listed } = play(40_000, () => 2);
  const paths = listed.map(([, path]) => path);
  const first = paths.slice(0, DIRECTORIES + 1);
  expect(new Set(first).size).toBe(DIRECTORIES + 1);
  expect(first).toContain('');
  expect(paths.slice(DIRECTORIES + 1, 2 * (DIRECTORIES + 1)).sort()).toEqual(first.sort());
});

it('takes a twentieth of the time at most, whatever a listing takes', () => {
  for (const costMs of [1, 20, 700]) {
    rounds = new Rounds(share.ground, active);
    rounds.onlyActive = false;
    const { spentMs } = play(100_000, () => costMs);
    // One piece of work may be under way at the end.
    expect(spentMs).toBeLessThanOrEqual(0.05 * 100_000 + costMs);
    expect(spentMs).toBeGreaterThan(0);
  }
});

it('does not list a small tree more often than each two seconds', () => {
  const { listed } = play(20_000, () => 0.01);
  expect(listed.length).toBeLessThanOrEqual(10 * (DIRECTORIES + 1));
  expect(listed.length).toBeGreaterThan(8 * DIRECTORIES);
});

it('lists active directories each second, also while the others go round', () => {
  active.touch('d7', 0);
  const { listed } = play(20_000, () => 2);
  const times = listed.filter(([, path]) => path === 'd7').map(([ms]) => ms);
  expect(times.length).toBeGreaterThanOrEqual(18);
  for (const [n, ms] of times.entries()) expect(ms - (times[n - 1] ?? 0)).toBeLessThanOrEqual(1_100);
  expect(listed.some(([, path]) => path === 'd8')).toBe(true);
});

it('leaves all but the active ones to a pass', () => {
  rounds.onlyActive = true;
  active.touch('d7', 0);
  const { listed } = play(5_000, () => 2);
  expect(new Set(listed.map(([, path]) => path))).toEqual(new Set(['d7']));
});

it('goes on where directories were removed, and in an index of nothing else', () => {
  const { index, rootId } = share.ground;
  play(1_000, () => 2);
  for (let n = 0; n < DIRECTORIES; n += 2) {
    const row = index.find(rootId, `d${n}`);
    if (row !== undefined) index.remove(row);
  }
  const { listed } = play(40_000, () => 2);
  const paths = new Set(listed.map(([, path]) => path));
  expect(paths.size).toBe(DIRECTORIES / 2 + 1);
  expect(paths.has('d0')).toBe(false);
});
