/** For tests: security descriptors of every shape. */
import fc from 'fast-check';
import { ACE, type Ace, type Acl, CONTROL, type Guid, type SecurityDescriptor, type Sid } from './types.ts';

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const byte = fc.nat(255);

export const anySid: fc.Arbitrary<Sid> = fc
  .record({
    authority: fc.oneof(
      fc.nat(22).map(String),
      fc.integer({ min: 2 ** 32, max: 2 ** 48 - 1 }).map((each) => `0x${each.toString(16).padStart(12, '0')}`),
    ),
    rest: fc.array(uint32, { maxLength: 15 }),
  })
  .map(({ authority, rest }) => ['S-1', authority, ...rest].join('-'));

export const anyGuid: fc.Arbitrary<Guid> = fc.uuid();

const anyObject = fc.record({
  type: fc.option(anyGuid, { nil: undefined }),
  inheritedType: fc.option(anyGuid, { nil: undefined }),
});
const bytesOfFour = (most: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength: most }).map((bytes) => Buffer.from(bytes.subarray(0, bytes.length & ~3)));

const PLAIN_KINDS = [0x00, 0x01, 0x02, 0x03, 0x09, 0x0a, 0x0d, 0x0e, 0x11, 0x12, 0x13];
const OBJECT_KINDS = [0x05, 0x06, 0x07, 0x08, 0x0b, 0x0c, 0x0f, 0x10];
const KNOWN: readonly number[] = Object.values(ACE);

export const anyAce: fc.Arbitrary<Ace> = fc.oneof(
  fc.record({
    kind: fc.constant('rule' as const),
    type: fc.constantFrom(...PLAIN_KINDS),
    flags: byte,
    mask: uint32,
    sid: anySid,
    object: fc.constant(undefined),
    data: bytesOfFour(24),
  }),
  fc.record({
    kind: fc.constant('rule' as const),
    type: fc.constantFrom(...OBJECT_KINDS),
    flags: byte,
    mask: uint32,
    sid: anySid,
    object: anyObject,
    data: bytesOfFour(24),
  }),
  fc.record({
    kind: fc.constant('raw' as const),
    type: byte.filter((type) => !KNOWN.includes(type)),
    flags: byte,
    body: bytesOfFour(40),
  }),
);

const anyAcl: fc.Arbitrary<Acl> = fc.record({
  revision: fc.constantFrom(2, 4),
  aces: fc.array(anyAce, { maxLength: 6 }),
});
const anyList = fc.oneof(anyAcl, fc.constant(null), fc.constant(undefined));

export const anyDescriptor: fc.Arbitrary<SecurityDescriptor> = fc.record({
  control: fc.subarray(Object.values(CONTROL)).map((bits) => bits.reduce((sum, bit) => sum | bit, 0)),
  resourceManager: byte,
  owner: fc.option(anySid, { nil: undefined }),
  group: fc.option(anySid, { nil: undefined }),
  dacl: anyList,
  sacl: anyList,
});
