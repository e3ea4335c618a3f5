/**
 * What a pass must remember and may forget: files still to be fetched, rows met in a listing, rows found absent. A private
 * SQLite database that lives in memory while small and on disk when big, so that memory does not grow with the tree.
 * Gone with the process; the next pass finds everything again.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { big, count, text } from './index-row.ts';

/** A file to be fetched. */
export interface Job {
  path: string;
  /** Bytes as listed; the server may say otherwise when it is opened. */
  size: number;
  fileId: bigint;
}

/** A row whose name was missing in a complete listing of its parent. */
export interface Absent {
  id: number;
  parent: number;
  name: string;
}

const TABLES = `
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4000;
CREATE TABLE jobs (n INTEGER PRIMARY KEY, path TEXT NOT NULL, size INTEGER NOT NULL, file_id INTEGER NOT NULL);
CREATE TABLE met (listing INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (listing, id)) WITHOUT ROWID;
CREATE TABLE absent (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, name TEXT NOT NULL, found_ms INTEGER NOT NULL);
`;

export class Scratch {
  readonly #database = new DatabaseSync('');
  readonly #statements = new Map<string, StatementSync>();
  #listing = 0;
  #jobs = 0;
  #jobBytes = 0;

  constructor() {
    this.#database.exec(TABLES);
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#database.prepare(sql);
    made.setReadBigInts(true);
    this.#statements.set(sql, made);
    return made;
  }

  addJob(job: Job): void {
    this.#jobs += 1;
    this.#jobBytes += job.size;
    this.#statement('INSERT INTO jobs (path, size, file_id) VALUES (?, ?, ?)').run(
      job.path,
      job.size,
      BigInt.asIntN(64, job.fileId),
    );
  }

  /** Takes the oldest jobs out, in order. */
  takeJobs(limit: number): Job[] {
    const found = this.#statement('SELECT * FROM jobs ORDER BY n LIMIT ?').all(limit);
    const last = found.at(-1);
    if (last === undefined) return [];
    this.#statement('DELETE FROM jobs WHERE n <= ?').run(big(last, 'n'));
    const jobs = found.map((values) => ({
      path: text(values, 'path'),
      size: count(values, 'size'),
      fileId: BigInt.asUintN(64, big(values, 'file_id')),
    }));
    this.#jobs -= jobs.length;
    this.#jobBytes -= jobs.reduce((sum, job) => sum + job.size, 0);
    return jobs;
  }

  get jobs(): number {
    return this.#jobs;
  }

  get jobBytes(): number {
    return this.#jobBytes;
  }

  /** A number for the rows met in one listing. */
  openListing(): number {
    this.#listing += 1;
    return this.#listing;
  }

  meet(listing: number, id: number): void {
    this.#statement('INSERT OR IGNORE INTO met VALUES (?, ?)').run(listing, id);
  }

  isMet(listing: number, id: number): boolean {
    return this.#statement('SELECT 1 FROM met WHERE listing = ? AND id = ?').get(listing, id) !== undefined;
  }

  closeListing(listing: number): void {
    this.#statement('DELETE FROM met WHERE listing = ?').run(listing);
  }

  addAbsent(absent: Absent, nowMs: number): void {
    this.#statement('INSERT OR IGNORE INTO absent VALUES (?, ?, ?, ?)').run(
      absent.id,
      absent.parent,
      absent.name,
      Math.round(nowMs),
    );
  }

  /** Takes out some that were found absent before a moment. */
  takeAbsent(beforeMs: number, limit: number): Absent[] {
    const found = this.#statement('SELECT * FROM absent WHERE found_ms <= ? ORDER BY id LIMIT ?')
      .all(Math.round(beforeMs), limit)
      .map((values) => ({ id: count(values, 'id'), parent: count(values, 'parent'), name: text(values, 'name') }));
    for (const absent of found) this.#statement('DELETE FROM absent WHERE id = ?').run(absent.id);
    return found;
  }

  close(): void {
    this.#database.close();
  }
}
