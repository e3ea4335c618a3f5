/** Allocated ranges: taken in order, cut to the question, and refused when they are none. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feedHostile } from '../hostile.fake.ts';
import { queryRangesRequest, readRanges, setZeroRequest } from './ranges.ts';

const malformed = expect.objectContaining({ code: 'malformed' });
const ALL = { from: 0, to: Number.MAX_SAFE_INTEGER };

function answer(...numbers: (number | bigint)[]): Buffer {
  const buffer = Buffer.alloc(numbers.length * 8);
  numbers.forEach((number, index) => {
    buffer.writeBigUInt64LE(BigInt(number), index * 8);
  });
  return buffer;
}

describe('allocated ranges', () => {
  it('have begins and lengths on the wire', () => {
    expect(readRanges(answer(0, 10, 10, 5, 100, 1), ALL)).toEqual([
      { from: 0, to: 10 },
      { from: 10, to: 15 },
      { from: 100, to: 101 },
    ]);
    expect(readRanges(Buffer.alloc(0), ALL)).toEqual([]);
  });

  it('are cut to the question, for servers round it', () => {
    expect(readRanges(answer(0, 4_096, 8_192, 4_096, 20_480, 4_096), { from: 1_000, to: 9_000 })).toEqual([
      { from: 1_000, to: 4_096 },
      { from: 8_192, to: 9_000 },
    ]);
  });

  it.each<[string, Buffer]>([
    ['half a range', answer(0, 10, 20)],
    ['an empty one', answer(5, 0)],
    ['two that lie over one another', answer(0, 10, 9, 5)],
    ['an order that goes backwards', answer(50, 10, 10, 10)],
    ['a begin beyond 2^53', answer(2n ** 53n, 1)],
    ['a length that ends beyond 2^53', answer(2 ** 52, 2n ** 53n - 1n)],
    ['a negative begin', answer(2n ** 64n - 1n, 1)],
  ])('are malformed with %s', (_remark, buffer) => {
    expect(() => readRanges(buffer, ALL)).toThrow(malformed);
  });

  it('are ordered, apart and inside of the question whatever the server says', () => {
    const asked = { from: 100, to: 5_000 };
    feedHostile(
      [answer(0, 200, 300, 5, 4_000, 2_000), answer(100, 1)],
      ['malformed'],
      (bytes) => readRanges(bytes, asked),
      (found) => {
        let end = asked.from;
        for (const range of found) {
          expect(range.from).toBeGreaterThanOrEqual(end);
          expect(range.to).toBeGreaterThan(range.from);
          end = range.to;
        }
        expect(end).toBeLessThanOrEqual(asked.to);
      },
    );
  });
});

describe('what asks and what makes a hole', () => {
  it('tell a length the one, an end the other', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        const range = { from: Math.min(a, b), to: Math.max(a, b) };
        const asking = queryRangesRequest(Buffer.alloc(16), range, 65_536).body;
        expect([asking.readBigUInt64LE(56), asking.readBigUInt64LE(64)]).toEqual([
          BigInt(range.from),
          BigInt(range.to) - BigInt(range.from),
        ]);
        const zeroing = setZeroRequest(Buffer.alloc(16), range).body;
        expect([zeroing.readBigUInt64LE(56), zeroing.readBigUInt64LE(64)]).toEqual([
          BigInt(range.from),
          BigInt(range.to),
        ]);
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});
