/** What the two threads of bench/smb-get.ts share. */

/** One small file. */
export const SLOT_BYTES = 65_536;
export const SLOTS = 256;

export interface WriteOrder {
  path: string;
  slot: number;
  bytes: number;
  /** Milliseconds since 1970. */
  writtenMs: number;
}
