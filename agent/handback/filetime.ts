/** FILETIME (100 ns since 1601, MS-DTYP 2.3.3) from and to the nanoseconds since 1970 of a local file system. */
import type { FileTime } from '../../smb/types.ts';

const EPOCH_1970: FileTime = 116_444_736_000_000_000n;

/** Rounded down to 100 ns; moments before 1601 become the first one that a server takes for a time. */
export function fileTimeOfNs(ns: bigint): FileTime {
  const time = EPOCH_1970 + (ns - (((ns % 100n) + 100n) % 100n)) / 100n;
  return time < 1n ? 1n : time;
}

export function nsOfFileTime(time: FileTime): bigint {
  return (time - EPOCH_1970) * 100n;
}
