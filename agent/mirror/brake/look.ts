/**
 * What a content is, as far as a few samples of its bytes tell: magic bytes, entropy, text. Pure.
 *
 * Compressed formats are as random as encrypted ones and are told from them by their magic bytes and end marks alone.
 */
import { endMark, type Family, familyOf } from './formats.ts';
import { LEAST_BYTES, PROBE_BYTES, RANDOM_MARGIN } from './thresholds.ts';

/** Bytes of a file: its first HEAD_BYTES, and PROBE_BYTES from its middle and its end (of a small file these may overlap). */
export interface Sample {
  size: number;
  head: Buffer;
  middle: Buffer;
  tail: Buffer;
}

export type Nature =
  /** Too short to say anything. */
  | 'short'
  | 'empty'
  /** Nothing but one value. */
  | 'blank'
  | 'text'
  /** Text that holds nothing but base64 or hexadecimal digits. */
  | 'encoded'
  /** A known format. */
  | 'format'
  /** A known format of a program that encrypts. */
  | 'sealed'
  /** As random as encrypted data, and no known format. */
  | 'random'
  | 'other';

export interface Look {
  size: number;
  nature: Nature;
  family: Family | undefined;
  /** Text at its head, and random bytes in its middle or at its end. */
  torn: boolean;
  /** The format's end mark is where it belongs; undefined for formats without one. */
  ended: boolean | undefined;
}

export function lookAt(sample: Sample): Look {
  const { size, head } = sample;
  const family = size < LEAST_BYTES ? undefined : familyOf(head);
  const mark = endMark(family, head);
  const nature = natureOf(sample, family);
  return {
    size,
    nature,
    family,
    torn: nature === 'text' && (isRandom(sample.middle) || isRandom(sample.tail)),
    ended: mark === undefined ? undefined : sample.tail.includes(mark),
  };
}

function natureOf({ size, head }: Sample, family: Family | undefined): Nature {
  if (size === 0) return 'empty';
  if (size < LEAST_BYTES) return 'short';
  if (family === 'sealed') return 'sealed';
  if (family !== undefined) return family === 'text' ? 'text' : 'format';
  if (head.every((byte) => byte === head[0])) return 'blank';
  // Many programs encrypt only the beginning, and what follows is text all the same.
  if (isRandom(head.subarray(0, PROBE_BYTES))) return 'random';
  if (isText(head)) return isEncoded(head) ? 'encoded' : 'text';
  return isRandomAt(head.length, entropy(head)) ? 'random' : 'other';
}

/** Shannon entropy over the bytes, in bits per byte: 0 to 8. */
export function entropy(bytes: Buffer): number {
  if (bytes.length === 0) return 0;
  const counts = new Uint32Array(256);
  // By index: an iterator over so many bytes costs four times as much.
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    counts[byte] = (counts[byte] ?? 0) + 1;
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / bytes.length) * Math.log2(count / bytes.length);
  return bits;
}

/** Whether the bytes are as evenly spread as encrypted ones, and no text. */
export function isRandom(bytes: Buffer): boolean {
  return bytes.length >= LEAST_BYTES && !isText(bytes) && isRandomAt(bytes.length, entropy(bytes));
}

function isRandomAt(length: number, bits: number): boolean {
  const margin = RANDOM_MARGIN.find(({ below }) => length < below)?.bits ?? 0;
  return bits >= expectedBits(length) - margin;
}

/** The entropy that so many truly random bytes show on average: fewer than 8 bits, since not every value can come equally often. */
export function expectedBits(length: number): number {
  if (length >= 2_048) return 8 - 255 / (2 * length * Math.LN2);
  // E[H] = -256 Σ P(k) (k/n) log2(k/n), with k of n bytes equal to one value: binomial with p = 1/256.
  let chance = (255 / 256) ** length;
  let bits = 0;
  for (let k = 1; k <= length && k < 64; k += 1) {
    chance *= (length - k + 1) / (k * 255);
    bits -= 256 * chance * (k / length) * Math.log2(k / length);
  }
  return bits;
}

/** UTF-8, or the single bytes of older code pages: hardly a control character, and letters for the most part. */
function isText(bytes: Buffer): boolean {
  let controls = 0;
  let high = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80) high += 1;
    else if (byte === 0x7f || (byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b)) controls += 1;
  }
  if (controls * 100 > bytes.length) return false;
  return high * 10 <= bytes.length * 3 || isUtf8(bytes);
}

/** The last character may be cut. */
function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    // A probe from the middle may begin within a character.
    return [1, 2, 3].some((cut) => isUtf8From(bytes.subarray(cut)));
  }
}

function isUtf8From(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Enough that words without a blank between them are no reason. */
const ENCODED_BYTES = 256;

function isEncoded(bytes: Buffer): boolean {
  if (bytes.length < ENCODED_BYTES) return false;
  for (const byte of bytes) {
    const isDigit = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
    // + / - _ = and the ends of lines.
    if (!isDigit && ![0x2b, 0x2f, 0x2d, 0x5f, 0x3d, 0x0a, 0x0d].includes(byte)) return false;
  }
  // Sixteen digits evenly spread are 4 bits, sixty-four are 6; a word list without blanks is seldom that even.
  const bits = entropy(bytes);
  return bits > 5.6 || (bits > 3.8 && bits < 4.2);
}
