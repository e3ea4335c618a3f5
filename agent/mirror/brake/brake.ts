/**
 * The brake: carries the judge between the places that change the mirror and the index. Every replacement, new file, removal
 * and rename is asked for here before it is made; when the judge says «trip», nothing of any share of the main is changed any
 * more until a person says so.
 *
 *   off → tripped → (allow) → off, and everything that is there already is accepted
 *              └──→ (reject) → rejecting → rejected → (allow) → off
 *
 * What could go wrong, and why it does not:
 * - killed before a change is made: its note is committed first; the window after the restart holds it, once too often at worst;
 * - killed while tripping: the state is on the disk before anything is refused, and a change that was not refused is not made;
 * - what is in flight when it trips: sessions are called off in the same turn of the event loop, and each change asks here again;
 * - the index is lost: so is the brake, with everything it knew of the mirror; all files are compared anew then;
 * - the state cannot be read: the brake counts as tripped, since going on might copy damage;
 * - a full disk: the attic gives up no day that the window needs (`firstDay`).
 */
import type { Clock } from '../../../base/clock.ts';
import { Failure } from '../../../base/failure.ts';
import type { Log } from '../../../base/log.ts';
import type { Stat } from '../../../smb/types.ts';
import type { BrakeList, BrakeState } from '../../engine-messages.ts';
import type { Directory, Signature } from '../folder.ts';
import type { Ground } from '../ground.ts';
import { type Row, SELECT } from '../index-row.ts';
import type { IndexStore } from '../index-store.ts';
import { nameOf } from '../names.ts';
import { directoryMark, filesIn, neighbours, originIn } from './around.ts';
import { Arrivals, directoriesFirst, type Leaving, lossOf } from './departures.ts';
import { type Durable, OFF, readDurable } from './durable.ts';
import { extensionOf, isDocument } from './formats.ts';
import { EMPTY_WINDOW, type Judgement, judge, take, type Window } from './judge.ts';
import { heirOf } from './kin.ts';
import { lookAt, type Sample } from './look.ts';
import { type CopyMark, type Note, Notes } from './notes.ts';
import { lookBefore } from './samples.ts';
import { type Change, SIGN_WORDS, signOf } from './signs.ts';
import { DAMAGE_WINDOW_MS, PIN_SCORE, REMOVAL_WINDOW_MS } from './thresholds.ts';
import { Young } from './young.ts';

export interface BrakeOptions {
  index: IndexStore;
  clock: Clock;
  log: Log;
  /** Called in the same turn: everything that mirrors has to be called off. */
  tripped(): void;
}

const META = 'brake';
const PAGE = 500;
const LISTED = 500;

/** A file that is about to be placed. */
export interface Arriving {
  path: string;
  parent: number;
  fileId: bigint;
  stat: Stat;
  row: Row | undefined;
  dir: Directory;
  sample(): Sample;
}

export class Brake {
  readonly notes: Notes;
  readonly #options: BrakeOptions;
  readonly #windows = new Map<string, Window>();
  readonly #scores = new Map<string, { score: number; why: string; atMs: number }>();
  readonly #arrivals = new Arrivals();
  readonly #young: Young;
  /** Files below directories that were removed, by share, whose rows are still being swept away. */
  readonly #leaving = new Map<string, number>();
  #durable: Durable;
  #heldMore = 0;
  /** Moves with everything that people are told. */
  version = 0;

  constructor(options: BrakeOptions) {
    this.#options = options;
    this.notes = new Notes(options.index);
    this.#young = new Young(options.index);
    this.#durable = readDurable(options.index.meta(META), options.clock.wallMs());
    this.#remember();
  }

