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
import type { ChangeAction, Entry, Tree, WatchBatch } from '../../smb/types.ts';
import { Active } from './active.ts';
import { Agenda } from './agenda.ts';
import { Alarm } from './alarm.ts';
import { Events } from './events.ts';
import { follow } from './follow.ts';
import { type Ground, isAboutPath } from './ground.ts';
import { HotWatches } from './hot.ts';
import { type Consequences, type Hint, LATER_LOOKS_MS, look, quietLeftMs } from './look.ts';
import { below, parentOf } from './names.ts';
import { removeAbsent } from './remove.ts';
import { restamp } from './restamp.ts';
import { Rounds } from './rounds.ts';
import { type Job, Scratch } from './scratch.ts';
import { walk } from './walk.ts';

export interface LiveOptions {
  ground: Ground;
  tree: Tree;
  signal: AbortSignal;
  want(job: Job): void;
  /** More happened than can be held: a full pass has to find it. */
  overflow(): void;
}

/** Turns come when something is due, but not closer together: what happens within that time is handled together. */
const TURN_GAP_MS = 4;
/** And at least so often, for the chores that nobody rings for. */
const CHORES_MS = 50;
/** A small file is written and closed within a few milliseconds of its first event; sooner it could not be published (fetch.ts). */
const FIRST_LOOK_MS = 40;
const SCAN_PAUSE_MS = 150;
/** Between seeing that a name lacks and acting on it, so that the other end of a move can be seen. */
const ABSENT_PAUSE_MS = 600;
const STAMP_PAUSE_MS = 500;
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
  readonly #rounds: Rounds;
  readonly #hot: HotWatches;
  readonly #events: Events;
  readonly #looking = new Set<string>();
  readonly #scanning = new Set<string>();
  readonly #tasks = new Set<Promise<void>>();
  /** Files that were waited for, and go to the lane when the listing comes by. */
  readonly #rested = new Set<string>();
  readonly #alarm: Alarm;
  #isRounding = false;
  #isSamba = false;
  #turnMs = Number.NEGATIVE_INFINITY;
  #choresMs = Number.NEGATIVE_INFINITY;
  #failed: unknown;
  #removing: Promise<unknown> | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.ground.clock);
    this.#events = new Events(options.ground, this);
    this.#rounds = new Rounds(options.ground, this.#active);
    this.#hot = new HotWatches({
      tree: options.tree,
      heard: (directory, batch) => this.#heardOf(directory, batch),
      opened: (directory) => this.scanSoon(directory, 0),
      failed: (error) => this.#fail(error),
    });
  }

  get #now(): number {
    return this.#options.ground.clock.monoMs();
  }

  /**
   * A path may have changed. `isName`: somebody just said that this is its name; any other path that we do not know may be an
   * old spelling, under which a server without case distinction still finds it.
   */
  hint(path: string, inMs = FIRST_LOOK_MS, stage = 0, isName = false, renamedMs?: number): void {
    const hint = { stage, isName, renamedMs, last: undefined, waited: 0 };
    const dueMs = this.#now + inMs;
    this.#ringAt(dueMs);
    const isNoted = this.#hints.note(path, dueMs, hint, (known) => {
      known.stage = Math.min(known.stage, stage);
      known.isName ||= isName;
      known.renamedMs = renamedMs ?? known.renamedMs;
    });
    if (!isNoted) this.#options.overflow();
  }

  hintAgain(path: string, inMs: number, hint: Hint): void {
    this.#hints.replace(path, this.#now + inMs, hint);
    this.#ringAt(this.#now + inMs);
  }

  want(job: Job): void {
    this.#options.want(job);
  }

  /** Paths that may have changed and were not looked at since. */
  get unseen(): number {
    return this.#looking.size + this.#hints.count((hint) => hint.stage === 0);
  }

  /** Looking again is a courtesy: while a pass places thousands, most of them are left to the scans. */
  isRoomy(): boolean {
    return this.#hints.size < COURTESY_LIMIT;
  }

  /** A directory's list of names may have changed; '' is the root. `deep`: also those of all directories below it. */
  scanSoon(directory: string, inMs = SCAN_PAUSE_MS, deep = false): void {
    const dueMs = this.#now + inMs;
    this.#ringAt(dueMs);
    const isNoted = this.#scans.note(directory, dueMs, { deep }, (known) => {
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

  /** Something happened in it: from now on it is looked at more closely for a while. */
  touch(directory: string): void {
    this.#active.touch(directory, this.#now);
  }

  /** One event of the watch. */
  changed(action: ChangeAction, path: string): void {
    this.#events.hear(action, path);
  }

  /** One batch of a directory's own watch. */
  #heardOf(directory: string, batch: WatchBatch): void {
    if (batch.kind === 'overflow') this.scanSoon(directory, 0);
    else for (const { action, path } of batch.changes) this.#events.hear(action, below(directory, path));
  }

  /** Whether a pass goes through the whole share at the moment. */
  set passing(isPassing: boolean) {
    this.#rounds.onlyActive = isPassing;
  }

  /** Both ends of a rename are known. With too much to do already it is left to looking and listing. */
  pair(from: string, to: string): void {
    if (this.#tasks.size >= TASKS_AT_ONCE) return;
    this.#begin(async () => {
      const { ground, tree, signal } = this.#options;
      signal.throwIfAborted();
      const row = ground.index.find(ground.rootId, from);
      if (row === undefined || !(await follow(ground, tree, row, to, row.fileId))) return;
      this.placed(to, false);
      this.placed(from, false);
    });
  }

  /** Something small that `landed` waits for. */
  #begin(act: () => Promise<unknown>): void {
    const task = this.#guard(act).finally(() => {
      this.#tasks.delete(task);
      this.#ringAt(this.#now);
    });
    this.#tasks.add(task);
  }

  #ringAt(dueMs: number): void {
    this.#alarm.at(Math.max(dueMs, this.#turnMs + TURN_GAP_MS));
  }

  /** Works until the signal; throws what ends the connection. */
  async run(): Promise<void> {
    const { signal, tree } = this.#options;
    try {
      this.#isSamba = await isSamba(tree);
      for (;;) {
        signal.throwIfAborted();
        if (this.#failed !== undefined) throw this.#failed;
        this.#turn();
        await this.#alarm.sleep(signal);
      }
    } finally {
      this.#alarm.stop();
      this.#hot.close();
    }
  }

  /** After the signal was aborted. */
  async landed(): Promise<void> {
    while (this.#looking.size + this.#scanning.size + this.#tasks.size > 0 || this.#removing !== undefined)
      await pause(5);
    this.#scratch.close();
  }

  #turn(): void {
    this.#turnMs = this.#now;
    if (this.#turnMs - this.#choresMs >= CHORES_MS) this.#chores(this.#turnMs);
    const nextMs = Math.min(
      this.#choresMs + CHORES_MS,
      this.#lookAtHints(this.#turnMs),
      this.#scanDirectories(this.#turnMs),
      this.#goRound(this.#turnMs),
      this.#stampDirectories(this.#turnMs),
    );
    this.#ringAt(nextMs);
  }

  /** What is found by asking, not by being told. */
  #chores(now: number): void {
    const { ground } = this.#options;
    this.#choresMs = now;
    if (ground.problems.count(ground.share) > 0)
      for (const path of ground.problems.due(ground.share, ground.clock.wallMs(), LOOKS_AT_ONCE)) this.hint(path, 0);
    for (const path of ground.unstamped) this.stampSoon(path);
    ground.unstamped.clear();
    for (const path of ground.moves.take()) this.scanSoon(path, SCAN_PAUSE_MS, true);
    if (this.#isSamba) this.#hot.settle(this.#active.all, (directory) => this.#active.has(directory), now);
    if (this.#removing === undefined)
      this.#removing = this.#guard(() => this.#remove(now)).finally(() => {
        this.#removing = undefined;
      });
  }

  /** These return when the next is due; where there is no room for more, the end of one rings. */
  #lookAtHints(now: number): number {
    const { ground, tree, signal } = this.#options;
    const room = LOOKS_AT_ONCE - this.#looking.size;
    const { taken, nextMs } = this.#hints.take(now, room, (each) => this.#looking.has(each));
    for (const [path, hint] of taken) {
      this.#looking.add(path);
      void this.#guard(() => look(ground, tree, signal, path, hint, this)).finally(() => {
        this.#looking.delete(path);
        this.#ringAt(this.#now);
      });
    }
    return nextMs > now ? nextMs : Number.POSITIVE_INFINITY;
  }

  #scanDirectories(now: number): number {
    const room = SCANS_AT_ONCE - this.#scanning.size;
    const { taken, nextMs } = this.#scans.take(now, room, (each) => this.#scanning.has(each));
    for (const [path, { deep }] of taken) {
      this.#scanning.add(path);
      void this.#guard(() => this.#scan(path, deep)).finally(() => {
        this.#scanning.delete(path);
        this.#ringAt(this.#now);
      });
    }
    return nextMs > now ? nextMs : Number.POSITIVE_INFINITY;
  }

  /** One directory of the rounds at a time: what it took decides when the next may be. */
  #goRound(now: number): number {
    if (this.#isRounding) return Number.POSITIVE_INFINITY;
    const path = this.#rounds.next(now, (each) => this.#scanning.has(each));
    // Where there was time, but nothing to do, the chores ask again.
    if (path === undefined) return this.#rounds.readyMs > now ? this.#rounds.readyMs : Number.POSITIVE_INFINITY;
    if (this.#scanning.has(path)) return Number.POSITIVE_INFINITY;
    this.#isRounding = true;
    this.#scanning.add(path);
    let tookMs = 0;
    const answered = (ms: number): void => {
      tookMs += ms;
    };
    void this.#guard(() => this.#scan(path, false, answered)).finally(() => {
      this.#scanning.delete(path);
      this.#isRounding = false;
      this.#rounds.listed(now, tookMs);
      this.#ringAt(this.#now);
    });
    return Number.POSITIVE_INFINITY;
  }

  #stampDirectories(now: number): number {
    const { taken, nextMs } = this.#stamps.take(now, TASKS_AT_ONCE - this.#tasks.size);
    for (const [path] of taken) this.#begin(() => this.#stamp(path));
    return nextMs > now ? nextMs : Number.POSITIVE_INFINITY;
  }

  #fail(error: unknown): void {
    this.#failed ??= error;
    this.#ringAt(this.#now);
  }

  async #guard(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #scan(path: string, deep: boolean, answered?: (tookMs: number) => void): Promise<void> {
    const { ground, tree, signal } = this.#options;
    const row = ground.index.find(ground.rootId, path);
    if (row?.kind !== 'directory') {
      // An active directory is not asked for in vain again and again.
      this.#active.forget(path);
      this.#lost(path, deep);
      return;
    }
    await walk(
      ground,
      tree,
      { id: row.id, path },
      {
        scratch: this.#scratch,
        want: (job, instead) => this.#wantListed(job, instead),
        ...(answered === undefined ? {} : { answered }),
        signal,
        workers: 2,
        onlyNew: !deep,
        vanished: (gone) => {
          this.#active.forget(gone);
          this.#lost(gone, deep);
        },
      },
    );
    this.#active.listed(path, this.#now, this.#hot.has(path));
    // What the rounds find to be copied or removed has its directory stamped by that.
    if (answered === undefined) await this.#stamp(path);
  }

  /** A file that was written just now must not be half a version that replaces a whole one; who has waited for it says so in `#rested`. */
  #wantListed(job: Job, instead: Entry | undefined): void {
    const { ground, want } = this.#options;
    const isRested = this.#rested.delete(job.path);
    const leftMs = instead === undefined || isRested ? 0 : quietLeftMs(ground, instead);
    if (leftMs > 0) this.hint(job.path, leftMs);
    else want(job);
  }

  /** The file there is another one than we know, and stands still: only a listing tells its id. */
  wantOther(path: string): void {
    if (this.#rested.size < SCAN_LIMIT) this.#rested.add(path);
    this.scanSoon(parentOf(path), 0);
  }

  async #stamp(path: string): Promise<void> {
    const { ground, tree, signal } = this.#options;
    const moved = await restamp(ground, tree, signal, path);
    if (moved !== undefined) this.stampSoon(moved);
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

/** A server that does not want to tell counts as another one. */
async function isSamba(tree: Tree): Promise<boolean> {
  try {
    return (await tree.fileSystem()).isSamba;
  } catch (error) {
    if (isAboutPath(error)) return false;
    throw error;
  }
}
