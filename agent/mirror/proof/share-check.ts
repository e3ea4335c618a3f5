/**
 * Compares one share as a whole, directory by directory: every name on either side, every byte, every aspect. What differs at first
 * sight is looked at again (settle.ts) before it is called different. The listing proves what the main has only when it came to its
 * end; until then nothing is called superfluous.
 */
import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Stat, Tree } from '../../../smb/types.ts';
import { compareFile, differsDirectory } from '../compare.ts';
import { isNoDirectory } from '../folder.ts';
import { ageMs, type Ground, isAboutPath, problemOf, toldOf } from '../ground.ts';
import { below, isTempName, whyUnfit } from '../names.ts';
import { Pace } from '../pace.ts';
import { Crowd } from './crowd.ts';
import { heal } from './heal.ts';
import { inWords, type Look, lookAt } from './look.ts';
import { NamesMet } from './names-met.ts';
import { settle } from './settle.ts';
import type { Finding, ProofStore } from './store.ts';
import { type Stop, Tour } from './tour.ts';

/** Where a share's check has come; saved by whoever runs it. */
export interface Progress {
  /** The last directory that was done; undefined before the first. */
  cursor: string | undefined;
  /** All directories are done, and what moved past the walk is being looked at: files up to this id were. */
  lateId: number | undefined;
}

export interface ShareCheckOptions {
  ground: Ground;
  tree: Tree;
  store: ProofStore;
  signal: AbortSignal;
  heal: boolean;
  hashes: boolean;
  /** When the check of this share began, ms since 1970. */
  beganMs: number;
  progress: Progress;
  /** The mirror has files to copy now. */
  isCopying(): boolean;
  /** Something was looked at for the first time. */
  looked(file: { files: number; bytes: number }): void;
  same(path: string, main: Stat, sha256: string | undefined): void;
  found(finding: Finding): void;
  leftOut(): void;
  /** Everything up to `progress` is noted: it may be saved. */
  save(): void;
}

/** Problems that pass by themselves within moments: no reason to stop looking. */
const PASSING = new Set(['busy', 'changing']);
const AGAIN_AT_ONCE = 16;
const DRAIN_PAUSE_MS = 200;
/** Files taken at a time that the walk did not come by. */
const LATE = 100;

/** Runs to the end of the share. Throws what concerns the connection, and on abort; may be made anew from the progress then. */
export async function checkShare(options: ShareCheckOptions): Promise<void> {
  await new ShareCheck(options).run();
}

class ShareCheck {
  readonly #options: ShareCheckOptions;
  readonly #names = new NamesMet();
  readonly #pace = new Pace();

  constructor(options: ShareCheckOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { ground, signal, progress, save } = this.#options;
    try {
      if (progress.lateId === undefined) {
        const tour = new Tour(ground, progress.cursor);
        for (let stop = tour.next(); stop !== undefined; stop = tour.next()) {
          await this.#directory(stop);
          progress.cursor = stop.path;
          save();
          await this.#again();
          signal.throwIfAborted();
        }
        progress.lateId = 0;
        save();
      }
      await this.#late(progress.lateId);
      await this.#drain();
    } finally {
      this.#names.close();
    }
  }

