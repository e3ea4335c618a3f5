/** Lists of snapshots: tokens and moments, and what is no list. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feedHostile } from '../hostile.fake.ts';
import { readSnapshots } from './snapshots.ts';

const malformed = expect.objectContaining({ code: 'malformed' });

interface Fields {
  count?: number;
  returned?: number;
  bytes?: number;
}

function list(tokens: string[], fields: Fields = {}): Buffer {
  const text = Buffer.from(`${tokens.map((token) => `${token}\0`).join('')}\0`, 'utf16le');
  const head = Buffer.alloc(12);
  head.writeUInt32LE(fields.count ?? tokens.length, 0);
  head.writeUInt32LE(fields.returned ?? tokens.length, 4);
  head.writeUInt32LE(fields.bytes ?? text.length, 8);
  return Buffer.concat([head, text]);
}

const TOKEN = '@GMT-2024.02.29-12.00.00';

describe('a list of snapshots', () => {
  it('has tokens, whose moments are those that they name', () => {
    const pad = (number: number, digits = 2): string => String(number).padStart(digits, '0');
    const moment = fc.date({
      min: new Date('1970-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 20 }), (moments) => {
        const tokens = moments.map((at) => {
          const day = [pad(at.getUTCFullYear(), 4), pad(at.getUTCMonth() + 1), pad(at.getUTCDate())];
          const time = [pad(at.getUTCHours()), pad(at.getUTCMinutes()), pad(at.getUTCSeconds())];
          return `@GMT-${day.join('.')}-${time.join('.')}`;
        });
        const found = readSnapshots(list(tokens));
        expect(found.snapshots.map((snapshot) => snapshot.token)).toEqual(tokens);
        expect(
          found.snapshots.map((snapshot) => Number((snapshot.moment - 116_444_736_000_000_000n) / 10_000_000n)),
        ).toEqual(moments.map((at) => Math.floor(at.getTime() / 1_000)));
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it('may tell only how long it is', () => {
    expect(readSnapshots(Buffer.concat([list([], { count: 3, bytes: 152 }).subarray(0, 12), Buffer.alloc(4)]))).toEqual(
      {
        snapshots: [],
        count: 3,
        neededBytes: 164,
      },
    );
  });

  it.each<[string, Buffer]>([
    ['fewer bytes than its fields take', Buffer.alloc(11)],
    ['more tokens than there are bytes', list([TOKEN], { count: 9, returned: 9 })],
    ['more returned than there are', list([TOKEN], { count: 0 })],
    ['2^32-1 tokens', list([TOKEN], { count: 0xffff_ffff, returned: 0xffff_ffff })],
    ['a token that does not end', list([`${TOKEN}0`])],
    ['a token of another form', list(['@GMT-2024-02-29 12.00.00'])],
    ['a path for a token', list(['..\\..\\..\\..\\..\\..\\..\\..'])],
    ['a day that does not exist', list(['@GMT-2023.02.29-12.00.00'])],
    ['an hour that does not exist', list(['@GMT-2024.02.29-24.00.00'])],
    ['a year before 1601', list(['@GMT-0000.02.28-12.00.00'])],
  ])('is malformed with %s', (_remark, buffer) => {
    expect(() => readSnapshots(buffer)).toThrow(malformed);
  });

  it('takes whatever bytes', () => {
    feedHostile([list([TOKEN, TOKEN]), list([])], ['malformed'], readSnapshots, ({ snapshots, count }, bytes) => {
      expect(snapshots.length).toBeLessThanOrEqual(Math.min(count, bytes.length / 50));
      for (const { token, moment } of snapshots) {
        expect(token).toMatch(/^@GMT-[0-9.-]{19}$/u);
        expect(moment).toBeGreaterThan(0n);
      }
    });
  });
});
