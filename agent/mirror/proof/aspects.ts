/**
 * In what a copy may differ from its original beside its content: one line for each aspect that the mirror keeps, so that what it
 * learns to keep is proven too as soon as it is added here.
 */
import { unixNs } from '../../../smb/file-time.ts';
import type { Stat, Tree } from '../../../smb/types.ts';
import { KEPT_ATTRIBUTES } from '../metadata.ts';
import type { LocalObject } from './local.ts';

/** An original and its copy, both there and of one kind. */
export interface Pair {
  readonly tree: Tree;
  readonly path: string;
  readonly main: Stat;
  readonly local: LocalObject;
}

export interface Aspect {
  readonly name: string;
  /** What differs, in words; undefined when nothing does. May ask the main, and throws what that throws. */
  differs(pair: Pair): string | undefined | Promise<string | undefined>;
}

export interface Difference {
  /** `content`, `missing-here`, `not-on-main`, `kind`, `unreadable`, or the name of an aspect. */
  aspect: string;
  /** In words. */
  what: string;
}

export const ASPECTS: readonly Aspect[] = [
  {
    name: 'size',
    differs: ({ main, local }) =>
      main.directory || main.size === local.size
        ? undefined
        : `${main.size} bytes on the main, ${local.size} on the mirror`,
  },
  {
    name: 'written',
    // To the 100 ns in which SMB tells it; a time that no disk can hold is kept as the nearest that it can.
    differs: ({ main, local }) =>
      main.written === 0n || unixNs(main.written) === local.mtimeNs
        ? undefined
        : `last written ${moment(unixNs(main.written))} on the main, ${moment(local.mtimeNs)} on the mirror`,
  },
  {
    name: 'attributes',
    differs({ main, local }) {
      const wanted = main.attributes & KEPT_ATTRIBUTES;
      const found = (local.marks?.attributes ?? 0) & KEPT_ATTRIBUTES;
      return wanted === found
        ? undefined
        : `0x${wanted.toString(16)} on the main, 0x${found.toString(16)} on the mirror`;
    },
  },
  {
    name: 'created',
    differs({ main, local }) {
      const found = local.marks?.created;
      if (main.created === 0n || main.created === found) return undefined;
      const here = found === undefined ? 'not known on the mirror' : `${moment(unixNs(found))} on the mirror`;
      return `created ${moment(unixNs(main.created))} on the main, ${here}`;
    },
  },
];

/** Every aspect in which the two differ. */
export async function differencesOf(pair: Pair, aspects: readonly Aspect[] = ASPECTS): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const { name, differs } of aspects) {
    const what = await differs(pair);
    if (what !== undefined) found.push({ aspect: name, what });
  }
  return found;
}

/** UTC to the 100 ns. */
function moment(ns: bigint): string {
  const units = (((ns / 100n) % 10_000n) + 10_000n) % 10_000n;
  const text = new Date(Number(ns / 1_000_000n)).toISOString();
  return `${text.slice(0, -1)}${String(units).padStart(4, '0')}Z`;
}
