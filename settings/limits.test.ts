/** Limits of the bandwidth as people write them: what is read, what is refused and with which words, and that they can be written again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitText, parseDays, parseHours, parseRate } from './limits.ts';
import { checkSettings } from './read.ts';

const LEAST = `version: 1
main: {name: FILESRV, address: 192.168.1.10, user: reader}
interface: eth0
`;

function limits(text: string) {
  const checked = checkSettings(`${LEAST}limit: ${text}\n`);
  return checked.kind === 'good'
    ? checked.settings.limit
    : checked.problems.map(({ line, path, what, hint }) => `${line} ${path}: ${what}; ${hint ?? ''}`);
}

describe('a limit', () => {
  it('is a rate, hours and days', () => {
    expect(limits('[{rate: 20mbit, hours: 08-18, days: mon-fri}]')).toEqual([
      { bytesPerSecond: 2_500_000, fromMinute: 480, toMinute: 1_080, days: [1, 2, 3, 4, 5] },
    ]);
  });

  it('holds always where hours and days are left out', () => {
    expect(limits('[{rate: 512kbit}]')).toEqual([
      { bytesPerSecond: 64_000, fromMinute: 0, toMinute: 1_440, days: [0, 1, 2, 3, 4, 5, 6] },
    ]);
  });

  it.each([
    ['[{rate: 20}]', '4 limit[0].rate: must be text, not a number; put it in quotes'],
    ['[{rate: 20 MB}]', '4 limit[0].rate: is not a rate like 512kbit, 20mbit or 1gbit, from 64kbit to 100gbit'],
    ['[{rate: 1kbit}]', '4 limit[0].rate: is not a rate like 512kbit, 20mbit or 1gbit, from 64kbit to 100gbit'],
    ['[{rate: 1mbit, hours: 8}]', '4 limit[0].hours: must be text, not a number; put it in quotes'],
    ['[{rate: 1mbit, hours: 08-25}]', '4 limit[0].hours: is not a span of a day like 08-18, 08:30-17:45 or 22-06'],
    ['[{rate: 1mbit, hours: 08-08}]', '4 limit[0].hours: is not a span of a day like 08-18, 08:30-17:45 or 22-06'],
    ['[{rate: 1mbit, days: mo-fr}]', '4 limit[0].days: is not a list of days like mon-fri, sat,sun or wed'],
    ['[{hours: 08-18}]', '4 limit[0].rate: is missing'],
    ['[{rate: 1mbit, hour: 08-18}]', '4 limit[0].hour: is no setting; did you mean «hours»?'],
  ])('%s is refused with one clear error', (text, error) => {
    expect(limits(text)).toEqual([expect.stringContaining(error)]);
  });
});

describe('its parts', () => {
  it.each([
    ['20mbit', 2_500_000],
    ['20 Mbit/s', 2_500_000],
    ['1.5mbit', 187_500],
    ['64kbit', 8_000],
    ['100gbit', 12_500_000_000],
    ['63kbit', undefined],
    ['101gbit', undefined],
    ['20', undefined],
    ['-1mbit', undefined],
    ['', undefined],
  ])('rate %j', (text, bytes) => {
    expect(parseRate(text)).toBe(bytes);
  });

  it.each([
    ['08-18', [480, 1_080]],
    ['8:30-17:45', [510, 1_065]],
    ['22-06', [1_320, 360]],
    ['00-24', [0, 1_440]],
    ['18-00', [1_080, 1_440]],
    ['24-06', undefined],
    ['08-24:01', undefined],
    ['08:60-18', undefined],
    ['08', undefined],
    ['08-18-20', undefined],
  ])('hours %j', (text, span) => {
    expect(parseHours(text)).toEqual(span && { fromMinute: span[0], toMinute: span[1] });
  });

  it.each([
    ['mon-fri', [1, 2, 3, 4, 5]],
    ['Sat, Sun', [0, 6]],
    ['sat-mon', [0, 1, 6]],
    ['wed', [3]],
    ['mon-sun', [0, 1, 2, 3, 4, 5, 6]],
    ['', undefined],
    ['mon-', undefined],
    ['mon-wed-fri', undefined],
    ['mon,,fri', undefined],
  ])('days %j', (text, days) => {
    expect(parseDays(text)).toEqual(days);
  });
});

it('is written as it can be read again', () => {
  const minute = fc.integer({ min: 0, max: 1_439 });
  const limit = fc
    .record({
      bytesPerSecond: fc.integer({ min: 64, max: 100_000 }).map((thousands) => thousands * 125),
      fromMinute: minute,
      toMinute: fc.integer({ min: 1, max: 1_440 }),
      days: fc.subarray([0, 1, 2, 3, 4, 5, 6], { minLength: 1 }),
    })
    .filter(({ fromMinute, toMinute }) => fromMinute !== toMinute);
  fc.assert(
    fc.property(limit, (each) => {
      const { rate, hours, days } = limitText(each);
      expect({ bytesPerSecond: parseRate(rate), ...parseHours(hours), days: parseDays(days) }).toEqual(each);
    }),
    { seed: 1, numRuns: 2_000 },
  );
});
