/** CREATE as it goes out: byte for byte as ever without a snapshot, and with the one context that there is. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRequest } from './create.ts';

const RUNS = { seed: 11, numRuns: 300 };
const HEADER_BYTES = 64;

describe('CREATE', () => {
  it('has these bytes', () => {
    const { body, charge, command } = createRequest({
      name: Buffer.from('a', 'utf16le'),
      access: 0x0012_0089,
      disposition: 1,
      options: 0x40,
    });
    expect([command, charge]).toEqual([5, 1]);
    const rows = [
      '39000000020000000000000000000000',
      '00000000000000008900120000000000',
      '07000000010000004000000078000200',
      '0000000000000000',
      '6100',
    ];
    expect(body.toString('hex')).toBe(rows.join(''));
  });

  it('without a snapshot ends with its name, whatever that is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        const name = Buffer.from(text, 'utf16le');
        const { body } = createRequest({ name, access: 1, disposition: 1, options: 0 });
        expect(body.length).toBe(56 + Math.max(1, name.length));
        expect(body.subarray(48, 56).every((byte) => byte === 0)).toBe(true);
        expect(body.subarray(56, 56 + name.length).equals(name)).toBe(true);
      }),
      RUNS,
    );
  });

  it('of a snapshot carries its moment in a context at a multiple of eight (MS-SMB2 2.2.13.2.7)', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (text, moment) => {
        const create = { name: Buffer.from(text, 'utf16le'), access: 1, disposition: 1, options: 0 };
        const plain = createRequest(create).body;
        const { body } = createRequest(create, moment);
        const at = body.readUInt32LE(48) - HEADER_BYTES;
        expect((at + HEADER_BYTES) % 8).toBe(0);
        expect(at).toBeGreaterThanOrEqual(56 + create.name.length);
        const context = body.subarray(at);
        expect(context.length).toBe(body.readUInt32LE(52));
        expect(context.readUInt32LE(0)).toBe(0);
        const nameAt = context.readUInt16LE(4);
        expect(context.toString('latin1', nameAt, nameAt + context.readUInt16LE(6))).toBe('TWrp');
        expect(context.readUInt32LE(12)).toBe(8);
        expect(context.readBigInt64LE(context.readUInt16LE(10))).toBe(moment);
        // The rest is as without it.
        expect(body.subarray(0, 48).equals(plain.subarray(0, 48))).toBe(true);
        expect(body.subarray(56, 56 + create.name.length).equals(create.name)).toBe(true);
      }),
      RUNS,
    );
  });
});
