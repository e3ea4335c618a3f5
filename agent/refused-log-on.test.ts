/** One mail for one refused log-on, however many parts of the program meet it. */
import { expect, it } from 'vitest';
import { openRefusedLogOn } from './refused-log-on.ts';

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
