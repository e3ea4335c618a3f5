/**
 * One share while its connection lasts: watch, urgent work and passes side by side. Whatever ends one of them ends all;
 * whoever called reconnects and starts again with a full pass, since nobody knows what happened meanwhile.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { textOf } from '../../base/failure.ts';
import type { Watch, WatchBatch } from '../../smb/types.ts';
import type { Outcome } from './content.ts';
import { ageMs, type Ground, isAboutPath } from './ground.ts';
import { Lane } from './lane.ts';
import { closeOnAbort, type Link, type OpenLink, openUnlessAborted, watchLink } from './links.ts';
import { Live } from './live.ts';
import type { Load } from './load/load.ts';
import { measureMain } from './load/measure.ts';
import { parentOf } from './names.ts';
import { type Pass, startPass } from './pass.ts';
import type { Job } from './scratch.ts';

/** Lets one pass at a time run, so that several shares do not fight for one disk. */
export interface Gate {
  enter(signal: AbortSignal): Promise<() => void>;
}

export interface SessionOptions {
  ground: Ground;
  open: OpenLink;
  gate: Gate;
  passEveryMs: number;
  load: Load;
  /** Watching works, or does not (the server has no notify). */
  watching(works: boolean): void;
  passing(pass: Pass | undefined): void;
}

const LIVE_WIDTH = 16;
/** A file written so recently (by the main's clock) may be in somebody's hands still. */
const RECENT_MS = 60_000;
const WATCH_RETRY_MS = 5_000;
const WATCH_RETRY_LIMIT_MS = 300_000;
/** While there is no watch: milliseconds between passes at least, and one part of the time in so many. */
const UNWATCHED_MS = 10_000;
const UNWATCHED_SHARE = 4;
const PASS_LOOK_MS = 250;

/** Runs until something ends it, and throws that; resolves only when the signal was aborted. Nothing is written after it returned. */
export async function runSession(live: Link, options: SessionOptions, outer: AbortSignal): Promise<void> {
  const end = new AbortController();
  const signal = AbortSignal.any([outer, end.signal]);
  const forget = closeOnAbort(live, signal);
  const session = new Session(live, options, signal);
  const parts = [
    session.live.run(),
    session.watch(),
    session.passes(),
    session.laneFailure(),
    watchLink(live, signal),
    measureMain(live, options.load, options.ground.clock, signal),
  ];
  try {
    await Promise.race(parts);
  } catch (error) {
    if (!outer.aborted) throw error;
  } finally {
    end.abort();
    forget();
    live.close();
    await Promise.allSettled(parts);
    await session.landed();
    options.passing(undefined);
  }
}

class Session {
  readonly live: Live;
  readonly #lane: Lane;
  readonly #link: Link;
  readonly #options: SessionOptions;
  readonly #signal: AbortSignal;
  #passWanted = true;
  #isWatching = false;
  /** The first watch is there, or was refused. */
  readonly #watchTried = Promise.withResolvers<void>();

  constructor(link: Link, options: SessionOptions, signal: AbortSignal) {
    const { ground } = options;
    const { tree } = link;
    this.#link = link;
    this.#options = options;
    this.#signal = signal;
    this.#lane = new Lane({
      ground,
      tree,
      signal,
      width: LIVE_WIDTH,
      settled: (job, outcome) => this.#settled(job, outcome),
    });
    this.live = new Live({
      ground,
      tree,
      signal,
      want: (job) => this.#lane.push(job),
      overflow: () => {
        this.#passWanted = true;
      },
    });
  }

  #settled(job: Job, outcome: Outcome): void {
    const { ground } = this.#options;
    switch (outcome.kind) {
      case 'placed': {
        this.live.placed(job.path, ageMs(ground, outcome.after) < RECENT_MS);
        return;
      }
      case 'followed':
        this.live.placed(job.path, false);
        return;
      case 'gone':
        this.live.scanSoon(parentOf(job.path));
        return;
      case 'problem':
        if (outcome.problem.code === 'busy') this.live.hint(job.path, outcome.problem.retryMs, 0, true);
        else ground.problems.add(ground.share, job.path, outcome.problem, ground.clock.wallMs());
        return;
      case 'full':
        return;
    }
  }

  async watch(): Promise<never> {
    const { ground, watching } = this.#options;
    for (let pauseMs = WATCH_RETRY_MS; ; pauseMs = Math.min(pauseMs * 2, WATCH_RETRY_LIMIT_MS)) {
      let watch: Watch | undefined;
      try {
        watch = await this.#link.tree.watch('', { recursive: true });
        pauseMs = WATCH_RETRY_MS;
        // What happened before is found by a pass that begins after.
        this.#passWanted = true;
        this.#isWatching = true;
        this.#watchTried.resolve();
        watching(true);
        for await (const batch of watch.batches) this.#hear(batch);
      } catch (error) {
        if (!isAboutPath(error)) throw error;
        ground.log.warning(`no notify for now, scanning only: ${textOf(error)}`, { share: ground.share });
      } finally {
        this.#isWatching = false;
        this.#watchTried.resolve();
        watch?.close();
      }
      watching(false);
      await pause(pauseMs, undefined, { signal: this.#signal });
    }
  }

  #hear(batch: WatchBatch): void {
    const { ground } = this.#options;
    if (batch.kind === 'overflow') {
      this.#passWanted = true;
      return;
    }
    for (const change of batch.changes) this.live.changed(change.action, change.path);
    if (batch.refused.length > 0)
      ground.log.warning('the server told of changes with names that are not safe to use', {
        share: ground.share,
        names: batch.refused.length,
        first: batch.refused[0],
      });
  }

  async passes(): Promise<never> {
    const { ground, clock, passEveryMs } = { ...this.#options, clock: this.#options.ground.clock };
    // A first pass that overtook the watch would leave a gap between the two.
    await this.#watchTried.promise;
    let lastMs = clock.monoMs();
    let tookMs = 0;
    for (;;) {
      // Without a watch passes are all there is; they may take a part of the time.
      const everyMs = this.#isWatching
        ? passEveryMs
        : Math.min(passEveryMs, Math.max(UNWATCHED_MS, tookMs * UNWATCHED_SHARE));
      if (this.#passWanted || clock.monoMs() - lastMs >= everyMs) {
        const leave = await this.#options.gate.enter(this.#signal);
        const beganMs = clock.monoMs();
        try {
          await this.#pass();
        } finally {
          leave();
        }
        lastMs = clock.monoMs();
        tookMs = lastMs - beganMs;
        ground.log.info('passed over the share', {
          share: ground.share,
          problems: ground.problems.count(ground.share),
        });
      }
      await pause(PASS_LOOK_MS, undefined, { signal: this.#signal });
    }
  }

  async #pass(): Promise<void> {
    this.#passWanted = false;
    const { ground, open, passing } = this.#options;
    const link = await openUnlessAborted(open, ground.share, this.#signal, 'pass');
    const forget = closeOnAbort(link, this.#signal);
    try {
      const pass = startPass(
        ground,
        link.tree,
        this.#signal,
        (job, outcome) => this.#settled(job, outcome),
        (path) => this.live.scanSoon(parentOf(path)),
      );
      passing(pass);
      await pass.done;
    } finally {
      passing(undefined);
      forget();
      link.close();
    }
  }

  /** The live lane has nobody who waits for it: this is where its failure is heard. */
  async laneFailure(): Promise<never> {
    for (;;) {
      await this.#lane.idle();
      await pause(PASS_LOOK_MS, undefined, { signal: this.#signal });
    }
  }

  async landed(): Promise<void> {
    await this.#lane.landed();
    await this.live.landed();
  }
}
