/** The names of one directory as the main listed them, however many: in a private database, on disk when they are many. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';

export class NamesMet {
  readonly #database = new DatabaseSync('');
  readonly #add: StatementSync;
  readonly #has: StatementSync;

  constructor() {
    this.#database.exec(
      'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000; CREATE TABLE met (name TEXT PRIMARY KEY) WITHOUT ROWID;',
    );
    this.#add = this.#database.prepare('INSERT OR IGNORE INTO met VALUES (?)');
    this.#has = this.#database.prepare('SELECT 1 FROM met WHERE name = ?');
  }

  add(name: string): void {
    this.#add.run(name);
  }

  has(name: string): boolean {
    return this.#has.get(name) !== undefined;
  }

  /** For the next directory. */
  clear(): void {
    this.#database.exec('DELETE FROM met');
  }

  close(): void {
    this.#database.close();
  }
}
