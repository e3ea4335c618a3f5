/** Lags: what the histogram says of samples that are known, for how long, and which changes count. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fileTimeOfMs } from '../../smb/file-time.ts';
import { seeded } from '../../tryout/files.ts';
import { FakeShare } from './ground.fake.ts';
import { lagOf } from './lags.ts';

const SEED = 17;
const SAMPLES = process.env['STANDBY_LONG'] === undefined ? 2_000 : 200_000;
const NOON_MS = Date.UTC(2026, 5, 1, 12);
const HOUR_MS = 3_600_000;
let share: FakeShare;

beforeEach(() => {
  share = new FakeShare();
});

afterEach(() => {
  share.clear();
});

it(`tells no quantile too low, and none more than 9.1 % too high (${SAMPLES} samples, seed ${SEED})`, () => {
  const chance = seeded(SEED);
  const samples = Array.from({ length: SAMPLES }, () => Math.exp(chance() * 14));
  for (const sample of samples) share.ground.lags.note('docs', sample, NOON_MS);
  const sorted = [...samples].sort((a, b) => a - b);
  const figures = share.ground.lags.figures(NOON_MS, 'docs');
  expect(figures.samples).toBe(SAMPLES);
  expect(figures.maxMs).toBe(Math.round(sorted.at(-1) ?? 0));
  for (const [part, told] of [
    [0.5, figures.p50Ms],
    [0.95, figures.p95Ms],
  ] as const) {
    const truth = sorted[Math.ceil(part * SAMPLES) - 1] ?? Number.NaN;
    expect(told).toBeGreaterThanOrEqual(Math.floor(truth));
    expect(told).toBeLessThanOrEqual(truth * 2 ** (1 / 8) + 1);
  }
});

it('tells shares apart, and all of them together', () => {
  share.ground.lags.note('docs', 10, NOON_MS);
  share.ground.lags.note('other', 1_000, NOON_MS);
  expect(share.ground.lags.figures(NOON_MS, 'docs')).toEqual({ samples: 1, p50Ms: 10, p95Ms: 10, maxMs: 10 });
  expect(share.ground.lags.figures(NOON_MS)).toEqual({ samples: 2, p50Ms: 10, p95Ms: 1_000, maxMs: 1_000 });
  expect(share.ground.lags.figures(NOON_MS, 'none')).toEqual({ samples: 0, p50Ms: 0, p95Ms: 0, maxMs: 0 });
});

it('keeps samples over a restart, forgets them after a day, and does not grow with time', () => {
  for (let hour = 0; hour < 100; hour += 1) share.ground.lags.note('docs', 10, NOON_MS + hour * HOUR_MS);
  share.restart();
  const nowMs = NOON_MS + 99 * HOUR_MS;
  expect(share.ground.lags.figures(nowMs).samples).toBe(24);
  share.ground.lags.note('docs', 10, nowMs);
  expect(share.ground.index.get('SELECT count(*) AS n FROM lags')?.['n']).toBeLessThanOrEqual(25n);
  expect(share.ground.lags.figures(nowMs + 25 * HOUR_MS).samples).toBe(0);
});

it('forgets hours that lie ahead when the clock is set back', () => {
  share.ground.lags.note('docs', 10, NOON_MS + 500 * HOUR_MS);
  share.ground.lags.note('docs', 20, NOON_MS);
  expect(share.ground.lags.figures(NOON_MS)).toEqual({ samples: 1, p50Ms: 20, p95Ms: 20, maxMs: 20 });
});

it('goes on with an index that was made before there were lags and held files', () => {
  const { index } = share.ground;
  share.ground.problems.add('docs', 'a.txt', { code: 'sharing-violation', why: 'held', retryMs: 1 }, NOON_MS);
  index.change('DROP TABLE lags');
  for (const name of ['begins', 'turns', 'differs', 'ends']) index.change(`DROP TRIGGER held_${name}`);
  index.change('DROP TABLE held');
  share.restart();
  share.ground.lags.note('docs', 10, NOON_MS);
  expect(share.ground.lags.figures(NOON_MS).samples).toBe(1);
  expect(share.ground.held.list(10)).toEqual([
    { share: 'docs', path: 'a.txt', sinceMs: NOON_MS, copiedMs: 0, snapshotMs: 0 },
  ]);
});

it('counts a change by its time on the main, and none whose time a pass without it has overtaken', () => {
  share.mainMs = () => NOON_MS;
  const stat = (changedMs: number): Parameters<typeof lagOf>[1] => ({
    directory: false,
    size: 1,
    allocatedBytes: 1,
    attributes: 0,
    created: 0n,
    accessed: 0n,
    written: fileTimeOfMs(NOON_MS - 5 * HOUR_MS),
    changed: fileTimeOfMs(changedMs),
  });
  const foundAllMs = NOON_MS - HOUR_MS;
  expect(lagOf(share.ground, stat(NOON_MS - 80), foundAllMs)).toBe(80);
  // Its clock is a little ahead of what we know of it.
  expect(lagOf(share.ground, stat(NOON_MS + 5), foundAllMs)).toBe(0);
  // Its stamp was set by hand.
  expect(lagOf(share.ground, stat(NOON_MS + HOUR_MS), foundAllMs)).toBeUndefined();
  // It came with a folder that was moved into the share.
  expect(lagOf(share.ground, stat(NOON_MS - 2 * HOUR_MS), foundAllMs)).toBeUndefined();
});
