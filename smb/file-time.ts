/** FILETIME (MS-DTYP 2.3.3) from and to the time of Unix, as clocks and local file systems have it. */
import type { FileTime } from './types.ts';

/** 1601-01-01 to 1970-01-01 in units of 100 ns. */
const UNIX_EPOCH: FileTime = 116_444_736_000_000_000n;
const UNITS_PER_MS = 10_000n;
const NS_PER_UNIT = 100n;
/** ext4 with 256-byte inodes holds 1901-12-13 to 2446-05-10, the narrowest of the usual file systems. */
const EARLIEST_NS = -2_147_483_648n * 1_000_000_000n;
const LATEST_NS = 15_032_385_535n * 1_000_000_000n;

/** @param ms since 1970; rounded to whole ones */
export function fileTimeOfMs(ms: number): FileTime {
  return BigInt(Math.round(ms)) * UNITS_PER_MS + UNIX_EPOCH;
}

/** Milliseconds since 1970, rounded down. */
export function unixMs(time: FileTime): number {
  return Number(quotient(time - UNIX_EPOCH, UNITS_PER_MS));
}

/** Nanoseconds since 1970 for a local stamp, no further away than a disk can hold. */
export function unixNs(time: FileTime): bigint {
  const ns = (time - UNIX_EPOCH) * NS_PER_UNIT;
  if (ns < EARLIEST_NS) return EARLIEST_NS;
  return ns > LATEST_NS ? LATEST_NS : ns;
}

/** From nanoseconds since 1970, rounded down. A stamp before 1601 becomes 1: 0 means «not known», and below is no time (MS-FSCC 2.4.7). */
export function fileTimeOfNs(ns: bigint): FileTime {
  const time = quotient(ns, NS_PER_UNIT) + UNIX_EPOCH;
  return time > 0n ? time : 1n;
}

/** Rounded down, also below 0. */
function quotient(value: bigint, by: bigint): bigint {
  return (value - (((value % by) + by) % by)) / by;
}
