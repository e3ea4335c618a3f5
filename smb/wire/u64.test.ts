/** 64-bit numbers are what Node makes of the same bytes. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { putU64, s64At, u64At } from './u64.ts';

it('reads what Node reads', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.integer({ min: 0, max: 9 }), (eight, at) => {
      const bytes = Buffer.concat([Buffer.alloc(at, 7), eight, Buffer.alloc(3, 7)]);
      expect(u64At(bytes, at)).toBe(bytes.readBigUInt64LE(at));
      expect(s64At(bytes, at)).toBe(bytes.readBigInt64LE(at));
    }),
    { seed: 3, numRuns: 500 },
  );
});

it('writes what Node writes, and nothing beside it', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.integer({ min: 0, max: 9 }), (value, at) => {
      const bytes = Buffer.alloc(20, 7);
      const expected = Buffer.alloc(20, 7);
      putU64(bytes, at, value);
      expected.writeBigUInt64LE(value, at);
      expect(bytes).toEqual(expected);
    }),
    { seed: 4, numRuns: 500 },
  );
});

it('never reads behind the end', () => {
  expect(() => u64At(Buffer.alloc(11), 4)).toThrow(RangeError);
  expect(() => s64At(Buffer.alloc(11), 4)).toThrow(RangeError);
});
