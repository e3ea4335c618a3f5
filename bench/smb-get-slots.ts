/**
 * What the two threads of bench/smb-get.ts share: slots of memory, each with one small file and where it belongs, and a ring of the numbers of
 * filled slots. The SMB thread fills and rings; the writing thread waits for the ring and gives slots back by message.
 */

/** One small file's content. */
export const SLOT_BYTES = 65_536;
/** Length of the path (4), length of the content (4), written time in ms since 1970 (8), path (UTF-8). */
const HEAD_BYTES = 1_024;
const PATH_AT = 16;
export const SLOTS = 256;

export interface Memory {
  slots: SharedArrayBuffer;
  /** [0]: how many slots have been rung so far; then the ring of their numbers. */
  ring: SharedArrayBuffer;
}

export function newMemory(): Memory {
  return {
    slots: new SharedArrayBuffer(SLOTS * (SLOT_BYTES + HEAD_BYTES)),
    ring: new SharedArrayBuffer(4 * (1 + SLOTS)),
  };
}

export interface Slots {
  /** Where a slot's content is. */
  contentOf(slot: number): { bytes: Buffer; at: number };
  /** Says what a filled slot is, and rings for it. */
  fill(slot: number, file: { path: string; length: number; writtenMs: number }): void;
  describe(slot: number): { path: string; length: number; writtenMs: number };
  /** Waits until more slots have been rung than `seen`, at most `limitMs`; how many there have been. */
  rung(seen: number, limitMs: number): number;
  /** The number of the slot that was rung as the nth. */
  nth(n: number): number;
}

export function openSlots(memory: Memory): Slots {
  const bytes = Buffer.from(memory.slots);
  const ring = new Int32Array(memory.ring);
  const headOf = (slot: number): number => slot * (SLOT_BYTES + HEAD_BYTES);
  return {
    contentOf: (slot) => ({ bytes, at: headOf(slot) + HEAD_BYTES }),
    fill(slot, { path, length, writtenMs }) {
      const at = headOf(slot);
      bytes.writeUInt32LE(bytes.write(path, at + PATH_AT, HEAD_BYTES - PATH_AT), at);
      bytes.writeUInt32LE(length, at + 4);
      bytes.writeDoubleLE(writtenMs, at + 8);
      const n = Atomics.load(ring, 0);
      Atomics.store(ring, 1 + (n % SLOTS), slot);
      Atomics.store(ring, 0, n + 1);
      Atomics.notify(ring, 0);
    },
    describe(slot) {
      const at = headOf(slot);
      const path = bytes.toString('utf8', at + PATH_AT, at + PATH_AT + bytes.readUInt32LE(at));
      return { path, length: bytes.readUInt32LE(at + 4), writtenMs: bytes.readDoubleLE(at + 8) };
    },
    rung(seen, limitMs) {
      Atomics.wait(ring, 0, seen, limitMs);
      return Atomics.load(ring, 0);
    },
    nth: (n) => Atomics.load(ring, 1 + (n % SLOTS)),
  };
}
