/** Which blocks differ: against the simplest way to find out. */
import { expect, it } from 'vitest';
import { seeded } from '../../tryout/files.ts';
import { BLOCK_BYTES, bytesOf, differingRuns, isZero, worthWriting } from './blocks.ts';

const LONG = process.env['STANDBY_LONG'] !== undefined;
const CASES = LONG ? 20_000 : 1_000;
const SEED = 20_265;

it(`finds the blocks of the file that differ, all and only those (${CASES} cases, seed ${SEED})`, () => {
  const chance = seeded(SEED);
  const below = (limit: number): number => Math.floor(chance() * limit);
  for (let n = 0; n < CASES; n += 1) {
    const length = 1 + below(12 * BLOCK_BYTES);
    const offset = below(4) === 0 ? below(3 * BLOCK_BYTES) : below(9) * BLOCK_BYTES;
    const there = Buffer.alloc(length, 7);
    const fresh = Buffer.from(there);
    for (let change = below(5); change > 0; change -= 1) fresh[below(length)] = 8;
    const differs = new Set<number>();
    for (let at = 0; at < length; at += 1)
      if (fresh[at] !== there[at]) differs.add(Math.floor((offset + at) / BLOCK_BYTES));
    const runs = differingRuns(fresh, there, offset);
    const found = new Set<number>();
    for (const { from, to } of runs)
      for (let at = from; at < to; at += 1) found.add(Math.floor((offset + at) / BLOCK_BYTES));
    expect(found).toEqual(differs);
    // Whole blocks, as far as the buffers hold them, and no two runs that touch.
    for (const [index, { from, to }] of runs.entries()) {
      expect(from === 0 || (offset + from) % BLOCK_BYTES === 0).toBe(true);
      expect(to === length || (offset + to) % BLOCK_BYTES === 0).toBe(true);
      expect(from).toBeGreaterThan(runs[index - 1]?.to ?? -1);
    }
    const patched = Buffer.from(there);
    for (const { from, to } of worthWriting(runs)) fresh.copy(patched, from, from, to);
    expect(patched.equals(fresh)).toBe(true);
  }
});

it('writes many small runs as one', () => {
  const runs = Array.from({ length: 32 }, (_, n) => ({ from: n * 8_192, to: n * 8_192 + 4_096 }));
  expect(bytesOf(runs)).toBe(131_072);
  expect(worthWriting(runs)).toEqual([{ from: 0, to: 31 * 8_192 + 4_096 }]);
  expect(worthWriting(runs.slice(0, 3))).toEqual(runs.slice(0, 3));
});

it('knows zeros of any length', () => {
  for (const length of [0, 1, 4_096, 1_048_576, 1_048_577, 3_000_000]) {
    const zeros = Buffer.alloc(length);
    expect(isZero(zeros)).toBe(true);
    if (length === 0) continue;
    zeros[length - 1] = 1;
    expect(isZero(zeros)).toBe(false);
  }
});
