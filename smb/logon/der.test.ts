/** The small DER reader and writer. */
import { describe, expect, it } from 'vitest';
import { feedHostile } from '../hostile.fake.ts';
import { der, derOnly, derValues, TAG } from './der.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('der', () => {
  it.each([
    [0, '0400'],
    [1, '0401'],
    [127, '047f'],
    [128, '048180'],
    [255, '0481ff'],
    [256, '04820100'],
    [65_535, '0482ffff'],
  ])('writes the length of %d bytes in the shortest form, and reads it again', (length, head) => {
    const value = der(TAG.octetString, Buffer.alloc(length, 7));
    expect(value.subarray(0, head.length / 2)).toEqual(hex(head));
    expect(derOnly(value, TAG.octetString)).toEqual(Buffer.alloc(length, 7));
  });

  it('refuses more than its limit', () => {
    expect(() => der(TAG.octetString, Buffer.alloc(65_536))).toThrow(RangeError);
  });

  it('puts several contents into one value', () => {
    expect(der(TAG.sequence, der(TAG.enumerated, hex('01')), der(TAG.octetString))).toEqual(hex('30050a01010400'));
  });
});

describe('derValues', () => {
  it('reads values that stand in a row', () => {
    expect(derValues(hex('0a010104020304'))).toEqual([
      { tag: 0x0a, content: hex('01') },
      { tag: 0x04, content: hex('0304') },
    ]);
  });

  it.each([
    ['04', 'no length'],
    ['0401', 'no content'],
    ['040300', 'content too short'],
    ['0480', 'length without bounds'],
    ['04810105', 'long form for a short length'],
    ['0482000105', 'leading zero in the length'],
    ['0483010000', 'three bytes of length'],
    ['0481', 'cut in the length'],
    ['1f0100', 'tag of several bytes'],
    [`${'0400'.repeat(17)}`, 'too many values'],
  ])('refuses %s: %s', (bytes) => {
    expect(() => derValues(hex(bytes))).toThrow('read security token');
  });

  it('answers hostile bytes with a Failure, and never looks outside of them', () => {
    feedHostile(
      [hex('0a010104020304'), der(TAG.sequence, Buffer.alloc(300))],
      ['malformed'],
      derValues,
      (values, bytes) => {
        const read = values.reduce((sum, { content }) => sum + content.length + 2, 0);
        expect(read).toBeLessThanOrEqual(bytes.length);
      },
    );
  });
});

describe('derOnly', () => {
  it.each([
    ['', 'nothing'],
    ['04000400', 'two values'],
    ['0500', 'another tag'],
  ])('refuses «%s»: %s', (bytes) => {
    expect(() => derOnly(hex(bytes), TAG.octetString)).toThrow('read security token');
  });
});
