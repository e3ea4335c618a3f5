/** Tests of the judgement on our own clock. */
import { describe, expect, it } from 'vitest';
import { openLateness } from './lateness.ts';

describe('our own lateness', () => {
  it('is none while the ticks come in time', () => {
    const lateness = openLateness(0);
    for (let nowMs = 50; nowMs <= 1_000; nowMs += 50) lateness.tick(nowMs);
    expect(lateness.lateSince(0, 1_040)).toBe(false);
    expect(lateness.takeWorstMs(1_040)).toBe(0);
  });

  it('is noticed by whoever asks first after the stall, before the tick that would notice', () => {
    const lateness = openLateness(0);
    lateness.tick(50);
    expect(lateness.lateSince(40, 400)).toBe(true);
  });

  it('spoils what began before the stall ended, and nothing that began after', () => {
    const lateness = openLateness(0);
    lateness.tick(50);
    lateness.tick(900);
    expect(lateness.lateSince(10, 950)).toBe(true);
    expect(lateness.lateSince(901, 950)).toBe(false);
  });

  it('tells the worst since it was last asked', () => {
    const lateness = openLateness(0);
    lateness.tick(50);
    lateness.tick(350);
    expect(lateness.takeWorstMs(360)).toBe(250);
    expect(lateness.takeWorstMs(380)).toBe(0);
    expect(lateness.takeWorstMs(1_380)).toBe(950);
    lateness.tick(1_390);
    expect(lateness.takeWorstMs(1_400)).toBe(0);
  });
});
