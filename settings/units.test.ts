/** Tests of durations and sizes as people write them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DURATION_PATTERN, parseDurationMs, parseSizeBytes, SIZE_PATTERN } from './units.ts';

describe('durations', () => {
  it.each([
    ['250ms', 250],
    ['10s', 10_000],
    ['10 s', 10_000],
    ['1.5min', 90_000],
    ['6h', 21_600_000],
    ['2d', 172_800_000],
    ['0.3s', 300],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDurationMs(text)).toEqual({ kind: 'good', value: ms });
  });

  it.each([
    ['', 'is not a number and a unit'],
    ['10', 'has no unit'],
    ['10m', 'unknown unit m; known are ms, s, min, h, d'],
    ['-1s', 'is not a number and a unit'],
    ['1e3s', 'is not a number and a unit'],
    ['0.0001s', 'too fine'],
    ['999999999999999d', 'too large'],
    ['1s 5ms', 'is not a number and a unit'],
  ])('«%s» is refused: %s', (text, what) => {
    const measured = parseDurationMs(text);
    expect(measured).toMatchObject({ kind: 'bad', what: expect.stringContaining(what) });
  });
});

describe('sizes', () => {
  it.each([
    ['0B', 0],
    ['500MB', 500_000_000],
    ['2GB', 2_000_000_000],
    ['1.5TB', 1_500_000_000_000],
    ['3 kB', 3_000],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSizeBytes(text)).toEqual({ kind: 'good', value: bytes });
  });

  it.each(['5%', '2gb', '2G', 'GB', '1.5B'])('«%s» is refused', (text) => {
    expect(parseSizeBytes(text).kind).toBe('bad');
  });
});

it('accepts nothing that the pattern for editors refuses', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,8} ?[kMGTsmhdBin]{0,3}$/)), (text) => {
      if (parseDurationMs(text).kind === 'good') expect(text).toMatch(new RegExp(DURATION_PATTERN));
      if (parseSizeBytes(text).kind === 'good') expect(text).toMatch(new RegExp(SIZE_PATTERN));
    }),
    { seed: 1, numRuns: 2_000 },
  );
});
