/**
 * Files that could not be read because somebody holds them: which, since when, and what we have of them. A view on the problems
 * (problems.ts): triggers keep it, so that it cannot say anything else than they do.
 */

import { HELD_CODES } from './index-additions.ts';
import { count, text } from './index-row.ts';
import type { IndexStore } from './index-store.ts';
import type { Problems } from './problems.ts';

export function isHeldCode(code: string): boolean {
  return HELD_CODES.includes(code);
}

export interface HeldFile {
  share: string;
  path: string;
  /** When it was first met held, ms since 1970, our clock. */
  sinceMs: number;
  /** When our copy of it was made, our clock; 0 when there is none. */
  copiedMs: number;
  /** When the snapshot of the main was made that our copy comes from; 0 when it is from the file itself. */
  snapshotMs: number;
}

export class Held {
  readonly #index: IndexStore;
  readonly #problems: Problems;

  constructor(index: IndexStore, problems: Problems) {
    this.#index = index;
    this.#problems = problems;
  }

  has(share: string, path: string): boolean {
    if (this.#problems.count(share) === 0) return false;
    return this.#index.get('SELECT 1 AS n FROM held WHERE share = ? AND path = ?', share, path) !== undefined;
  }

  /** Of one share, or, of '', of all. */
  count(share = ''): number {
    const found = this.#index.get(`SELECT count(*) AS n FROM held WHERE ? = '' OR share = ?`, share, share);
    return found === undefined ? 0 : count(found, 'n');
  }

  /** Our copy is now the one of that snapshot. `sinceMs` stays what it was, through the placing that ended the problem. */
  fromSnapshot(share: string, path: string, sinceMs: number, snapshotMs: number): void {
    this.#index.change(
      'UPDATE held SET since_ms = ?, snapshot_ms = ? WHERE share = ? AND path = ?',
      Math.round(sinceMs),
      Math.round(snapshotMs),
      share,
      path,
    );
  }

  /** Since when; undefined when nobody holds it. */
  since(share: string, path: string): number | undefined {
    const found = this.#index.get('SELECT since_ms FROM held WHERE share = ? AND path = ?', share, path);
    return found === undefined ? undefined : count(found, 'since_ms');
  }

  /** Those held longest, first. */
  list(limit: number): HeldFile[] {
    return this.#index
      .all(
        'SELECT share, path, since_ms, coalesce(snapshot_ms, 0) AS snapshot_ms FROM held ORDER BY since_ms, share, path LIMIT ?',
        limit,
      )
      .map((values) => {
        const share = text(values, 'share');
        const path = text(values, 'path');
        const row = this.#index.find(this.#index.share(share).root, path);
        const isHere = row?.kind === 'file' && row.local.size >= 0n;
        return {
          share,
          path,
          sinceMs: count(values, 'since_ms'),
          // Whatever we do to a copy moves this time: placing it is the last of it as a rule.
          copiedMs: isHere ? Number(row.local.ctimeNs / 1_000_000n) : 0,
          snapshotMs: count(values, 'snapshot_ms'),
        };
      });
  }
}
