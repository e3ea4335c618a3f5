/**
 * What is proven, and what was found, beside the objects in the index: when each file was last compared, how far scrub and
 * verify have come, what differs, and what is to be looked at again. Tables of their own, made where they are missing, so that an
 * index of an earlier version goes on.
 *
 * A proof is about one copy: it goes with its row, and when another file takes the copy's place.
 */
import { count, type Row, rowOf, text, type Values } from '../index-row.ts';
import type { IndexStore } from '../index-store.ts';
import type { OpenLook } from './settle.ts';

const TABLES = [
  'CREATE TABLE IF NOT EXISTS proofs (object INTEGER PRIMARY KEY, ms INTEGER NOT NULL)',
  'CREATE TRIGGER IF NOT EXISTS proofs_gone AFTER DELETE ON objects WHEN old.kind = 1 BEGIN DELETE FROM proofs WHERE object = old.id; END',
  'CREATE TRIGGER IF NOT EXISTS proofs_replaced AFTER UPDATE OF local_ino ON objects WHEN new.local_ino <> old.local_ino BEGIN DELETE FROM proofs WHERE object = old.id; END',
  `CREATE TABLE IF NOT EXISTS scrubs (share INTEGER PRIMARY KEY, cursor INTEGER NOT NULL, began_ms INTEGER NOT NULL,
    unproven INTEGER NOT NULL, proved_ms INTEGER NOT NULL, left_out INTEGER NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS findings (share TEXT NOT NULL, path TEXT NOT NULL, class TEXT NOT NULL, code TEXT NOT NULL,
    why TEXT NOT NULL, healed INTEGER NOT NULL, PRIMARY KEY (share, path)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS open_looks (share TEXT NOT NULL, path TEXT NOT NULL, looks INTEGER NOT NULL, quiet INTEGER NOT NULL,
    mark TEXT NOT NULL, due_ms INTEGER NOT NULL, PRIMARY KEY (share, path)) WITHOUT ROWID`,
];

const COLUMNS =
  'o.id, o.parent, o.name, o.kind, o.size, o.written, o.created, o.changed, o.attributes, o.file_id, o.local_size, o.local_mtime, o.local_ctime, o.local_ino, o.listed';
const UNPROVEN = `SELECT ${COLUMNS} FROM objects o LEFT JOIN proofs p ON p.object = o.id WHERE o.id > ? AND o.id <= ? AND o.share = ? AND o.kind = 1 AND (p.ms IS NULL OR p.ms < ?) ORDER BY o.id LIMIT ?`;
const OBJECTS = `SELECT ${COLUMNS} FROM objects o WHERE o.id > ? AND o.share = ? ORDER BY o.id LIMIT ?`;

export type FindingClass = 'different' | 'listed' | 'changing';

export interface Finding {
  share: string;
  path: string;
  class: FindingClass;
  /** Of what kind: an aspect, or the code of a problem. */
  code: string;
  why: string;
  /** The copy is again what the main has. */
  healed: boolean;
}

export interface ScrubRow {
  /** The object that was looked at last; 0 between two cycles. */
  cursor: number;
  /** When the running cycle began, or the last one; ms since 1970, 0 when never. */
  beganMs: number;
  /** Files of the running cycle that could not be compared. */
  unproven: number;
  /** Since when everything is proven; ms since 1970, 0 when never. */
  provedMs: number;
  /** Files that the last whole comparison could not compare. */
  leftOut: number;
}

export class ProofStore {
  readonly #index: IndexStore;

  constructor(index: IndexStore) {
    this.#index = index;
    for (const table of TABLES) index.change(table);
    index.commit();
  }

  /** The copy of a file was compared with the main and is the same. */
  prove(object: number, wallMs: number): void {
    const sql = 'INSERT INTO proofs VALUES (?, ?) ON CONFLICT (object) DO UPDATE SET ms = excluded.ms';
    this.#index.change(sql, object, Math.round(wallMs));
  }

  /** When a file was last compared and the same, ms since 1970; 0 when never. */
  provenMs(object: number): number {
    const found = this.#index.get('SELECT ms FROM proofs WHERE object = ?', object);
    return found === undefined ? 0 : count(found, 'ms');
  }

  /** Files with ids in (after, to] that were not compared since a moment, in order of id. */
  unproven(share: number, sinceMs: number, after: number, to: number, limit: number): Row[] {
    return this.#index.all(UNPROVEN, after, to, share, Math.round(sinceMs), limit).map(rowOf);
  }

  /** Files and directories after an id, in order of id. */
  objects(share: number, after: number, limit: number): Row[] {
    return this.#index.all(OBJECTS, after, share, limit).map(rowOf);
  }

  scrub(share: number): ScrubRow {
    const found = this.#index.get('SELECT * FROM scrubs WHERE share = ?', share);
    if (found === undefined) return { cursor: 0, beganMs: 0, unproven: 0, provedMs: 0, leftOut: 0 };
    return {
      cursor: count(found, 'cursor'),
      beganMs: count(found, 'began_ms'),
      unproven: count(found, 'unproven'),
      provedMs: count(found, 'proved_ms'),
      leftOut: count(found, 'left_out'),
    };
  }

