/**
 * The index: what we placed, and what the main said of it then (node:sqlite, WAL). It lets a restart copy nothing twice and
 * is the base of a restore, so its rows must never say more than the disk holds:
 *
 *   intent → file published → row with batch n (waits) → flush of the file system → rows of batch n become complete (batch 0)
 *
 * What could go wrong, and why it does not:
 * - killed before a row is committed (at most COMMIT_MS): the file is whole, and adopted by its intent (adopt.ts);
 * - killed before the flush: the kernel has the content, the row waits, and is trusted while the machine has not rebooted;
 * - power cut: rows that waited lose their signature when the index is opened under another boot id, and are copied again;
 *   complete rows describe flushed files; rows lost with the end of the WAL are files copied once more;
 * - a row whose file was replaced, touched or deleted behind our back: its signature does not match, it is copied again;
 * - the freeze mark is written with a full sync before anybody is told, and stands in the mirror's own mark file as well.
 */
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Failure } from '../../base/failure.ts';
import type { Signature } from './folder.ts';
import { failedIndex, SQLITE_NOTADB } from './index-failure.ts';
import {
  count,
  type Kind,
  type Row,
  rowOf,
  SELECT,
  type ShareRow,
  shareRowOf,
  signed,
  type Told,
  text,
  toldValues,
  type Values,
} from './index-row.ts';
import { CONDEMNED, NO_PARENT, prepareSchema, SCHEMA_VERSION } from './index-schema.ts';
import { type Intent, Intents } from './intents.ts';
import { below } from './names.ts';
import { Room } from './room.ts';

/** Milliseconds that writes are gathered before they are committed together. */
const COMMIT_MS = 20;
/** So many changes are committed as soon as the code that makes them has ended: what a kill loses has to be looked at one by one. */
const COMMIT_CHANGES = 8;
/** Deeper than any path that fits into PATH_MAX. */
const DEPTH_LIMIT = 4_096;

export class IndexStore {
  readonly #database: DatabaseSync;
  readonly file: string;
  readonly room = new Room();
  readonly #intents: Intents;
  /** A directory was made that is not committed: what is placed in it could not be found again. */
  #isParentWaiting = false;
  #transaction: NodeJS.Timeout | undefined;
  /** Since the transaction began. */
  #changes = 0;
  #batch: number;
  #pending = 0;
  #broken: Failure | undefined;
  readonly #statements = new Map<string, StatementSync>();

  /** `bootId`: differs after every start of the machine. Throws a Failure for an index that is damaged or newer than we are. */
  constructor(statePath: string, bootId: string) {
    this.file = path.join(statePath, 'index.sqlite');
    let database: DatabaseSync | undefined;
    let intents: Intents | undefined;
    try {
      fs.mkdirSync(statePath, { recursive: true, mode: 0o700 });
      // It holds users' file names; SQLite gives its companions (-wal, -shm) the same permissions.
      fs.closeSync(fs.openSync(this.file, 'a', 0o600));
      fs.chmodSync(this.file, 0o600);
      this.#intents = intents = new Intents(statePath);
      database = new DatabaseSync(this.file);
      this.#database = database;
      this.#database.exec(
        'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16000; PRAGMA journal_size_limit = 16777216;',
      );
      const version = prepareSchema(this.#database);
      if (version !== SCHEMA_VERSION)
        throw Object.assign(new Error(`its version is ${version}, this program knows ${SCHEMA_VERSION}`), {
          errcode: SQLITE_NOTADB,
        });
      this.#batch = this.#number('SELECT coalesce(max(batch), 0) + 1 AS n FROM objects WHERE batch > 0');
      if (this.meta('boot') !== bootId) {
        this.#intents.forget();
        this.#run('UPDATE objects SET local_size = -1, local_ino = 0 WHERE batch > 0 AND kind = 1');
        this.setMeta('boot', bootId);
      }
      this.#pending = this.#number('SELECT count(*) AS n FROM objects WHERE batch > 0');
    } catch (error) {
      clearTimeout(this.#transaction);
      intents?.close();
      database?.close();
      throw failedIndex(this.file, error, 'open the index');
    }
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#database.prepare(sql);
    made.setReadBigInts(true);
    this.#statements.set(sql, made);
    return made;
  }

  #number(sql: string, ...values: (number | bigint | string)[]): number {
    const found = this.#statement(sql).get(...values);
    return found === undefined ? 0 : count(found, 'n');
  }

