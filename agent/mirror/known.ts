/**
 * Chooses the file whose reading proves that the main serves: small, and not changed for long, so that it rarely is the
 * reason of a false «changed». Looks at a bounded number of rows, spread over the share's index in steps.
 */

import type { Row } from './index-row.ts';
import type { IndexStore } from './index-store.ts';
import { Pace } from './pace.ts';

export interface KnownFile {
  share: string;
  path: string;
  size: number;
  writtenFileTime: string;
}

const SIZE_LIMIT_BYTES = 65_536;
const STEP = 100;
const ROWS_LIMIT = 5_000;

/** The oldest suitable file among those looked at; undefined when there is none. */
export async function chooseKnown(index: IndexStore, share: string): Promise<KnownFile | undefined> {
  const { id } = index.share(share);
  const pace = new Pace();
  let best: Row | undefined;
  let after = 0;
  for (let looked = 0; looked < ROWS_LIMIT; looked += STEP) {
    const rows = index.files(id, after, STEP);
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.id;
    for (const row of rows)
      if (isSuitable(index, row) && (best === undefined || row.written < best.written)) best = row;
    if (pace.isTired) await pace.rest();
  }
  const path = best === undefined ? undefined : index.path(best.id);
  if (best === undefined || path === undefined) return undefined;
  return { share, path, size: best.size, writtenFileTime: String(best.written) };
}

function isSuitable(index: IndexStore, row: Row): boolean {
  const isReadable = row.size >= 1 && row.size <= SIZE_LIMIT_BYTES && row.written !== 0n && row.local.size >= 0n;
  return isReadable && index.path(row.id) !== undefined;
}
