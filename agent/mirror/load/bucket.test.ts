/** The bucket's accounting, with time by hand: what comes in over any stretch of time is what the rate brings, and a little for one burst. */
import { expect, it } from 'vitest';
import { seeded } from '../../../tryout/files.ts';
import { Bucket } from './bucket.ts';

const RATE = 1_250_000;
const BURST = RATE / 4;

/** Reads without end, of the sizes that `next` says, `hands` at a time, each answered after `wayMs`. Returns what had come by each moment. */
function flood(bucket: Bucket, forMs: number, hands: number, wayMs: number, next: (nowMs: number) => number) {
  const flying: { dueMs: number; bytes: number }[] = [];
  const came: number[] = [];
  let sum = 0;
  for (let nowMs = 0; nowMs < forMs; nowMs += 1) {
    for (let first = flying[0]; first !== undefined && first.dueMs <= nowMs; first = flying[0]) {
      flying.shift();
      bucket.arrived(first.bytes, nowMs);
      bucket.settle(first.bytes);
      sum += first.bytes;
    }
    while (flying.length < hands && bucket.waitMs(nowMs) === 0) {
      const bytes = next(nowMs);
      bucket.ask(bytes);
      flying.push({ dueMs: nowMs + wayMs, bytes });
    }
    came.push(sum);
  }
  return came;
}

it.each([
  { hands: 1, wayMs: 1, most: 1_048_576 },
  { hands: 16, wayMs: 20, most: 1_048_576 },
  { hands: 64, wayMs: 5, most: 65_536 },
  { hands: 24, wayMs: 100, most: 524_288 },
])(
  'lets in what the rate brings, with $hands reads of up to $most bytes at a time, $wayMs ms away',
  ({ hands, wayMs, most }) => {
    const bucket = new Bucket(0);
    bucket.limit(RATE, 0);
    const chance = seeded(hands);
    const came = flood(bucket, 60_000, hands, wayMs, () => 1 + Math.floor(chance() * most));
    for (const fromMs of [0, 5_000, 20_000])
      for (const forMs of [1_000, 10_000, 39_000]) {
        const bytes = (came[fromMs + forMs] ?? 0) - (came[fromMs] ?? 0);
        expect(bytes).toBeLessThanOrEqual((RATE * forMs) / 1_000 + BURST + most);
        // Never idle for long: a debt is paid by waiting, and what is asked for is on its way.
        expect(bytes).toBeGreaterThanOrEqual((RATE * forMs) / 1_000 - BURST - 2 * most);
      }
  },
);

it('pays for what nobody holds back, so that the whole stays at the rate', () => {
  const bucket = new Bucket(0);
  bucket.limit(RATE, 0);
  let unheld = 0;
  const came = flood(bucket, 20_000, 8, 2, (nowMs) => {
    // Headers, looks and listings beside each read.
    bucket.arrived(20_000, nowMs);
    unheld += 20_000;
    return 50_000;
  });
  const all = (came.at(-1) ?? 0) + unheld;
  expect(all).toBeGreaterThan(RATE * 20 * 0.95);
  expect(all).toBeLessThan(RATE * 20 * 1.05);
});

it('does not pay for what was asked for before there was a limit', () => {
  const bucket = new Bucket(0);
  bucket.ask(16_000_000);
  bucket.limit(RATE, 1_000);
  expect(bucket.waitMs(1_100)).toBe(0);
  bucket.arrived(16_000_000, 1_200);
  bucket.settle(16_000_000);
  expect(bucket.waitMs(1_200)).toBe(0);
});

it('gives everything free when the limit ends, also from a debt', () => {
  const bucket = new Bucket(0);
  bucket.limit(8_000, 0);
  bucket.arrived(1_000_000, 10);
  expect(bucket.waitMs(10)).toBeGreaterThan(10_000);
  bucket.limit(undefined, 20);
  expect(bucket.waitMs(20)).toBe(0);
});

it('lets one read begin, however large, and the next one when it is paid for', () => {
  const bucket = new Bucket(0);
  bucket.limit(8_000, 0);
  expect(bucket.waitMs(100)).toBe(0);
  bucket.ask(1_048_576);
  expect(bucket.waitMs(100)).toBeGreaterThan(100_000);
  bucket.arrived(1_048_576, 200);
  bucket.settle(1_048_576);
  // A debt of more than a minute is forgiven.
  expect(bucket.waitMs(200)).toBeLessThanOrEqual(60_001);
  expect(bucket.waitMs(200 + 60_001)).toBe(0);
});
