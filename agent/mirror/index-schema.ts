/**
 * The index's tables. An object's row hangs on its parent's row, so that renaming a directory moves one row whatever is
 * below it. `batch` is 0 for what a sync has made durable and a number for what waits for one. Rows whose parent is
 * CONDEMNED are leftovers of removed directories, deleted bit by bit. Counts are kept by triggers: they cannot drift.
 */
import type { DatabaseSync } from 'node:sqlite';

export const SCHEMA_VERSION = 1;
/** The parent of a share's root. */
export const NO_PARENT = 0;
/** The parent of a directory that is gone; its descendants are swept away later. */
export const CONDEMNED = -1;

const TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE shares (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  root INTEGER NOT NULL,
  volume_serial INTEGER,
  root_file_id INTEGER,
  complete INTEGER NOT NULL DEFAULT 0,
  last_pass_ms INTEGER NOT NULL DEFAULT 0,
  files INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE objects (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  share INTEGER NOT NULL,
  parent INTEGER NOT NULL,
  name TEXT NOT NULL,
  kind INTEGER NOT NULL,
  size INTEGER NOT NULL,
  written INTEGER NOT NULL,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  attributes INTEGER NOT NULL,
  file_id INTEGER NOT NULL,
  local_size INTEGER NOT NULL,
  local_mtime INTEGER NOT NULL,
  local_ctime INTEGER NOT NULL,
  local_ino INTEGER NOT NULL,
  listed INTEGER NOT NULL DEFAULT 0,
  batch INTEGER NOT NULL
);
CREATE UNIQUE INDEX objects_place ON objects (parent, name);
CREATE INDEX objects_file_id ON objects (share, file_id) WHERE file_id <> 0;
CREATE INDEX objects_pending ON objects (batch) WHERE batch > 0;
CREATE TRIGGER objects_added AFTER INSERT ON objects WHEN new.kind = 1 BEGIN
  UPDATE shares SET files = files + 1, bytes = bytes + new.size WHERE id = new.share;
END;
CREATE TRIGGER objects_removed AFTER DELETE ON objects WHEN old.kind = 1 BEGIN
  UPDATE shares SET files = files - 1, bytes = bytes - old.size WHERE id = old.share;
END;
CREATE TRIGGER objects_resized AFTER UPDATE OF size ON objects WHEN new.kind = 1 AND new.size <> old.size BEGIN
  UPDATE shares SET bytes = bytes + new.size - old.size WHERE id = new.share;
END;
CREATE TABLE problems (
  share TEXT NOT NULL,
  path TEXT NOT NULL,
  code TEXT NOT NULL,
  why TEXT NOT NULL,
  tries INTEGER NOT NULL,
  next_ms INTEGER,
  found_ms INTEGER NOT NULL,
  PRIMARY KEY (share, path)
) WITHOUT ROWID;
CREATE INDEX problems_due ON problems (share, next_ms) WHERE next_ms IS NOT NULL;
`;

/** What came later: an index that an earlier version made gets it when it is opened. */
const LATER_TABLES = `
CREATE TABLE IF NOT EXISTS traffic (
  share INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  read_bytes INTEGER NOT NULL,
  written_bytes INTEGER NOT NULL,
  changed_bytes INTEGER NOT NULL,
  uncompared_bytes INTEGER NOT NULL,
  PRIMARY KEY (share, hour)
) WITHOUT ROWID;
`;

/** Makes the tables of an empty database; returns the version of one that has them already. */
export function prepareSchema(database: DatabaseSync): number {
  const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
  if (version === 0) database.exec(`BEGIN; ${TABLES} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
  else if (version !== SCHEMA_VERSION) return Number(version);
  database.exec(LATER_TABLES);
  return SCHEMA_VERSION;
}
