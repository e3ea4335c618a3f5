/**
 * 64-bit numbers, little-endian. Node's own readBigUInt64LE puts two halves together with shifts of big numbers; this is one step, and
 * there are twenty such numbers to a small file. Both processors that we run on (x86_64, aarch64) keep their words little-endian.
 */

const halves = new Uint32Array(2);
const unsigned = new BigUint64Array(halves.buffer);
const signed = new BigInt64Array(halves.buffer);

/** Throws ERR_OUT_OF_RANGE, as Buffer does, when the eight bytes are not all there. */
export function u64At(bytes: Buffer, at: number): bigint {
  halves[0] = bytes.readUInt32LE(at);
  halves[1] = bytes.readUInt32LE(at + 4);
  return unsigned[0] ?? 0n;
}

/** The same, with a sign. */
export function s64At(bytes: Buffer, at: number): bigint {
  halves[0] = bytes.readUInt32LE(at);
  halves[1] = bytes.readUInt32LE(at + 4);
  return signed[0] ?? 0n;
}

/** Takes what lies beyond 64 bits away. */
export function putU64(bytes: Buffer, at: number, value: bigint): void {
  unsigned[0] = value;
  bytes.writeUInt32LE(halves[0] ?? 0, at);
  bytes.writeUInt32LE(halves[1] ?? 0, at + 4);
}