  /** The window as it was before a restart. */
  #remember(): void {
    const nowMs = this.#options.clock.wallMs();
    if (!this.on) while (this.notes.forgetOlder(DAMAGE_WINDOW_MS, nowMs, PAGE));
    for (let after = 0; ; ) {
      const some = this.notes.after(after, PAGE);
      const last = some.at(-1);
      if (last === undefined) return;
      for (const note of some) {
        const window = this.#windows.get(note.share) ?? EMPTY_WINDOW;
        this.#windows.set(note.share, take(window, changeOf(note), note.sign || undefined, note.atMs));
      }
      after = last.id;
    }
  }

  /** Nothing may be changed on the mirror. */
  get on(): boolean {
    return this.#durable.state !== 'off';
  }

  get stands(): BrakeState['state'] {
    return this.#durable.state;
  }

  get state(): BrakeState {
    const { state, sinceMs, share, score, why } = this.#durable;
    const none: [string, { score: number; why: string }] = ['', { score: 0, why: '' }];
    const nearest = [...this.#scores].reduce((a, b) => (b[1].score > a[1].score ? b : a), none);
    const counts = this.notes.counts();
    const now = this.on ? { share, score, why } : { share: nearest[0], score: nearest[1].score, why: nearest[1].why };
    return {
      state,
      sinceMs,
      ...now,
      noted: counts.all,
      open: counts.open,
      missing: counts.missing,
      held: this.notes.heldCount() + this.#heldMore,
    };
  }

  get list(): BrakeList {
    const changes = this.notes.list(LISTED).map(({ share, path, to, kind, sign, atMs, outcome }) => ({
      share,
      path: to === '' ? path : `${path} → ${to}`,
      kind,
      why: sign === '' ? '' : SIGN_WORDS[sign],
      atMs,
      outcome,
    }));
    return { changes, held: this.notes.held(LISTED), heldMore: Math.max(0, this.state.held - LISTED) };
  }

  /** Throws `braked` while it is on: for whatever else would change the mirror. */
  mustBeOff(path: string): void {
    if (this.on) throw braked(path);
  }

  /** The same for a file whose content has come in; it is listed as held. */
  mayPrepare(ground: Ground, path: string): void {
    if (this.on) throw this.#held(ground, path, 'replaced', '');
  }

  /** Why a path, or a folder above it, waits for a person's word; undefined when it does not. */
  holds(share: string, path: string): string | undefined {
    if (!this.on || !(this.#heldMore > 0 || this.notes.concerns(share, path))) return undefined;
    return `${BRAKED}; the copy here is from before that`;
  }

  /**
   * A file is about to be placed. Returns whether the version that is there must stay in the attic.
   * Throws `braked` when it may not be placed.
   */
  mayPlace(ground: Ground, file: Arriving): boolean {
    const { path, row, stat, parent, dir } = file;
    const name = nameOf(path);
    if (this.on) throw this.#held(ground, path, row === undefined ? 'added' : 'replaced', '');
    // A first copy has nothing to be compared with.
    if (row?.kind !== 'file' && !ground.index.share(ground.share).complete) return false;
    if (row?.kind !== 'file') {
      const { size, written } = stat;
      this.#arrivals.note({ name, size, written }, this.#nowMs);
      this.#young.note(ground.share, this.#nowMs);
    }
    if (this.#isAllowed(ground, stat)) return false;
    const after = lookAt(file.sample());
    const isReadable = after.nature !== 'random' && after.nature !== 'sealed' && after.nature !== 'encoded';
    const change: Change =
      row?.kind === 'file'
        ? { kind: 'replaced', path, before: lookBefore(dir, name), after, filesBeside: Number.POSITIVE_INFINITY }
        : {
            kind: 'added',
            path,
            after,
            of: isReadable ? undefined : originIn(ground, file),
            filesBeside: Number.POSITIVE_INFINITY,
          };
    const marks = this.#windows.get(ground.share)?.marks;
    const judged = this.#ask(ground, change, parent);
    if (judged.sign === undefined) {
      // Well again: the version before the sign is not what anybody wants back.
      if (judged.state.marks !== marks) this.notes.drop(ground.share, path);
      return judged.pin;
    }
    this.#note(ground, change, judged, row?.kind === 'file' ? row.local : undefined);
    ground.index.commit();
    return true;
  }

  /** How many files are lost with a row; asked before its removal is proven, since a big tree takes its time. */
  async lossOf(ground: Ground, row: Row, path: string): Promise<number> {
    const known = { arrivals: this.#arrivals, youngAfter: this.#young.after(ground.share, this.#nowMs) };
    return lossOf(ground, known, row, path);
  }

  /** Which of some removals may be made. They are noted when it returns. */
  mayRemove<T extends Leaving>(ground: Ground, leaving: readonly T[]): T[] {
    const allowed: T[] = [];
    /** Allowed here, and not made yet. */
    let going = 0;
    for (const one of directoriesFirst(leaving)) {
      const { row, path, loss } = one;
      if (this.on) {
        this.#held(ground, path, 'removed', '');
        continue;
      }
      if (this.#isAllowed(ground, undefined)) {
        allowed.push(one);
        continue;
      }
      const heir = row.kind === 'file' ? heirOf(neighbours(ground.index, row.parent), row.name) : undefined;
      const isDoc = row.kind === 'file' && isDocument(extensionOf(row.name));
      const change: Change = {
        kind: 'removed',
        path,
        files: loss,
        isDocument: isDoc,
        heir,
        filesBeside: Number.POSITIVE_INFINITY,
      };
      try {
        const judged = this.#ask(ground, change, row.parent, going);
        // What is no loss needs not come back.
        if (loss > 0 || judged.sign !== undefined)
          this.#note(ground, change, judged, row.kind === 'file' ? row.local : directoryMark(ground, path));
        going += loss;
        allowed.push(one);
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== 'braked') throw error;
      }
    }
    // What was allowed before the one that tripped stays as well: it is one of those that tripped it.
    if (this.on) return [];
    const below = allowed.reduce((sum, { row, loss }) => sum + (row.kind === 'directory' ? loss : 0), 0);
    if (below > 0) this.#leaving.set(ground.share, (this.#leaving.get(ground.share) ?? 0) + below);
    ground.index.commit();
    return allowed;
  }

  /** Throws `braked` when a rename may not be followed. */
  mayRename(ground: Ground, row: Row, from: string, to: string): void {
    if (this.on) throw this.#held(ground, to, 'renamed', `from ${from}`);
    if (row.kind !== 'file' || this.#isAllowed(ground, undefined)) return;
    const change: Change = { kind: 'renamed', path: from, to, filesBeside: Number.POSITIVE_INFINITY };
    const judged = this.#ask(ground, change, row.parent);
    if (judged.sign === undefined) return;
    this.#note(ground, change, judged, row.local);
    ground.index.commit();
  }

  get #nowMs(): number {
    return this.#options.clock.wallMs();
  }

  /** Files of the share, without those that went with their directory and are only counted still. */
  #filesOf({ index, share }: Ground): number {
    const { files } = index.share(share);
    if (this.#leaving.size > 0 && index.get(SELECT.condemned) === undefined) this.#leaving.clear();
    return Math.max(0, files - (this.#leaving.get(share) ?? 0));
  }

  /** Asks the judge and keeps what it remembers. Throws `braked` when it trips. */
  #ask(ground: Ground, asked: Change, parent: number, going = 0): Judgement {
    const { share, index } = ground;
    const window = this.#windows.get(share) ?? EMPTY_WINDOW;
    const change = signOf(asked) === undefined ? asked : { ...asked, filesBeside: filesIn(index, parent) };
    const judged = judge(window, change, this.#filesOf(ground) - going, this.#nowMs);
    this.#scores.set(share, { score: judged.score, why: judged.why, atMs: this.#nowMs });
    if (judged.verdict === 'trip') {
      this.#trip(share, judged);
      throw this.#held(ground, asked.path, asked.kind, judged.sign === undefined ? '' : SIGN_WORDS[judged.sign]);
    }
    if (judged.score > 0) this.version += 1;
    this.#windows.set(share, judged.state);
    return judged;
  }

  #trip(share: string, { score, why }: Judgement): void {
    this.#write({ state: 'tripped', sinceMs: this.#nowMs, share, score, why });
    this.#options.log.critical('the brake is on: nothing is copied any more', { share, why });
    this.#options.tripped();
  }

  /** Somebody saw a change on the main while nothing may be made here. */
  seen(share: string, path: string, action: string): void {
    if (!this.on) return;
    if (!this.notes.hold(share, path, action, '')) this.#heldMore += 1;
    this.version += 1;
  }

  #held(ground: Ground, path: string, kind: string, why: string): Failure {
    if (!this.notes.hold(ground.share, path, kind, why)) this.#heldMore += 1;
    this.version += 1;
    return braked(path);
  }

  #note(ground: Ground, change: Change, { sign }: Judgement, old: CopyMark | Signature | undefined): void {
    this.notes.add({
      share: ground.share,
      kind: change.kind,
      path: change.path,
      to: change.kind === 'renamed' ? change.to : '',
      sign: sign ?? '',
      atMs: this.#nowMs,
      files: change.kind === 'removed' ? change.files : 0,
      isDocument: change.kind === 'removed' && change.isDocument,
      old: old === undefined || old.size < 0n ? undefined : { ino: old.ino, size: old.size, mtimeNs: old.mtimeNs },
      // The attic names its days by the later of two clocks.
      day: new Date(Math.min(this.#nowMs, ground.mainMs())).toISOString().slice(0, 10),
    });
  }

  /** Accepted by a person: what had changed by then, until a pass has gone over all of it. */
  #isAllowed(ground: Ground, stat: Stat | undefined): boolean {
    const { allowed } = this.#durable;
    if (allowed === undefined || ground.index.share(ground.share).lastPassMs > allowed.wallMs) return false;
    if (stat === undefined) return true;
    const changedMs = Number((stat.changed === 0n ? stat.written : stat.changed) / 10_000n) - EPOCH_MS;
    return changedMs <= allowed.mainMs;
  }

  #write(next: Durable): void {
    this.#durable = next;
    this.version += 1;
    this.#options.index.setMetaDurably(META, JSON.stringify(next));
  }

  /** Everything is accepted that is on the main now, and mirroring may go on. Whoever calls it has stopped everything. */
  allow(mainMs: number): void {
    this.notes.clear();
    this.#young.clear();
    this.#windows.clear();
    this.#scores.clear();
    this.#heldMore = 0;
    this.#write({ ...OFF, allowed: { wallMs: this.#nowMs, mainMs } });
  }

  /** Putting back begins, goes on after a restart, or has ended. */
  rejecting(state: 'rejecting' | 'rejected'): void {
    this.#write({ ...this.#durable, state });
  }

  /** Days of the attic from this one on are needed; '' when none is. */
  get firstDay(): string {
    const isSuspicious =
      this.on ||
      [...this.#scores.values()].some(
        ({ score, atMs }) => score >= PIN_SCORE && this.#nowMs - atMs < REMOVAL_WINDOW_MS,
      );
    return this.notes.firstDay(isSuspicious);
  }

  /** To be called now and then: lets go of some of what is older than the windows. */
  forget(): void {
    if (!this.on) this.notes.forgetOlder(DAMAGE_WINDOW_MS, this.#nowMs, PAGE);
  }
}

/** 1601 to 1970 in milliseconds. */
const EPOCH_MS = 11_644_473_600_000;

const BRAKED = 'the brake is on: what changed on the main looks like damage and is held';

export function braked(path: string): Failure {
  return new Failure({
    code: 'braked',
    doing: 'change the mirror',
    subject: path,
    what: BRAKED,
    hint: 'standby brake show',
  });
}

/** A note as the judge was told it. Its looks are not kept: the sign that came of them is. */
function changeOf(note: Note): Change {
  const { path, to, files, isDocument: isDoc } = note;
  const filesBeside = Number.POSITIVE_INFINITY;
  const after = { size: 0, nature: 'random', family: undefined, torn: false, ended: undefined } as const;
  switch (note.kind) {
    case 'replaced':
      return { kind: 'replaced', path, before: undefined, after, filesBeside };
    case 'added':
      return { kind: 'added', path, after, of: undefined, filesBeside };
    case 'removed':
      return { kind: 'removed', path, files, isDocument: isDoc, heir: undefined, filesBeside };
    case 'renamed':
      return { kind: 'renamed', path, to, filesBeside };
  }
}