  /** Runs a statement inside the gathering transaction. */
  #run(sql: string, ...values: (number | bigint | string | null)[]): { changes: number; id: number } {
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#transaction === undefined) {
      this.#database.exec('BEGIN IMMEDIATE');
      this.#transaction = setTimeout(() => this.#commitLater(), COMMIT_MS);
      this.#changes = 0;
    }
    this.#changes += 1;
    // Not at once: several changes that belong together must not be parted by a commit.
    if (this.#changes === COMMIT_CHANGES) setImmediate(() => this.#commitLater());
    const done = this.#statement(sql).run(...values);
    return { changes: Number(done.changes), id: Number(done.lastInsertRowid) };
  }

  /** For the room's other tables (problems). */
  get(sql: string, ...values: (number | bigint | string)[]): Values | undefined {
    return this.#statement(sql).get(...values);
  }

  all(sql: string, ...values: (number | bigint | string)[]): Values[] {
    return this.#statement(sql).all(...values);
  }

  change(sql: string, ...values: (number | bigint | string | null)[]): { changes: number } {
    return this.#run(sql, ...values);
  }

  /** Hands everything written so far to the operating system: it survives our end, though not yet a power cut. */
  commit(): void {
    this.#commitLater();
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** A commit that fails in a timer is told to whoever writes next. */
  #commitLater(): void {
    if (this.#transaction === undefined) return;
    clearTimeout(this.#transaction);
    this.#transaction = undefined;
    try {
      this.#database.exec('COMMIT');
      this.#isParentWaiting = false;
      this.#intents.forget();
    } catch (error) {
      this.#broken = failedIndex(this.file, error, 'write the index');
    }
  }

  /**
   * A commit has failed. Rows that others remember by their ids are lost, so nothing more is written: only a fresh process
   * can go on, and copies again what the index does not know.
   */
  get broken(): Failure | undefined {
    return this.#broken;
  }

  meta(key: string): string | undefined {
    const found = this.#statement('SELECT value FROM meta WHERE key = ?').get(key);
    return found === undefined ? undefined : text(found, 'value');
  }

  setMeta(key: string, value: string): void {
    this.#run('INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', key, value);
  }

  /** Like setMeta, and on the disk when it returns. */
  setMetaDurably(key: string, value: string): void {
    this.commit();
    this.#database.exec('PRAGMA synchronous = FULL');
    try {
      this.setMeta(key, value);
      this.commit();
    } finally {
      this.#database.exec('PRAGMA synchronous = NORMAL');
    }
  }

  /** The share's row, made with an empty root where it is missing. */
  share(name: string): ShareRow {
    const found = this.#statement('SELECT * FROM shares WHERE name = ?').get(name);
    if (found === undefined) {
      const nothing: Told = { size: 0, written: 0n, created: 0n, changed: 0n, attributes: 0, fileId: 0n };
      // The root's name is its share's, so that no two roots share a place.
      const root = this.#insert(0, NO_PARENT, name, 'directory', nothing, undefined);
      const id = this.#run('INSERT INTO shares (name, root) VALUES (?, ?)', name, root).id;
      this.#run('UPDATE objects SET share = ? WHERE id = ?', id, root);
      return this.share(name);
    }
    return shareRowOf(found);
  }

  setIdentity(share: number, identity: { volumeSerial: number; rootFileId: bigint }): void {
    this.#run(
      'UPDATE shares SET volume_serial = ?, root_file_id = ? WHERE id = ?',
      identity.volumeSerial,
      signed(identity.rootFileId),
      share,
    );
  }

  /** Notes the end of a pass over the whole share. */
  passed(share: number, wallMs: number): void {
    this.#run('UPDATE shares SET complete = 1, last_pass_ms = ? WHERE id = ?', Math.round(wallMs), share);
  }

  row(id: number): Row | undefined {
    const found = this.#statement(SELECT.row).get(id);
    return found === undefined ? undefined : rowOf(found);
  }

  child(parent: number, name: string): Row | undefined {
    const found = this.#statement(SELECT.child).get(parent, name);
    return found === undefined ? undefined : rowOf(found);
  }

  /** The row at a path below a share's root row. */
  find(root: number, file: string): Row | undefined {
    let row = this.row(root);
    for (const name of file === '' ? [] : file.split('/')) {
      if (row === undefined) return undefined;
      row = this.child(row.id, name);
    }
    return row;
  }

  /** The path of a row below its share; undefined when one of its parents is gone. */
  path(id: number): string | undefined {
    let file = '';
    let at = id;
    for (let depth = 0; depth < DEPTH_LIMIT; depth += 1) {
      const found = this.#statement('SELECT parent, name FROM objects WHERE id = ?').get(at);
      if (found === undefined) return undefined;
      const parent = count(found, 'parent');
      if (parent === NO_PARENT) return file;
      if (parent === CONDEMNED) return undefined;
      file = file === '' ? text(found, 'name') : below(text(found, 'name'), file);
      at = parent;
    }
    return undefined;
  }

  /** Up to `limit` children after a name, in order of name. */
  children(parent: number, afterName: string, limit: number): Row[] {
    return this.#statement(SELECT.children).all(parent, afterName, limit).map(rowOf);
  }

  /** Like children, only directories; with `unlisted`, only those never listed to their end. */
  directories(parent: number, afterName: string, limit: number, unlisted: boolean): Row[] {
    return this.#statement(SELECT.directories)
      .all(parent, afterName, unlisted ? 0 : 1, limit)
      .map(rowOf);
  }

  /** Rows of a share with this file id; a few, for hard links and reused ids make more than one. */
  withFileId(share: number, fileId: bigint): Row[] {
    return this.#statement(SELECT.withFileId).all(share, signed(fileId)).map(rowOf);
  }

  /** Files of a share after a row id, for whoever looks for one in small steps. */
  files(share: number, afterId: number, limit: number): Row[] {
    return this.#statement(SELECT.files).all(afterId, share, limit).map(rowOf);
  }

  newestId(): number {
    return this.#number('SELECT coalesce(max(id), 0) AS n FROM objects');
  }

  /** Notes that a file is about to get its name here; to be followed at once by that and by `put`. */
  intend(intent: Intent): void {
    if (this.#isParentWaiting) this.commit();
    this.#intents.note(intent);
  }

  /** What was about to get a name when a process before us was cut off. Empty after our own first commit. */
  get intended(): readonly Intent[] {
    return this.#intents.left;
  }

  /** Notes what lies in the mirror now. Waits for the next flush. Returns the row's id. */
  put(share: number, parent: number, name: string, kind: Kind, told: Told, local: Signature | undefined): number {
    const there = this.child(parent, name);
    if (there !== undefined && there.kind !== kind) this.remove(there);
    else if (there !== undefined) {
      this.#pending += 1;
      this.#run(
        'UPDATE objects SET size = ?, written = ?, created = ?, changed = ?, attributes = ?, file_id = ?, local_size = ?, local_mtime = ?, local_ctime = ?, local_ino = ?, batch = ? WHERE id = ?',
        ...toldValues({ ...told, fileId: told.fileId === 0n ? there.fileId : told.fileId }, local),
        this.#batch,
        there.id,
      );
      return there.id;
    }
    return this.#insert(share, parent, name, kind, told, local);
  }

  #insert(share: number, parent: number, name: string, kind: Kind, told: Told, local: Signature | undefined): number {
    this.#pending += 1;
    this.#isParentWaiting ||= kind === 'directory';
    return this.#run(
      'INSERT INTO objects (share, parent, name, kind, size, written, created, changed, attributes, file_id, local_size, local_mtime, local_ctime, local_ino, batch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      share,
      parent,
      name,
      kind === 'file' ? 1 : 0,
      ...toldValues(told, local),
      this.#batch,
    ).id;
  }

  setFileId(id: number, fileId: bigint): void {
    this.#run('UPDATE objects SET file_id = ? WHERE id = ?', signed(fileId), id);
  }

  setListed(id: number): void {
    this.#run('UPDATE objects SET listed = 1 WHERE id = ? AND listed = 0', id);
  }

  /** Its content has to be looked at as if it were new. */
  setUnlisted(id: number): void {
    this.#run('UPDATE objects SET listed = 0 WHERE id = ?', id);
  }

  /** Gives a row another place, with everything below it. What was at that place must be gone. */
  move(id: number, parent: number, name: string): void {
    this.#run('UPDATE objects SET parent = ?, name = ? WHERE id = ?', parent, name, id);
  }

  /** Forgets an object; a directory's descendants go little by little (`sweep`), unreachable from now on. */
  remove(row: Row): void {
    if (row.kind === 'file') this.#run('DELETE FROM objects WHERE id = ?', row.id);
    else this.#run('UPDATE objects SET parent = ?, name = ? WHERE id = ?', CONDEMNED, String(row.id), row.id);
  }

  /** Deletes some rows below removed directories; false when there are none left. */
  sweep(limit: number): boolean {
    const found = this.#statement(SELECT.condemned).get();
    if (found === undefined) return false;
    const id = count(found, 'id');
    const some = 'SELECT id FROM objects WHERE parent = ? AND kind = ? LIMIT ?';
    const files = this.#run(`DELETE FROM objects WHERE id IN (${some})`, id, 1, limit).changes;
    if (files > 0) return true;
    const directories = this.#run(
      `UPDATE objects SET parent = ${CONDEMNED}, name = CAST(id AS TEXT) WHERE id IN (${some})`,
      id,
      0,
      limit,
    ).changes;
    if (directories === 0) this.#run('DELETE FROM objects WHERE id = ?', id);
    return true;
  }

  /** Rows that wait for a flush; about, for an object written twice counts twice. */
  get pending(): number {
    return this.#pending;
  }

  /** Ends the present batch: what is noted from now on waits for a later flush. Everything of it is committed, unless `broken`. */
  closeBatch(): number {
    const batch = this.#batch;
    this.#batch += 1;
    this.#pending = 0;
    this.#commitLater();
    return batch;
  }

  /**
   * The file system has been flushed after `closeBatch` returned this number: its rows are complete. Notes up to `limit` of
   * them, so that a big batch can be noted bit by bit; false when there are none left.
   */
  completeBatch(batch: number, limit: number): boolean {
    const some = 'SELECT id FROM objects WHERE batch > 0 AND batch <= ? LIMIT ?';
    return this.#run(`UPDATE objects SET batch = 0 WHERE id IN (${some})`, batch, limit).changes === limit;
  }

  /**
   * A flush failed: the kernel may have dropped what any waiting row describes, also one that was noted while it flushed, and
   * tells of it only once. They are copied again, and a kill from now on changes nothing of that. Throws when `broken`.
   */
  distrustWaiting(): void {
    this.#run('UPDATE objects SET local_size = -1, local_ino = 0 WHERE batch > 0 AND kind = 1');
    this.commit();
  }

  close(): void {
    this.commit();
    this.#intents.close();
    this.#database.close();
  }
}
