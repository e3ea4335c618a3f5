/** One mail for one refused log-on, however many parts of the program meet it. */
import { expect, it } from 'vitest';
import type { Outcome } from './decide/types.ts';
import { isRefusedLogOn, openRefusedLogOn } from './refused-log-on.ts';

it('is told once, whoever is first', () => {
  const trouble = openRefusedLogOn();
  expect([true, true, true].map((isLogOn) => trouble.tell(isLogOn))).toEqual([true, false, false]);
});

it('keeps no other alert back', () => {
  const trouble = openRefusedLogOn();
  trouble.tell(true);
  expect(trouble.tell(false)).toBe(true);
});

it.each([
  [['live', 'scanning', 'first-pass'], true],
  [['live', 'refused'], false],
  [['live', 'unreachable'], false],
  [['waiting', 'waiting'], false],
  [[], false],
] as const)('is told again after the shares were %j: %s', (states, isAgain) => {
  const trouble = openRefusedLogOn();
  trouble.tell(true);
  trouble.heard(states.map((state) => ({ state })));
  expect(trouble.tell(true)).toBe(isAgain);
});

it.each([
  ['degraded', 'denied', 'answered', true],
  // New connections fail at the same time, or no protocol is agreed on: that is another trouble.
  ['degraded', 'denied', 'refused', false],
  ['degraded', 'denied', 'denied', false],
  ['degraded', 'changed', 'answered', false],
  ['down-manual', 'denied', 'answered', false],
] as const)('%s with fetch %s and negotiate %s is one: %s', (code, fetch, negotiate, isOne) => {
  const fact = (outcome: Outcome) => ({ outcome, atMs: 0, sinceMs: 0, ms: 0, detail: '' });
  expect(isRefusedLogOn(code, { fetch: fact(fetch), negotiate: fact(negotiate) })).toBe(isOne);
});
