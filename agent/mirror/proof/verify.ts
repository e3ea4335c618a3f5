/**
 * `standby verify`: compares main and mirror as a whole, share by share, and remembers in the index how far it has come, so that a lost
 * connection, a crash of the engine or a restart of standbyd costs the directory in hand. One at a time; it looks and heals nothing
 * unless it is told to.
 *
 * It ends for good when mirroring is stopped: from then on the main is not followed, and differences would say nothing.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { BackOff } from '../../../base/back-off.ts';
import type { Clock } from '../../../base/clock.ts';
import { Failure, isFailure, textOf } from '../../../base/failure.ts';
import type { Log } from '../../../base/log.ts';
import type { Stat } from '../../../smb/types.ts';
import { type VerifyState, verifyState } from '../../engine-messages.ts';
import { type Ground, mainChanged } from '../ground.ts';
import { closeOnAbort, type OpenLink, openUnlessAborted } from '../links.ts';
import { leftMs, Rate } from '../progress.ts';
import { isSameShare } from '../remove.ts';
import { Report, reportFile } from './report.ts';
import { checkShare, type Progress } from './share-check.ts';
import type { Finding, ProofStore } from './store.ts';

/** A share as verify and scrub see it. */
export interface ProvenShare {
  ground: Ground;
  /** The connection works and no pass is under way. */
  isFollowed(): boolean;
}

/** Nothing of it is being copied either. */
export function isQuiet({ ground, isFollowed }: ProvenShare): boolean {
  return isFollowed() && ground.busy.size === 0;
}

export interface VerifyOptions {
  shares: readonly ProvenShare[];
  store: ProofStore;
  open: OpenLink;
  clock: Clock;
  log: Log;
  random(): number;
  statePath: string;
  /** The state or the findings changed. */
  changed(): void;
}

const saved = z.object({
  state: verifyState,
  hashes: z.boolean(),
  /** Number of the share that is being compared. */
  at: z.number(),
  shareBeganMs: z.number(),
  cursor: z.string().optional(),
  lateId: z.number().optional(),
  reportBytes: z.number(),
});
type Saved = z.infer<typeof saved>;

const FOLLOWED_LOOK_MS = 200;
const RECONNECT = { firstMs: 500, mostMs: 15_000, steadyMs: 30_000 };