  async #directory(at: Stop): Promise<void> {
    const { ground, tree } = this.#options;
    const crowd = new Crowd();
    this.#names.clear();
    try {
      const refused = await this.#list(at, crowd);
      if (refused === 0) await this.#extras(at);
      await crowd.idle();
    } catch (error) {
      await crowd.landed();
      // Its parent's listing has told that it is gone, or will.
      if (!isAboutPath(error) || at.path === '') throw error;
      if (error.code === 'not-found' || error.code === 'not-a-directory') return;
      const { code, why } = problemOf(error);
      this.#note(at.path, 'listed', code, `cannot be listed, so nothing below it is proven: ${why}`);
    }
    ground.log.debug('verified', { share: tree.share, path: at.path });
  }

  async #list(at: Stop, crowd: Crowd): Promise<number> {
    const { ground, tree, signal } = this.#options;
    let refused = 0;
    for await (const batch of tree.list(at.path)) {
      refused += batch.refused.length;
      for (const name of batch.refused)
        this.#note(below(at.path, name), 'listed', 'bad-name', 'the server sent a name that is not safe to use');
      for (const entry of batch.entries) {
        signal.throwIfAborted();
        const path = below(at.path, entry.name);
        this.#names.add(entry.name);
        if (ground.excludes.ruleFor(path) !== undefined) {
          this.#options.leftOut();
          continue;
        }
        const unfit = whyUnfit(path);
        if (unfit !== undefined) this.#note(path, 'listed', 'bad-name', unfit);
        else await crowd.add(entry.size, () => this.#first(path, entry));
        if (this.#pace.isTired) await this.#pace.rest();
      }
    }
    return refused;
  }

  /** What lies here under a name that the whole listing lacked. */
  async #extras(at: Stop): Promise<void> {
    const { ground, signal } = this.#options;
    let dir: ReturnType<typeof ground.folder.open>;
    try {
      dir = ground.folder.open(at.path);
    } catch (error) {
      if (isNoDirectory(error)) return;
      throw error;
    }
    try {
      for await (const { name } of await fs.promises.opendir(dir.at('.'))) {
        signal.throwIfAborted();
        if (this.#names.has(name) || isTempName(name)) continue;
        await this.#first(below(at.path, name), undefined);
        if (this.#pace.isTired) await this.#pace.rest();
      }
    } finally {
      dir.close();
    }
  }

  async #first(path: string, entry: Stat | undefined): Promise<void> {
    const { ground, tree, hashes, looked } = this.#options;
    const isUnlisted = entry === undefined;
    const look = await lookAt(ground, tree, path, entry, { hash: hashes, gentle: undefined, isUnlisted });
    if (entry?.directory === false) looked({ files: 1, bytes: entry.size });
    await this.#judge(path, look);
  }

  /** Files that moved past the walk, or came while it went: their rows tell that nobody has compared them since it began. */
  async #late(from: number): Promise<void> {
    const { ground, tree, store, signal, beganMs, hashes, progress, save } = this.#options;
    const newest = ground.index.newestId();
    for (let after = from; ; ) {
      const rows = store.unproven(ground.shareId, beganMs, after, newest, LATE);
      const last = rows.at(-1);
      if (last === undefined) return;
      const crowd = new Crowd();
      try {
        for (const row of rows) {
          signal.throwIfAborted();
          const path = ground.index.path(row.id);
          if (path === undefined || store.finding(ground.share, path) !== undefined) continue;
          if (store.open(ground.share, path) !== undefined) continue;
          if (ground.excludes.ruleFor(path) !== undefined) continue;
          await crowd.add(row.size, async () =>
            this.#judge(path, await lookAt(ground, tree, path, undefined, { hash: hashes, gentle: undefined })),
          );
        }
        await crowd.idle();
      } finally {
        await crowd.landed();
      }
      after = last.id;
      progress.lateId = after;
      save();
    }
  }

  /** Looks again at everything that is left to be looked at. */
  async #drain(): Promise<void> {
    const { ground, store, signal } = this.#options;
    while (store.opens(ground.share) > 0) {
      await this.#again();
      await pause(DRAIN_PAUSE_MS, undefined, { signal });
    }
  }

  async #again(): Promise<void> {
    const { ground, tree, store, hashes, signal, save } = this.#options;
    for (;;) {
      const paths = store.due(ground.share, ground.clock.wallMs(), AGAIN_AT_ONCE);
      for (const path of paths) {
        signal.throwIfAborted();
        // Whether it was in a listing is forgotten by now.
        const options = { hash: hashes, gentle: undefined, isUnlisted: true };
        await this.#judge(path, await lookAt(ground, tree, path, undefined, options));
        save();
      }
      if (paths.length === 0) return;
    }
  }

  async #judge(path: string, look: Look): Promise<void> {
    const { ground, store } = this.#options;
    // A look that was called off says nothing.
    this.#options.signal.throwIfAborted();
    switch (look.kind) {
      case 'gone':
        store.settled(ground.share, path);
        return;
      case 'same':
        this.#same(path, look.main, look.sha256);
        return;
      case 'listed':
        this.#note(path, 'listed', look.code, look.why);
        return;
      case 'moving':
        await this.#unsettled(path, undefined, undefined, 0);
        return;
      case 'different': {
        const problem = store.problem(ground.share, path);
        if (problem !== undefined && !PASSING.has(problem.code)) this.#note(path, 'listed', problem.code, problem.why);
        else {
          const age = look.main === undefined ? Number.POSITIVE_INFINITY : ageMs(ground, look.main);
          await this.#unsettled(path, look, look.mark, age);
        }
        return;
      }
    }
  }

  async #unsettled(
    path: string,
    look: Extract<Look, { kind: 'different' }> | undefined,
    mark: string | undefined,
    age: number,
  ): Promise<void> {
    const { ground, store, isCopying } = this.#options;
    const lag = !this.#isBehind(path, look?.main) ? 'none' : isCopying() ? 'copying' : 'behind';
    const settled = settle(store.open(ground.share, path), mark, age, lag);
    if (settled.kind === 'again') store.setOpen(ground.share, path, settled.open, ground.clock.wallMs() + settled.inMs);
    else if (settled.kind === 'changing')
      this.#note(path, 'changing', 'changing', 'it never stood still while it was looked at');
    else if (look !== undefined) await this.#real(path, look);
  }

  /** What the main says is not what we last copied: the mirror has to copy it, and may know that already. */
  #isBehind(path: string, main: Stat | undefined): boolean {
    const { ground } = this.#options;
    const row = ground.index.find(ground.rootId, path);
    if (main === undefined) return row !== undefined;
    if (row === undefined || (row.kind === 'directory') !== main.directory) return true;
    if (main.directory) return differsDirectory(toldOf(main, 0n), row);
    return compareFile(toldOf(main, 0n), row, { kind: 'file', signature: row.local }) !== 'same';
  }

  async #real(path: string, look: Extract<Look, { kind: 'different' }>): Promise<void> {
    const { ground, tree, signal, hashes } = this.#options;
    const code = look.differences[0]?.aspect ?? 'content';
    const why = inWords(look.differences);
    if (!this.#options.heal) {
      this.#note(path, 'different', code, why);
      return;
    }
    const { failed, kept } = await heal(ground, tree, path, look.main, signal);
    const now = await lookAt(ground, tree, path, undefined, { hash: hashes, gentle: undefined });
    const isHealed = now.kind === 'same' || now.kind === 'gone';
    const where = kept.length === 0 ? '' : `; the former copy is in the attic: ${kept.join(', ')}`;
    if (now.kind === 'same') this.#same(path, now.main, now.sha256, false);
    const outcome = isHealed ? 'healed' : `not healed: ${failed ?? 'it differs still'}`;
    this.#note(path, 'different', code, `${why}; ${outcome}${where}`, isHealed);
  }

  #same(path: string, main: Stat, sha256: string | undefined, isCounted = true): void {
    const { ground, store } = this.#options;
    store.settled(ground.share, path);
    const row = ground.index.find(ground.rootId, path);
    if (row?.kind === 'file') store.prove(row.id, ground.clock.wallMs());
    if (isCounted) this.#options.same(path, main, sha256);
  }

  #note(path: string, kind: Finding['class'], code: string, why: string, healed = false): void {
    const { ground, store } = this.#options;
    store.settled(ground.share, path);
    this.#options.found({ share: ground.share, path, class: kind, code, why, healed });
  }
}
