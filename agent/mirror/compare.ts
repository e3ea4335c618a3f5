/**
 * What a file that the main listed means for its copy. Pure.
 *
 * Size and time of writing are the first words. Equal ones do not prove equal content: tools that keep the old time
 * (container files, restored backups) move only ChangeTime, so a ChangeTime that moved with nothing to explain it means a new
 * copy; where attributes or the creation time moved as well, that explains it.
 */
import { type Local, sameSignature } from './folder.ts';
import type { Row, Told } from './index-row.ts';

export type Verdict =
  | 'same'
  /** Only attributes or the creation time. */
  | 'dress'
  | 'fetch';

export function compareFile(told: Told, row: Row, local: Local): Verdict {
  if (local.kind !== 'file' || !sameSignature(local.signature, row.local)) return 'fetch';
  if (told.size !== row.size || told.written !== row.written) return 'fetch';
  if (told.attributes !== row.attributes || told.created !== row.created) return 'dress';
  const moved = told.changed !== row.changed && told.changed !== 0n && row.changed !== 0n;
  return moved ? 'fetch' : 'same';
}

/** Whether a directory's row has to be written anew. */
export function differsDirectory(told: Told, row: Row): boolean {
  return (
    told.written !== row.written ||
    told.created !== row.created ||
    told.attributes !== row.attributes ||
    (told.fileId !== 0n && told.fileId !== row.fileId)
  );
}
