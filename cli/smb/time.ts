/** The server's times (MS-DTYP 2.3.3: 100 ns since 1601) as people and programs take them. */
import { unixMs } from '../../smb/file-time.ts';
import type { FileTime } from '../../smb/types.ts';
import { moment } from '../words/time.ts';

/** RFC 3339 with milliseconds, for programs; null for a time that the server does not know. */
export function isoTime(time: FileTime): string | null {
  return time === 0n ? null : new Date(unixMs(time)).toISOString();
}

/** Local time for people. */
export function shownTime(time: FileTime): string {
  return time === 0n ? 'not known' : moment(unixMs(time));
}
