/**
 * How long changes took from the main to here, measured from the changes themselves: per share and hour a histogram, kept in the
 * index for a day. Bounds of the buckets lie an eighth of an octave apart, so a quantile is told at most 9 % too high, and
 * never too low.
 */
import type { Stat } from '../../smb/types.ts';
import { ageMs, type Ground } from './ground.ts';
import { count } from './index-row.ts';
import type { IndexStore } from './index-store.ts';

const HOUR_MS = 3_600_000;
const HOURS = 24;
const PER_OCTAVE = 8;
/** 2^32 ms are seven weeks. */
const BUCKETS = 32 * PER_OCTAVE;

/** Milliseconds; 0 where there are no samples. */
export interface LagFigures {
  samples: number;
  p50Ms: number;
  p95Ms: number;
  maxMs: number;
}

export class Lags {
  readonly #index: IndexStore;
  #hour = Number.NaN;

  constructor(index: IndexStore) {
    this.#index = index;
  }

  /** A change of that share arrived so long after it was made. */
  note(share: string, lagMs: number, wallMs: number): void {
    const hour = Math.floor(wallMs / HOUR_MS);
    if (hour !== this.#hour) this.#prune(hour);
    this.#index.change(
      'INSERT INTO lags VALUES (?, ?, ?, 1, ?) ON CONFLICT (share, hour, bucket) DO UPDATE SET samples = samples + 1, most_ms = max(most_ms, excluded.most_ms)',
      share,
      hour,
      bucketOf(lagMs),
      Math.round(lagMs),
    );
  }

  /** Also hours that lie ahead: the clock was set back since. */
  #prune(hour: number): void {
    this.#hour = hour;
    this.#index.change('DELETE FROM lags WHERE hour <= ? OR hour > ?', hour - HOURS - 1, hour + 1);
  }

  /** Of the last 24 hours, the oldest of them not whole: one share's, or, of '', all shares' together. */
  figures(wallMs: number, share = ''): LagFigures {
    const from = Math.floor(wallMs / HOUR_MS) - HOURS;
    const rows = this.#index
      .all(
        `SELECT bucket, sum(samples) AS samples, max(most_ms) AS most FROM lags WHERE hour > ? AND (? = '' OR share = ?) GROUP BY bucket ORDER BY bucket`,
        from,
        share,
        share,
      )
      .map((values) => ({
        bucket: count(values, 'bucket'),
        samples: count(values, 'samples'),
        mostMs: count(values, 'most'),
      }));
    const samples = rows.reduce((sum, row) => sum + row.samples, 0);
    const maxMs = rows.reduce((most, row) => Math.max(most, row.mostMs), 0);
    const at = (part: number): number => {
      let left = Math.ceil(part * samples);
      for (const row of rows) {
        left -= row.samples;
        if (left <= 0) return Math.min(row.mostMs, Math.round(boundOf(row.bucket)));
      }
      return 0;
    };
    return { samples, p50Ms: at(0.5), p95Ms: at(0.95), maxMs };
  }
}

/** Bucket 0 holds what took at most a millisecond. */
function bucketOf(lagMs: number): number {
  const bucket = Math.ceil(Math.log2(Math.max(1, lagMs)) * PER_OCTAVE);
  return Math.min(bucket, BUCKETS);
}

/** The longest lag of a bucket. */
function boundOf(bucket: number): number {
  return 2 ** (bucket / PER_OCTAVE);
}

/**
 * Milliseconds from a change to now, when its copy was placed; undefined where the main does not tell when that was. What the
 * main says is older than a whole pass that did not find it came here by a way that leaves no time, as when the folder above it
 * was moved into the share.
 * @param foundAllMs when the last pass that is complete began, by the main's clock
 */
export function lagOf(ground: Ground, after: Stat, foundAllMs: number): number | undefined {
  const nowMs = ground.mainMs();
  const lagMs = ageMs(ground, after, nowMs);
  if (!Number.isFinite(lagMs) || nowMs - lagMs < foundAllMs) return undefined;
  return Math.max(0, lagMs);
}
