/**
 * The mirror: all shares of one main, their index, their disk, and the freeze. Whoever owns it starts and stops it and
 * hears what is worth telling; it knows nothing of processes and channels.
 *
 * While it is frozen it mirrors nothing, whoever asks: users' newer data lie in its folders.
 */
import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import { unixNs } from '../../smb/file-time.ts';
import type { FromEngine, ShareState } from '../engine-messages.ts';
import { adoptPlaced } from './adopt.ts';
import { Attic } from './attic.ts';
import { Excludes } from './excludes.ts';
import { Flusher } from './flusher.ts';
import { MirrorFolder } from './folder.ts';
import type { Ground } from './ground.ts';
import { IndexStore } from './index-store.ts';
import { chooseKnown, type KnownFile } from './known.ts';
import { type CarefulOpen, carefully, type OpenLink } from './links.ts';
import type { Load } from './load/load.ts';
import { type Freeze, openFreeze } from './mark.ts';
import type { Owner } from './metadata.ts';
import { Moves } from './moves.ts';
import { Problems } from './problems.ts';
import { leftMs, Rate } from './progress.ts';
import { Proof } from './proof/index.ts';
import { ProofStore } from './proof/store.ts';
import type { ProvenShare } from './proof/verify.ts';
import type { Gate } from './session.ts';
import { ShareMirror } from './share.ts';
import { Space } from './space.ts';
import { Traffic } from './traffic.ts';

export interface MirrorOptions {
  mirrorPath: string;
  statePath: string;
  shares: readonly string[];
  reserveBytes: number;
  passEveryMs: number;
  /** Between the beginnings of two scrubs of a share at least; a day unless told. */
  scrubEveryMs?: number | undefined;
  /** Rules of excludes.ts; none unless told. */
  excludes?: readonly string[] | undefined;
  owner: Owner;
  load: Load;
  open: OpenLink;
  clock: Clock;
  log: Log;
  random(): number;
  /** Changes with every start of the machine and every mount of the mirror's disk (boot-id.ts). */
  bootId: string;
  tell(message: FromEngine): void;
  /** The index cannot be written any more: only a fresh process can go on. */
  broken(failure: Failure): void;
}

const TELL_MS = 250;
const KNOWN_EVERY_MS = 60_000;
const KNOWN_PAUSE_MS = 1_000;
const PRUNE_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
const PROBLEMS_TOLD = 200;
/** The same trouble is told again only after so long. */
const ALERT_AGAIN_MS = 60_000;
/** Repeats what is unchanged, for a listener that came late. */
const REPEAT_MS = 5_000;

export class Mirror {
  readonly index: IndexStore;
  /** Verify, scrub, and what they know. */
  readonly proof: Proof;
  readonly #options: MirrorOptions;
  readonly #freeze: Freeze;
  readonly #attic: Attic;
  readonly #flusher: Flusher;
  readonly #problems: Problems;
  readonly #space: Space;
  readonly #traffic: Traffic;
  readonly #folders = new Map<string, MirrorFolder>();
  readonly #careful: CarefulOpen;
  readonly #shares: ShareMirror[] = [];
  readonly #alertedMs = new Map<string, number>();
  readonly #placed = { files: 0, bytes: 0 };
  readonly #rate = new Rate();
  #running = false;
  /** The main's clock less our monotonic one, as of the connection that was opened last. */
  #mainAheadMs: number | undefined;
  readonly #timer: NodeJS.Timeout;
  #told = '';
  #toldMs = 0;
  #toldProblems = -1;
  #known: KnownFile | undefined;
  #knownMs = Number.NEGATIVE_INFINITY;
  #prunedMs = Number.NEGATIVE_INFINITY;

