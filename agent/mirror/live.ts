/**
 * Follows a share between passes. Notify says where to look, looking finds the truth:
 *
 *   event → hint: the named path, after a short pause    → stat → same? / dress / fetch lane; again after 1, 3, 10, 30 s …
 *         → scan: a directory where something went away  → list → notes what lacks → (pause) → remove.ts
 *         → active: directories with events are listed every second or two, which finds the writes that notify misses
 *
 * Everything is bounded; when there is more than the bounds hold, a full pass is asked for, which finds all of it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isFailure } from '../../base/failure.ts';
import type { FileTime, Stat, Tree } from '../../smb/types.ts';
import { Active } from './active.ts';
import { dressInPlace } from './adopt.ts';
import { compareFile } from './compare.ts';
import { whyNotContent } from './content.ts';
import { follow } from './follow.ts';
import { ageMs, type Ground, isAboutPath, isOtherDirectory, isOtherFile, problemOf, toldOf } from './ground.ts';
import { nameOf, parentOf, whyUnfit } from './names.ts';
import { removeAbsent } from './remove.ts';
import { type Job, Scratch } from './scratch.ts';
import { stamp } from './tidy.ts';
import { walk } from './walk.ts';

export interface LiveOptions {
  ground: Ground;
  tree: Tree;
  signal: AbortSignal;
  want(job: Job): void;
  /** More happened than can be held: a full pass has to find it. */
  overflow(): void;
}

const TURN_MS = 50;
const FIRST_LOOK_MS = 100;
/** Looks after a file was seen to move: notify tells nothing of writes into a file that is open. */
const LATER_LOOKS_MS = [1_000, 3_000, 10_000, 30_000];
/** And after those, while there is room for it: Windows lists an open file as it was when it was opened. */
const PATIENT_LOOKS_MS = [...LATER_LOOKS_MS, 60_000, 180_000, 600_000, 1_800_000];
/** Somebody who writes a file in pieces is waited for, but not for ever. */
const QUIET_MS = 250;
const QUIET_LOOKS = 8;
/** A file of this size is copied when it has stood still for a moment, not on every growth. */
const BIG_BYTES = 4 * 1_048_576;
const STILL_MS = 700;
const SCAN_PAUSE_MS = 150;
/** Between seeing that a name lacks and acting on it, so that the other end of a move can be seen. */
const ABSENT_PAUSE_MS = 600;
const STAMP_PAUSE_MS = 500;
const PAIR_MS = 500;
/** 8.3 names (MS-FSCC 2.1.5.2.1), as Windows makes them of long ones. */
const SHORT_NAME = /^[^ ]{1,6}~\d{1,4}(\.[^ ]{0,3})?$/;
const HINT_LIMIT = 10_000;
const COURTESY_LIMIT = 500;
const SCAN_LIMIT = 2_000;
const LOOKS_AT_ONCE = 32;
const SCANS_AT_ONCE = 4;
/** Renames followed and directories stamped at the same time. */
const TASKS_AT_ONCE = 32;

interface Hint {
  dueMs: number;
  stage: number;
  isName: boolean;
  last: { size: number; written: FileTime } | undefined;
  /** Looks that found it just written. */
  waited: number;
}

