/**
 * What a file that the main listed means for its copy. Pure.
 *
 * Size and time of writing are the first words. Equal ones do not prove equal content: tools that keep the old time
 * (container files, restored backups) move only ChangeTime, so a ChangeTime that moved means a new copy. Attributes that moved
 * as well explain it, except ARCHIVE when it was set: that is what a server does when somebody writes. Another file
 * in the old one's place has another id and another creation time.
 */
import { type Local, sameSignature } from './folder.ts';
import { isOtherFile, sameTime } from './ground.ts';
import type { Row, Told } from './index-row.ts';
import { ATTRIBUTE_ARCHIVE } from './metadata.ts';

export type Verdict =
  | 'same'
  /** Only attributes, or the creation time. */
  | 'dress'
  | 'fetch';

export function compareFile(told: Told, row: Row, local: Local): Verdict {
  if (local.kind !== 'file' || !sameSignature(local.signature, row.local)) return 'fetch';
  if (told.size !== row.size || told.written !== row.written) return 'fetch';
  if (isOtherFile(told, row)) return 'fetch';
  const isArchiveSet = (told.attributes & ~row.attributes & ATTRIBUTE_ARCHIVE) !== 0;
  const moved = !sameTime(told.changed, row.changed);
  if (told.attributes !== row.attributes) return isArchiveSet ? 'fetch' : 'dress';
  if (moved) return 'fetch';
  return told.created === row.created ? 'same' : 'dress';
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
