/** DOS attributes (MS-FSCC 2.6) of what is sent, in the form that a server takes. */
import type { Stat } from '../../smb/types.ts';
import { USER_ATTRIBUTES } from '../decide/restore.ts';
import type { LocalMarks } from './base-view.ts';

const NOT_CONTENT_INDEXED = 0x2000;
const NORMAL = 0x80;

/** What the standby knows of the attributes, and of the replaced file those that the standby does not keep. */
export function attributesFor(marks: LocalMarks, old: Stat | undefined): number {
  const users = (marks.attributes ?? old?.attributes ?? 0) & USER_ATTRIBUTES;
  return settable(users | ((old?.attributes ?? 0) & NOT_CONTENT_INDEXED));
}

/** Those that can be set at all; none is NORMAL, for 0 would mean «leave as it is» (MS-FSCC 2.4.7). */
export function settable(attributes: number): number {
  const set = attributes & (USER_ATTRIBUTES | NOT_CONTENT_INDEXED);
  return set === 0 ? NORMAL : set;
}
