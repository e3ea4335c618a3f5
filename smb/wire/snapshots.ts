/** FSCTL_SRV_ENUMERATE_SNAPSHOTS (MS-SMB2 2.2.32.2): the previous versions that a server keeps of a share. */
import { fileTimeOfMs } from '../file-time.ts';
import type { Snapshot } from '../files/handle-types.ts';
import type { FileTime } from '../types.ts';
import { badAnswer, textOfBytes } from './bytes.ts';

const FIXED_BYTES = 12;
const TOKEN_CHARACTERS = 24;
/** A token and the NUL behind it. */
const TOKEN_BYTES = (TOKEN_CHARACTERS + 1) * 2;
const TOKEN = /^@GMT-(\d{4})\.(\d\d)\.(\d\d)-(\d\d)\.(\d\d)\.(\d\d)$/u;

/** What asks only how many there are: the fixed fields, and the four bytes that some servers want behind them. */
export const SNAPSHOT_COUNT_BYTES = 16;

export interface SnapshotArray {
  /** Those that fitted. */
  snapshots: Snapshot[];
  /** How many there are in all. */
  count: number;
  /** OutputBufferLength that all of them need. */
  neededBytes: number;
}

export function readSnapshots(buffer: Buffer): SnapshotArray {
  if (buffer.length < FIXED_BYTES) throw badAnswer('the list of snapshots is cut short');
  const count = buffer.readUInt32LE(0);
  const returned = buffer.readUInt32LE(4);
  const neededBytes = FIXED_BYTES + buffer.readUInt32LE(8);
  if (returned > count || returned * TOKEN_BYTES > buffer.length - FIXED_BYTES)
    throw badAnswer(`${returned} of ${count} snapshots are said to be in ${buffer.length} bytes`);
  const snapshots: Snapshot[] = [];
  for (let index = 0; index < returned; index += 1) {
    const at = FIXED_BYTES + index * TOKEN_BYTES;
    if (buffer.readUInt16LE(at + TOKEN_CHARACTERS * 2) !== 0) throw badAnswer('the name of a snapshot does not end');
    const token = textOfBytes(buffer.subarray(at, at + TOKEN_CHARACTERS * 2), 'the name of a snapshot');
    snapshots.push({ token, moment: momentOf(token) });
  }
  return { snapshots, count, neededBytes };
}

/** The moment that an @GMT token names, in UTC and whole seconds. */
function momentOf(token: string): FileTime {
  const fields = TOKEN.exec(token)?.slice(1).map(Number);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields ?? [];
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // A day or an hour that does not exist would have become another one.
  const parts = [
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ];
  if (fields === undefined || year < 1601 || parts.some((part, index) => part !== fields[index + 1]))
    throw badAnswer('the name of a snapshot is no time');
  return fileTimeOfMs(date.getTime());
}
