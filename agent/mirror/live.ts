/**
 * Follows a share between passes. Notify says where to look, looking finds the truth:
 *
 *   event → hint: the named path, after a short pause    → look.ts: stat → same? / dress / fetch lane; again after 1, 3, 10, 30 s …
 *         → scan: a directory where something went away  → list → notes what lacks → (pause) → remove.ts
 *         → active: directories with events are listed every second or two, which finds the writes that notify misses
 *
 * Everything is bounded; when there is more than the bounds hold, a full pass is asked for, which finds all of it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Stat, Tree } from '../../smb/types.ts';
import { Active } from './active.ts';
import { Agenda } from './agenda.ts';
import { follow } from './follow.ts';
import { type Ground, isAboutPath, toldOf } from './ground.ts';
import { type Consequences, type Hint, LATER_LOOKS_MS, look } from './look.ts';
import { isLeftOut, parentOf } from './names.ts';
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
const SCAN_PAUSE_MS = 150;
/** Between seeing that a name lacks and acting on it, so that the other end of a move can be seen. */
const ABSENT_PAUSE_MS = 600;
const STAMP_PAUSE_MS = 500;
const PAIR_MS = 500;
const HINT_LIMIT = 10_000;
const COURTESY_LIMIT = 500;
const SCAN_LIMIT = 2_000;
const LOOKS_AT_ONCE = 32;
const SCANS_AT_ONCE = 4;
/** Renames followed and directories stamped at the same time. */
const TASKS_AT_ONCE = 32;

export class Live implements Consequences {
  readonly #options: LiveOptions;
  readonly #scratch = new Scratch();
  readonly #hints = new Agenda<Hint>(HINT_LIMIT);
  readonly #scans = new Agenda<{ deep: boolean }>(SCAN_LIMIT);
  readonly #stamps = new Agenda<object>(SCAN_LIMIT);
  readonly #active = new Active();
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
    const hint = { stage, isName, last: undefined, waited: 0 };
    const isNoted = this.#hints.note(path, this.#now + inMs, hint, (known) => {
      known.stage = Math.min(known.stage, stage);
      known.isName ||= isName;
    });
    if (!isNoted) this.#options.overflow();
  }

  hintAgain(path: string, inMs: number, hint: Hint): void {
    this.#hints.replace(path, this.#now + inMs, hint);
  }

  want(job: Job): void {
    this.#options.want(job);
  }

  /** Looking again is a courtesy: while a pass places thousands, most of them are left to the scans. */
  isRoomy(): boolean {
    return this.#hints.size < COURTESY_LIMIT;
  }

  /** A directory's list of names may have changed; '' is the root. `deep`: also those of all directories below it. */
  scanSoon(directory: string, inMs = SCAN_PAUSE_MS, deep = false): void {
    const isNoted = this.#scans.note(directory, this.#now + inMs, { deep }, (known) => {
      known.deep ||= deep;
    });
    if (!isNoted) this.#options.overflow();
  }

  /** A file was placed: its directory's times moved here, and what is fresh may be moving on. */
  placed(path: string, fresh: boolean): void {
    this.stampSoon(parentOf(path));
    if (!fresh) return;
    // Notify may tell nothing of it, and has not, when a pass or a scan found it.
    this.#active.touch(parentOf(path), this.#now);
    if (this.isRoomy()) this.hint(path, LATER_LOOKS_MS[0], 1);
  }

  /** Our work in it has moved its times, or the main's. What there is no room for is found at the end of a pass. */
  stampSoon(directory: string): void {
    this.#stamps.note(directory, this.#now + STAMP_PAUSE_MS, {});
  }

  /** One event of the watch. */
  changed(action: 'added' | 'removed' | 'modified' | 'renamed-from' | 'renamed-to' | 'stream', path: string): void {
    if (path === '' || isLeftOut(path.split('/')[0] ?? '')) return;
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
    const { ground, tree, signal } = this.#options;
    const now = this.#now;
    if (ground.problems.count(ground.share) > 0)
      for (const path of ground.problems.due(ground.share, ground.clock.wallMs(), LOOKS_AT_ONCE)) this.hint(path, 0);
    const room = LOOKS_AT_ONCE - this.#looking.size;
    for (const [path, hint] of this.#hints.take(now, room, (each) => this.#looking.has(each))) {
      this.#looking.add(path);
      void this.#guard(() => look(ground, tree, signal, path, hint, this)).finally(() => this.#looking.delete(path));
    }
    for (const path of ground.unstamped) this.stampSoon(path);
    ground.unstamped.clear();
    for (const path of ground.moves.take()) this.scanSoon(path, SCAN_PAUSE_MS, true);
    for (const path of this.#active.due(now, (directory) => this.#scanning.has(directory))) this.scanSoon(path, 0);
    const free = SCANS_AT_ONCE - this.#scanning.size;
    for (const [path, { deep }] of this.#scans.take(now, free, (each) => this.#scanning.has(each))) {
      this.#scanning.add(path);
      void this.#guard(() => this.#scan(path, deep)).finally(() => this.#scanning.delete(path));
    }
    for (const [path] of this.#stamps.take(now, TASKS_AT_ONCE - this.#tasks.size)) this.#begin(() => this.#stamp(path));
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
      if (moved !== undefined) this.stampSoon(moved);
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
    if (fresh.written !== now.written)
      ground.index.put(ground.shareId, parent, name, 'directory', toldOf(now, fresh.fileId), undefined);
    ground.folder.within(path, (dir) => stamp(ground, dir, row.id));
  }

  async #remove(now: number): Promise<void> {
    const { ground, tree } = this.#options;
    while (ground.index.sweep(200)) await pause(1);
    await removeAbsent(ground, tree, this.#scratch, now - ABSENT_PAUSE_MS);
  }

  /** A directory is not where we looked for it: gone, moved, or about to be seen to have moved, and then looked through. */
  #lost(directory: string, deep: boolean): void {
    const { ground } = this.#options;
    const moved = ground.moves.whereIs(directory, this.#now);
    if (moved !== undefined) this.scanSoon(moved, SCAN_PAUSE_MS, deep);
    if (directory !== '') this.scanSoon(parentOf(directory));
  }
}
