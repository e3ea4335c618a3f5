/** Many pieces of one file under way at once: which pieces, and how many hands work on them. */
import type { Range } from './handle-types.ts';

/** Pieces of at most `bytes`, ascending. */
export function* cut(range: Range, bytes: number): Generator<Range, void, undefined> {
  for (let from = range.from; from < range.to; from += bytes) yield { from, to: Math.min(from + bytes, range.to) };
}

/**
 * Works on up to `width` pieces at once. After a failure none is begun any more. Settles only when none is under way, and throws
 * the first failure.
 */
export async function eachPiece(
  pieces: Iterator<Range, void> | AsyncIterator<Range, void>,
  width: number,
  work: (piece: Range) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const hand = async (): Promise<void> => {
    while (failures.length === 0) {
      const next = await pieces.next();
      if (next.done === true || failures.length > 0) return;
      await work(next.value);
    }
  };
  await Promise.all(
    Array.from({ length: width }, () =>
      hand().catch((error: unknown) => {
        failures.push(error);
      }),
    ),
  );
  if (failures.length > 0) throw failures[0];
}
