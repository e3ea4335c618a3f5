/** Streams, extended attributes, reparse points and names on the wire: sound ones as in MS-FSCC, and whatever else a server may send. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFailure } from '../../base/failure.ts';
import { feedHostile } from '../hostile.fake.ts';
import type { ExtendedAttribute, ReparseTarget } from '../types.ts';
import { extendedBytes, readExtended } from './extended.ts';
import { readFileName, readLinkCount } from './info.ts';
import { REPARSE_TAG, readReparse, reparseBytes, targetBytes } from './reparse.ts';
import { readStreams } from './streams.ts';

const RUNS = { seed: 20_260_103, numRuns: 500 };

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
  return 'no failure';
}

/** Entries of FileStreamInformation, each at a multiple of eight. */
function streamList(...streams: [name: string, size: number][]): Buffer {
  return Buffer.concat(
    streams.map(([name, size], index) => {
      const length = 24 + name.length * 2;
      const last = index === streams.length - 1;
      const entry = Buffer.alloc(last ? length : Math.ceil(length / 8) * 8);
      entry.writeUInt32LE(last ? 0 : entry.length, 0);
      entry.writeUInt32LE(name.length * 2, 4);
      entry.writeUInt32LE(size, 8);
      entry.writeUInt32LE(size + 4, 16);
      entry.write(name, 24, 'utf16le');
      return entry;
    }),
  );
}

describe('a list of streams', () => {
  it('tells the named ones, and what is not safe to use apart', () => {
    const list = streamList(
      ['::$DATA', 5],
      [':Zone.Identifier:$DATA', 26],
      [':\u0005Summary:$DATA', 7],
      [':$I30:$INDEX_ALLOCATION', 0],
      [':a:b:$DATA', 0],
      [':..\\x:$DATA', 0],
      [':a\0:$DATA', 0],
      ['plain', 0],
      [':$DATA', 0],
      ['', 0],
    );
    expect(readStreams(list)).toEqual({
      streams: [
        { name: 'Zone.Identifier', size: 26, allocatedBytes: 30 },
        { name: '\u0005Summary', size: 7, allocatedBytes: 11 },
      ],
      refused: [':$I30:$INDEX_ALLOCATION', ':a:b:$DATA', ':..\\x:$DATA', ':a\\u0000:$DATA', 'plain', ':$DATA', ''],
    });
    expect(readStreams(Buffer.alloc(0))).toEqual({ streams: [], refused: [] });
  });

  const good = streamList(['::$DATA', 5], [':one:$DATA', 1], [':two:$DATA', 2]);
  const changed = (at: number, ...values: number[]): Buffer => {
    const bytes = Buffer.from(good);
    bytes.set(values, at);
    return bytes;
  };
  it.each<[string, Buffer]>([
    ['points to itself', changed(0, 8)],
    ['points into itself, without a name', changed(0, 8, 0, 0, 0, 0, 0, 0, 0, 0)],
    ['has a name that reaches into the next one', changed(4, 18)],
    ['points to an odd place', changed(0, 41)],
    ['points behind the end', changed(0, 0xff, 0xff)],
    ['points far behind the end', changed(0, 0xf8, 0xff, 0xff, 0xff)],
    ['has a name that is longer than it', changed(4, 0xff, 0xff)],
    ['has half a character', changed(4, 13)],
    ['has a stream beyond 2^53', changed(48 + 8, 0, 0, 0, 0, 0, 0, 0, 1)],
    ['ends inside an entry', good.subarray(0, 20)],
  ])('that %s is malformed', (_remark, bytes) => {
    expect(codeOf(() => readStreams(good))).toBe('no failure');
    expect(codeOf(() => readStreams(bytes))).toBe('malformed');
  });

  it('of any bytes is a list, or malformed', () => {
    feedHostile([good], ['malformed'], readStreams, ({ streams }) => {
      for (const { name } of streams) expect(name).not.toMatch(/^$|[:/\\\0]/u);
    });
  });
});

describe('extended attributes', () => {
  const anyAttribute: fc.Arbitrary<ExtendedAttribute> = fc.record({
    name: fc.stringMatching(/^[\x20-\x7e\xa0-\xff]{1,40}$/u),
    value: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    needed: fc.boolean(),
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(anyAttribute, { maxLength: 6 }), (attributes) => {
        expect(readExtended(extendedBytes(attributes))).toEqual(attributes);
      }),
      RUNS,
    );
  });

  it('have the form of MS-FSCC 2.4.16', () => {
    const value = Buffer.from('xy');
    const bytes = extendedBytes([
      { name: 'ONE', value, needed: true },
      { name: 'B', value: Buffer.alloc(0), needed: false },
    ]);
    expect(bytes.toString('hex')).toBe('10000000800302004f4e4500787900000000000000010000' + '4200');
  });

  it('take at most 65,535 bytes with all that is around them, and no more of one value than fits its length', () => {
    const bytes = (...lengths: number[]): Buffer =>
      extendedBytes(lengths.map((length) => ({ name: 'a', value: Buffer.alloc(length), needed: false })));
    expect(bytes(65_525)).toHaveLength(65_535);
    expect(bytes(30_002, 35_513)).toHaveLength(65_535);
    for (const lengths of [[65_526], [70_000], [30_002, 35_514]])
      expect(codeOf(() => bytes(...lengths))).toBe('no-space');
  });

  it.each(['', 'x'.repeat(256), 'a\0', 'a\n', 'Ω'])('may not be called %j', (name) => {
    expect(codeOf(() => extendedBytes([{ name, value: Buffer.alloc(1), needed: false }]))).toBe('bad-name');
  });

  const good = extendedBytes([
    { name: 'FIRST', value: Buffer.from('one'), needed: false },
    { name: 'SECOND', value: Buffer.from('two'), needed: false },
  ]);
  const changed = (at: number, value: number): Buffer => {
    const bytes = Buffer.from(good);
    bytes[at] = value;
    return bytes;
  };
  it.each<[string, Buffer]>([
    ['point to themselves', changed(0, 4)],
    ['point to an odd place', changed(0, 21)],
    ['point behind the end', changed(0, 0xfc)],
    ['have a name that is longer than all', changed(5, 0xff)],
    ['have a value that is longer than all', changed(7, 1)],
    ['have a value that reaches into the next one', changed(6, 9)],
    ['are cut in the last value', good.subarray(0, good.length - 1)],
    ['are cut in a head', good.subarray(0, 7)],
  ])('that %s are malformed', (_remark, bytes) => {
    expect(codeOf(() => readExtended(good))).toBe('no failure');
    expect(codeOf(() => readExtended(bytes))).toBe('malformed');
  });

  it('of any bytes are a list, or malformed', () => {
    feedHostile([good], ['malformed'], readExtended);
  });
});

