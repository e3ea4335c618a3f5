/** Signatures: one that Windows made, GMAC against a plain reading of GCM, and the parts of its nonce. */
import { createCipheriv, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SAMPLE_FINAL_RESPONSE, SAMPLE_KEYS } from '../logon/logon-sample.ts';
import { signature } from './signing.ts';

const NONCE = { messageId: 3n, fromServer: true, cancel: false };
const PART = Buffer.from(SAMPLE_FINAL_RESPONSE);
PART.fill(0, 48, 64);

/** GMAC (NIST SP 800-38D 6.4, 7.1) with numbers: GHASH of the data and its length, encrypted with the first counter. */
function plainGmac(key: Buffer, nonce: Buffer, data: Buffer): Buffer {
  const aes = (block: Buffer): bigint =>
    number(createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block));
  const number = (block: Buffer): bigint => BigInt(`0x${block.toString('hex')}`);
  const times = (x: bigint, y: bigint): bigint => {
    let z = 0n;
    let v = y;
    for (let bit = 127n; bit >= 0n; bit -= 1n) {
      if (((x >> bit) & 1n) === 1n) z ^= v;
      v = (v & 1n) === 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n;
    }
    return z;
  };
  const h = aes(Buffer.alloc(16));
  const padded = Buffer.alloc(Math.ceil(data.length / 16) * 16 + 16);
  data.copy(padded);
  padded.writeBigUInt64BE(BigInt(data.length) * 8n, padded.length - 16);
  let y = 0n;
  for (let at = 0; at < padded.length; at += 16) y = times(y ^ number(padded.subarray(at, at + 16)), h);
  const mac = y ^ aes(Buffer.concat([nonce, Buffer.from([0, 0, 0, 1])]));
  return Buffer.from(mac.toString(16).padStart(32, '0'), 'hex');
}

describe('signature', () => {
  it('with AES-CMAC is the one that Windows put on its final SESSION_SETUP answer', () => {
    expect(signature('aes-cmac', SAMPLE_KEYS.signing, PART, NONCE)).toEqual(SAMPLE_FINAL_RESPONSE.subarray(48, 64));
  });

  it('with HMAC-SHA256 is the first half of the hash', () => {
    const whole = createHmac('sha256', SAMPLE_KEYS.signing).update(PART).digest();
    expect(signature('hmac-sha256', SAMPLE_KEYS.signing, PART, NONCE)).toEqual(whole.subarray(0, 16));
  });

  it.each([
    ['an answer', { messageId: 3n, fromServer: true, cancel: false }, '030000000000000001000000'],
    ['a request', { messageId: 0x0102030405060708n, fromServer: false, cancel: false }, '080706050403020100000000'],
    ['a CANCEL', { messageId: 9n, fromServer: false, cancel: true }, '090000000000000002000000'],
  ])('with AES-GMAC has a nonce of id and direction: %s', (_remark, nonce, nonceHex) => {
    const expected = plainGmac(SAMPLE_KEYS.signing, Buffer.from(nonceHex, 'hex'), PART);
    expect(signature('aes-gmac', SAMPLE_KEYS.signing, PART, nonce)).toEqual(expected);
  });
});
