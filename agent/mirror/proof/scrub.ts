/**
 * The scrub: compares the whole mirror with the main again and again, slowly, in the order of the index's ids, and heals what rotted
 * here or was changed here behind our back. Ids stay with their files through every rename, so nothing slips past, and a cycle has
 * an end: new files have higher ids, and are copies of today.
 *
 *   object → look → same: proven → next
 *                 → differs, and the main's words are others than when we copied it: a change; following it is the mirror's work
 *                 → differs, and stays so for some seconds: our copy was not touched → rot; was touched → somebody changed it
 *                   → healed from the main, the former copy to the attic, told
 *
 * It waits while anything is copied, passed over or verified, while a share is not followed, and of course while mirroring is stopped
 * or the mirror is frozen: then it does not run at all.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { BackOff } from '../../../base/back-off.ts';
import type { Clock } from '../../../base/clock.ts';
import { textOf } from '../../../base/failure.ts';
import type { Log } from '../../../base/log.ts';
import type { Stat, Tree } from '../../../smb/types.ts';
import { ATTIC_FOLDER } from '../attic.ts';
import { compareFile } from '../compare.ts';
import { type Ground, mainChanged, toldOf } from '../ground.ts';
import type { Row } from '../index-row.ts';
import { closeOnAbort, type OpenLink, openUnlessAborted } from '../links.ts';
import { Pace } from '../pace.ts';
import { isSameShare } from '../remove.ts';
import { tidyDirectory } from '../tidy.ts';
import type { Gentle } from './content.ts';
import { heal } from './heal.ts';
import { inWords, type Look, lookAt } from './look.ts';
import type { ProofStore, ScrubRow } from './store.ts';
import { isQuiet, type ProvenShare } from './verify.ts';

export interface ScrubOptions {
  shares: readonly ProvenShare[];
  store: ProofStore;
  open: OpenLink;
  clock: Clock;
  log: Log;
  random(): number;
  /** Milliseconds between the beginnings of two cycles of a share at least. */
  everyMs: number;
  /** Something of higher rank is at work. */
  isBusy(): boolean;
  alert(code: 'rot-healed' | 'drift-reverted' | 'rot-stays', what: string, hint: string, share: string): void;
}

/** Bytes in a second at most, and one part of the time in so many: neither side's disk is to feel it. */
const BYTES_PER_SECOND = 2_000_000;
const PART_OF_TIME = 10;
/** A big file is read in pieces of so many bytes, and is not held open on the main between them. */
const PIECE_BYTES = 4 * 1_048_576;
const IDLE_MS = 500;
const TAKE = 32;
/** Before a difference is looked at again: longer than a change takes to arrive. */
const CONFIRM_PAUSE_MS = 5_000;
const RECONNECT = { firstMs: 1_000, mostMs: 60_000, steadyMs: 30_000 };

/** For what is seldom, and is copied at full speed anyway. */
const AT_ONCE = { hash: false, gentle: undefined };

type Different = Extract<Look, { kind: 'different' }>;

export class Scrub {
  readonly #options: ScrubOptions;
  #running: { end: AbortController; done: Promise<void> } | undefined;

  constructor(options: ScrubOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#running !== undefined) return;
    const end = new AbortController();
    this.#running = { end, done: this.#run(end.signal).catch(() => {}) };
  }

  /** When it returns nothing is read or healed any more. */
  async stop(): Promise<void> {
    this.#running?.end.abort();
    await this.#running?.done;
    this.#running = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    const backOff = new BackOff(RECONNECT);
    while (!signal.aborted) {
      const beganMs = clock.monoMs();
      try {
        const share = this.#options.shares.find((one) => this.#isDue(one));
        if (share === undefined) await pause(IDLE_MS, undefined, { signal });
        else await this.#share(share, signal);
      } catch (error) {
        signal.throwIfAborted();
        log.info(`the scrub is interrupted: ${textOf(error)}`);
        await pause(backOff.pause(clock.monoMs() - beganMs, random()), undefined, { signal });
      }
    }
  }

  #isDue(share: ProvenShare): boolean {
    const { ground } = share;
    if (!isQuiet(share) || this.#options.isBusy() || !ground.index.share(ground.share).complete) return false;
    const { cursor, beganMs } = this.#options.store.scrub(ground.shareId);
    const agoMs = this.#options.clock.wallMs() - beganMs;
    // A cycle that began in the future began under another clock.
    return cursor > 0 || agoMs >= this.#options.everyMs || agoMs < 0;
  }

