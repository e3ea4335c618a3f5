/**
 * What the window holds, written down in the index: each change with a sign of damage and each removal, before it is made.
 * After a kill the window is built again from it; after a trip it says what `reject` has to put back, and is what people are shown.
 *
 * A note is committed before its change is made, so a change without a note cannot be; a note whose change was not made any
 * more finds, when it is put back, that the old copy is still in its place.
 */
import { count, signed, text, type Values } from '../index-row.ts';
import type { IndexStore } from '../index-store.ts';
import { parentOf } from '../names.ts';
import type { Sign } from './signs.ts';
import { REMOVAL_WINDOW_MS } from './thresholds.ts';

export type Kind = 'replaced' | 'added' | 'removed' | 'renamed';

/** What tells a copy in the attic: a second name or a move keeps all three. */
export interface CopyMark {
  ino: bigint;
  size: bigint;
  mtimeNs: bigint;
}

export interface Note {
  id: number;
  share: string;
  kind: Kind;
  path: string;
  /** Of a rename the new path; '' else. */
  to: string;
  /** '' for a removal without one. */
  sign: Sign | '';
  atMs: number;
  /** Files that a removal lost. */
  files: number;
  isDocument: boolean;
  /** The copy that was here before; undefined when there was none. */
  old: CopyMark | undefined;
  /** The day in the attic at the earliest, YYYY-MM-DD. */
  day: string;
  /** What `reject` has done with it; '' before. */
  outcome: string;
}

/** Changes that were held: so many are listed, the others are counted. */
export const HELD_LIMIT = 1_000;

export class Notes {
  readonly #index: IndexStore;

  constructor(index: IndexStore) {
    this.#index = index;
  }

  /** Waits for the next commit, which whoever makes the change sees to. */
  add(note: Omit<Note, 'id' | 'outcome'>): void {
    this.#index.change(
      "INSERT INTO brake_notes (share, kind, path, target, sign, at_ms, files, document, old_ino, old_size, old_mtime, day, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
      note.share,
      note.kind,
      note.path,
      note.to,
      note.sign,
      Math.round(note.atMs),
      note.files,
      note.isDocument ? 1 : 0,
      note.old === undefined ? null : signed(note.old.ino),
      note.old?.size ?? null,
      note.old?.mtimeNs ?? null,
      note.day,
    );
  }

  /** Up to `limit` after an id, the oldest first. */
  after(id: number, limit: number): Note[] {
    return this.#index.all('SELECT * FROM brake_notes WHERE id > ? ORDER BY id LIMIT ?', id, limit).map(noteOf);
  }

  /** Up to `limit` that nothing was done with, the newest first. */
  open(limit: number): Note[] {
    return this.#index.all("SELECT * FROM brake_notes WHERE outcome = '' ORDER BY id DESC LIMIT ?", limit).map(noteOf);
  }

  settle(id: number, outcome: string): void {
    this.#index.change('UPDATE brake_notes SET outcome = ? WHERE id = ?', outcome, id);
  }

  /** For people: those with a sign first, then removals; the newest first. */
  list(limit: number): Note[] {
    return this.#index.all("SELECT * FROM brake_notes ORDER BY sign = '', id DESC LIMIT ?", limit).map(noteOf);
  }

  counts(): { all: number; open: number; missing: number } {
    const found = this.#index.get(
      "SELECT count(*) AS n, coalesce(sum(outcome = ''), 0) AS open, coalesce(sum(outcome LIKE 'missing%'), 0) AS missing FROM brake_notes",
    );
    if (found === undefined) return { all: 0, open: 0, missing: 0 };
    return { all: count(found, 'n'), open: count(found, 'open'), missing: count(found, 'missing') };
  }

  /** A path is well again. */
  drop(share: string, path: string): void {
    this.#index.change(
      "DELETE FROM brake_notes WHERE share = ? AND path = ? AND kind IN ('replaced', 'added')",
      share,
      path,
    );
  }

  /** Up to `limit` signs older than their window, and removals older than theirs; false when there are none left. */
  forgetOlder(damageMs: number, nowMs: number, limit: number): boolean {
    const [signs, removals] = [Math.round(nowMs - damageMs), Math.round(nowMs - REMOVAL_WINDOW_MS)];
    const old =
      "(SELECT id FROM brake_notes WHERE ((sign = '') = 0 AND at_ms < ?) OR ((sign = '') = 1 AND at_ms < ?) LIMIT ?)";
    // Asked first: a change for nothing would be a commit for nothing.
    if (this.#index.get(`SELECT 1 AS n FROM ${old}`, signs, removals, 1) === undefined) return false;
    return this.#index.change(`DELETE FROM brake_notes WHERE id IN ${old}`, signs, removals, limit).changes === limit;
  }

  clear(): void {
    this.#index.change('DELETE FROM brake_notes');
    this.#index.change('DELETE FROM brake_held');
  }

  /** The first day that the attic has to keep; `everything`: also for removals without a sign. '' when none. */
  firstDay(everything: boolean): string {
    const found = this.#index.get(
      "SELECT coalesce(min(day), '') AS day FROM brake_notes WHERE sign <> '' OR ? = 1",
      everything ? 1 : 0,
    );
    return found === undefined ? '' : text(found, 'day');
  }

  /** Notes what was asked for and not done; false when the list is full. */
  hold(share: string, path: string, kind: string, why: string): boolean {
    const known = this.#index.get('SELECT 1 AS n FROM brake_held WHERE share = ? AND path = ?', share, path);
    if (known === undefined && this.heldCount() >= HELD_LIMIT) return false;
    this.#index.change(
      'INSERT INTO brake_held VALUES (?, ?, ?, ?) ON CONFLICT (share, path) DO UPDATE SET kind = excluded.kind, why = excluded.why',
      share,
      path,
      kind,
      why,
    );
    return true;
  }

  /** A path, or a folder above it, was held, or put back. */
  concerns(share: string, path: string): boolean {
    const sql =
      "SELECT 1 AS n FROM brake_held WHERE share = ?1 AND path = ?2 UNION ALL SELECT 1 FROM brake_notes WHERE share = ?1 AND outcome <> '' AND ?2 IN (path, target) LIMIT 1";
    for (let at = path; at !== ''; at = parentOf(at)) if (this.#index.get(sql, share, at) !== undefined) return true;
    return false;
  }

  heldCount(): number {
    const found = this.#index.get('SELECT count(*) AS n FROM brake_held');
    return found === undefined ? 0 : count(found, 'n');
  }

  held(limit: number): { share: string; path: string; kind: string; why: string }[] {
    return this.#index.all('SELECT * FROM brake_held ORDER BY share, path LIMIT ?', limit).map((values) => ({
      share: text(values, 'share'),
      path: text(values, 'path'),
      kind: text(values, 'kind'),
      why: text(values, 'why'),
    }));
  }
}

function noteOf(values: Values): Note {
  const [ino, size, mtimeNs] = [values['old_ino'], values['old_size'], values['old_mtime']];
  const isKnown = typeof ino === 'bigint' && typeof size === 'bigint' && typeof mtimeNs === 'bigint';
  return {
    id: count(values, 'id'),
    share: text(values, 'share'),
    kind: text(values, 'kind') as Kind,
    path: text(values, 'path'),
    to: text(values, 'target'),
    sign: text(values, 'sign') as Sign | '',
    atMs: count(values, 'at_ms'),
    files: count(values, 'files'),
    isDocument: count(values, 'document') === 1,
    old: isKnown ? { ino: BigInt.asUintN(64, ino), size, mtimeNs } : undefined,
    day: text(values, 'day'),
    outcome: text(values, 'outcome'),
  };
}
