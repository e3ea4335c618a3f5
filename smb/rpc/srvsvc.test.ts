/** The list of shares: the request as Windows sends it, and answers good and bad. */
import { describe, expect, it } from 'vitest';
import { feedHostile } from '../hostile.fake.ts';
import { refusedName } from '../name.ts';
import type { ShareInfo } from '../types.ts';
import { enumRequest, parseEnum } from './enumeration.ts';
import { NdrWriter } from './ndr.ts';
import { bindRequest, SHARES } from './srvsvc.ts';

const parseShareEnum = (stub: Buffer): { shares: ShareInfo[]; resumeHandle: number; status: number } => {
  const { rows, ...rest } = parseEnum(SHARES, stub);
  return { shares: rows, ...rest };
};

interface Row {
  name: string;
  type: number;
  comment: string;
}

/** The stub of an answer, as MS-SRVS 2.2.4.33 and 3.1.4.8 describe it. */
function stubOf(
  rows: Row[],
  { resumeHandle = 0, status = 0, level = 1, count = rows.length, room = rows.length } = {},
): Buffer {
  const stub = new NdrWriter().u32(level).u32(level).pointer().u32(count).pointer().u32(room);
  for (const { type } of rows) stub.pointer().u32(type).pointer();
  for (const { name, comment } of rows) stub.string(name).string(comment);
  return stub.u32(rows.length).pointer().u32(resumeHandle).u32(status).bytes();
}

const ROWS: Row[] = [
  { name: 'docs', type: 0, comment: 'Bücher & more' },
  { name: 'IPC$', type: 0x80000003, comment: '' },
  { name: 'C$', type: 0x80000000, comment: 'Default share' },
  { name: 'laser', type: 1, comment: 'second floor' },
  { name: 'hidden$', type: 0, comment: '' },
  { name: 'cluster', type: 0x02000000, comment: '' },
  { name: 'odd', type: 0x77, comment: '' },
];

describe('requests', () => {
  it('bind to srvsvc 3.0', () => {
    expect(bindRequest(1).toString('hex')).toContain('c84f324b7016d30112785a47bf6ee18803000000');
  });

  it('ask for level 1 of all shares', () => {
    const pdu = enumRequest(SHARES, 2, '\\\\fs', 9, 0xffffffff);
    expect(pdu.readUInt16LE(22)).toBe(15);
    expect(pdu.subarray(24).toString('hex')).toBe(
      [
        '04000200', // server name: pointer, 5 characters with the NUL
        '05000000',
        '00000000',
        '05000000',
        '5c005c006600730000000000',
        '01000000', // level, twice
        '01000000',
        '08000200', // container: pointer, 0 entries, no array
        '00000000',
        '00000000',
        'ffffffff', // as much as the server likes
        '0c000200', // resume handle: pointer, value
        '09000000',
      ].join(''),
    );
  });
});

describe('parseShareEnum', () => {
  it('reads names, comments and kinds', () => {
    expect(parseShareEnum(stubOf(ROWS))).toEqual({
      status: 0,
      resumeHandle: 0,
      shares: [
        { name: 'docs', kind: 'disk', special: false, comment: 'Bücher & more' },
        { name: 'IPC$', kind: 'pipe', special: true, comment: '' },
        { name: 'C$', kind: 'disk', special: true, comment: 'Default share' },
        { name: 'laser', kind: 'printer', special: false, comment: 'second floor' },
        { name: 'hidden$', kind: 'disk', special: true, comment: '' },
        { name: 'cluster', kind: 'disk', special: false, comment: '' },
        { name: 'odd', kind: 'device', special: false, comment: '' },
      ],
    });
  });

  it('reads an answer without shares, a comment that is null, and where to go on', () => {
    const empty = new NdrWriter().u32(1).u32(1).pointer().u32(0).u32(0).u32(0).u32(0).u32(5).bytes();
    expect(parseShareEnum(empty)).toEqual({ shares: [], resumeHandle: 0, status: 5 });
    const none = new NdrWriter().u32(1).u32(1).u32(0).u32(0).u32(0).u32(5).bytes();
    expect(parseShareEnum(none)).toEqual({ shares: [], resumeHandle: 0, status: 5 });
    const start = new NdrWriter().u32(1).u32(1).pointer().u32(1).pointer().u32(1);
    const noComment = start.pointer().u32(0).u32(0).string('a').u32(1).u32(0).u32(0).bytes();
    expect(parseShareEnum(noComment).shares).toMatchObject([{ name: 'a', comment: '' }]);
    expect(parseShareEnum(stubOf([], { resumeHandle: 44, status: 234 }))).toMatchObject({
      resumeHandle: 44,
      status: 234,
    });
  });

  it('makes a comment valid Unicode, so that it can be shown and stored', () => {
    const stub = stubOf([{ name: 'a', type: 0, comment: 'x\ud800' }]);
    expect(parseShareEnum(stub).shares).toMatchObject([{ comment: 'x\ufffd' }]);
  });

  it.each([
    ['another level', stubOf(ROWS, { level: 2 })],
    ['cut at its end', stubOf(ROWS).subarray(0, -5)],
    ['cut in its fixed parts', stubOf(ROWS).subarray(0, 40)],
    ['too many shares', stubOf(Array.from({ length: 10_001 }, (_, n) => ({ name: `s${n}`, type: 0, comment: '' })))],
    ['more shares than bytes', stubOf(ROWS, { count: 10_000, room: 10_000 })],
    ['far too many shares', stubOf(ROWS, { count: 0xffffffff, room: 0xffffffff })],
    ['a name that is not safe', stubOf([{ name: '..\\x', type: 0, comment: '' }])],
    ['an empty name', stubOf([{ name: '', type: 0, comment: '' }])],
    ['a count without an array', new NdrWriter().u32(1).u32(1).pointer().u32(3).u32(0).u32(3).u32(0).u32(0).bytes()],
    ['two different counts', stubOf(ROWS, { room: 8 })],
  ])('calls an answer malformed: %s', (_remark, stub) => {
    expect(() => parseShareEnum(stub)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it('answers hostile bytes with a Failure, and lets no unsafe name through', () => {
    feedHostile([stubOf(ROWS), stubOf(ROWS.slice(0, 1))], ['malformed'], parseShareEnum, ({ shares }) => {
      for (const { name, comment } of shares) {
        expect(refusedName(name)).toBeUndefined();
        expect(comment.isWellFormed()).toBe(true);
      }
    });
  });
});