describe('a reparse point', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  const anyTarget: fc.Arbitrary<ReparseTarget> = fc.oneof(
    fc.record({
      kind: fc.constant('symlink' as const),
      substitute: text,
      shown: text,
      relative: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('mount-point' as const), substitute: text, shown: text }),
  );

  it('of a link or a mount point comes back with its target', () => {
    fc.assert(
      fc.property(anyTarget, (target) => {
        const read = readReparse(reparseBytes(targetBytes(target)));
        expect(read).toEqual({ ...targetBytes(target), target });
      }),
      RUNS,
    );
  });

  it('of a mount point is what Windows makes', () => {
    const target: ReparseTarget = { kind: 'mount-point', substitute: '\\??\\C:\\x', shown: 'C:\\x' };
    const names = Buffer.from('\\??\\C:\\x\0C:\\x\0', 'utf16le').toString('hex');
    expect(reparseBytes(targetBytes(target)).toString('hex')).toBe(`030000a0240000000000100012000800${names}`);
  });

  it('of any other kind is kept raw, with its owner where it has one', () => {
    const data = Buffer.from('whatever');
    const nfs = { tag: 0x8000_0014, owner: undefined, data, target: undefined };
    const foreign = { tag: 0x0000_0a0b, owner: '00112233445566778899aabbccddeeff', data, target: undefined };
    for (const point of [nfs, foreign]) expect(readReparse(reparseBytes(point))).toEqual(point);
    expect(codeOf(() => reparseBytes({ ...nfs, owner: foreign.owner }))).toBe('malformed');
    expect(codeOf(() => reparseBytes({ ...foreign, owner: undefined }))).toBe('malformed');
    expect(codeOf(() => reparseBytes({ ...nfs, data: Buffer.alloc(16_377) }))).toBe('malformed');
    expect(reparseBytes({ ...nfs, data: Buffer.alloc(16_376) })).toHaveLength(16_384);
    const long: ReparseTarget = { kind: 'symlink', substitute: 'x'.repeat(9_000), shown: '', relative: true };
    expect(codeOf(() => targetBytes(long))).toBe('malformed');
  });

  const target: ReparseTarget = { kind: 'symlink', substitute: 'there', shown: 'here', relative: true };
  const good = reparseBytes(targetBytes(target));
  const changed = (at: number, ...values: number[]): Buffer => {
    const bytes = Buffer.from(good);
    bytes.set(values, at);
    return bytes;
  };
  it.each<[string, Buffer]>([
    ['has no room for its head', good.subarray(0, 7)],
    ['claims more data than there is', changed(4, 0xff, 0xff)],
    ['has no room for its owner', changed(3, 0).subarray(0, 20)],
    ['has no room for the places of its names', changed(4, 11)],
    ['has its target behind its end', changed(8, 0xff, 0xff)],
    ['has a target longer than all', changed(10, 0xff, 0xff)],
    ['has half a character', changed(10, 3)],
  ])('that %s is malformed', (_remark, bytes) => {
    expect(readReparse(good).target).toEqual(target);
    expect(codeOf(() => readReparse(bytes))).toBe('malformed');
  });

  it('of any bytes is read, or malformed', () => {
    const junction = reparseBytes(targetBytes({ kind: 'mount-point', substitute: 'a', shown: 'b' }));
    feedHostile([good, junction], ['malformed'], readReparse, (point) => {
      expect(point.target === undefined).toBe(
        point.tag !== REPARSE_TAG.symlink && point.tag !== REPARSE_TAG.mountPoint,
      );
    });
  });
});

describe('short answers', () => {
  it('of any bytes are read, or malformed', () => {
    const name = Buffer.concat([Buffer.from([4, 0, 0, 0]), Buffer.from('ab', 'utf16le')]);
    expect(readFileName(name)).toBe('ab');
    feedHostile([name], ['malformed'], readFileName);
    const standard = Buffer.alloc(24);
    standard.writeUInt32LE(3, 16);
    expect(readLinkCount(standard)).toBe(3);
    feedHostile([standard], ['malformed'], readLinkCount);
  });
});
