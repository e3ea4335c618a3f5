/**
 * Our load on the main, and what holds it back: the bandwidth limit of the hour (bucket.ts, hours.ts) for everything that is read in bulk,
 * and the width (width.ts) for full passes. It stands before all connections of the engine together (smb/types.ts, BulkLimit). Restores
 * are not held back: people wait for them.
 */
import type { Clock } from '../../../base/clock.ts';
import type { BulkLimit } from '../../../smb/types.ts';
import type { Limit, LoadState } from '../../engine-messages.ts';
import { Bucket } from './bucket.ts';
import { limitAt } from './hours.ts';
import { Width } from './width.ts';

/** What a connection is for. `live` is never narrowed: changes of now must arrive while a pass gives way. */
export type Use = 'live' | 'pass';

export interface LoadOptions {
  clock: Clock;
  /** Calls once after so many milliseconds. */
  later(act: () => void, ms: number): void;
}

/** Between looks whether another hour's limit holds. */
const LOOK_MS = 1_000;
/** Told as «limiting» so long after something had to wait. */
const TOLD_MS = 2_000;
/** Between samples of the main's answer time: while bulk is in flight or gives way, and else. */
const SAMPLE_MS = { busy: 500, idle: 10_000 } as const;
const TIMER_LIMIT_MS = 1_000;

export class Load {
  readonly #options: LoadOptions;
  readonly #bucket: Bucket;
  readonly #width = new Width();
  readonly #waiting = new Set<() => void>();
  #limits: readonly Limit[] = [];
  #lookedMs = Number.NEGATIVE_INFINITY;
  #inFlight = 0;
  #heldMs = Number.NEGATIVE_INFINITY;
  #isTimed = false;
  #sampledMs = Number.NEGATIVE_INFINITY;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#bucket = new Bucket(options.clock.monoMs());
  }

  /** Takes effect at once. */
  setLimits(limits: readonly Limit[]): void {
    this.#limits = limits;
    this.#lookedMs = Number.NEGATIVE_INFINITY;
    this.#wake();
  }

  /** For one connection to the main. */
  before(use: Use): BulkLimit {
    return {
      holdsLists: use === 'pass',
      admits: (inFlight) => this.#admits(use, inFlight),
      began: (bytes) => {
        this.#inFlight += 1;
        this.#bucket.ask(bytes);
      },
      ended: (bytes) => {
        this.#inFlight -= 1;
        this.#bucket.settle(bytes);
      },
      arrived: (bytes) => this.#bucket.arrived(bytes, this.#now),
      onRoom: (again) => {
        this.#waiting.add(again);
        return () => void this.#waiting.delete(again);
      },
    };
  }

  get #now(): number {
    return this.#options.clock.monoMs();
  }

  #admits(use: Use, inFlight: number): boolean {
    if (use === 'pass' && inFlight >= this.#width.limit) return false;
    this.#look();
    const waitMs = this.#bucket.waitMs(this.#now);
    if (waitMs === 0) return true;
    this.#heldMs = this.#now;
    this.#wakeIn(waitMs);
    return false;
  }

  /** The limit of the hour, looked at once a second at most. */
  #look(): void {
    const nowMs = this.#now;
    if (nowMs - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = nowMs;
    this.#bucket.limit(limitAt(this.#limits, this.#options.clock.wallMs()), nowMs);
  }

  /** Never long: another limit may hold soon. */
  #wakeIn(ms: number): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#options.later(
      () => {
        this.#isTimed = false;
        this.#wake();
      },
      Math.min(ms, TIMER_LIMIT_MS),
    );
  }

  #wake(): void {
    for (const again of [...this.#waiting]) again();
  }

  /** Whether it is time to ask the main something small; whoever is told so asks, and says how long it took. */
  takeTurn(): boolean {
    const everyMs = this.#inFlight > 0 || this.#width.isYielding ? SAMPLE_MS.busy : SAMPLE_MS.idle;
    if (this.#now - this.#sampledMs < everyMs) return false;
    this.#sampledMs = this.#now;
    return true;
  }

  /** Bulk operations in flight on all connections. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** The main has answered something small, asked beside so many bulk operations of ours. */
  answered(tookMs: number, inFlight: number): void {
    const before = this.#width.limit;
    this.#width.sample({ tookMs, inFlight, nowMs: this.#now });
    if (this.#width.limit > before) this.#wake();
  }

  get state(): LoadState {
    this.#look();
    return {
      limitBytesPerSecond: this.#bucket.rate ?? 0,
      limiting: this.#bucket.rate !== undefined && this.#now - this.#heldMs < TOLD_MS,
      yielding: this.#width.isYielding,
      inFlightAtMost: this.#width.limit,
    };
  }
}