  /** How far the running cycle is. What is proven is another matter: a verify may have proven more meanwhile. */
  setCursor(share: number, { cursor, beganMs, unproven }: Omit<ScrubRow, 'provedMs' | 'leftOut'>): void {
    this.#index.change(
      'INSERT INTO scrubs VALUES (?, ?, ?, ?, 0, 0) ON CONFLICT (share) DO UPDATE SET cursor = excluded.cursor, began_ms = excluded.began_ms, unproven = excluded.unproven',
      share,
      cursor,
      Math.round(beganMs),
      unproven,
    );
  }

  /** Everything was compared since a moment but for some files; less than what is proven already changes nothing. */
  setProved(share: number, provedMs: number, leftOut: number): void {
    this.#index.change(
      'INSERT INTO scrubs VALUES (?, 0, 0, 0, ?, ?) ON CONFLICT (share) DO UPDATE SET proved_ms = excluded.proved_ms, left_out = excluded.left_out WHERE proved_ms < excluded.proved_ms',
      share,
      Math.round(provedMs),
      leftOut,
    );
  }

  finding(share: string, path: string): Finding | undefined {
    const found = this.#index.get('SELECT * FROM findings WHERE share = ? AND path = ?', share, path);
    return found === undefined ? undefined : findingOf(found);
  }

  note(finding: Finding): void {
    this.#index.change(
      'INSERT INTO findings (share, path, class, code, why, healed) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (share, path) DO UPDATE SET class = excluded.class, code = excluded.code, why = excluded.why, healed = excluded.healed',
      finding.share,
      finding.path,
      finding.class,
      finding.code,
      finding.why,
      finding.healed ? 1 : 0,
    );
  }

  /** The first of them: real differences first, by share and path. */
  findings(limit: number): Finding[] {
    const sql = 'SELECT * FROM findings ORDER BY class, share, path LIMIT ?';
    return this.#index.all(sql, limit).map(findingOf);
  }

  /** How many there are of each class; healed ones apart. */
  counts(): Record<FindingClass | 'healed', number> {
    const counts = { different: 0, listed: 0, changing: 0, healed: 0 };
    for (const values of this.#index.all('SELECT class, healed, count(*) AS n FROM findings GROUP BY class, healed')) {
      const name = count(values, 'healed') === 1 ? 'healed' : (text(values, 'class') as FindingClass);
      counts[name] += count(values, 'n');
    }
    return counts;
  }

  /** Whether a share has a real difference that is left. */
  differs(share: string): boolean {
    const sql = "SELECT 1 AS n FROM findings WHERE share = ? AND class = 'different' AND healed = 0 LIMIT 1";
    return this.#index.get(sql, share) !== undefined;
  }

  /** How many of a share could not be compared. */
  left(share: string): number {
    const sql = "SELECT count(*) AS n FROM findings WHERE share = ? AND class <> 'different'";
    const found = this.#index.get(sql, share);
    return found === undefined ? 0 : count(found, 'n');
  }

  /** Forgets the findings and open looks of the verify before. */
  begin(): void {
    this.#index.change('DELETE FROM findings');
    this.#index.change('DELETE FROM open_looks');
  }

  open(share: string, path: string): OpenLook | undefined {
    const found = this.#index.get('SELECT * FROM open_looks WHERE share = ? AND path = ?', share, path);
    if (found === undefined) return undefined;
    return { looks: count(found, 'looks'), quiet: count(found, 'quiet'), mark: text(found, 'mark') };
  }

  setOpen(share: string, path: string, open: OpenLook, dueMs: number): void {
    this.#index.change(
      'INSERT INTO open_looks (share, path, looks, quiet, mark, due_ms) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (share, path) DO UPDATE SET looks = excluded.looks, quiet = excluded.quiet, mark = excluded.mark, due_ms = excluded.due_ms',
      share,
      path,
      open.looks,
      open.quiet,
      open.mark,
      Math.round(dueMs),
    );
  }

  settled(share: string, path: string): void {
    this.#index.change('DELETE FROM open_looks WHERE share = ? AND path = ?', share, path);
  }

  /** Paths whose next look is due; one that is due later than any pause was noted under another clock. */
  due(share: string, wallMs: number, limit: number): string[] {
    const sql = 'SELECT path FROM open_looks WHERE share = ? AND (due_ms <= ? OR due_ms > ?) ORDER BY due_ms LIMIT ?';
    return this.#index
      .all(sql, share, Math.round(wallMs), Math.round(wallMs) + DUE_LIMIT_MS, limit)
      .map((values) => text(values, 'path'));
  }

  opens(share: string): number {
    const found = this.#index.get('SELECT count(*) AS n FROM open_looks WHERE share = ?', share);
    return found === undefined ? 0 : count(found, 'n');
  }

  /** What was noted as a problem of a path, or of a directory above it. */
  problem(share: string, path: string): { code: string; why: string } | undefined {
    for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
      const found = this.#index.get('SELECT code, why FROM problems WHERE share = ? AND path = ?', share, at);
      if (found !== undefined) return { code: text(found, 'code'), why: text(found, 'why') };
      if (!at.includes('/')) return undefined;
    }
  }

  /** The state of the last verify, as it was saved; undefined when there was none. */
  get verifyText(): string | undefined {
    return this.#index.meta('verify');
  }

  set verifyText(text: string) {
    this.#index.setMeta('verify', text);
  }
}

const DUE_LIMIT_MS = 60_000;

function findingOf(values: Values): Finding {
  return {
    share: text(values, 'share'),
    path: text(values, 'path'),
    class: text(values, 'class') as FindingClass,
    code: text(values, 'code'),
    why: text(values, 'why'),
    healed: count(values, 'healed') === 1,
  };
}
