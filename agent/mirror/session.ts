/**
 * One share while its connection lasts: watch, urgent work and passes side by side. Whatever ends one of them ends all;
 * whoever called reconnects and starts again with a full pass, since nobody knows what happened meanwhile.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { textOf } from '../../base/failure.ts';
import type { Watch } from '../../smb/types.ts';
import type { Outcome } from './fetch.ts';
import { type Ground, isAboutPath } from './ground.ts';
import { Lane } from './lane.ts';
import { closeOnAbort, type Link, type OpenLink, openUnlessAborted, watchLink } from './links.ts';
import { Live } from './live.ts';
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
  /** Watching works, or does not (the server has no notify). */
  watching(works: boolean): void;
  passing(pass: Pass | undefined): void;
}

const LIVE_WIDTH = 16;
/** A file written so recently (by our clock) may be in somebody's hands still. */
const RECENT_MS = 60_000;
const WATCH_RETRY_MS = 5_000;
const PASS_LOOK_MS = 250;

/** Runs until something ends it, and throws that; resolves only when the signal was aborted. Nothing is written after it returned. */
export async function runSession(live: Link, options: SessionOptions, outer: AbortSignal): Promise<void> {
  const end = new AbortController();
  const signal = AbortSignal.any([outer, end.signal]);
  const forget = closeOnAbort(live, signal);
  const session = new Session(live, options, signal);
  const parts = [session.live.run(), session.watch(), session.passes(), session.laneFailure(), watchLink(live, signal)];
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
        const age = Math.abs(
          ground.clock.wallMs() - Number((outcome.after.changed - 116_444_736_000_000_000n) / 10_000n),
        );
        this.live.placed(job.path, age < RECENT_MS ? outcome.after : undefined);
        return;
      }
      case 'followed':
        this.live.placed(job.path, undefined);
        return;
      case 'gone':
        this.live.scanSoon(parentOf(job.path));
        return;
      case 'problem':
        if (outcome.problem.code === 'busy') this.live.hint(job.path, outcome.problem.retryMs);
        else ground.problems.add(ground.share, job.path, outcome.problem, ground.clock.wallMs());
        return;
      case 'full':
        return;
    }
  }

  async watch(): Promise<never> {
    const { ground, watching } = this.#options;
    for (;;) {
      let watch: Watch | undefined;
      try {
        watch = await this.#link.tree.watch('', { recursive: true });
        watching(true);
        for await (const batch of watch.batches) {
          if (batch.kind === 'overflow') this.#passWanted = true;
          else {
            for (const change of batch.changes) this.live.changed(change.action, change.path);
            for (const name of batch.refused)
              ground.log.warning('the server told of a change with a name that is not safe to use', {
                share: ground.share,
                name,
              });
          }
        }
      } catch (error) {
        if (!isAboutPath(error)) throw error;
        ground.log.warning(`no notify for now, scanning only: ${textOf(error)}`, { share: ground.share });
      } finally {
        watch?.close();
      }
      // Events are lost from here until the next watch; a pass has to find them.
      watching(false);
      await pause(WATCH_RETRY_MS, undefined, { signal: this.#signal });
      this.#passWanted = true;
    }
  }

  async passes(): Promise<never> {
    const { ground, clock, passEveryMs } = { ...this.#options, clock: this.#options.ground.clock };
    let lastMs = clock.monoMs();
    for (;;) {
      if (this.#passWanted || clock.monoMs() - lastMs >= passEveryMs) {
        const leave = await this.#options.gate.enter(this.#signal);
        try {
          await this.#pass();
        } finally {
          leave();
        }
        lastMs = clock.monoMs();
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
    const link = await openUnlessAborted(open, ground.share, this.#signal);
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
