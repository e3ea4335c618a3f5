/** Times on their way between the server, clocks and local disks. */
import { describe, expect, it } from 'vitest';
import { fileTimeOfMs, fileTimeOfNs, unixMs, unixNs } from './file-time.ts';

describe('times', () => {
  const NOON = 116_444_736_000_000_000n + 1_100_000_000_123_456_7n;

  it('go to the disk and back without losing a digit', () => {
    expect(unixNs(NOON)).toBe(1_100_000_000_123_456_700n);
    expect(fileTimeOfNs(1_100_000_000_123_456_789n)).toBe(NOON);
  });

  it('come from clocks and go to people in whole milliseconds', () => {
    expect(fileTimeOfMs(0)).toBe(116_444_736_000_000_000n);
    expect(fileTimeOfMs(1_100_000_000_123.4)).toBe(NOON - 4_567n);
    expect(unixMs(NOON)).toBe(1_100_000_000_123);
  });

  it('are rounded down before 1970 too', () => {
    expect(unixMs(116_444_735_999_999_999n)).toBe(-1);
    expect(fileTimeOfNs(-1n)).toBe(116_444_735_999_999_999n);
    expect(fileTimeOfNs(-100n)).toBe(116_444_735_999_999_999n);
  });

  it('are clamped to what disk and server hold', () => {
    expect(unixNs(1n)).toBe(-2_147_483_648_000_000_000n);
    expect(unixNs(2n ** 63n - 1n)).toBe(15_032_385_535_000_000_000n);
    expect(fileTimeOfNs(-(10n ** 20n))).toBe(1n);
  });
});
