/**
 * Files that somebody holds, read from the newest snapshot that the main keeps of the share, where it keeps any (MS-SMB2 2.2.32.2):
 * there nobody holds them. What is placed is what it is, the file as of that moment with that moment's times; the file stays
 * listed as held, and is copied from the main itself when it is released.
 *
 * What could go wrong, and why it does not:
 * - the snapshot is older than what we have: only what was written later than our copy, by the main's own times, replaces it;
 * - a server without snapshots shows today's files under the moment's name: it is asked which it keeps first (smb/types.ts, `at`),
 *   and reading them fails there as it failed before;
 * - another file had that name then: it is what the share held at that moment, which is what is said of it;
 * - it is released, and copied, while we read the snapshot: it is in the hands of one lane at a time (`busy`), and nothing is
 *   placed unless it is still listed as held;
 * - the placing ends the problem: it is noted again at once, before anything else can happen, and keeps its beginning.
 */
import { unixNs } from '../../smb/file-time.ts';
import type { Snapshot, Tree, TreeView } from '../../smb/types.ts';
import { fetchFile } from './fetch.ts';
import { type Ground, isAboutPath, toldOf } from './ground.ts';

/** A new snapshot is made every few hours at most. */
const LIST_EVERY_MS = 60_000;
/** Files that wait to be read; the others have their turn when they are tried again. */
const WAITING_LIMIT = 1_000;

export class HeldSnapshots {
  readonly #ground: Ground;
  readonly #tree: Tree;
  readonly #signal: AbortSignal;
  readonly #placed: (path: string) => void;
  readonly #waiting = new Set<string>();
  #running: Promise<void> | undefined;
  #newest: { snapshot: Snapshot; view: TreeView } | undefined;
  #listedMs = Number.NEGATIVE_INFINITY;

  constructor(ground: Ground, tree: Tree, signal: AbortSignal, placed: (path: string) => void) {
    this.#ground = ground;
    this.#tree = tree;
    this.#signal = signal;
    this.#placed = placed;
  }

  /** This file could not be read just now. */
  want(path: string): void {
    if (this.#waiting.size < WAITING_LIMIT) this.#waiting.add(path);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** After the signal was aborted. */
  async landed(): Promise<void> {
    await this.#running;
  }

  /** One after the other: it is the main that is asked, and nobody waits for it. */
  async #run(): Promise<void> {
    for (const path of this.#waiting) {
      this.#waiting.delete(path);
      if (this.#signal.aborted) return;
      try {
        await this.#read(path);
      } catch (error) {
        // The connection's end is heard by everybody who uses it.
        if (!isAboutPath(error)) return;
        this.#ground.log.debug('not in the snapshot', { share: this.#ground.share, path, why: error.message });
      }
    }
  }

  async #read(path: string): Promise<void> {
    const { share, index, rootId, held, problems, busy, clock } = this.#ground;
    const newest = await this.#look();
    if (newest === undefined || busy.has(path)) return;
    const then = await newest.view.stat(path);
    const row = index.find(rootId, path);
    const hasCopy = row?.kind === 'file' && row.local.size >= 0n;
    if (hasCopy && toldOf(then, 0n).written <= row.written) return;
    const sinceMs = held.since(share, path);
    if (sinceMs === undefined || busy.has(path)) return;
    busy.add(path);
    try {
      // Whoever has read it meanwhile has ended the problem.
      const mayPlace = (): boolean => held.since(share, path) === sinceMs;
      const job = { path, size: then.size, fileId: 0n };
      const outcome = await fetchFile(this.#ground, newest.view, job, this.#signal, mayPlace);
      if (outcome.kind !== 'placed') return;
      const momentMs = Number(unixNs(newest.snapshot.moment) / 1_000_000n);
      problems.add(share, path, stillHeld(newest.snapshot), clock.wallMs());
      held.fromSnapshot(share, path, sinceMs, momentMs);
      this.#placed(path);
    } finally {
      busy.delete(path);
    }
  }

  async #look(): Promise<{ snapshot: Snapshot; view: TreeView } | undefined> {
    const nowMs = this.#ground.clock.monoMs();
    if (nowMs - this.#listedMs < LIST_EVERY_MS) return this.#newest;
    this.#listedMs = nowMs;
    this.#newest = undefined;
    const snapshot = (await this.#tree.snapshots()).at(-1);
    if (snapshot !== undefined) this.#newest = { snapshot, view: await this.#tree.at(snapshot) };
    return this.#newest;
  }
}

const RETRY_MS = 30_000;

function stillHeld(snapshot: Snapshot): { code: string; why: string; retryMs: number } {
  const why = `somebody holds it: what is here is of the main's snapshot ${snapshot.token}`;
  return { code: 'sharing-violation', why, retryMs: RETRY_MS };
}
