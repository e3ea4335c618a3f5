/** Which blocks of a file differ: decided on two buffers, without touching a disk. */
import type { Range } from '../../smb/types.ts';

/** What XFS and btrfs give out space in, as their mkfs makes them; measured in docs/decisions/big-files.md. */
export const BLOCK_BYTES = 4_096;
/** A READ's worth with more separate runs than this is written in one piece, from the first to the last of them. */
const MOST_RUNS = 16;

/**
 * The runs of blocks in which two buffers of one length differ, ascending, as offsets within them. Blocks are those of the file:
 * `offset` is where in it both buffers begin.
 */
export function differingRuns(fresh: Buffer, there: Buffer, offset: number): Range[] {
  const runs: Range[] = [];
  if (fresh.equals(there)) return runs;
  for (let from = 0; from < fresh.length; ) {
    const to = Math.min(fresh.length, from + BLOCK_BYTES - ((offset + from) % BLOCK_BYTES));
    if (fresh.compare(there, from, to, from, to) !== 0) {
      const last = runs.at(-1);
      if (last?.to === from) last.to = to;
      else runs.push({ from, to });
    }
    from = to;
  }
  return runs;
}

/** What to write for these runs: so few that each is worth a call of its own. */
export function worthWriting(runs: Range[]): Range[] {
  const [first, last] = [runs[0], runs.at(-1)];
  if (first === undefined || last === undefined || runs.length <= MOST_RUNS) return runs;
  return [{ from: first.from, to: last.to }];
}

export function bytesOf(runs: readonly Range[]): number {
  return runs.reduce((sum, { from, to }) => sum + to - from, 0);
}

const ZEROS = Buffer.alloc(1_048_576);

export function isZero(chunk: Buffer): boolean {
  for (let at = 0; at < chunk.length; at += ZEROS.length) {
    const piece = chunk.subarray(at, at + ZEROS.length);
    if (!piece.equals(ZEROS.subarray(0, piece.length))) return false;
  }
  return true;
}
