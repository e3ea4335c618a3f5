/** Giving way, with time and answers by hand: others make the main slow and the width falls; our own load does, and it stays. */
import { expect, it } from 'vitest';
import { MOST, Width } from './width.ts';

const EVERY_MS = 500;

/** A main that answers as `answer` says, asked every half second while as much as the width lets is in flight, of at most `wanted`. */
class Day {
  readonly width = new Width();
  nowMs = 0;

  /** Returns the width after each sample. */
  go(samples: number, answer: (inFlight: number, n: number) => number, wanted: number = MOST): number[] {
    return Array.from({ length: samples }, (_, n) => {
      const inFlight = Math.min(this.width.limit, wanted);
      this.nowMs += EVERY_MS;
      this.width.sample({ tookMs: answer(inFlight, n), inFlight, nowMs: this.nowMs });
      return this.width.limit;
    });
  }
}

const quick = (): number => 2;

it('falls to one or two when others make the main slow, and rises again slowly when they are done', () => {
  const day = new Day();
  expect(new Set(day.go(20, quick))).toEqual(new Set([MOST]));
  const slow = day.go(20, () => 150);
  expect(slow.at(-1)).toBeLessThanOrEqual(2);
  expect(day.width.isYielding).toBe(true);
  const after = day.go(70, quick);
  for (const [n, width] of after.entries()) expect(width - (after[n - 1] ?? slow.at(-1) ?? 0)).toBeLessThanOrEqual(1);
  expect(after.at(-1)).toBe(MOST);
  expect(day.width.isYielding).toBe(false);
});

it('halves what is really in flight, not a limit that nothing reaches', () => {
  const day = new Day();
  day.go(20, quick, 12);
  const slow = day.go(4, () => 150, 12);
  expect(slow).toContain(6);
});

it.each([
  { load: 'a little', answer: (inFlight: number) => 1 + inFlight * 0.2 },
  { load: 'much', answer: (inFlight: number) => 2 + inFlight * 3 },
  { load: 'much, and unevenly', answer: (inFlight: number, n: number) => 2 + inFlight * (n % 3) },
])('stays when only our own load makes the main slow: $load', ({ answer }) => {
  const day = new Day();
  // Idle, at full width, then with less and less to do, and again.
  const widths = [0, MOST, 30, 12, 5, 2, 0, MOST].flatMap((wanted) => day.go(40, answer, wanted));
  expect(new Set(widths)).toEqual(new Set([MOST]));
});

it('stays at what people do not feel, however many times slower', () => {
  const day = new Day();
  day.go(20, () => 0.2);
  expect(new Set(day.go(40, () => 15))).toEqual(new Set([MOST]));
});

it('takes one slow answer for an accident', () => {
  const day = new Day();
  day.go(20, quick);
  expect(new Set(day.go(40, (_, n) => (n % 5 === 0 ? 300 : 2)))).toEqual(new Set([MOST]));
});

it('does not see a main as slow that was never quicker', () => {
  const day = new Day();
  expect(new Set(day.go(200, () => 400))).toEqual(new Set([MOST]));
});

it('knows a main as it is that has stayed slow for longer than it remembers', () => {
  const day = new Day();
  day.go(20, quick);
  day.go(10, () => 150);
  expect(day.width.limit).toBeLessThan(8);
  // A slower line, from now on: seven hours of it.
  const hours = day.go((7 * 3_600_000) / EVERY_MS, () => 150);
  expect(hours.at(-1)).toBe(MOST);
});
