/**
 * One directory of the mirror, and how its names meet the base's. Names are matched exactly first; a name that changed only
 * its case is the same object to the main, which knows no case: taken for a new file and a deleted one, the deletion would
 * hit the very file that was just sent.
 */
import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import path from 'node:path';
import { failureOf } from '../../base/failure.ts';
import type { BaseRow } from './base-view.ts';
import { type LocalStat, localStatOf, openFolderBeneath } from './beneath.ts';

export interface LocalEntry extends LocalStat {
  name: string;
}

export interface LocalListing {
  entries: LocalEntry[];
  /** Names that are not UTF-8, which no SMB server can have made; escaped for people. */
  refused: string[];
}

/** What standbyd and the engine write and have not finished; never users' data. */
const OWN_TEMP = /^\.~standby-.*\.tmp$/;

/** Entries looked at before others may run. */
const BREATH = 2_000;

/**
 * Everything in a directory of the mirror. Throws a Failure when it cannot be read to the end: what is not seen must never
 * pass for deleted.
 */
export async function listMirror(root: string, relative: string): Promise<LocalListing> {
  const listing: LocalListing = { entries: [], refused: [] };
  let folder: number | undefined;
  try {
    folder = openFolderBeneath(root, relative);
    const names = fs.readdirSync(`/proc/self/fd/${folder}`, { encoding: 'buffer' });
    for (const [index, bytes] of names.entries()) {
      if (index % BREATH === BREATH - 1) await new Promise((resolve) => setImmediate(resolve));
      const name = bytes.toString('utf8');
      if (!isUtf8(bytes)) listing.refused.push(bytes.toString('latin1'));
      else if (!OWN_TEMP.test(name)) {
        const stat = fs.lstatSync(`/proc/self/fd/${folder}/${name}`, { bigint: true });
        listing.entries.push({ name, ...localStatOf(stat) });
      }
    }
  } catch (error) {
    throw failureOf(
      error,
      'list the mirror',
      path.join(root, relative),
      'nothing was planned; check the mirror’s disk',
    );
  } finally {
    if (folder !== undefined) fs.closeSync(folder);
  }
  return listing;
}

export interface Pair {
  base: BaseRow | undefined;
  local: LocalEntry | undefined;
  /** The name on the main: the base's spelling where there is one. */
  name: string;
  /** Another name in this directory differs only in case: a main without case cannot tell them apart. */
  twin: boolean;
}

/** Brings base and mirror together, sorted by name. */
export function pairNames(rows: readonly BaseRow[], entries: readonly LocalEntry[]): Pair[] {
  const locals = new Map(entries.map((entry) => [entry.name, entry]));
  const known = new Set(rows.map((row) => row.name));
  const spellings = new Map<string, Set<string>>();
  for (const { name } of [...rows, ...entries]) {
    const folded = foldCase(name);
    spellings.set(folded, (spellings.get(folded) ?? new Set()).add(name));
  }
  const pairs: Pair[] = [];
  for (const base of rows) {
    const spelled = spellings.get(foldCase(base.name)) ?? new Set();
    const exact = locals.get(base.name);
    const respelled = exact === undefined && spelled.size === 2 ? otherOf(spelled, base.name) : undefined;
    // A name that the base has too is that one's own.
    const other = respelled === undefined || known.has(respelled) ? undefined : locals.get(respelled);
    const local = exact ?? other;
    if (local !== undefined) locals.delete(local.name);
    pairs.push({ base, local, name: base.name, twin: spelled.size > (other === undefined ? 1 : 2) });
  }
  for (const local of locals.values())
    pairs.push({
      base: undefined,
      local,
      name: local.name,
      twin: (spellings.get(foldCase(local.name))?.size ?? 1) > 1,
    });
  return pairs.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function otherOf(two: ReadonlySet<string>, name: string): string | undefined {
  for (const other of two) if (other !== name) return other;
  return undefined;
}

/** One code unit to one code unit, as NTFS and Samba compare: «ß» and «SS» stay two names. */
export function foldCase(name: string): string {
  let folded = '';
  for (let index = 0; index < name.length; index += 1) {
    const unit = name.charAt(index);
    const upper = unit.toUpperCase();
    folded += upper.length === 1 ? upper : unit;
  }
  return folded;
}
