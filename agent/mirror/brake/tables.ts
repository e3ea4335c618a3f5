/** The brake's tables in the index; an index of an earlier version gets them when it is opened. */
export const BRAKE_TABLES = `
CREATE TABLE IF NOT EXISTS brake_notes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  share TEXT NOT NULL,
  kind TEXT NOT NULL,
  path TEXT NOT NULL,
  target TEXT NOT NULL,
  sign TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  files INTEGER NOT NULL,
  document INTEGER NOT NULL,
  old_ino INTEGER,
  old_size INTEGER,
  old_mtime INTEGER,
  day TEXT NOT NULL,
  outcome TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS brake_notes_at ON brake_notes (sign = '', at_ms);
CREATE TABLE IF NOT EXISTS brake_steps (
  share TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  PRIMARY KEY (share, at_ms)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS brake_held (
  share TEXT NOT NULL,
  path TEXT NOT NULL,
  kind TEXT NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (share, path)
) WITHOUT ROWID;
`;
