/** Attributes as Samba holds them on the disk. */
import { describe, expect, it } from 'vitest';
import { dosAttribute, readDosAttribute } from './metadata.ts';

describe('user.DOSATTRIB', () => {
  it('is what smbd 4.17 writes for a read-only, hidden, system, archived file', () => {
    const sample = '00000500050000001100000027000000d40f3e78fe79dd01';
    expect(dosAttribute(0x27, 0x01dd79fe783e0fd4n).toString('hex')).toBe(sample);
    expect(readDosAttribute(Buffer.from(sample, 'hex'))).toEqual({ attributes: 0x27, created: 0x01dd79fe783e0fd4n });
  });

  it('keeps no attribute that Samba would not keep', () => {
    expect(readDosAttribute(dosAttribute(0x2a1, 1n))?.attributes).toBe(0x21);
  });

  for (const { remark, value } of [
    { remark: 'nothing', value: '' },
    { remark: 'a text as old releases wrote it', value: '3078323000' },
    { remark: 'a version that is not known', value: '00000900090000001100000027000000d40f3e78fe79dd01' },
    { remark: 'one that is cut short', value: '0000050005000000110000' },
  ])
    it(`reads ${remark} as unknown`, () => {
      expect(readDosAttribute(Buffer.from(value, 'hex'))).toBeUndefined();
    });
});
