/** What servers say about their file systems. */
import { describe, expect, it } from 'vitest';
import { feedHostile } from '../hostile.fake.ts';
import { readFsAttributes, readFsSize, readObjectId, readPhysicalSector } from './volume.ts';

const malformed = expect.objectContaining({ code: 'malformed' });

function attributes(flags: number, name: string, nameBytes = name.length * 2): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(flags, 0);
  head.writeUInt32LE(255, 4);
  head.writeUInt32LE(nameBytes, 8);
  return Buffer.concat([head, Buffer.from(name, 'utf16le')]);
}

function size(...numbers: [number, number]): Buffer {
  const buffer = Buffer.alloc(24);
  numbers.forEach((number, index) => {
    buffer.writeUInt32LE(number, 16 + index * 4);
  });
  return buffer;
}

const NOTHING = {
  caseSensitive: false,
  casePreserved: false,
  accessRules: false,
  sparse: false,
  reparsePoints: false,
  streams: false,
  readOnly: false,
  extendedAttributes: false,
};

describe('the attributes of a file system', () => {
  it.each<[number, Partial<typeof NOTHING>]>([
    [0x1, { caseSensitive: true }],
    [0x2, { casePreserved: true }],
    [0x8, { accessRules: true }],
    [0x40, { sparse: true }],
    [0x80, { reparsePoints: true }],
    [0x4_0000, { streams: true }],
    [0x8_0000, { readOnly: true }],
    [0x80_0000, { extendedAttributes: true }],
    [0xff73_ff34, {}],
  ])('of the flags %d are the right ones (MS-FSCC 2.5.1)', (flags, expected) => {
    expect(readFsAttributes(attributes(flags, 'NTFS'))).toEqual({
      ...NOTHING,
      name: 'NTFS',
      maxNameLength: 255,
      ...expected,
    });
  });

  it('have a name that people can be shown, and a short one', () => {
    expect(readFsAttributes(attributes(0, 'a\u001b[31mb')).name).toBe('a\\u001b[31mb');
    expect(() => readFsAttributes(attributes(0, 'NTFS', 10))).toThrow(malformed);
    expect(() => readFsAttributes(attributes(0, 'NTFS', 0xffff_fffe))).toThrow(malformed);
    expect(() => readFsAttributes(attributes(0, 'x'.repeat(65)))).toThrow(malformed);
    expect(() => readFsAttributes(attributes(0, 'NTFS', 7))).toThrow(malformed);
  });
});

describe('the sizes of a file system', () => {
  it('are those of sectors and clusters', () => {
    expect(readFsSize(size(8, 512))).toEqual({ clusterBytes: 4_096, sectorBytes: 512 });
    expect(() => readFsSize(size(0xffff_ffff, 0xffff_ffff))).toThrow(malformed);
  });
});

describe('every part of it', () => {
  it('may be any bytes', () => {
    feedHostile([attributes(0x4_0000, 'NTFS')], ['malformed'], readFsAttributes, ({ name }) =>
      expect(name).not.toMatch(/\p{Cc}/u),
    );
    feedHostile([size(8, 512)], ['malformed'], readFsSize);
    feedHostile([Buffer.alloc(28)], ['malformed'], readPhysicalSector);
    feedHostile([Buffer.alloc(64)], ['malformed'], readObjectId, (id) => expect(id).toMatch(/^[0-9a-f]{32}$/u));
  });
});
