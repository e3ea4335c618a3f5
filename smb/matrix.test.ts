/**
 * The client against every kind of Samba server: dialects × signing × encryption × limits, and each algorithm of 3.1.1. Normally a sample in
 * which any two settings meet; STANDBY_LONG=1 runs them all.
 */
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { buildCell, type Cell } from './scripted/cell.ts';
import { workADay } from './scripted/day.ts';
import { algorithmRows, allRows, pairsOf, sampleOf } from './scripted/matrix.ts';
import { type Stand, startStand } from './scripted/stand.ts';

const SEED = 20_261_122;
const ALL = allRows();
const ROWS = process.env['STANDBY_LONG'] === undefined ? sampleOf(ALL, SEED) : ALL;

let cell: Cell | undefined;
let stand: Stand | undefined;
afterEach(async () => {
  await stand?.stop();
  stand = undefined;
  await cell?.remove();
  cell = undefined;
});

describe(`the client does a day's work with Samba (${ROWS.length} of ${ALL.length} rows, seed ${SEED})`, () => {
  afterAll(() => console.log(`matrix: ${ROWS.length} of ${ALL.length} rows, seed ${SEED}, and each algorithm`));

  it.each([...ROWS, ...algorithmRows()].map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    cell = await buildCell(row.mtuBytes);
    stand = await startStand({
      cell,
      global: row.global,
      share: ['vfs objects = acl_xattr', 'acl_xattr:ignore system acls = yes', ...row.share],
    });
    await workADay(stand, row);
  });
});

describe('the sample', () => {
  it('has every two settings that can go together in one row', () => {
    const pairs = (rows: typeof ALL): Set<string> => new Set(rows.flatMap(({ values }) => pairsOf(values)));
    for (const seed of [1, 2, 3]) {
      const sample = sampleOf(ALL, seed);
      expect(pairs(sample)).toEqual(pairs(ALL));
      expect(sample.length).toBeLessThan(ALL.length / 2);
    }
    expect(ALL.length).toBe(80);
  });
});
