/**
 * For tests: good messages made slightly wrong, with an eye for what they are made of. Numbers that could be a length, an offset or a count of
 * their message are hit most, and with what hurts: the borders of the message, of the types, and their own neighbours.
 */

/** Numbers in [0, 1), the same ones for the same seed. */
export type Chance = () => number;

/** Mulberry32. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

const MOST_CHANGES = 5;
const MOST_RANDOM_BYTES = 600;
const REPEATED_BYTES = 4_096;
const BORDERS = [
  0, 1, 2, 3, 4, 7, 8, 12, 16, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
];

/** One input: mostly a good message with up to five changes, sometimes bytes without any sense. */
export function mutated(chance: Chance, good: readonly Buffer[]): Buffer {
  const below = (limit: number): number => Math.floor(chance() * limit);
  const start = good[below(good.length)];
  if (start === undefined || chance() < 0.05)
    return Buffer.from(Array.from({ length: below(MOST_RANDOM_BYTES) }, () => below(256)));
  let bytes: Buffer = Buffer.from(start);
  for (let left = 1 + below(MOST_CHANGES); left > 0; left -= 1) bytes = changed(chance, below, bytes, good);
  return bytes;
}

function changed(chance: Chance, below: (limit: number) => number, bytes: Buffer, good: readonly Buffer[]): Buffer {
  const at = below(bytes.length + 1);
  switch (below(12)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes, Buffer.alloc(1 + below(16), below(256))]);
    case 2: {
      // A list that goes on and on.
      const block = bytes.subarray(at, at + 1 + below(128));
      const times = 1 + below(Math.max(1, Math.floor(REPEATED_BYTES / Math.max(1, block.length))));
      return Buffer.concat([bytes.subarray(0, at), ...Array.from({ length: times }, () => block), bytes.subarray(at)]);
    }
    case 3: {
      const other = good[below(good.length)] ?? bytes;
      return Buffer.concat([bytes.subarray(0, at), other.subarray(below(other.length))]);
    }
    case 4:
      if (at < bytes.length) bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << below(8)), at);
      return bytes;
    default:
      return withNumber(chance, below, bytes);
  }
}

/** Puts a number that hurts in the place of another one. */
function withNumber(chance: Chance, below: (limit: number) => number, bytes: Buffer): Buffer {
  const telling = tellingPlaces(bytes);
  const at = chance() < 0.7 && telling.length > 0 ? (telling[below(telling.length)] ?? 0) : below(bytes.length);
  const width = [1, 2, 4, 4, 8][below(5)] ?? 4;
  if (at + width > bytes.length) return bytes;
  const old = bytes.readUIntLE(at, Math.min(width, 4));
  const near = [bytes.length, bytes.length - at, at, old];
  const value =
    chance() < 0.5
      ? (BORDERS[below(BORDERS.length)] ?? 0)
      : (near[below(near.length)] ?? 0) + ([-8, -2, -1, 0, 1, 2, 8][below(7)] ?? 0);
  if (width === 8)
    bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value) << BigInt([0, 0, 31, 32, 53][below(5)] ?? 0)), at);
  else bytes.writeUIntLE((value >>> 0) % 2 ** (8 * width), at, width);
  return bytes;
}

/** Where a number stands that could be about the message itself: even places with a value between 1 and the message's length. */
function tellingPlaces(bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = 0; at + 2 <= bytes.length && places.length < 256; at += 2) {
    const value = bytes.readUInt16LE(at);
    if (value > 0 && value <= bytes.length) places.push(at);
  }
  return places;
}

/** Roughly what a value takes in memory: a decoder that gives far more than it was given can be made to fill it. */
export function weight(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length + 16;
  if (Buffer.isBuffer(value)) return value.length + 16;
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + weight(each), 16);
  if (typeof value === 'object' && value !== null)
    return Object.values(value).reduce((sum: number, each) => sum + weight(each), 16);
  return 8;
}
