/** Known key streams of RC4 (RFC 6229), well-known texts, and the edges of the key. */
import { describe, expect, it } from 'vitest';
import { rc4 } from './rc4.ts';

describe('RC4', () => {
  it.each([
    ['Key', 'Plaintext', 'bbf316e8d940af0ad3'],
    ['Wiki', 'pedia', '1021bf0420'],
    ['Secret', 'Attack at dawn', '45a01f645fc35b383552544b9bf5'],
  ])('with key «%s» makes of «%s» what everybody does', (key, text, cipherText) => {
    expect(rc4(Buffer.from(key), Buffer.from(text)).toString('hex')).toBe(cipherText);
  });

  it.each([
    ['0102030405', 0, 'b2396305f03dc027ccc3524a0a1118a8'],
    ['0102030405', 16, '6982944f18fc82d589c403a47a0d0919'],
    ['0102030405060708090a0b0c0d0e0f10', 0, '9ac7cc9a609d1ef7b2932899cde41b97'],
  ])('with key %s has at %d the key stream of RFC 6229', (key, offset, stream) => {
    const out = rc4(Buffer.from(key, 'hex'), Buffer.alloc(offset + 16));
    expect(out.subarray(offset).toString('hex')).toBe(stream);
  });

  it('decrypts what it encrypted', () => {
    const key = Buffer.from('a key');
    const data = Buffer.from(Array.from({ length: 1000 }, (_, i) => i & 0xff));
    expect(rc4(key, rc4(key, data))).toEqual(data);
  });

  it.each([0, 257])('refuses a key of %d bytes', (length) => {
    expect(() => rc4(Buffer.alloc(length), Buffer.alloc(1))).toThrow(RangeError);
  });
});
