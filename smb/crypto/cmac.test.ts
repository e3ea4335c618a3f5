/** AES-CMAC against the vectors of RFC 4493 4, and against a plain reading of the RFC for every other length. */
import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { aesCmac } from './cmac.ts';

const KEY = Buffer.from('2b7e151628aed2a6abf7158809cf4f3c', 'hex');
const MESSAGE = Buffer.from(
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51' +
    '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
  'hex',
);

/** RFC 4493 2.4, step by step, one block at a time, with numbers in place of shifts. */
function plainCmac(key: Buffer, message: Buffer): Buffer {
  const aes = (block: bigint): bigint =>
    number(createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(bytes(block)));
  const number = (block: Buffer): bigint => BigInt(`0x${block.toString('hex')}`);
  const bytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(32, '0'), 'hex');
  const double = (value: bigint): bigint => BigInt.asUintN(128, value << 1n) ^ (value >> 127n === 0n ? 0n : 0x87n);

  const k1 = double(aes(0n));
  const k2 = double(k1);
  const blocks = Math.max(1, Math.ceil(message.length / 16));
  let x = 0n;
  for (let block = 0; block < blocks - 1; block += 1)
    x = aes(x ^ number(message.subarray(16 * block, 16 * block + 16)));
  const rest = message.subarray(16 * (blocks - 1));
  const last =
    rest.length === 16
      ? number(rest) ^ k1
      : number(Buffer.concat([rest, Buffer.from([0x80]), Buffer.alloc(15 - rest.length)])) ^ k2;
  return bytes(aes(x ^ last));
}

/** Bytes that look random and are the same every time. */
function noise(length: number): Buffer {
  return createCipheriv('aes-128-ctr', KEY, Buffer.alloc(16)).update(Buffer.alloc(length));
}

describe('AES-CMAC', () => {
  it.each([
    [0, 'bb1d6929e95937287fa37d129b756746'],
    [16, '070a16b46b4d4144f79bdd9dd04a287c'],
    [40, 'dfa66747de9ae63030ca32611497c827'],
    [64, '51f0bebf7e3b9d92fc49741779363cfe'],
  ])('of %d bytes is as in RFC 4493', (length, code) => {
    expect(aesCmac(KEY, MESSAGE.subarray(0, length)).toString('hex')).toBe(code);
  });

  it('is the one of the RFC for every length up to five blocks', () => {
    for (let length = 0; length <= 80; length += 1) {
      const message = noise(length);
      expect(aesCmac(KEY, message), `${length} bytes`).toEqual(plainCmac(KEY, message));
    }
  });

  it.each([65_536, 65_552, 65_553, 131_087, 131_088, 200_000])(
    'is the one of the RFC for %d bytes, more than a slice',
    (n) => {
      const key = noise(48).subarray(32);
      const message = noise(n);
      expect(aesCmac(key, message)).toEqual(plainCmac(key, message));
    },
  );

  it('folds the carry back in, for keys with either top bit in L', () => {
    const keys = Array.from({ length: 16 }, (_, index) => noise(16 * index + 16).subarray(-16));
    for (const key of keys)
      expect(aesCmac(key, MESSAGE.subarray(0, 20))).toEqual(plainCmac(key, MESSAGE.subarray(0, 20)));
  });

  it('leaves the message as it was', () => {
    const message = noise(100);
    aesCmac(KEY, message);
    expect(message).toEqual(noise(100));
  });
});
