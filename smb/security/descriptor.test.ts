/** Descriptors to values and back: what is built comes back byte for byte, what is parsed keeps its meaning, the rest is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFailure } from '../../base/failure.ts';
import { feedHostile } from '../hostile.fake.ts';
import { aceBytes, readAce } from './acl.ts';
import { anyDescriptor, anyGuid, anySid } from './descriptor.fake.ts';
import { buildDescriptor, parseDescriptor } from './descriptor.ts';
import { guidBytes, readGuid, readSid, sidBytes } from './sid.ts';
import { ACE, CONTROL, type RuleAce, type SecurityDescriptor } from './types.ts';

const RUNS = { seed: 20_260_101, numRuns: 1_000 };

const NOTHING: SecurityDescriptor = {
  control: 0,
  resourceManager: 0,
  owner: undefined,
  group: undefined,
  dacl: undefined,
  sacl: undefined,
};
const everyone = (flags = 0): RuleAce => ({
  kind: 'rule',
  type: ACE.allowed,
  flags,
  mask: 0x1f_01ff,
  sid: 'S-1-1-0',
  object: undefined,
  data: Buffer.alloc(0),
});

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
  return 'no failure';
}

describe('a SID', () => {
  it.each([
    ['S-1-1-0', '010100000000000100000000'],
    ['S-1-5-32-544', '01020000000000052000000020020000'],
    ['S-1-5-21-1-2-4294967295-500', '0105000000000005150000000100000002000000fffffffff4010000'],
    ['S-1-0x010000000000-7', '010101000000000007000000'],
    ['S-1-5', '0100000000000005'],
  ])('%s is %s', (sid, hex) => {
    expect(sidBytes(sid).toString('hex')).toBe(hex);
    expect(readSid(Buffer.from(hex, 'hex'), 0)).toEqual({ sid, bytes: hex.length / 2 });
  });

  it.each([
    'S-1',
    'S-2-5-18',
    'S-1-5-',
    'S-1-5-4294967296',
    'S-1-4294967296-1',
    'S-1-0x1-1',
    'S-1-5-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1',
    'BA',
    '',
    ' S-1-1-0',
  ])('%j is none', (text) => {
    expect(codeOf(() => sidBytes(text))).toBe('malformed');
  });

  it('comes back, and a GUID too', () => {
    fc.assert(
      fc.property(anySid, anyGuid, (sid, guid) => {
        expect(readSid(sidBytes(sid), 0).sid).toBe(sid);
        expect(readGuid(guidBytes(guid), 0)).toBe(guid);
      }),
      RUNS,
    );
  });
});

describe('a GUID', () => {
  it('has its first three fields little-endian', () => {
    expect(guidBytes('00112233-4455-6677-8899-aabbccddeeff').toString('hex')).toBe('33221100554477668899aabbccddeeff');
  });
});

describe('a descriptor', () => {
  it('that was built is parsed to the same values, and built again to the same bytes', () => {
    fc.assert(
      fc.property(anyDescriptor, (descriptor) => {
        const bytes = buildDescriptor(descriptor);
        const parsed = parseDescriptor(bytes);
        expect(parsed).toEqual(descriptor);
        expect(buildDescriptor(parsed).equals(bytes)).toBe(true);
      }),
      RUNS,
    );
  });

  it('with its parts in another order, gaps between them and room behind the rules means the same', () => {
    const list = Buffer.from('02002000010000000003140000000010010100000000000100000000deadbeef', 'hex');
    const [owner, group] = [sidBytes('S-1-5-18'), sidBytes('S-1-5-32-544')];
    const head = Buffer.alloc(24);
    head.writeUInt8(1, 0);
    head.writeUInt16LE(0x9004, 2);
    head.writeUInt32LE(24 + list.length + group.length, 4);
    head.writeUInt32LE(24 + list.length, 8);
    head.writeUInt32LE(24, 16);
    const parsed = parseDescriptor(Buffer.concat([head, list, group, owner]));
    const ace: RuleAce = { ...everyone(3), mask: 0x1000_0000 };
    expect(parsed).toEqual({
      ...NOTHING,
      control: CONTROL.daclProtected,
      owner: 'S-1-5-18',
      group: 'S-1-5-32-544',
      dacl: { revision: 2, aces: [ace] },
    });
    expect(parseDescriptor(buildDescriptor(parsed))).toEqual(parsed);
  });

  it('tells no list, a list that restricts nothing and a list that grants nothing apart', () => {
    const bytes = [undefined, null, { revision: 2, aces: [] }].map((dacl) => buildDescriptor({ ...NOTHING, dacl }));
    expect(bytes.map((each) => each.toString('hex'))).toEqual([
      '0100008000000000000000000000000000000000',
      '0100048000000000000000000000000000000000',
      '01000480000000000000000000000000140000000200080000000000',
    ]);
    expect(bytes.map((each) => parseDescriptor(each).dacl)).toEqual([undefined, null, { revision: 2, aces: [] }]);
  });

  it('of any bytes is parsed, keeping its meaning, or malformed', () => {
    const good = fc.sample(anyDescriptor, { seed: 7, numRuns: 12 }).map(buildDescriptor);
    let taken = 0;
    feedHostile(good, ['malformed'], parseDescriptor, (parsed) => {
      taken += 1;
      expect(parseDescriptor(buildDescriptor(parsed))).toEqual(parsed);
    });
    expect(taken).toBeGreaterThan(100);
  });

  const good = buildDescriptor({
    ...NOTHING,
    owner: 'S-1-5-18',
    dacl: { revision: 2, aces: [everyone(), everyone()] },
  });
  const changed = (at: number, ...values: number[]): Buffer => {
    const bytes = Buffer.from(good);
    bytes.set(values, at);
    return bytes;
  };
  const LIST_AT = 32;
  it.each<[string, Buffer]>([
    ['is too short', good.subarray(0, 19)],
    ['has another revision', changed(0, 2)],
    ['is not self-relative', changed(3, 0)],
    ['has its owner inside its head', changed(4, 19)],
    ['has its owner behind its end', changed(4, 0xff, 0xff, 0xff, 0x7f)],
    ['has an owner of another revision', changed(20, 2)],
    ['has an owner with 16 sub-authorities', changed(21, 16)],
    ['has rules that are cut short', good.subarray(0, good.length - 1)],
    ['has rules of an unknown revision', changed(LIST_AT, 5)],
    ['has rules that take less than their head', changed(LIST_AT + 2, 7)],
    ['counts more rules than there are', changed(LIST_AT + 4, 3)],
    ['counts 65,535 rules', changed(LIST_AT + 4, 0xff, 0xff)],
    ['has a rule of 0 bytes', changed(LIST_AT + 10, 0)],
    ['has a rule of an odd size', changed(LIST_AT + 10, 21)],
    ['has a rule that ends before its SID does', changed(LIST_AT + 10, 16)],
    ['has a rule that reaches beyond the list', changed(LIST_AT + 10, 0xfc, 0xff)],
  ])('that %s is malformed', (_remark, bytes) => {
    expect(codeOf(() => parseDescriptor(good))).toBe('no failure');
    expect(codeOf(() => parseDescriptor(bytes))).toBe('malformed');
  });

  it.each<[string, Partial<SecurityDescriptor>]>([
    ['holds more than 65,535 bytes of rules', { dacl: { revision: 2, aces: Array(3_300).fill(everyone()) } }],
    ['has a list of an unknown revision', { sacl: { revision: 7, aces: [] } }],
    ['has a control bit of the layout', { control: 0x8000 }],
    ['has an owner that is none', { owner: 'me' }],
    [
      'has a rule with half a unit of data',
      { dacl: { revision: 2, aces: [{ ...everyone(), data: Buffer.alloc(3) }] } },
    ],
    ['has a plain rule with an object', { dacl: { revision: 2, aces: [{ ...everyone(), object: withoutTypes() }] } }],
    ['has an object rule without', { dacl: { revision: 4, aces: [{ ...everyone(), type: ACE.allowedObject }] } }],
  ])('that %s is not built', (_remark, parts) => {
    expect(codeOf(() => buildDescriptor({ ...NOTHING, ...parts }))).toBe('malformed');
  });
});

function withoutTypes(): { type: undefined; inheritedType: undefined } {
  return { type: undefined, inheritedType: undefined };
}

describe('an entry', () => {
  const EVERYONE = '010100000000000100000000';
  it.each([
    ['allowed', `0003140089001200${EVERYONE}`],
    [
      'allowed, with an object of both types',
      `050038000001000003000000${'11'.repeat(16)}${'22'.repeat(16)}${EVERYONE}`,
    ],
    ['allowed, with an inherited object type only', `050028000001000002000000${'22'.repeat(16)}${EVERYONE}`],
    ['denied under a condition', `0a00180001000000${EVERYONE}61727478`],
    ['a resource attribute', `12001c0000000000${EVERYONE}68656c6c6f000000`],
    ['of an unknown kind', '63000c000102030405060708'],
    ['of a known kind with a flag of the future', `050018000001000004000000${EVERYONE}`],
  ])('%s comes back byte for byte', (_remark, hex) => {
    expect(aceBytes(readAce(Buffer.from(hex, 'hex'))).toString('hex')).toBe(hex);
  });
});
