/**
 * What could not be mirrored, and why: kept in the index beside the objects, so that neither their number nor a restart
 * matters. A problem that may pass by itself has a time of its next try; the others are found again by each pass.
 */

import { count, text } from './index-row.ts';
import type { IndexStore } from './index-store.ts';

/** What a problem is, and when to try again. */
export interface Problem {
  code: string;
  why: string;
  /** First pause before another try, doubled each time up to RETRY_LIMIT_MS; undefined: only a pass looks again. */
  retryMs?: number;
}

const RETRY_LIMIT_MS = 300_000;

export class Problems {
  readonly #index: IndexStore;
  readonly #counts = new Map<string, number>();
  /** Moves with every change, for whoever tells them on. */
  version = 0;

  constructor(index: IndexStore) {
    this.#index = index;
  }

  add(share: string, path: string, problem: Problem, wallMs: number): void {
    const known = this.#index.get('SELECT tries, code, why FROM problems WHERE share = ? AND path = ?', share, path);
    const tries = known === undefined ? 0 : Math.min(count(known, 'tries') + 1, 30);
    const next = problem.retryMs === undefined ? null : wallMs + Math.min(problem.retryMs * 2 ** tries, RETRY_LIMIT_MS);
    // Counted before the row is there: the count may come from the table.
    const before = this.count(share);
    this.#index.change(
      'INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (share, path) DO UPDATE SET code = excluded.code, why = excluded.why, tries = excluded.tries, next_ms = excluded.next_ms, found_ms = excluded.found_ms',
      share,
      path,
      problem.code,
      problem.why,
      tries,
      next === null ? null : Math.round(next),
      Math.round(wallMs),
    );
    if (known === undefined) this.#counts.set(share, before + 1);
    if (known === undefined || text(known, 'code') !== problem.code || text(known, 'why') !== problem.why)
      this.version += 1;
  }

  /** The path is well, or gone. */
  clear(share: string, path: string): void {
    if (this.count(share) === 0) return;
    this.#less(share, this.#index.change('DELETE FROM problems WHERE share = ? AND path = ?', share, path).changes);
  }

  has(share: string, path: string): boolean {
    if (this.count(share) === 0) return false;
    return this.#index.get('SELECT 1 AS n FROM problems WHERE share = ? AND path = ?', share, path) !== undefined;
  }

  #less(share: string, gone: number): void {
    if (gone === 0) return;
    this.#counts.set(share, this.count(share) - gone);
    this.version += 1;
  }

  /** After a whole pass: those without a next try that it did not find again. */
  clearOlder(share: string, wallMs: number): void {
    if (this.count(share) === 0) return;
    const done = this.#index.change(
      'DELETE FROM problems WHERE share = ? AND next_ms IS NULL AND found_ms < ?',
      share,
      Math.round(wallMs),
    );
    this.#less(share, done.changes);
  }

  /** Paths whose next try is due; each is due again after its pause, whatever comes of it. */
  due(share: string, wallMs: number, limit: number): string[] {
    const found = this.#index
      .all(
        'SELECT path FROM problems WHERE share = ? AND (next_ms <= ? OR next_ms > ?) ORDER BY next_ms LIMIT ?',
        share,
        Math.round(wallMs),
        // A next try farther away than any pause: the clock was set back since.
        Math.round(wallMs) + RETRY_LIMIT_MS,
        limit,
      )
      .map((values) => text(values, 'path'));
    for (const path of found)
      this.#index.change(
        'UPDATE problems SET next_ms = ? WHERE share = ? AND path = ?',
        Math.round(wallMs) + RETRY_LIMIT_MS,
        share,
        path,
      );
    return found;
  }

  count(share: string): number {
    const known = this.#counts.get(share);
    if (known !== undefined) return known;
    const found = this.#index.get('SELECT count(*) AS n FROM problems WHERE share = ?', share);
    const n = found === undefined ? 0 : count(found, 'n');
    this.#counts.set(share, n);
    return n;
  }

  /** The first of them, for people. */
  list(limit: number): { share: string; path: string; why: string }[] {
    return this.#index
      .all('SELECT share, path, why FROM problems ORDER BY share, path LIMIT ?', limit)
      .map((values) => ({ share: text(values, 'share'), path: text(values, 'path'), why: text(values, 'why') }));
  }
}
