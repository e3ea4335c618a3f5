/**
 * The life of one share: connect, make sure that it is the share we know, run a session, and after its end connect again
 * with growing pauses. Its state is what people see.
 *
 *   waiting → (connect) → first-pass → live / scanning
 *      any → unreachable | refused → (pause) → (connect) → full pass
 */
import { setTimeout as pause } from 'node:timers/promises';
import { BackOff, type BackOffLimits, jittered } from '../../base/back-off.ts';
import { isFailure, textOf } from '../../base/failure.ts';
import type { ShareState } from '../engine-messages.ts';
import { type Ground, mainChanged } from './ground.ts';
import { isRefusal, type Link, type OpenLink, openUnlessAborted } from './links.ts';
import type { Load } from './load/load.ts';
import type { Pass } from './pass.ts';
import { type Gate, runSession } from './session.ts';

export interface ShareOptions {
  ground: Ground;
  open: OpenLink;
  gate: Gate;
  passEveryMs: number;
  load: Load;
  /** Between 0 and 1: so that shares do not reconnect in step. */
  random(): number;
  alert(code: string, what: string, hint: string): void;
  /** Since when everything is proven, and how much is not. */
  proved(): Pick<ShareState, 'provedMs' | 'unproven'>;
  /** The state changed. */
  changed(): void;
}

/** A session that lasted so long did not fail at its start. */
const STEADY_MS = 30_000;
const RECONNECT: BackOffLimits = { firstMs: 400, mostMs: 15_000, steadyMs: STEADY_MS };
/** What only a person mends is looked at seldom; whether a log-on may be tried the guard of the account says besides. */
const REFUSED_PAUSE_MS = 30_000;

/** Trouble with our own index, attic or disk; failureOf names the last by their errno. */
const OUR_CODES = ['index-failed', 'attic-crowded', 'enospc', 'edquot', 'eio', 'erofs', 'eacces', 'eperm', 'exdev'];

function isAboutUs(error: unknown): boolean {
  return !isFailure(error) || OUR_CODES.includes(error.code);
}

export class ShareMirror {
  readonly #options: ShareOptions;
  #state: ShareState['state'] = 'waiting';
  #problem = '';
  #watching = false;
  #pass: Pass | undefined;
  #running: { end: AbortController; done: Promise<void> } | undefined;
  #alerted = '';
  /** Ends the pause under way. */
  #hurry = new AbortController();

  constructor(options: ShareOptions) {
    this.#options = options;
  }

  /** When it runs already, a pause before the next try ends. */
  start(): void {
    if (this.#running !== undefined) {
      this.#hurry.abort();
      return;
    }
    const end = new AbortController();
    this.#running = { end, done: this.#run(end.signal) };
  }

  /** When it returns nothing is written any more. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    running.end.abort();
    await running.done;
    this.#running = undefined;
    this.#show('waiting', '');
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log, share } = this.#options.ground;
    const backOff = new BackOff(RECONNECT);
    while (!signal.aborted) {
      const beganMs = clock.monoMs();
      try {
        await this.#connected(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warning(`mirroring is interrupted: ${textOf(error)}`, { share });
        // Trouble that returns at once is the same trouble, and was told.
        if (clock.monoMs() - beganMs > STEADY_MS) this.#alerted = '';
        this.#stumbled(error);
      }
      const chance = this.#options.random();
      const pauseMs = backOff.pause(clock.monoMs() - beganMs, chance);
      const waitMs = this.#state === 'refused' ? jittered(REFUSED_PAUSE_MS, chance) : pauseMs;
      this.#hurry = new AbortController();
      await pause(waitMs, undefined, { signal: AbortSignal.any([signal, this.#hurry.signal]) }).catch(() => {});
    }
  }

  async #connected(signal: AbortSignal): Promise<void> {
    const { ground, open, gate, passEveryMs, load } = this.#options;
    const link = await openUnlessAborted(open, ground.share, signal);
    try {
      signal.throwIfAborted();
      await this.#recognise(link);
      this.#watching = false;
      this.#showWork();
      await runSession(
        link,
        {
          ground,
          open,
          gate,
          passEveryMs,
          load,
          watching: (works) => {
            this.#watching = works;
            this.#showWork();
          },
          passing: (pass) => {
            this.#pass = pass;
            this.#showWork();
          },
        },
        signal,
      );
    } finally {
      link.close();
    }
  }

  /** An unmounted disk on the main shows an empty folder under the share's name: it is not the share that we mirror. */
  async #recognise(link: Link): Promise<void> {
    const { index, share, shareId } = this.#options.ground;
    const now = await link.tree.identity();
    const known = index.share(share).identity;
    if (known === undefined) {
      index.setIdentity(shareId, now);
      return;
    }
    if (known.volumeSerial === now.volumeSerial && known.rootFileId === now.rootFileId) return;
    throw mainChanged(share);
  }

  #stumbled(error: unknown): void {
    const what = isFailure(error) ? error.what : textOf(error);
    const isMains = isRefusal(error) || isFailure(error, 'main-changed', 'bad-share', 'access-denied');
    // Anything that the client has no code for is trouble of our own: the index, the disk.
    const isOurs = isAboutUs(error);
    if (!isMains && !isOurs) {
      this.#show('unreachable', what);
      return;
    }
    const told = isFailure(error) ? error.code : 'mirror-failed';
    const code = isRefusal(error) ? 'log-on-refused' : told;
    if (this.#alerted !== code) {
      this.#alerted = code;
      this.#options.alert(code, textOf(error), isFailure(error) ? (error.hint ?? '') : '');
    }
    this.#show('refused', what);
  }

  #showWork(): void {
    if (this.#running?.end.signal.aborted === true) return;
    const complete = this.#options.ground.index.share(this.#options.ground.share).complete;
    this.#show(complete ? (this.#watching ? 'live' : 'scanning') : 'first-pass', '');
  }

  #show(state: ShareState['state'], problem: string): void {
    if (state === this.#state && problem === this.#problem) return;
    this.#options.ground.log.info(`${this.#state} → ${state}`, { share: this.#options.ground.share, why: problem });
    this.#state = state;
    this.#problem = problem;
    this.#options.changed();
  }

  /** The connection works, and no pass is under way: what differs now is what changed just now. */
  get isFollowed(): boolean {
    return (this.#state === 'live' || this.#state === 'scanning') && this.#pass === undefined;
  }

  /** Everything to be said of it now. */
  get status(): ShareState {
    const { ground } = this.#options;
    const row = ground.index.share(ground.share);
    const left = this.#pass?.left();
    return {
      share: ground.share,
      state: this.#state,
      complete: row.complete,
      files: row.files,
      bytes: row.bytes,
      filesToDo: left?.files ?? 0,
      bytesToDo: left?.bytes ?? 0,
      skipped: ground.problems.count(ground.share),
      problem: this.#problem === '' ? ground.space.full : this.#problem,
      lastPassMs: row.lastPassMs,
      traffic: ground.traffic.of(ground.shareId),
      ...this.#options.proved(),
    };
  }

  /** Whether the walk of the present pass has seen everything; true when there is no pass. */
  get knowsAll(): boolean {
    return this.#pass?.left().known ?? this.#state !== 'waiting';
  }
}
