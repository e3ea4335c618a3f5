/** Directory entries and changes: what is taken, what is refused, and what ends the reading. */
import { describe, expect, it } from 'vitest';
import { feedHostile } from '../hostile.fake.ts';
import { readChanges } from './change-notify.ts';
import { LAYOUTS, type Layout, readEntries } from './directory.ts';

interface Fields {
  name: string;
  size?: bigint;
  attributes?: number;
  tag?: number;
  written?: bigint;
  next?: number;
}

function entries(list: Fields[]): Buffer {
  return Buffer.concat(
    list.map((fields, index) => {
      const name = Buffer.from(fields.name, 'utf16le');
      const length = Math.ceil((104 + name.length) / 8) * 8;
      const last = index === list.length - 1;
      const entry = Buffer.alloc(last ? 104 + name.length : length);
      entry.writeUInt32LE(fields.next ?? (last ? 0 : length), 0);
      entry.writeBigInt64LE(fields.written ?? 5n, 24);
      entry.writeBigUInt64LE(fields.size ?? 7n, 40);
      entry.writeUInt32LE(fields.attributes ?? 0x80, 56);
      entry.writeUInt32LE(name.length, 60);
      entry.writeUInt32LE(fields.tag ?? 0, 64);
      entry.writeBigUInt64LE(99n, 96);
      name.copy(entry, 104);
      return entry;
    }),
  );
}

const malformed = expect.objectContaining({ code: 'malformed' });

describe('directory entries', () => {
  it('leave «.» and «..» out and count them', () => {
    const found = readEntries(entries([{ name: '.' }, { name: '..' }, { name: 'file' }]));
    expect(found.entries.map((entry) => entry.name)).toEqual(['file']);
    expect(found.count).toBe(3);
  });

  it('tell the reparse tag only of reparse points: the field means something else for the others', () => {
    const found = readEntries(
      entries([
        { name: 'a', attributes: 0x400, tag: 0xa000_000c },
        { name: 'b', tag: 77 },
      ]),
    );
    expect(found.entries.map((entry) => entry.reparseTag)).toEqual([0xa000_000c, 0]);
  });

  it('take a time before 1601 for none', () => {
    expect(readEntries(entries([{ name: 'a', written: -1n }])).entries[0]?.written).toBe(0n);
  });

  it.each(['a/b', '..\\..\\x', 'nul\0', '\u001b[31m', '\ud800', ''])('refuse the name %j, and go on', (name) => {
    const found = readEntries(entries([{ name }, { name: 'good' }]));
    expect(found.entries.map((entry) => entry.name)).toEqual(['good']);
    expect(found.refused.length).toBe(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(found.refused[0]).not.toMatch(/[\u0000-\u001f]/);
  });

  it.each<[string, Buffer]>([
    ['a size beyond 2^53', entries([{ name: 'a', size: 2n ** 53n }])],
    ['a size of 2^63', entries([{ name: 'a', size: 2n ** 63n }])],
    ['an entry that points at itself', entries([{ name: 'a', next: 8 }, { name: 'b' }])],
    ['an entry that points behind the end', entries([{ name: 'a', next: 8_192 }])],
    ['an entry that points to an odd place', entries([{ name: 'a', next: 105 }, { name: 'b' }])],
    ['a name longer than the answer', entries([{ name: 'abc' }]).subarray(0, 108)],
    ['half a UTF-16 unit', withNameLength(entries([{ name: 'abc' }]), 5)],
    ['a name of 4 GiB', withNameLength(entries([{ name: 'abc' }]), 0xffff_ffff)],
    ['no entry at all', Buffer.alloc(0)],
  ])('are malformed with %s', (_remark, buffer) => {
    expect(() => readEntries(buffer)).toThrow(malformed);
  });
});

function withNameLength(buffer: Buffer, length: number): Buffer {
  buffer.writeUInt32LE(length, 60);
  return buffer;
}

function change(action: number, name: string, next = 0): Buffer {
  const text = Buffer.from(name, 'utf16le');
  const record = Buffer.alloc(12 + text.length + (next === 0 ? 0 : Math.max(0, next - 12 - text.length)));
  record.writeUInt32LE(next, 0);
  record.writeUInt32LE(action, 4);
  record.writeUInt32LE(text.length, 8);
  text.copy(record, 12);
  return record;
}

describe('changes', () => {
  it('have paths with slashes, in order', () => {
    const buffer = Buffer.concat([change(1, 'a\\b.txt', 32), change(4, 'old', 20), change(5, 'new')]);
    expect(readChanges(buffer)).toEqual({
      changes: [
        { action: 'added', path: 'a/b.txt' },
        { action: 'renamed-from', path: 'old' },
        { action: 'renamed-to', path: 'new' },
      ],
      refused: [],
    });
  });

  it.each(['..\\x', 'a\\..\\..\\x', '\\a', 'a\\', 'a\\\\b', 'a/b', '', 'a\\\ud800'])('refuse the path %j', (path) => {
    const found = readChanges(change(1, path));
    expect(found.changes).toEqual([]);
    expect(found.refused.length).toBe(1);
  });

  it.each<[string, Buffer]>([
    ['an unknown action', change(12, 'a')],
    ['no action', change(0, 'a')],
    ['a record that points at itself', change(1, 'abc', 4)],
    ['a record that points behind the end', change(1, 'abc', 64).subarray(0, 40)],
    ['a name longer than the answer', change(1, 'abcdef').subarray(0, 16)],
  ])('are malformed with %s', (_remark, buffer) => {
    expect(() => readChanges(buffer)).toThrow(malformed);
  });
});

/** The same entry as each class has it. */
function inLayout({ class: infoClass, nameAt }: Layout, attributes: number): Buffer {
  const name = Buffer.from('name', 'utf16le');
  const entry = Buffer.alloc(nameAt + name.length);
  entry.writeBigInt64LE(11n, 8);
  entry.writeBigInt64LE(44n, 32);
  entry.writeBigUInt64LE(7n, 40);
  entry.writeUInt32LE(attributes, 56);
  entry.writeUInt32LE(name.length, 60);
  entry.writeUInt32LE(0xa000_000c, infoClass === 60 ? 68 : 64);
  if (infoClass !== 2) entry.writeBigUInt64LE(99n, infoClass === 37 ? 96 : 72);
  name.copy(entry, nameAt);
  return entry;
}

describe.each([...LAYOUTS])('entries of the class $class', (layout) => {
  it('tell the same', () => {
    expect(readEntries(inLayout(layout, 0x420), layout).entries).toMatchObject([
      {
        name: 'name',
        created: 11n,
        changed: 44n,
        size: 7,
        attributes: 0x420,
        reparseTag: 0xa000_000c,
        fileId: layout.class === 2 ? 0n : 99n,
      },
    ]);
  });

  it('may be any bytes', () => {
    feedHostile([inLayout(layout, 0x20)], ['malformed'], (bytes) => readEntries(bytes, layout));
  });
});

describe('an id of 128 bits', () => {
  it('is none when 64 do not hold it', () => {
    const layout = LAYOUTS.find((each) => each.class === 60);
    if (layout === undefined) throw new Error('there is no such class');
    const entry = inLayout(layout, 0x20);
    entry.writeUInt8(1, 80);
    expect(readEntries(entry, layout).entries[0]?.fileId).toBe(0n);
  });
});
