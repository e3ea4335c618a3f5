/** The server's times (MS-DTYP 2.3.3: 100 ns since 1601) as people, programs and the local disk take them. */
import type { FileTime } from '../../smb/types.ts';
import { moment } from '../words/time.ts';

/** 1601-01-01 to 1970-01-01. */
const UNIX_EPOCH: FileTime = 116_444_736_000_000_000n;
/** What ext4 with 256-byte inodes holds: 1901-12-13 to 2446-05-10, the narrowest of the usual file systems. */
const EARLIEST_NS = -2_147_483_648n * 1_000_000_000n;
const LATEST_NS = 15_032_385_535n * 1_000_000_000n;

/** Milliseconds since 1970, rounded down. */
export function unixMs(time: FileTime): number {
  const units = time - UNIX_EPOCH;
  return Number((units - (((units % 10_000n) + 10_000n) % 10_000n)) / 10_000n);
}

/** Nanoseconds since 1970 for a local stamp, no further than the disk can hold. */
export function unixNs(time: FileTime): bigint {
  const ns = (time - UNIX_EPOCH) * 100n;
  if (ns < EARLIEST_NS) return EARLIEST_NS;
  return ns > LATEST_NS ? LATEST_NS : ns;
}

/** The other way round; a stamp before 1601 becomes 1, since 0 means «not known» and below is no time (MS-FSCC 2.4.7). */
export function fileTimeOfNs(ns: bigint): FileTime {
  const time = ns / 100n + UNIX_EPOCH;
  return time > 0n ? time : 1n;
}

/** RFC 3339 with milliseconds, for programs; null for a time that the server does not know. */
export function isoTime(time: FileTime): string | null {
  return time === 0n ? null : new Date(unixMs(time)).toISOString();
}

/** Local time for people. */
export function shownTime(time: FileTime): string {
  return time === 0n ? 'not known' : moment(unixMs(time));
}
