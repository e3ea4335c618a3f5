/** What a failure of the index means: a damaged file has to be moved away, and anything else must never be answered so. */
import { Failure, failureOf } from '../../base/failure.ts';

/** Result codes of SQLite (sqlite3.h); extended ones have the plain one in their low byte. */
const SQLITE_CORRUPT = 11;
export const SQLITE_NOTADB = 26;

/** `index-damaged` when the file itself is no good, `index-failed` when the disk refused (full, read-only, failing). */
export function failedIndex(file: string, error: unknown, doing: string): Failure {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  const isDamaged = code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
  return new Failure({
    code: isDamaged ? 'index-damaged' : 'index-failed',
    doing,
    subject: file,
    what: failureOf(error, doing).what,
    hint: isDamaged
      ? 'move the file away and start again: everything is compared and copied anew, unless a restore is outstanding'
      : 'is the disk with the state folder full or failing? The engine tries again by itself',
    cause: error,
  });
}
