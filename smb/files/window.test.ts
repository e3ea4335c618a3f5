/** The number of chains under way, against servers of different speed. */
import { expect, it } from 'vitest';
import { Window } from './window.ts';

/** A server that works on one chain after the other, and more of them than can be asked for; the number under way at the end. */
function settle(window: Window, serviceMs: number, wayMs: number, answers: number): number {
  const underWay: { sentMs: number; answerMs: number }[] = [];
  let nowMs = 0;
  let idleFromMs = 0;
  for (let n = 0; n < answers; n += 1) {
    while (underWay.length < window.limit) {
      idleFromMs = Math.max(idleFromMs, nowMs + wayMs / 2) + serviceMs;
      underWay.push({ sentMs: nowMs, answerMs: idleFromMs + wayMs / 2 });
    }
    const first = underWay.shift();
    if (first === undefined) break;
    nowMs = first.answerMs;
    window.answered(nowMs - first.sentMs, true);
  }
  return window.limit;
}

it('gives a quick server the most, also one that is far away', () => {
  expect(settle(new Window(), 0.4, 0, 100)).toBe(24);
  expect(settle(new Window(), 0.4, 200, 100)).toBe(24);
});

it('asks a slow server for no more than it answers within a moment', () => {
  const limit = settle(new Window(), 20, 0, 400);
  expect(limit).toBeGreaterThanOrEqual(2);
  expect(limit).toBeLessThanOrEqual(4);
});

it('never asks for nothing, and recovers when the server does', () => {
  const window = new Window();
  window.answered(1, true);
  for (let n = 0; n < 100; n += 1) window.answered(5_000, true);
  expect(window.limit).toBe(1);
  settle(window, 0.4, 0, 1_000);
  expect(window.limit).toBe(24);
});

it('learns that the way has become longer', () => {
  const window = new Window();
  settle(window, 0.4, 0, 100);
  expect(settle(window, 0.4, 80, 10_100)).toBe(24);
});

it('does not grow while nobody waits', () => {
  const window = new Window();
  for (let n = 0; n < 100; n += 1) window.answered(1, false);
  expect(window.limit).toBe(4);
});
