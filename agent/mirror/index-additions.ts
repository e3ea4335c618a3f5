/** Tables that came after the first version of the index; made at every opening where they are missing, so that an older index goes on. */

/** What a failed reading is called when it is because of somebody else's opening. */
export const HELD_CODES: readonly string[] = ['sharing-violation', 'locked', 'delete-pending'];

const IS_HELD = `IN (${HELD_CODES.map((code) => `'${code}'`).join(', ')})`;

/** Lags by share, hour and bucket (lags.ts). */
const LAGS = `
CREATE TABLE IF NOT EXISTS lags (
  share TEXT NOT NULL,
  hour INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  samples INTEGER NOT NULL,
  most_ms INTEGER NOT NULL,
  PRIMARY KEY (share, hour, bucket)
) WITHOUT ROWID;
`;

/**
 * Held files (held.ts): a view on the problems that remembers since when. Triggers keep it, so that it cannot say anything else than
 * they do. They ask before they insert: inside a trigger the statement that fired it decides on conflicts, and not OR IGNORE.
 */
const HELD = `
CREATE TABLE IF NOT EXISTS held (
  share TEXT NOT NULL,
  path TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  snapshot_ms INTEGER,
  PRIMARY KEY (share, path)
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS held_begins AFTER INSERT ON problems WHEN new.code ${IS_HELD} BEGIN
  INSERT INTO held SELECT new.share, new.path, new.found_ms, NULL
    WHERE NOT EXISTS (SELECT 1 FROM held WHERE share = new.share AND path = new.path);
END;
CREATE TRIGGER IF NOT EXISTS held_turns AFTER UPDATE OF code ON problems WHEN new.code ${IS_HELD} BEGIN
  INSERT INTO held SELECT new.share, new.path, new.found_ms, NULL
    WHERE NOT EXISTS (SELECT 1 FROM held WHERE share = new.share AND path = new.path);
END;
CREATE TRIGGER IF NOT EXISTS held_differs AFTER UPDATE OF code ON problems WHEN new.code NOT ${IS_HELD} BEGIN
  DELETE FROM held WHERE share = new.share AND path = new.path;
END;
CREATE TRIGGER IF NOT EXISTS held_ends AFTER DELETE ON problems BEGIN
  DELETE FROM held WHERE share = old.share AND path = old.path;
END;
INSERT OR IGNORE INTO held SELECT share, path, found_ms, NULL FROM problems WHERE code ${IS_HELD};
`;

export const ADDITIONS = `${LAGS} ${HELD}`;
