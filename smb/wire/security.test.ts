/** What setting a descriptor asks for, part by part. */
import { describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { feedHostile } from '../hostile.fake.ts';
import { settingOf } from './security.ts';

const SELF_RELATIVE = 0x8000;
const DACL = 0x4;
const [SACL, SACL_PROTECTED] = [0x10, 0x2000];
const [PROTECTED, AUTO_INHERITED, AUTO_INHERIT_REQUIRED] = [0x1000, 0x400, 0x100];
const [WRITE_DAC, WRITE_OWNER, SYSTEM_SECURITY] = [0x4_0000, 0x8_0000, 0x100_0000];

function descriptor(control: number, owner: number, group: number): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.writeUInt8(1, 0);
  bytes.writeUInt16LE(SELF_RELATIVE | control, 2);
  bytes.writeUInt32LE(owner, 4);
  bytes.writeUInt32LE(group, 8);
  return bytes;
}

describe('setting a security descriptor', () => {
  it.each<[string, Buffer, number, number]>([
    ['access rules only', descriptor(DACL, 0, 0), WRITE_DAC, 0x2000_0004],
    ['protected access rules', descriptor(DACL | PROTECTED, 0, 0), WRITE_DAC, 0x8000_0004],
    ['an owner', descriptor(0, 20, 0), WRITE_OWNER, 0x1],
    ['a group', descriptor(PROTECTED, 0, 20), WRITE_OWNER, 0x2],
    ['all of them', descriptor(DACL, 20, 20), WRITE_DAC | WRITE_OWNER, 0x2000_0007],
  ])('with %s takes just the rights for them and names just them', (_remark, given, access, information) => {
    expect(settingOf(given, false)).toEqual({ access, information, wire: given });
  });

  it.each<[string, number, number, number]>([
    ['that are there', DACL | SACL, WRITE_DAC | SYSTEM_SECURITY, 0x3000_000c],
    ['alone, protected', SACL | SACL_PROTECTED, WRITE_DAC | SYSTEM_SECURITY, 0x4000_0008],
    ['that are not there', DACL, WRITE_DAC, 0x2000_0004],
  ])('names audit rules %s only when asked to', (_remark, control, access, information) => {
    const given = descriptor(control, 0, 0);
    expect(settingOf(given, true)).toEqual({ access, information, wire: given });
    if ((control & DACL) !== 0)
      expect(settingOf(given, false)).toEqual({ access: WRITE_DAC, information: 0x2000_0004, wire: given });
  });

  it('keeps the mark «was inherited»', () => {
    const { wire } = settingOf(descriptor(DACL | AUTO_INHERITED, 0, 0), false);
    expect(wire.readUInt16LE(2)).toBe(SELF_RELATIVE | DACL | AUTO_INHERITED | AUTO_INHERIT_REQUIRED);
  });

  it('is refused when there is nothing to set, or not even a descriptor', () => {
    for (const bad of [descriptor(0, 0, 0), Buffer.alloc(19)]) expect(() => settingOf(bad, true)).toThrow(Failure);
    expect(() => settingOf(descriptor(SACL, 0, 0), false)).toThrow(Failure);
    feedHostile([descriptor(DACL, 20, 20)], ['malformed'], (bytes) => settingOf(bytes, true));
  });
});
