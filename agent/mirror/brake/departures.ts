/**
 * Which removals are no loss: files that are elsewhere on the main now (moved between shares, or by copying and deleting,
 * which no server tells of as a move), what was made within the hour (young.ts), and what programs make again by themselves.
 */
import type { Ground } from '../ground.ts';
import type { Row } from '../index-row.ts';
import { Pace } from '../pace.ts';
import { REMOVAL_WINDOW_MS } from './thresholds.ts';

/** Folders of developers and recycle bins, as their programs spell them. */
const REBUILT = new Set(
  'node_modules bower_components __pycache__ .git .svn .hg .cache .gradle .m2 .venv venv .tox .next target build dist obj $RECYCLE.BIN .recycle'.split(
    ' ',
  ),
);
/** Two generations of so many arrivals: about 5 MB when both are full. Beyond it a move counts as a removal. */
const ARRIVAL_LIMIT = 50_000;
const PAGE = 500;

/** What tells a file on its way from one place to another. */
interface Moving {
  name: string;
  size: number;
  written: bigint;
}

/**
 * Files that arrived within the last hour or so, by name, size and time of writing, wherever: the same file that goes from
 * another place after that was moved. Forgotten by a restart, so that a move which that cuts in two counts as a removal.
 */
export class Arrivals {
  #now = new Set<number>();
  #before = new Set<number>();
  #turnedMs = 0;

  note(file: Moving, nowMs: number): void {
    if (nowMs - this.#turnedMs > REMOVAL_WINDOW_MS || this.#now.size >= ARRIVAL_LIMIT) {
      this.#before = this.#now;
      this.#now = new Set();
      this.#turnedMs = nowMs;
    }
    this.#now.add(hashOf(file));
  }

  has(file: Moving): boolean {
    const hash = hashOf(file);
    return this.#now.has(hash) || this.#before.has(hash);
  }
}

export function placeOf(share: string, directory: string): string {
  return `${share}/${directory}`;
}

/** 53 bits: a chance hit among 100,000 is one removal that does not count. */
function hashOf({ name, size, written }: Moving): number {
  let low = 0x811c9dc5;
  let high = 0x1000193;
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b);
  }
  low = Math.imul(low ^ size, 0x01000193) ^ Number(BigInt.asIntN(32, written));
  high = Math.imul(high ^ Number(BigInt.asIntN(32, written >> 24n)), 0xc2b2ae35) ^ size;
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
}

/** Below a folder whose content programs make again. */
export function isRebuilt(path: string): boolean {
  return path.split('/').some((name) => REBUILT.has(name));
}

/** What is known of the last hour: what came from elsewhere, and the id of the last row before it. */
export interface Known {
  arrivals: Arrivals;
  youngAfter: number;
}

/** How many files are lost when a row goes with everything below it. */
export async function lossOf(ground: Ground, { arrivals, youngAfter }: Known, row: Row, path: string): Promise<number> {
  const lossOfFile = (file: Row): number => (file.id > youngAfter || arrivals.has(file) ? 0 : 1);
  if (isRebuilt(path)) return 0;
  if (row.kind === 'file') return lossOfFile(row);
  const pace = new Pace();
  const levels = [{ id: row.id, after: '' }];
  let lost = 0;
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const children = ground.index.children(level.id, level.after, PAGE);
    const last = children.at(-1);
    if (last === undefined) {
      levels.pop();
      continue;
    }
    level.after = last.name;
    for (const child of children) {
      if (child.kind === 'file') lost += lossOfFile(child);
      else if (!REBUILT.has(child.name)) levels.push({ id: child.id, after: '' });
    }
    if (pace.isTired) await pace.rest();
  }
  return lost;
}

/** A row that is about to go, and how many files are lost with it. */
export interface Leaving {
  row: Row;
  path: string;
  loss: number;
}

/** Without what goes with one of the directories among them. */
export function directoriesFirst<T extends Leaving>(leaving: readonly T[]): T[] {
  const tops = leaving.filter(({ row }) => row.kind === 'directory').map(({ path }) => `${path}/`);
  const alone = leaving.filter(({ path }) => !tops.some((top) => path.startsWith(top)));
  return alone.sort((a, b) => Number(b.row.kind === 'directory') - Number(a.row.kind === 'directory'));
}
