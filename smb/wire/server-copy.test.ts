/** Requests for copies and what is told about them. */
import { describe, expect, it } from 'vitest';
import { feedHostile } from '../hostile.fake.ts';
import { copyRequest, readCopied, readCopyLimits, readResumeKey } from './server-copy.ts';

const KEY = Buffer.from(Array.from({ length: 24 }, (_, index) => index + 1));
const NUMBERS = Buffer.from('010000000200000003000000', 'hex');

describe('a request for a copy', () => {
  it('has the key and every chunk (MS-SMB2 2.2.31.1)', () => {
    const { body, charge } = copyRequest(Buffer.alloc(16, 9), KEY, [
      { at: 0, length: 1_048_576 },
      { at: 2 ** 40, length: 7 },
    ]);
    expect(charge).toBe(1);
    expect(body.readUInt32LE(4)).toBe(0x0014_80f2);
    const input = body.subarray(56);
    expect(input.length).toBe(32 + 2 * 24);
    expect(input.subarray(0, 24).equals(KEY)).toBe(true);
    expect(input.readUInt32LE(24)).toBe(2);
    expect([input.readBigUInt64LE(32), input.readBigUInt64LE(40), input.readUInt32LE(48)]).toEqual([0n, 0n, 1_048_576]);
    expect([input.readBigUInt64LE(56), input.readBigUInt64LE(64), input.readUInt32LE(72)]).toEqual([
      2n ** 40n,
      2n ** 40n,
      7,
    ]);
  });
});

describe('an answer about a copy', () => {
  it('tells what was done, or what the server takes', () => {
    expect(readCopied(NUMBERS)).toEqual({ chunks: 1, bytes: 3 });
    expect(readCopyLimits(NUMBERS)).toEqual({ chunks: 1, chunkBytes: 2, totalBytes: 3 });
    expect(readCopyLimits(Buffer.alloc(12))).toBeUndefined();
    expect(readResumeKey(Buffer.concat([KEY, Buffer.alloc(8)])).equals(KEY)).toBe(true);
  });

  it('may be any bytes', () => {
    feedHostile([NUMBERS], ['malformed'], readCopied);
    feedHostile([NUMBERS], ['malformed'], readCopyLimits);
    feedHostile([KEY], ['malformed'], readResumeKey, (key) => expect(key.length).toBe(24));
  });
});
