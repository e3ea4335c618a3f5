/**
 * When the brake trips. Fixed before the first corpus of events was made, and not fitted to it afterwards: a limit that was
 * moved until a test passed proves nothing. A change of a figure needs a reason that does not come from our own tests.
 *
 * Outside reference: Veeam looks at a backup, after the fact, and calls 100 files and 50 % of them, or 200 renames in a
 * folder, suspicious. A live mirror sees each file alone and its old version beside the new one, so its single signs are
 * stronger and its limits can be lower; a count of plain changes alone says nothing (people unzip, check out, clear up).
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * Damaged files are added up over a day: a document whose new content is random happens by itself so seldom that the sum
 * stays near 0, and whoever encrypts one file in 40 minutes is still seen within the day.
 */
export const DAMAGE_WINDOW_MS = 24 * HOUR_MS;
/** Removals are frequent and harmless one by one, so only many within an hour count. */
export const REMOVAL_WINDOW_MS = HOUR_MS;
/** Removals are counted by the minute: 60 figures whatever happens. */
export const REMOVAL_STEP_MS = MINUTE_MS;

/**
 * Points that trip in one share. The promise is 5 % of 1,000 files; 30 leaves 20 for what is seen late, and is a third of
 * the outside reference of 100 because each point is a file whose content is known to be damaged.
 */
export const DAMAGE_LIMIT = 30;
/** In smaller shares 5 % of the files … */
export const DAMAGE_PART = 0.05;
/** … but never fewer: a person who encrypts three letters by hand is not an attack. */
export const DAMAGE_FLOOR = 6;
/** In one directory half of its files trip as well, so that a small folder of a big share is not lost whole; never fewer than this. */
export const DIRECTORY_PART = 0.5;
export const DIRECTORY_FLOOR = 8;

/** More than this part of a share's files removed within the window (outside reference: 50 %) … */
export const REMOVED_PART = 0.5;
/** … and more files than this: 5 of 40 is a clear-up, 8 of 10 too; 30 of 40 is not. */
export const REMOVED_FLOOR = 15;

/**
 * Half a sign: a new extension that nothing is known of, since the content is still there (60 in a share; outside reference:
 * 200 in a folder), and random bytes in a file of whose format nothing is known, since programs pack their own formats too.
 */
export const HALF_SIGN = 0.5;

/** From this part of a limit on, the attic keeps what the window may need, also when the disk is full. */
export const PIN_SCORE = 0.25;

/** Bytes at the head that are looked at: enough that random bytes cannot be mistaken, little enough to be read beside each file. */
export const HEAD_BYTES = 65_536;
/** Bytes in the middle and at the end, where a format has its end mark and where slyer programs begin. */
export const PROBE_BYTES = 4_096;
/** Below this nothing can be said of a content. */
export const LEAST_BYTES = 32;

/**
 * How far below the entropy of truly random bytes a head may lie and still count as random, in bits per byte. Encrypted data
 * lie within 0.06 at 256 bytes and 0.01 from 4 KiB on; programs, databases and pictures without compression lie 0.5 and more below.
 */
export const RANDOM_MARGIN = [
  { below: 256, bits: 0.35 },
  { below: 4_096, bits: 0.2 },
  { below: Number.POSITIVE_INFINITY, bits: 0.1 },
] as const;

/** Points that trip in a share with so many files. */
export function damageLimit(files: number): number {
  return Math.min(DAMAGE_LIMIT, Math.max(DAMAGE_FLOOR, Math.ceil(files * DAMAGE_PART)));
}

/** Points that trip in a directory with so many files. */
export function directoryLimit(files: number): number {
  return Math.max(DIRECTORY_FLOOR, Math.ceil(files * DIRECTORY_PART));
}