  /** Until the cycle is over. */
  async #share(share: ProvenShare, signal: AbortSignal): Promise<void> {
    const { ground } = share;
    const { store, open, clock, isBusy } = this.#options;
    const link = await openUnlessAborted(open, ground.share, signal);
    const forget = closeOnAbort(link, signal);
    try {
      if (!(await isSameShare(ground, link.tree))) throw mainChanged(ground.share);
      let at = store.scrub(ground.shareId);
      if (at.cursor === 0) at = { ...at, beganMs: clock.wallMs(), unproven: 0 };
      for (;;) {
        const rows = store.objects(ground.shareId, at.cursor, TAKE);
        if (rows.length === 0) break;
        for (const row of rows) {
          while (!isQuiet(share) || isBusy()) await pause(IDLE_MS, undefined, { signal });
          const isProven = await this.#object(ground, link.tree, row, signal);
          at = { ...at, cursor: row.id, unproven: at.unproven + (isProven ? 0 : 1) };
          store.setCursor(ground.shareId, at);
        }
      }
      this.#endCycle(ground, at);
    } finally {
      forget();
      link.close();
    }
  }

  #endCycle(ground: Ground, at: ScrubRow): void {
    const { store, log } = this.#options;
    store.setCursor(ground.shareId, { ...at, cursor: 0 });
    store.setProved(ground.shareId, at.beganMs, at.unproven);
    log.info('scrubbed the share', { share: ground.share, unproven: at.unproven });
  }

  /** False when it could not be compared. */
  async #object(ground: Ground, tree: Tree, row: Row, signal: AbortSignal): Promise<boolean> {
    const { clock, store } = this.#options;
    const beganMs = clock.monoMs();
    const path = ground.index.path(row.id);
    // Removed, or moved on, since it was taken; what is left out is put away by the passes.
    if (path === undefined || ground.excludes.ruleFor(path) !== undefined) return true;
    if (row.kind === 'directory') await tidyDirectory(ground, tree, row.id, path, new Pace(), signal);
    // The root's own attributes are nothing that is mirrored.
    if (path === '') return true;
    const gentle = gentleness(signal);
    const look = await lookAt(ground, tree, path, undefined, { hash: false, gentle });
    signal.throwIfAborted();
    await pause((clock.monoMs() - beganMs - gentle.restedMs) * (PART_OF_TIME - 1), undefined, { signal });
    if (look.kind === 'same') {
      if (row.kind === 'file') store.prove(row.id, clock.wallMs());
      return true;
    }
    return look.kind === 'different' ? this.#different(ground, tree, row, path, look, signal) : false;
  }

  async #different(
    ground: Ground,
    tree: Tree,
    row: Row,
    path: string,
    look: Different,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { store, clock, log } = this.#options;
    await pause(CONFIRM_PAUSE_MS, undefined, { signal });
    const now = await lookAt(ground, tree, path, undefined, AT_ONCE);
    if (now.kind !== 'different' || now.mark !== look.mark) return now.kind === 'same';
    const known = ground.index.row(row.id);
    // Gone from the main, or changed there: the mirror follows, with its own proofs.
    if (known === undefined || ground.index.path(row.id) !== path || look.main === undefined) return false;
    if (!isAsCopied(look.main, known)) return false;
    signal.throwIfAborted();
    const isTouched = isTouchedHere(ground, known, path, now);
    const { failed, kept } = await heal(ground, tree, path, look.main, signal);
    const facts = { share: ground.share, path, differs: inWords(now.differences), kept: kept.join(', ') };
    if (failed !== undefined) {
      log.warning(`a copy that differs could not be healed: ${failed}`, facts);
      this.#tell(
        'rot-stays',
        `${facts.share}/${path} differs from the main and could not be healed: ${failed}`,
        kept,
        ground,
      );
      return false;
    }
    log.warning(isTouched ? 'reverted a change that was made on the mirror' : 'healed a copy that had rotted', facts);
    const what = isTouched
      ? `${ground.share}/${path} was changed on the mirror itself, and is again what the main has (${facts.differs})`
      : `the copy of ${ground.share}/${path} had rotted and was copied again from the main (${facts.differs})`;
    this.#tell(isTouched ? 'drift-reverted' : 'rot-healed', what, kept, ground);
    if (row.kind === 'file') {
      const after = await lookAt(ground, tree, path, undefined, AT_ONCE);
      if (after.kind !== 'same') return false;
      store.prove(row.id, clock.wallMs());
    }
    return true;
  }

  #tell(code: 'rot-healed' | 'drift-reverted' | 'rot-stays', what: string, kept: string[], ground: Ground): void {
    const where = kept.map((one) => `${ATTIC_FOLDER}/${one}`).join(', ');
    const hints = {
      'rot-healed': `neither side’s times had moved, so one of the two disks gives back something else than it was given, and it may be the main’s: compare the file with its former copy, which is kept in ${where}; check both disks (smartctl)`,
      'drift-reverted': `find out who writes into the mirror’s folder; what was there is kept in ${where}`,
      'rot-stays': 'look at the reason; it is tried again by the next cycle, or now with: standby verify --heal',
    };
    this.#options.alert(code, what, hints[code], ground.share);
  }
}

/** What the main says of it is what it said when we copied it. */
function isAsCopied(main: Stat, row: Row): boolean {
  const told = toldOf(main, 0n);
  if (row.kind === 'directory')
    return main.directory && told.attributes === row.attributes && told.created === row.created;
  return !main.directory && compareFile(told, row, { kind: 'file', signature: row.local }) === 'same';
}

/** Somebody has written, replaced, dressed or removed the copy, as opposed to a disk that changed it by itself. */
function isTouchedHere(ground: Ground, row: Row, path: string, look: Different): boolean {
  if (look.differences.some(({ aspect }) => aspect === 'unreadable')) return false;
  if (row.kind === 'directory') return true;
  return compareFile(row, row, ground.folder.look(path)) !== 'same';
}

interface Restful extends Gentle {
  /** Milliseconds that were rested: no work of ours. */
  readonly restedMs: number;
}

function gentleness(signal: AbortSignal): Restful {
  let restedMs = 0;
  return {
    pieceBytes: PIECE_BYTES,
    async rest(bytes) {
      const ms = (bytes / BYTES_PER_SECOND) * 1_000;
      restedMs += ms;
      await pause(ms, undefined, { signal });
    },
    get restedMs() {
      return restedMs;
    },
  };
}
