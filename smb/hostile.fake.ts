/** For tests: bytes such as a broken or hostile server sends, and the one thing that may come of them: a Failure. */
import fc from 'fast-check';
import { Failure } from '../base/failure.ts';

/** Random bytes, or a good message that was cut, lengthened or changed in a few places. */
export function hostileBytes(...good: Buffer[]): fc.Arbitrary<Buffer> {
  const random = fc.uint8Array({ maxLength: 512 }).map((bytes) => Buffer.from(bytes));
  const changes = fc.array(
    fc.record({ at: fc.nat(), to: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  const bent = fc
    .record({
      message: fc.constantFrom(...good),
      changes,
      cut: fc.option(fc.nat()),
      tail: fc.uint8Array({ maxLength: 8 }),
    })
    .map(({ message, changes, cut, tail }) => {
      const bytes = Buffer.concat([message, tail]);
      for (const { at, to } of changes) bytes[at % bytes.length] = to;
      return cut === null ? bytes : bytes.subarray(0, cut % (bytes.length + 1));
    });
  return fc.oneof({ arbitrary: random, weight: 1 }, { arbitrary: bent, weight: 4 });
}

/**
 * Feeds 2,000 of them, always the same ones, to a decoder. It may accept them or throw a Failure with one of `codes`;
 * anything else fails the test. `looked` gets what was accepted, for further claims about it.
 */
export function feedHostile<T>(
  good: Buffer[],
  codes: string[],
  decode: (bytes: Buffer) => T,
  looked: (value: T, bytes: Buffer) => void = () => {},
): void {
  fc.assert(
    fc.property(hostileBytes(...good), (bytes) => {
      let value: T;
      try {
        value = decode(bytes);
      } catch (error) {
        if (error instanceof Failure && codes.includes(error.code)) return;
        throw error;
      }
      looked(value, bytes);
    }),
    { seed: 20_240_611, numRuns: 2_000 },
  );
}

/** The Failure with which it ends. Throws when it ends well, or in another way. */
export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
