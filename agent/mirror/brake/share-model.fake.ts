/**
 * A share as the brake sees it, in memory: files with looks instead of contents, each change asked of the judge exactly as
 * brake.ts asks it. Time is played, so a day takes milliseconds.
 */
import { nameOf, parentOf } from '../names.ts';
import { Arrivals, isRebuilt } from './departures.ts';
import { type Chance, documentOf } from './documents.fake.ts';
import { extensionOf, isDocument } from './formats.ts';
import { EMPTY_WINDOW, judge, type Window } from './judge.ts';
import { heirOf, originOf } from './kin.ts';
import { type Look, lookAt } from './look.ts';
import { sampleOf } from './samples.ts';
import { type Change, signOf } from './signs.ts';
import { REMOVAL_WINDOW_MS } from './thresholds.ts';

interface File {
  look: Look;
  size: number;
  written: bigint;
  /** When it was made; undefined when the first copy brought it. */
  madeMs?: number | undefined;
}

/** Looks of real contents, so many for each extension, made once. */
const POOL = 24;
const pools = new Map<string, Look[]>();
/** Of its own, so that neither order nor number of tests changes it. */
let poolSeed = 7;
const poolChance: Chance = () => {
  poolSeed = (poolSeed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return poolSeed / 2_147_483_648;
};

export function lookOf(content: Buffer): Look {
  return lookAt(sampleOf(content));
}

/** The look of some file: of a format, or of what `make` makes, kept under its name. */
export function someLook(chance: Chance, kind: string, make = () => documentOf(kind, poolChance)): Look {
  let pool = pools.get(kind);
  if (pool === undefined) {
    pool = Array.from({ length: POOL }, () => lookOf(make()));
    pools.set(kind, pool);
  }
  const look = pool[Math.floor(chance() * pool.length)];
  if (look === undefined) throw new Error('an empty pool');
  return look;
}

export { poolChance };

export class ShareModel {
  readonly directories = new Map<string, Map<string, File>>();
  readonly name: string;
  readonly arrivals: Arrivals;
  window: Window = EMPTY_WINDOW;
  files = 0;
  nowMs = Date.UTC(2026, 0, 1);
  /** Why it tripped, for each time. */
  readonly trips: string[] = [];
  /** Changes that were made here although they showed a sign, or that lost a file. */
  damaged = 0;
  #made = 1n;

  constructor(name = 'Office', arrivals = new Arrivals()) {
    this.name = name;
    this.arrivals = arrivals;
  }

  get isTripped(): boolean {
    return this.trips.length > 0;
  }

  /** A person looks and says that it is wanted. */
  allow(): void {
    this.window = EMPTY_WINDOW;
  }

  /** As the first copy leaves it: nothing is asked. */
  hold(path: string, look: Look): void {
    const directory = this.#directory(parentOf(path));
    if (!directory.has(nameOf(path))) this.files += 1;
    directory.set(nameOf(path), { look, size: look.size, written: this.#made++ });
  }

  #directory(path: string): Map<string, File> {
    const known = this.directories.get(path);
    if (known !== undefined) return known;
    const made = new Map<string, File>();
    this.directories.set(path, made);
    return made;
  }

  find(path: string): File | undefined {
    return this.directories.get(parentOf(path))?.get(nameOf(path));
  }

  /** Up to a limit of the paths. */
  *paths(): Generator<string> {
    for (const [directory, files] of this.directories)
      for (const name of files.keys()) yield directory === '' ? name : `${directory}/${name}`;
  }

  #beside(path: string): { has(name: string): boolean; startingWith(start: string): string[] } {
    const files = this.#directory(parentOf(path));
    return {
      has: (name) => files.has(name),
      startingWith: (start) =>
        [...files.keys()]
          .filter((name) => name.startsWith(start))
          .sort()
          .slice(0, 2),
    };
  }

  #isLoss(path: string, name: string, file: File): boolean {
    const isYoung = file.madeMs !== undefined && this.nowMs - file.madeMs <= REMOVAL_WINDOW_MS;
    return !isRebuilt(path) && !isYoung && !this.arrivals.has({ name, ...file });
  }

  /** False when the brake holds it. */
  #ask(change: Change): boolean {
    const filesBeside =
      signOf(change) === undefined ? Number.POSITIVE_INFINITY : this.#directory(parentOf(change.path)).size;
    const judged = judge(this.window, { ...change, filesBeside }, this.files, this.nowMs);
    if (judged.verdict === 'trip') {
      this.trips.push(judged.why);
      return false;
    }
    this.window = judged.state;
    return true;
  }

  /** A file is written: new, or over the one there. `same`: its written time and name tell that it was moved here. */
  write(
    path: string,
    after: Look,
    { attack = false, moved }: { attack?: boolean; moved?: File | undefined } = {},
  ): boolean {
    const directory = this.#directory(parentOf(path));
    const name = nameOf(path);
    const before = directory.get(name);
    const written = moved?.written ?? this.#made++;
    const isReadable = after.nature !== 'random' && after.nature !== 'sealed' && after.nature !== 'encoded';
    const change: Change =
      before === undefined
        ? {
            kind: 'added',
            path,
            after,
            of: isReadable ? undefined : originOf(this.#beside(path), name),
            filesBeside: 0,
          }
        : { kind: 'replaced', path, before: before.look, after, filesBeside: 0 };
    if (before === undefined) this.arrivals.note({ name, size: after.size, written }, this.nowMs);
    if (!this.#ask(change)) return false;
    if (before === undefined) this.files += 1;
    else if (attack) this.damaged += 1;
    const madeMs = before === undefined ? this.nowMs : before.madeMs;
    directory.set(name, { look: after, size: after.size, written, madeMs });
    return true;
  }

  remove(path: string, { attack = false } = {}): boolean {
    const directory = this.#directory(parentOf(path));
    const name = nameOf(path);
    const file = directory.get(name);
    if (file === undefined) return true;
    const isLost = this.#isLoss(path, name, file);
    const heir = heirOf(this.#beside(path), name);
    const isDoc = isDocument(extensionOf(name));
    const change: Change = { kind: 'removed', path, files: isLost ? 1 : 0, isDocument: isDoc, heir, filesBeside: 0 };
    if (!this.#ask(change)) return false;
    directory.delete(name);
    this.files -= 1;
    if (attack) this.damaged += 1;
    return true;
  }

  /** A directory with everything below it, in one go. */
  removeTree(top: string): boolean {
    const gone = [...this.directories].filter(([path]) => path === top || path.startsWith(`${top}/`));
    let all = 0;
    let lost = 0;
    for (const [path, files] of gone)
      for (const [name, file] of files) {
        all += 1;
        if (this.#isLoss(path, name, file)) lost += 1;
      }
    const change: Change = {
      kind: 'removed',
      path: top,
      files: lost,
      isDocument: false,
      heir: undefined,
      filesBeside: 0,
    };
    if (!this.#ask(change)) return false;
    for (const [path] of gone) this.directories.delete(path);
    this.files -= all;
    return true;
  }

  rename(from: string, to: string, { attack = false } = {}): boolean {
    const file = this.find(from);
    if (file === undefined) return true;
    if (!this.#ask({ kind: 'renamed', path: from, to, filesBeside: 0 })) return false;
    this.#directory(parentOf(from)).delete(nameOf(from));
    this.#directory(parentOf(to)).set(nameOf(to), file);
    if (attack) this.damaged += 1;
    return true;
  }
}