export class Verify {
  readonly #options: VerifyOptions;
  readonly #rate = new Rate();
  #saved: Saved | undefined;
  #running: { end: AbortController; done: Promise<void> } | undefined;
  /** Moves with every finding, for whoever tells them on. */
  version = 0;

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#saved = readSaved(options.store.verifyText);
  }

  /** The state of the last verify; undefined when there was none. */
  get state(): VerifyState | undefined {
    return this.#saved?.state;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  findings(limit: number): Finding[] {
    return this.#options.store.findings(limit);
  }

  /** Begins anew. Throws `busy` while one runs. */
  begin(heal: boolean, hashes: boolean): void {
    const { shares, store, clock, statePath } = this.#options;
    if (this.#saved?.state.state === 'running')
      throw new Failure({
        code: 'busy',
        doing: 'verify',
        what: 'a verify runs already',
        hint: 'follow it with: standby verify; end it with: standby verify --stop',
      });
    const nowMs = Math.round(clock.wallMs());
    const id = new Date(nowMs).toISOString().replaceAll(/[-:]/g, '').replace('.', '-');
    const rows = shares.map(({ ground }) => ground.index.share(ground.share));
    const state: VerifyState = {
      id,
      state: 'running',
      heal,
      startedMs: nowMs,
      endedMs: 0,
      share: shares[0]?.ground.share ?? '',
      filesDone: 0,
      filesTotal: rows.reduce((sum, row) => sum + row.files, 0),
      bytesDone: 0,
      bytesTotal: rows.reduce((sum, row) => sum + row.bytes, 0),
      bytesPerSecond: 0,
      filesPerSecond: 0,
      leftMs: -1,
      same: 0,
      different: 0,
      healed: 0,
      listed: 0,
      changing: 0,
      leftOut: 0,
      open: 0,
      report: hashes ? reportFile(statePath, id) : '',
      problem: '',
    };
    store.begin();
    this.#saved = { state, hashes, at: 0, shareBeganMs: nowMs, reportBytes: 0 };
    this.version += 1;
    this.#save();
    this.resume();
  }

  /** Goes on with one that was cut off. */
  resume(): void {
    const now = this.#saved;
    if (now?.state.state !== 'running' || this.#running !== undefined) return;
    this.#rewind(now);
    if ((this.#options.shares[now.at]?.ground.share ?? '') !== now.state.share) {
      this.#end(now, 'stopped', 'other shares are mirrored now');
      return;
    }
    const end = new AbortController();
    const done = this.#run(now, end.signal).finally(() => {
      this.#running = undefined;
      this.#options.changed();
    });
    this.#running = { end, done };
  }

  /** When it returns nothing is read or healed any more; `resume` goes on. */
  async suspend(): Promise<void> {
    this.#running?.end.abort();
    await this.#running?.done;
  }

  /** Ends it for good; `why` is one sentence. */
  async stop(why: string): Promise<void> {
    await this.suspend();
    if (this.#saved?.state.state !== 'running') return;
    this.#end(this.#saved, 'stopped', why);
  }

  async #run(now: Saved, signal: AbortSignal): Promise<void> {
    const { shares, clock, log, random } = this.#options;
    const backOff = new BackOff(RECONNECT);
    let report: Report | undefined;
    try {
      while (now.at < shares.length) {
        const share = shares[now.at];
        if (share === undefined) break;
        const beganMs = clock.monoMs();
        try {
          if (now.state.report !== '') report ??= new Report(now.state.report, now.reportBytes);
          await this.#share(now, share, report, signal);
          this.#next(now, report);
        } catch (error) {
          if (signal.aborted) return;
          log.warning(`verify is interrupted: ${textOf(error)}`, { share: share.ground.share });
          report?.close();
          report = undefined;
          this.#rewind(now);
          now.state.problem = isFailure(error) ? error.what : textOf(error);
          this.#options.changed();
          await pause(backOff.pause(clock.monoMs() - beganMs, random()), undefined, { signal }).catch(() => {});
          if (signal.aborted) return;
        }
      }
      this.#end(now, 'done', '');
    } finally {
      report?.close();
    }
  }

  async #share(now: Saved, share: ProvenShare, report: Report | undefined, signal: AbortSignal): Promise<void> {
    const { store, open, clock } = this.#options;
    const { ground } = share;
    const { state } = now;
    // A pass that has not ended yet would find the same, and call it changes.
    while (!share.isFollowed()) {
      state.problem = 'waits until the mirror follows the share again';
      await pause(FOLLOWED_LOOK_MS, undefined, { signal });
    }
    const link = await openUnlessAborted(open, ground.share, signal);
    const forget = closeOnAbort(link, signal);
    try {
      if (!(await isSameShare(ground, link.tree))) throw mainChanged(ground.share);
      state.problem = '';
      const progress: Progress = { cursor: now.cursor, lateId: now.lateId };
      await checkShare({
        ground,
        tree: link.tree,
        store,
        signal,
        heal: state.heal,
        hashes: now.hashes,
        beganMs: now.shareBeganMs,
        progress,
        isCopying: () => !isQuiet(share),
        looked: ({ files, bytes }) => {
          state.filesDone += files;
          state.bytesDone += bytes;
        },
        same: (path, main, sha256) => {
          if (!main.directory) state.same += 1;
          report?.line({ share: ground.share, path, result: 'same', ...facts(main), ...(sha256 && { sha256 }) });
        },
        found: (finding) => {
          this.#count(state, finding);
          const { class: result, ...rest } = finding;
          report?.line({ result, ...rest });
        },
        leftOut: () => {
          state.leftOut += 1;
        },
        save: () => {
          now.cursor = progress.cursor;
          now.lateId = progress.lateId;
          state.open = store.opens(ground.share);
          this.#note(clock.monoMs());
          report?.flush();
          now.reportBytes = report?.length ?? 0;
          this.#save();
        },
      });
      // The whole share was compared, with nothing left to be said of it but what is listed.
      if (!store.differs(ground.share)) this.#proved(ground, now.shareBeganMs);
    } finally {
      forget();
      link.close();
    }
  }

  #proved({ share, shareId }: Ground, beganMs: number): void {
    const { store } = this.#options;
    store.setProved(shareId, beganMs, store.left(share));
  }

  #count(state: VerifyState, finding: Finding): void {
    const { store } = this.#options;
    const before = store.finding(finding.share, finding.path);
    if (before !== undefined) state[before.healed ? 'healed' : before.class] -= 1;
    state[finding.healed ? 'healed' : finding.class] += 1;
    store.note(finding);
    this.version += 1;
  }

  #next(now: Saved, report: Report | undefined): void {
    report?.flush();
    now.reportBytes = report?.length ?? 0;
    now.at += 1;
    now.cursor = undefined;
    now.lateId = undefined;
    now.state.share = this.#options.shares[now.at]?.ground.share ?? '';
    now.shareBeganMs = Math.round(this.#options.clock.wallMs());
    this.#save();
  }

  #end(now: Saved, how: 'done' | 'stopped', why: string): void {
    Object.assign(now.state, {
      state: how,
      endedMs: Math.round(this.#options.clock.wallMs()),
      share: '',
      bytesPerSecond: 0,
      filesPerSecond: 0,
      leftMs: 0,
      open: 0,
      problem: why,
    });
    this.#save();
    this.#options.changed();
  }

  /** Call it about four times a second. */
  turn(nowMs: number): void {
    if (this.#running !== undefined) this.#note(nowMs);
  }

  #note(nowMs: number): void {
    const state = this.#saved?.state;
    if (state === undefined) return;
    this.#rate.note(nowMs, state.filesDone, state.bytesDone);
    const { filesPerSecond, bytesPerSecond } = this.#rate.now;
    state.bytesPerSecond = Math.max(0, Math.round(bytesPerSecond));
    state.filesPerSecond = Math.max(0, Math.round(filesPerSecond));
    // The tree grows and shrinks meanwhile: what is left is never less than nothing.
    const files = Math.max(0, state.filesTotal - state.filesDone);
    const bytes = Math.max(0, state.bytesTotal - state.bytesDone);
    state.leftMs = leftMs({ known: true, files, bytes }, this.#rate.now);
  }

  /** Back to what was last saved: what was counted after that is met again. */
  #rewind(now: Saved): void {
    Object.assign(now, readSaved(this.#options.store.verifyText));
    Object.assign(now.state, this.#options.store.counts());
  }

  #save(): void {
    this.#options.store.verifyText = JSON.stringify(this.#saved);
  }
}

function facts({ directory, size, written, created, attributes }: Stat): Record<string, unknown> {
  return { kind: directory ? 'folder' : 'file', size, written, created, attributes };
}

/** Undefined for what another version has written: then nothing is known of a verify. */
function readSaved(text: string | undefined): Saved | undefined {
  if (text === undefined) return undefined;
  try {
    return saved.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
