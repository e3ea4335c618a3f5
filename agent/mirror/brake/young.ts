/**
 * Which files were made within the last hour: what goes of them takes nothing from what the share was an hour ago. Kept in the
 * index, since a list in memory would be emptied by a restart, and whoever makes and deletes the same few files again and again
 * would then seem to delete more than there ever was; told by the id of its row, which renames and new contents leave as it is.
 *
 * Ids only grow, so a step says it of all files at once: when it was noted, and the greatest id then. What has a greater id was
 * made later. One step a minute in a share with new files, so 60 rows and no more however many files there are.
 *
 * What could go wrong, and why it does not:
 * - killed before a file has its row: its step was committed before the file got its name, and adopted rows get greater ids;
 * - a step is lost: files count as old, and their removal as a loss;
 * - a share's first copy: has no steps; those of another share say nothing of it;
 * - the clock jumps: a step further away than the window, on either side, is over.
 */
import { count } from '../index-row.ts';
import type { IndexStore } from '../index-store.ts';
import { REMOVAL_STEP_MS, REMOVAL_WINDOW_MS } from './thresholds.ts';

export class Young {
  readonly #index: IndexStore;
  /** When the latest step of a share was noted, ms since 1970. */
  readonly #notedMs = new Map<string, number>();

  constructor(index: IndexStore) {
    this.#index = index;
  }

  /** A new file is about to get its name. */
  note(share: string, nowMs: number): void {
    const last = this.#notedMs.get(share);
    if (last !== undefined && Math.abs(nowMs - last) < REMOVAL_STEP_MS) return;
    const at = Math.round(nowMs);
    this.#index.change('DELETE FROM brake_steps WHERE share = ? AND abs(at_ms - ?) > ?', share, at, REMOVAL_WINDOW_MS);
    this.#index.change('INSERT OR REPLACE INTO brake_steps SELECT ?, ?, coalesce(max(id), 0) FROM objects', share, at);
    this.#index.commit();
    this.#notedMs.set(share, nowMs);
  }

  /** Rows of the share's files with a greater id than this were made within the hour; all are older when it is infinite. */
  after(share: string, nowMs: number): number {
    const sql =
      'SELECT count(*) AS n, coalesce(min(last_id), 0) AS id FROM brake_steps WHERE share = ? AND abs(at_ms - ?) <= ?';
    const found = this.#index.get(sql, share, Math.round(nowMs), REMOVAL_WINDOW_MS);
    return found === undefined || count(found, 'n') === 0 ? Number.POSITIVE_INFINITY : count(found, 'id');
  }

  /** A person has accepted what is there. */
  clear(): void {
    this.#notedMs.clear();
    this.#index.change('DELETE FROM brake_steps');
  }
}
