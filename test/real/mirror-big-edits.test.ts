/** Big files under random edits, sparse or not: after each the mirror holds what the main holds, whatever lay there before. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { seeded } from '../../tryout/files.ts';
import { allocated, BigShare, MIB } from './big-share.ts';
import { type DiskKind, REFLINK_DISKS } from './loop-disks.ts';

const LONG = process.env['STANDBY_LONG'] !== undefined;
const EDITS = LONG ? 1_000 : 40;
const SEED = 20_263;
const NAME = 'big.bin';
/** Below 1 MiB a file goes another way: some edits lead there and back. */
const MOST_BYTES = 7 * MIB;

let big: BigShare;
afterEach(() => big.close());

/** Changes the main's file in one of the ways in which programs do, and says how. */
async function edit(chance: () => number): Promise<string> {
  const below = (limit: number): number => Math.floor(chance() * limit);
  const { size } = fs.statSync(big.main(NAME));
  const at = below(size);
  const some = crypto.randomBytes(1 + below(chance() < 0.5 ? 9_000 : 700_000));
  switch (below(8)) {
    case 0: {
      const content = fs.readFileSync(big.main(NAME));
      fs.writeFileSync(big.main(NAME), Buffer.concat([content.subarray(0, at), some, content.subarray(at)]));
      return `insert ${some.length} at ${at}`;
    }
    case 1: {
      const to = below(size + 1);
      fs.truncateSync(big.main(NAME), to);
      return `truncate to ${to}`;
    }
    case 2: {
      const to = size + below(MIB);
      fs.truncateSync(big.main(NAME), to);
      return `extend to ${to}`;
    }
    case 3: {
      const to = Math.min(size, at + below(2 * MIB));
      const file = await big.tree.open(NAME, { access: 'read-write' });
      await file.setSparse();
      await file.punch(at, to);
      await file.close();
      // The server may leave the time of writing as it was.
      big.overwrite(NAME, at, Buffer.from([1 + below(255)]));
      return `punch ${at} to ${to}`;
    }
    case 4: {
      const zeros = Buffer.alloc(Math.min(some.length * 3, size - at));
      big.overwrite(NAME, at, zeros);
      return `zeros ${zeros.length} at ${at}`;
    }
    case 5: {
      const places = Array.from({ length: 60 }, () => below(size));
      for (const place of places) big.overwrite(NAME, place, crypto.randomBytes(3));
      return `scatter ${places.length}`;
    }
    case 6: {
      fs.appendFileSync(big.main(NAME), some);
      return `append ${some.length}`;
    }
    default: {
      big.overwrite(NAME, at, some);
      return `overwrite ${some.length} at ${at}`;
    }
  }
}

describe.each<DiskKind>(['xfs', 'btrfs', 'tmpfs'])('on %s', (kind) => {
  it(`holds what the main holds after each of ${EDITS} edits (seed ${SEED})`, {
    timeout: LONG ? 900_000 : 120_000,
  }, async () => {
    const chance = seeded(SEED);
    big = await BigShare.make(kind, 500);
    const done: string[] = [];
    const sums = { readBytes: 0, writtenBytes: 0, changedBytes: 0, patched: 0 };
    for (let n = 0; n < EDITS; n += 1) {
      const size = fs.existsSync(big.main(NAME)) ? fs.statSync(big.main(NAME)).size : 0;
      if (n % 10 === 0 || size > MOST_BYTES || size === 0) {
        fs.rmSync(big.main(NAME), { force: true });
        fs.writeFileSync(big.main(NAME), crypto.randomBytes(3 * MIB + Math.floor(chance() * MIB)));
        done.push('new');
      } else done.push(await edit(chance));
      const figures = await big.pass();
      const main = fs.readFileSync(big.main(NAME));
      const what = done.slice(-3).join(', ');
      expect(fs.readFileSync(big.mirror(NAME)).equals(main), `edit ${n}: ${what}`).toBe(true);
      sums.readBytes += figures.readBytes;
      sums.writtenBytes += figures.writtenBytes;
      sums.changedBytes += figures.changedBytes;
      if (figures.uncomparedBytes === 0 && figures.writtenBytes < figures.readBytes) sums.patched += 1;
      if (kind !== 'tmpfs') expect(allocated(big.mirror(NAME))).toBeLessThanOrEqual(allocatedAtMost());
    }
    expect(big.share.problems()).toEqual([]);
    if (REFLINK_DISKS.includes(kind)) {
      expect(sums.patched).toBeGreaterThan(EDITS / 4);
      expect(sums.writtenBytes).toBeLessThan(sums.readBytes * 0.75);
    }
    process.stderr.write(`${kind}: ${JSON.stringify(sums)}\n`);
  });
});

/** What the main's file takes, and room for what XFS keeps ready around a block that is written. */
function allocatedAtMost(): number {
  return allocated(big.main(NAME)) + 4 * MIB;
}
