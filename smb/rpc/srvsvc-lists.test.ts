/** Sessions and open files: the questions, and answers good and bad. */
import { describe, expect, it } from 'vitest';
import { feedHostile } from '../hostile.fake.ts';
import { enumRequest, type Listing, parseEnum } from './enumeration.ts';
import { NdrWriter } from './ndr.ts';
import { OPEN_FILES } from './srvsvc-files.ts';
import { SESSIONS } from './srvsvc-sessions.ts';

/** A structure of an answer: numbers, and strings where pointers stand. */
type Field = number | string | null;

/** The stub of an answer (MS-SRVS 2.2.4.33): counts, all fixed parts, then all strings. */
function stubOf(level: number, rows: Field[][], { count = rows.length, status = 0, resumeHandle = 0 } = {}): Buffer {
  const stub = new NdrWriter().u32(level).u32(level).pointer().u32(count).pointer().u32(count);
  for (const field of rows.flat()) {
    if (typeof field === 'number') stub.u32(field);
    else if (field === null) stub.u32(0);
    else stub.pointer();
  }
  for (const field of rows.flat()) if (typeof field === 'string') stub.string(field);
  return stub.u32(rows.length).pointer().u32(resumeHandle).u32(status).bytes();
}

const level = (wanted: number): Listing<unknown> => {
  const found = SESSIONS.find((listing) => listing.level === wanted);
  if (found === undefined) throw new Error(`no level ${wanted}`);
  return found;
};

describe('a question', () => {
  it('leaves its filters out, and says level, portion and where to go on', () => {
    const pdu = enumRequest(OPEN_FILES, 3, '\\\\fs', 7, 1_048_576);
    expect(pdu.readUInt16LE(22)).toBe(9);
    expect(pdu.subarray(24).toString('hex')).toBe(
      [
        '04000200', // server name: pointer, 5 characters with the NUL
        '05000000',
        '00000000',
        '05000000',
        '5c005c006600730000000000',
        '00000000', // no path
        '00000000', // no user
        '03000000', // level, twice
        '03000000',
        '08000200', // container: pointer, 0 entries, no array
        '00000000',
        '00000000',
        '00001000', // 1 MiB at most
        '0c000200', // resume handle: pointer, value
        '07000000',
      ].join(''),
    );
  });

  it('about sessions is operation 12', () => {
    expect(SESSIONS.map((listing) => enumRequest(listing, 2, '\\\\fs', 0, 1).readUInt16LE(22))).toEqual([12, 12, 12]);
  });
});

describe('an answer', () => {
  it('tells what is open, for what, and who has it', () => {
    const rows: Field[][] = [
      [17, 3, 2, 'D:\\Data\\Büro.xlsx', 'alice'],
      [18, 5, 0, 'C:\\x\u202ey', null],
    ];
    expect(parseEnum(OPEN_FILES, stubOf(3, rows, { status: 234, resumeHandle: 18 }))).toEqual({
      status: 234,
      resumeHandle: 18,
      rows: [
        {
          id: 17,
          path: 'D:\\Data\\Büro.xlsx',
          user: 'alice',
          access: { read: true, write: true, create: false },
          locks: 2,
        },
        // A name that would turn the line around on a screen.
        { id: 18, path: 'C:\\x\\u202ey', user: '', access: { read: true, write: false, create: true }, locks: 0 },
      ],
    });
  });

  it('takes a path as long as Windows can have, and none longer', () => {
    const long = (units: number): Buffer => stubOf(3, [[1, 1, 0, 'x'.repeat(units), 'alice']]);
    expect(parseEnum(OPEN_FILES, long(32_767)).rows).toHaveLength(1);
    expect(() => parseEnum(OPEN_FILES, long(32_768))).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it.each([
    [10, ['\\\\10.0.0.5', 'bob', 60, 7], undefined],
    [1, ['\\\\10.0.0.5', 'bob', 4, 60, 7, 0], 4],
    [502, ['\\\\10.0.0.5', 'bob', 4, 60, 7, 0, 'Windows', '\\Device\\X'], 4],
  ] as const)('of level %d tells who is connected', (wanted, row, openFiles) => {
    const second: Field[] = row.map((field) => (typeof field === 'string' ? `${field}2` : 0xffff_ffff));
    const { rows } = parseEnum(level(wanted), stubOf(wanted, [[...row], second]));
    expect(rows).toMatchObject([
      { client: '\\\\10.0.0.5', user: 'bob', openFiles, activeSeconds: 60, idleSeconds: 7 },
      // A second below 0 by rounding.
      { client: '\\\\10.0.0.52', user: 'bob2', activeSeconds: 0, idleSeconds: 0 },
    ]);
  });

  it.each([
    ['another level', level(1), stubOf(10, [['a', 'b', 1, 1]])],
    ['more rows than bytes', OPEN_FILES, stubOf(3, [], { count: 90_000 })],
    ['far too many rows', OPEN_FILES, stubOf(3, [], { count: 0xffff_ffff })],
    ['cut in its strings', OPEN_FILES, stubOf(3, [[1, 1, 0, 'C:\\x', 'alice']]).subarray(0, -30)],
  ] as const)('is malformed: %s', (_remark, listing, stub) => {
    expect(() => parseEnum<unknown, unknown>(listing, stub)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it.each([OPEN_FILES, ...SESSIONS] as const)(
    'of hostile bytes is a Failure or harmless: $reading, $level',
    (listing) => {
      const texts: Field[] = listing.level === 502 ? ['c', 'u', 1, 2, 3, 4, 't', 'x'] : ['c', 'u', 1, 2, 3, 4];
      const row =
        listing === OPEN_FILES ? [1, 1, 0, 'C:\\x', 'alice'] : listing.level === 10 ? ['c', 'u', 1, 2] : texts;
      const good = stubOf(listing.level, [row, row]);
      feedHostile(
        [good],
        ['malformed'],
        (bytes) => parseEnum<unknown, unknown>(listing, bytes).rows,
        (rows) => {
          for (const text of JSON.stringify(rows)) expect(text >= ' ').toBe(true);
        },
      );
    },
  );
});