  /** Opens everything and starts nothing. Throws a Failure when index, mirror or a name is not usable. */
  constructor(options: MirrorOptions) {
    this.#options = options;
    const { mirrorPath, clock, log } = options;
    for (const share of options.shares) refuseBadShare(share);
    this.index = new IndexStore(options.statePath, options.bootId);
    let store: ProofStore;
    try {
      this.#freeze = openFreeze(mirrorPath, this.index);
      this.#attic = new Attic(mirrorPath);
      for (const share of options.shares) this.#folders.set(share, new MirrorFolder(mirrorPath, share, options.owner));
      this.#adopt();
      store = new ProofStore(this.index);
    } catch (error) {
      for (const folder of this.#folders.values()) folder.close();
      this.index.close();
      throw error;
    }
    this.#problems = new Problems(this.index);
    this.#traffic = new Traffic(this.index, () => clock.wallMs());
    this.#flusher = new Flusher({
      mirrorPath,
      index: this.index,
      failed: (failure) => this.#alert(failure.code, failure.message, failure.hint ?? ''),
    });
    this.#space = new Space({
      mirrorPath,
      reserveBytes: options.reserveBytes,
      attic: this.#attic,
      monoMs: () => clock.monoMs(),
      changed: (full) => {
        if (full === '') log.notice('there is room on the mirror again');
        else this.#alert('disk-full', full, 'make room or give the mirror a bigger disk; it goes on by itself');
        this.#tell(true);
      },
    });
    this.#careful = carefully(async (share, use) => {
      const link = await options.open(share, use);
      this.#mainAheadMs = Number(unixNs(link.server.systemTime) / 1_000_000n) - clock.monoMs();
      return link;
    }, clock);
    const { open } = this.#careful;
    const gate = oneAtATime();
    const excludes = new Excludes(options.excludes ?? []);
    const proven: ProvenShare[] = [];
    for (const [share, folder] of this.#folders) {
      const row = this.index.share(share);
      const ground: Ground = {
        share,
        shareId: row.id,
        rootId: row.root,
        index: this.index,
        folder,
        attic: this.#attic,
        problems: this.#problems,
        space: this.#space,
        excludes,
        clock,
        log,
        mainMs: () => this.#mainMs,
        moves: new Moves(),
        unstamped: new Set(),
        busy: new Set(),
        placed: this.#placed,
        traffic: this.#traffic,
      };
      const mirror = new ShareMirror({
        ground,
        open,
        gate,
        passEveryMs: options.passEveryMs,
        load: options.load,
        random: options.random,
        alert: (code, what, hint) => this.#alert(code, what, hint, share),
        proved: () => {
          const { provedMs, leftOut } = store.scrub(row.id);
          return { provedMs, unproven: leftOut };
        },
        changed: () => this.#tell(true),
      });
      this.#shares.push(mirror);
      proven.push({ ground, isFollowed: () => mirror.isFollowed });
    }
    this.proof = new Proof({
      ...options,
      scrubEveryMs: options.scrubEveryMs ?? DAY_MS,
      shares: proven,
      store,
      open,
      alert: (code, what, hint, share) => this.#alert(code, what, hint, share),
    });
    this.#timer = setInterval(() => this.#turn(), TELL_MS);
    this.#tell(true);
  }

  /** What a kill left without rows. */
  #adopt(): void {
    for (const [share, folder] of this.#folders) {
      const files = adoptPlaced(this.index, this.frozenFor, folder, this.index.share(share).id);
      if (files > 0)
        this.#options.log.notice('took over files that were placed right before we were cut off', { share, files });
    }
    this.index.commit();
  }

  get isRunning(): boolean {
    return this.#running;
  }

  get frozenFor(): string {
    return this.#freeze.frozenFor;
  }

  /** Also for what runs already and waits after a refusal: then it is tried again now. Throws `frozen` while a restore is outstanding. */
  start(): void {
    if (this.frozenFor !== '')
      throw new Failure({
        code: 'frozen',
        doing: 'start mirroring',
        what: 'the mirror holds files that users changed during a takeover, and they are not restored yet',
        hint: 'run Restore Files first',
      });
    this.#running = true;
    this.#careful.askAgain();
    for (const share of this.#shares) share.start();
    this.proof.start();
  }

  /** When it returns nothing is written any more, and everything placed is in the index. `isForGood`: by order, so that a verify under way ends. */
  async stop(isForGood = true): Promise<void> {
    this.#running = false;
    await Promise.all([this.proof.stop(isForGood), ...this.#shares.map((share) => share.stop())]);
    this.#traffic.save(true);
    this.index.commit();
    this.#tell(true);
  }

  /** Stops, and forbids mirroring until the same decision is thawed. On the disk when it returns. */
  async freeze(decision: string): Promise<void> {
    await this.stop();
    this.#freeze.freeze(decision);
    this.#tell(true);
  }

  thaw(decision: string): void {
    this.#freeze.thaw(decision);
    this.#tell(true);
  }

  /** Resolves when everything noted so far is durable. */
  async settled(): Promise<void> {
    await this.#flusher.settled();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.stop(false);
    await this.#flusher.close();
    for (const folder of this.#folders.values()) folder.close();
    this.#attic.close();
    this.index.close();
  }

  get #mainMs(): number {
    const { clock } = this.#options;
    return this.#mainAheadMs === undefined ? clock.wallMs() : clock.monoMs() + this.#mainAheadMs;
  }

  /** The same trouble of two shares is two alerts. */
  #alert(code: string, what: string, hint: string, share = ''): void {
    const nowMs = this.#options.clock.monoMs();
    const key = `${code} ${share}`;
    if (nowMs - (this.#alertedMs.get(key) ?? Number.NEGATIVE_INFINITY) < ALERT_AGAIN_MS) return;
    this.#alertedMs.set(key, nowMs);
    this.#options.log.error(what, { alert: code });
    this.#options.tell({ kind: 'alert', code, what, hint });
  }

  #turn(): void {
    const { clock, broken } = this.#options;
    if (this.index.broken !== undefined) {
      broken(this.index.broken);
      return;
    }
    this.#rate.note(clock.monoMs(), this.#placed.files, this.#placed.bytes);
    this.#space.look();
    this.#traffic.save();
    this.proof.turn();
    this.#tell(false);
    if (!this.#running) return;
    if (clock.monoMs() - this.#knownMs > KNOWN_EVERY_MS || !this.#isKnownValid()) this.#chooseKnown();
    if (this.#mainAheadMs !== undefined && clock.monoMs() - this.#prunedMs > PRUNE_EVERY_MS) {
      this.#prunedMs = clock.monoMs();
      // A clock of ours that jumped ahead must not empty the attic.
      const wallMs = Math.min(clock.wallMs(), this.#mainMs);
      this.#attic.prune(wallMs).catch((error: unknown) => this.#alert('attic', String(error), ''));
    }
  }

  /** A known file that a user changed or deleted must be replaced before anybody takes it for a fault of the main. */
  #isKnownValid(): boolean {
    const known = this.#known;
    if (known === undefined) return false;
    const row = this.index.find(this.index.share(known.share).root, known.path);
    return row !== undefined && row.size === known.size && String(row.written) === known.writtenFileTime;
  }

  #chooseKnown(): void {
    const { clock, tell } = this.#options;
    if (clock.monoMs() - this.#knownMs < KNOWN_PAUSE_MS) return;
    this.#knownMs = clock.monoMs();
    const choose = async (): Promise<void> => {
      for (const share of this.#options.shares) {
        const found = await chooseKnown(this.index, share);
        if (found === undefined) continue;
        if (JSON.stringify(found) !== JSON.stringify(this.#known)) tell({ kind: 'known', ...found });
        this.#known = found;
        return;
      }
    };
    choose().catch((error: unknown) => this.#alert('index', String(error), ''));
  }

  /** What is to be said of all shares now. */
  get status(): Extract<FromEngine, { kind: 'mirror' }> {
    const shares: ShareState[] = this.#shares.map((share) => share.status);
    const files = shares.reduce((sum, share) => sum + share.filesToDo, 0);
    const bytes = shares.reduce((sum, share) => sum + share.bytesToDo, 0);
    const known = this.#shares.every((share) => share.knowsAll);
    return {
      kind: 'mirror',
      shares,
      bytesPerSecond: Math.round(this.#rate.now.bytesPerSecond),
      filesPerSecond: Math.round(this.#rate.now.filesPerSecond),
      leftMs: leftMs({ known, files, bytes }, this.#rate.now),
      frozenFor: this.frozenFor,
      load: this.#options.load.state,
    };
  }

  #tell(always: boolean): void {
    const { clock, tell } = this.#options;
    const status = this.status;
    const text = JSON.stringify(status);
    if (always || text !== this.#told || clock.monoMs() - this.#toldMs > REPEAT_MS) {
      this.#told = text;
      this.#toldMs = clock.monoMs();
      tell(status);
    }
    if (this.#problems.version !== this.#toldProblems) {
      this.#toldProblems = this.#problems.version;
      tell({ kind: 'problems', problems: this.#problems.list(PROBLEMS_TOLD) });
    }
  }
}

/** Exported for its test. */
export function oneAtATime(): Gate {
  let last: Promise<void> = Promise.resolve();
  return {
    async enter(signal) {
      const before = last;
      const { promise: left, resolve: leave } = Promise.withResolvers<void>();
      last = before.then(() => left);
      // Whoever is called off waits no longer: the pass of another share may take hours.
      const off = Promise.withResolvers<void>();
      const stop = (): void => off.resolve();
      signal.addEventListener('abort', stop, { once: true });
      if (!signal.aborted) await Promise.race([before, off.promise]);
      signal.removeEventListener('abort', stop);
      if (signal.aborted) leave();
      signal.throwIfAborted();
      return leave;
    },
  };
}

/** A share's name becomes a folder's name here. */
function refuseBadShare(share: string): void {
  if (share !== '' && !share.startsWith('.') && !/[/\\\p{Cc}]/u.test(share)) return;
  throw new Failure({
    code: 'bad-share',
    doing: 'mirror share',
    subject: share,
    what: 'this name cannot be a folder here',
  });
}
