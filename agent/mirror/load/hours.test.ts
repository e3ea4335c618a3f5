/** Which limit holds when, in a zone whose clock is set forward and back. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Limit } from '../../engine-messages.ts';
import { limitAt } from './hours.ts';

const zone = process.env['TZ'];
beforeAll(() => {
  process.env['TZ'] = 'Europe/Berlin';
});
afterAll(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];
const office: Limit = { bytesPerSecond: 2_500_000, fromMinute: 480, toMinute: 1_080, days: [1, 2, 3, 4, 5] };
const night: Limit = { bytesPerSecond: 1_000, fromMinute: 22 * 60, toMinute: 6 * 60, days: [5] };
const early: Limit = { bytesPerSecond: 7, fromMinute: 120, toMinute: 180, days: EVERY_DAY };

it.each([
  // Berlin is an hour ahead of UTC in winter, two in summer.
  ['a Friday in winter, before eight', '2026-11-20T06:59:59Z', [office], undefined],
  ['at eight', '2026-11-20T07:00:00Z', [office], 2_500_000],
  ['before six in the evening', '2026-11-20T16:59:59Z', [office], 2_500_000],
  ['at six', '2026-11-20T17:00:00Z', [office], undefined],
  ['a Saturday', '2026-11-21T10:00:00Z', [office], undefined],
  ['a Monday in summer, at eight', '2026-07-20T06:00:00Z', [office], 2_500_000],
  ['the Monday after the clock was set back, before eight', '2026-10-26T06:59:59Z', [office], undefined],
  ['and at eight', '2026-10-26T07:00:00Z', [office], 2_500_000],
  ['the Monday after it was set forward, at eight', '2026-03-30T06:00:00Z', [office], 2_500_000],
  ['Friday night', '2026-11-20T22:30:00Z', [night], 1_000],
  ['what began on Friday goes on in the early Saturday', '2026-11-21T04:59:59Z', [night], 1_000],
  ['and ends at six', '2026-11-21T05:00:00Z', [night], undefined],
  ['nothing began on Saturday', '2026-11-21T22:30:00Z', [night], undefined],
  ['the hour from two, the first time', '2026-10-25T00:30:00Z', [early], 7],
  ['and once more when the clock was set back', '2026-10-25T01:30:00Z', [early], 7],
  ['the hour from two that there is not', '2026-03-29T01:00:00Z', [early], undefined],
  ['the lowest of several', '2026-11-20T12:00:00Z', [office, { ...office, bytesPerSecond: 9 }], 9],
  ['none', '2026-11-20T12:00:00Z', [], undefined],
])('%s', (_, at, limits, rate) => {
  expect(limitAt(limits, Date.parse(at))).toBe(rate);
});
