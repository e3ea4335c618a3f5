/** Pauses between tries: how they grow, where they end, what begins them anew. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackOff, jittered } from './back-off.ts';

const LIMITS = { firstMs: 400, mostMs: 15_000, steadyMs: 30_000 };
const MIDDLE = 0.5;

describe('pauses', () => {
  it('double up to the limit', () => {
    const backOff = new BackOff(LIMITS);
    const pauses = Array.from({ length: 8 }, () => backOff.pause(0, MIDDLE));
    expect(pauses).toEqual([400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000]);
  });

  it('begin anew after what lasted', () => {
    const backOff = new BackOff(LIMITS);
    for (let times = 0; times < 5; times += 1) backOff.pause(29_999, MIDDLE);
    expect(backOff.pause(30_000, MIDDLE)).toBe(400);
    expect(backOff.pause(0, MIDDLE)).toBe(800);
  });

  it('are off by a quarter at most, as chance has it', () => {
    expect([jittered(1_000, 0), jittered(1_000, MIDDLE), jittered(1_000, 1)]).toEqual([750, 1_000, 1_250]);
  });

  it('never storm a server and never grow without end', () => {
    const tries = fc.array(fc.record({ lastedMs: fc.nat(60_000), chance: fc.double({ min: 0, max: 1, noNaN: true }) }));
    fc.assert(
      fc.property(tries, (list) => {
        const backOff = new BackOff(LIMITS);
        for (const { lastedMs, chance } of list) {
          const pauseMs = backOff.pause(lastedMs, chance);
          expect(pauseMs).toBeGreaterThanOrEqual(300);
          expect(pauseMs).toBeLessThanOrEqual(18_750);
        }
      }),
      { seed: 20_261_122 },
    );
  });
});
