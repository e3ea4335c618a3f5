/** The core's own words are the same as everybody's: one number is never shown in two roundings. */
import { describe, expect, it } from 'vitest';
import { counted as countedHere, humanDuration, humanSize } from '../../base/human.ts';
import { counted, duration, size } from './words.ts';

const numbers = [0, 1, 87, 999, 999.6, 1_000, 9_949, 9_951, 59_700, 61_000, 3_600_000, 6_720_000, 183_600_000, 5e12];

describe('words', () => {
  it.each(numbers)('say %d as the rest of the product does', (number) => {
    expect(duration(number)).toBe(humanDuration(number));
    expect(size(number)).toBe(humanSize(number));
    expect(counted(number, 'file')).toBe(countedHere(number, 'file'));
  });
});
