/**
 * The little of DER (X.690) that SPNEGO needs: definite lengths in their shortest form, one-byte tags. The reader refuses
 * everything else and never looks outside of the bytes it was given.
 */
import { malformed } from '../malformed.ts';

const READING = 'read security token';

/** X.690 8.1.2: classes and numbers as they stand in the first byte. */
export const TAG = {
  octetString: 0x04,
  objectId: 0x06,
  enumerated: 0x0a,
  sequence: 0x30,
  application0: 0x60,
  /** Constructed, context-specific: [0], [1] … */
  context: (number: number): number => 0xa0 | number,
} as const;

export interface DerValue {
  tag: number;
  content: Buffer;
}

/** One value around the joined contents; at most 65,535 bytes of content. */
export function der(tag: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content]);
}

function lengthBytes(length: number): number[] {
  if (length > 0xffff) throw new RangeError(`a DER value of ${length} bytes is not needed anywhere here`);
  if (length < 0x80) return [length];
  if (length <= 0xff) return [0x81, length];
  return [0x82, length >>> 8, length & 0xff];
}

/** All values that stand one after another in `bytes`, which must hold nothing else. At most 16; `malformed` beyond. */
export function derValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (values.length === VALUES_LIMIT) throw malformed(READING, `it has more than ${VALUES_LIMIT} values in a row`);
    const { value, next } = readValue(bytes, at);
    values.push(value);
    at = next;
  }
  return values;
}

const VALUES_LIMIT = 16;

/** The content of the only value in `bytes`, which must have this tag. */
export function derOnly(bytes: Buffer, tag: number): Buffer {
  const [first, ...rest] = derValues(bytes);
  if (first === undefined || rest.length > 0) throw malformed(READING, 'it does not hold exactly one value');
  if (first.tag !== tag)
    throw malformed(READING, `it holds tag 0x${first.tag.toString(16)} in place of 0x${tag.toString(16)}`);
  return first.content;
}

function readValue(bytes: Buffer, at: number): { value: DerValue; next: number } {
  const tag = byteAt(bytes, at);
  if ((tag & 0x1f) === 0x1f) throw malformed(READING, 'it has a tag of more than one byte');
  const short = byteAt(bytes, at + 1);
  let length = short;
  let start = at + 2;
  if (short >= 0x80) {
    const count = short & 0x7f;
    if (count < 1 || count > 2) throw malformed(READING, 'it has a length without bounds or of more than two bytes');
    length = 0;
    for (let index = 0; index < count; index += 1) length = (length << 8) | byteAt(bytes, start + index);
    start += count;
    if (length < 0x80 || (count === 2 && length < 0x100))
      throw malformed(READING, 'it has a length in a longer form than needed');
  }
  if (length > bytes.length - start) throw malformed(READING, 'a value goes beyond its end');
  return { value: { tag, content: bytes.subarray(start, start + length) }, next: start + length };
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw malformed(READING, 'it ends in the middle of a value');
  return byte;
}
