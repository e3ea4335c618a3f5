/** Numbers, pointers and strings of NDR, there and back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feedHostile } from '../hostile.fake.ts';
import { NdrReader, NdrWriter } from './ndr.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('NDR', () => {
  it('writes a string with its lengths, its NUL and its padding', () => {
    expect(new NdrWriter().string('ab').bytes()).toEqual(hex('03000000 00000000 03000000 6100 6200 0000 0000'));
    expect(new NdrWriter().string('').bytes()).toEqual(hex('01000000 00000000 01000000 0000 0000'));
  });

  it('gives every pointer a referent of its own', () => {
    const bytes = new NdrWriter().pointer().pointer().bytes();
    expect(bytes.readUInt32LE(0)).not.toBe(0);
    expect(bytes.readUInt32LE(4)).not.toBe(bytes.readUInt32LE(0));
  });

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 9 }), fc.nat())), (values) => {
        const writer = new NdrWriter();
        for (const [text, number] of values) writer.string(text).u32(number).pointer();
        const reader = new NdrReader(writer.bytes());
        for (const [text, number] of values) {
          expect(reader.string()).toBe(text);
          expect(reader.u32()).toBe(number);
          expect(reader.pointer()).toBe(true);
        }
        expect(reader.bytesLeft).toBe(0);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it('reads a string that lacks its NUL or, at the end, its padding', () => {
    expect(new NdrReader(hex('01000000 00000000 01000000 6100')).string()).toBe('a');
    expect(new NdrReader(hex('05000000 00000000 00000000')).string()).toBe('');
  });

  it.each([
    ['01000000 00000000', 'cut in its lengths'],
    ['02000000 00000000 02000000 6100', 'cut in its text'],
    ['02000000 01000000 01000000 6100', 'an offset'],
    ['01000000 00000000 02000000 6100 6200', 'more text than space'],
    ['ffffffff 00000000 ffffffff 6100', 'a huge length'],
  ])('calls a string malformed: %s (%s)', (bytes) => {
    expect(() => new NdrReader(hex(bytes)).string()).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it('calls it malformed when a string is longer than its limit, though it is all there', () => {
    const bytes = new NdrWriter().string('x'.repeat(4_096)).bytes();
    expect(() => new NdrReader(bytes).string()).toThrow('a string has 4097 characters');
  });

  it('answers hostile bytes with a Failure', () => {
    feedHostile([new NdrWriter().string('share').u32(7).bytes()], ['malformed'], (bytes) => {
      const reader = new NdrReader(bytes);
      return [reader.string(), reader.u32(), reader.bytesLeft];
    });
  });
});