export class Live {
  readonly #options: LiveOptions;
  readonly #scratch = new Scratch();
  readonly #hints = new Map<string, Hint>();
  readonly #scans = new Map<string, { dueMs: number; deep: boolean }>();
  readonly #active = new Active();
  readonly #stamps = new Map<string, number>();
  readonly #looking = new Set<string>();
  readonly #scanning = new Set<string>();
  readonly #tasks = new Set<Promise<void>>();
  #from: { path: string; ms: number } | undefined;
  #failed: unknown;
  #removing: Promise<unknown> | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  get #now(): number {
    return this.#options.ground.clock.monoMs();
  }

  /**
   * A path may have changed. `isName`: somebody just said that this is its name; any other path that we do not know may be an
   * old spelling, under which a server without case distinction still finds it.
   */
  hint(path: string, inMs = FIRST_LOOK_MS, stage = 0, isName = false): void {
    const dueMs = this.#now + inMs;
    const known = this.#hints.get(path);
    if (known !== undefined) {
      known.dueMs = Math.min(known.dueMs, dueMs);
      known.stage = Math.min(known.stage, stage);
      known.isName ||= isName;
    } else if (this.#hints.size < HINT_LIMIT)
      this.#hints.set(path, { dueMs, stage, isName, last: undefined, waited: 0 });
    else this.#options.overflow();
  }

  /** A directory's list of names may have changed; '' is the root. `deep`: also those of all directories below it. */
  scanSoon(directory: string, inMs = SCAN_PAUSE_MS, deep = false): void {
    const dueMs = this.#now + inMs;
    const known = this.#scans.get(directory);
    if (known !== undefined) {
      known.dueMs = Math.min(known.dueMs, dueMs);
      known.deep ||= deep;
    } else if (this.#scans.size < SCAN_LIMIT) this.#scans.set(directory, { dueMs, deep });
    else this.#options.overflow();
  }

  /** A file was placed: its directory's times moved here, and what is fresh may be moving on. */
  placed(path: string, fresh: boolean): void {
    this.#stampSoon(parentOf(path));
    if (!fresh) return;
    // Notify may tell nothing of it, and has not, when a pass or a scan found it.
    this.#active.touch(parentOf(path), this.#now);
    // Looking again is a courtesy here: while a pass places thousands, most of them are left to the scans.
    if (this.#hints.size < COURTESY_LIMIT) this.hint(path, LATER_LOOKS_MS[0], 1);
  }

  #stampSoon(directory: string): void {
    if (this.#stamps.size < SCAN_LIMIT) this.#stamps.set(directory, this.#now + STAMP_PAUSE_MS);
  }

  /** One event of the watch. */
  changed(action: 'added' | 'removed' | 'modified' | 'renamed-from' | 'renamed-to' | 'stream', path: string): void {
    if (path === '' || this.#options.ground.excludes.ruleFor(path) !== undefined) return;
    const directory = parentOf(path);
    this.#active.touch(directory, this.#now);
    switch (action) {
      case 'added':
        this.hint(path, FIRST_LOOK_MS, 0, true);
        return;
      case 'modified':
        this.hint(path);
        return;
      case 'removed':
        this.scanSoon(directory);
        return;
      case 'renamed-from':
        this.#from = { path, ms: this.#now };
        this.scanSoon(directory, PAIR_MS);
        return;
      case 'renamed-to': {
        const from = this.#from;
        this.#from = undefined;
        if (from !== undefined && this.#now - from.ms < PAIR_MS && this.#tasks.size < TASKS_AT_ONCE)
          this.#begin(() => this.#pair(from.path, path));
        else this.hint(path, 0, 0, true);
        return;
      }
      case 'stream':
        return;
    }
  }

  /** Something small that `landed` waits for. */
  #begin(act: () => Promise<unknown>): void {
    const task = this.#guard(act).finally(() => this.#tasks.delete(task));
    this.#tasks.add(task);
  }

  async #pair(from: string, to: string): Promise<void> {
    const { ground, tree, signal } = this.#options;
    signal.throwIfAborted();
    const row = ground.index.find(ground.rootId, from);
    if (row !== undefined && (await follow(ground, tree, row, to, row.fileId))) {
      this.placed(to, false);
      this.placed(from, false);
    }
    this.hint(to, 0, 0, true);
  }

  /** Works until the signal; throws what ends the connection. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      if (this.#failed !== undefined) throw this.#failed;
      this.#turn();
      await pause(TURN_MS, undefined, { signal });
    }
    signal.throwIfAborted();
  }

  /** After the signal was aborted. */
  async landed(): Promise<void> {
    while (this.#looking.size + this.#scanning.size + this.#tasks.size > 0 || this.#removing !== undefined)
      await pause(5);
    this.#scratch.close();
  }

  #turn(): void {
    const { ground } = this.#options;
    const now = this.#now;
    if (ground.problems.count(ground.share) > 0)
      for (const path of ground.problems.due(ground.share, ground.clock.wallMs(), LOOKS_AT_ONCE)) this.hint(path, 0);
    for (const [path, hint] of this.#hints) {
      if (this.#looking.size >= LOOKS_AT_ONCE) break;
      if (hint.dueMs > now || this.#looking.has(path)) continue;
      this.#hints.delete(path);
      this.#looking.add(path);
      void this.#guard(() => this.#look(path, hint)).finally(() => this.#looking.delete(path));
    }
    for (const path of ground.unstamped) this.#stampSoon(path);
    ground.unstamped.clear();
    for (const path of ground.moves.take()) this.scanSoon(path, SCAN_PAUSE_MS, true);
    for (const path of this.#active.due(now, (directory) => this.#scanning.has(directory))) this.scanSoon(path, 0);
    for (const [path, { dueMs, deep }] of this.#scans) {
      if (this.#scanning.size >= SCANS_AT_ONCE) break;
      if (dueMs > now || this.#scanning.has(path)) continue;
      this.#scans.delete(path);
      this.#scanning.add(path);
      void this.#guard(() => this.#scan(path, deep)).finally(() => this.#scanning.delete(path));
    }
    for (const [path, dueMs] of this.#stamps) {
      if (this.#tasks.size >= TASKS_AT_ONCE) break;
      if (dueMs > now) continue;
      this.#stamps.delete(path);
      this.#begin(() => this.#stamp(path));
    }
    if (this.#removing === undefined)
      this.#removing = this.#guard(() => this.#remove(now)).finally(() => {
        this.#removing = undefined;
      });
  }

  async #guard(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#failed ??= error;
    }
  }

  async #scan(path: string, deep: boolean): Promise<void> {
    const { ground, tree, want, signal } = this.#options;
    const row = ground.index.find(ground.rootId, path);
    if (row?.kind !== 'directory') {
      // An active directory is not asked for in vain again and again.
      this.#active.forget(path);
      this.#lost(path, deep);
      return;
    }
    const began = this.#now;
    await walk(
      ground,
      tree,
      { id: row.id, path },
      {
        scratch: this.#scratch,
        want,
        signal,
        workers: 2,
        onlyNew: !deep,
        vanished: (gone) => {
          this.#active.forget(gone);
          this.#lost(gone, deep);
        },
      },
    );
    this.#active.listed(path, this.#now, this.#now - began);
    await this.#stamp(path);
  }

  /** Asks the main for a directory's own times and sets them here. */
  async #stamp(path: string): Promise<void> {
    const { ground, tree, signal } = this.#options;
    const row = ground.index.find(ground.rootId, path);
    if (row?.kind !== 'directory') {
      const moved = ground.moves.whereIs(path, this.#now);
      if (moved !== undefined) this.#stampSoon(moved);
      return;
    }
    let now: Stat;
    try {
      now = await tree.stat(path);
    } catch (error) {
      if (isAboutPath(error)) return;
      throw error;
    }
    signal.throwIfAborted();
    const fresh = ground.index.find(ground.rootId, path);
    if (!now.directory || fresh?.id !== row.id || ground.folder.look(path).kind !== 'directory') return;
    const { parent, name } = row;
    // Attributes and creation time are noted by whoever dresses it: a row must not say of them what is not done here.
    if (fresh.written !== now.written)
      ground.index.put(ground.shareId, parent, name, 'directory', { ...fresh, written: now.written }, undefined);
    ground.folder.within(path, (dir) => stamp(ground, dir, row.id));
  }

  async #remove(now: number): Promise<void> {
    const { ground, tree } = this.#options;
    while (ground.index.sweep(200)) await pause(1);
    await removeAbsent(ground, tree, this.#scratch, now - ABSENT_PAUSE_MS);
  }

  async #look(path: string, hint: Hint): Promise<void> {
    const { ground, tree, signal } = this.#options;
    let now: Stat;
    try {
      now = await tree.stat(path);
    } catch (error) {
      if (!isAboutPath(error)) throw error;
      this.#noStat(path, error);
      return;
    }
    signal.throwIfAborted();
    // Listing its folder puts away what is here.
    if (ground.excludes.ruleFor(path) !== undefined) return this.scanSoon(parentOf(path), 0);
    const unfit = whyUnfit(path);
    const problem = unfit === undefined ? whyNotContent(now) : { code: 'bad-name', why: unfit };
    if (problem !== undefined) ground.problems.add(ground.share, path, problem, ground.clock.wallMs());
    else if (now.directory) this.#lookDirectory(path, now);
    else this.#lookFile(path, now, hint);
  }

  #noStat(path: string, error: unknown): void {
    const { ground } = this.#options;
    if (!isFailure(error, 'not-found', 'not-a-directory')) {
      ground.problems.add(ground.share, path, problemOf(error), ground.clock.wallMs());
      return;
    }
    ground.problems.clear(ground.share, path);
    const moved = ground.moves.whereIs(path, this.#now);
    if (moved !== undefined) this.hint(moved);
    if (path !== '') this.scanSoon(parentOf(path));
  }

  /** A directory is not where we looked for it: gone, moved, or about to be seen to have moved, and then looked through. */
  #lost(directory: string, deep: boolean): void {
    const { ground } = this.#options;
    const moved = ground.moves.whereIs(directory, this.#now);
    if (moved !== undefined) this.scanSoon(moved, SCAN_PAUSE_MS, deep);
    if (directory !== '') this.scanSoon(parentOf(directory));
  }

  #lookDirectory(path: string, now: Stat): void {
    const { ground } = this.#options;
    const row = ground.index.find(ground.rootId, path);
    // A directory that is new here, or another one, is made by listing its parent, which also looks for where it came from.
    if (row?.kind !== 'directory' || isOtherDirectory(toldOf(now, 0n), row)) this.scanSoon(parentOf(path), 0);
    else if (!row.listed || ground.problems.has(ground.share, path)) this.scanSoon(path, 0);
    else this.#stampSoon(path);
  }

  #lookFile(path: string, now: Stat, hint: Hint): void {
    const { ground, want } = this.#options;
    const row = ground.index.find(ground.rootId, path);
    const told = toldOf(now, 0n);
    // Perhaps another file: a listing tells its id.
    if (row?.kind === 'file' && isOtherFile(told, row)) {
      this.scanSoon(parentOf(path), 0);
      return;
    }
    const verdict = row?.kind === 'file' ? compareFile(told, row, ground.folder.look(path)) : 'fetch';
    if (row?.kind === 'file' && verdict === 'dress') {
      const signature = ground.folder.within(parentOf(path), (dir) => dressInPlace(ground, row, dir, now, told));
      ground.index.put(ground.shareId, row.parent, row.name, 'file', told, signature);
    }
    if (verdict !== 'fetch') {
      ground.problems.clear(ground.share, path);
      const isRoomy = this.#hints.size < COURTESY_LIMIT;
      const next = (isRoomy ? PATIENT_LOOKS_MS : LATER_LOOKS_MS)[hint.stage];
      if (next !== undefined) this.hint(path, next, hint.stage + 1);
      return;
    }
    const waitMs = this.#waitMs(now, hint);
    if (waitMs > 0)
      this.#hints.set(path, {
        dueMs: this.#now + waitMs,
        stage: 0,
        isName: hint.isName,
        last: { size: now.size, written: now.written },
        waited: hint.waited + 1,
      });
    // A server tells of a file by its short name when it was opened so; only a listing knows what a file is called.
    else if (row === undefined && (!hint.isName || SHORT_NAME.test(nameOf(path)))) this.scanSoon(parentOf(path), 0);
    else if (ground.busy.has(path)) this.hint(path, FIRST_LOOK_MS, 0, hint.isName);
    else want({ path, size: now.size, fileId: 0n });
  }

  /** Milliseconds until the file may have come to rest; 0 when it seems to have. */
  #waitMs(now: Stat, { last, waited }: Hint): number {
    const stands = last !== undefined && last.size === now.size && last.written === now.written;
    if (now.size > BIG_BYTES) return stands ? 0 : STILL_MS;
    const restMs = QUIET_MS - ageMs(this.#options.ground, now);
    return restMs > 0 && waited < QUIET_LOOKS ? QUIET_MS : 0;
  }
}
