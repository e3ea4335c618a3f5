/** The messages: AUTHENTICATE is checked as a server would check it, and hostile challenges are refused. */
import { describe, expect, it } from 'vitest';
import { rc4 } from '../crypto/rc4.ts';
import { feedHostile } from '../hostile.fake.ts';
import { Identity } from './identity.ts';
import { SAMPLE_CHALLENGE } from './logon-sample.ts';
import { type AuthenticateInput, authenticateMessage, negotiateMessage } from './ntlm.ts';
import { firstSignature, hmacMd5, lmV2Response, responseKey } from './ntlm-keys.ts';

const CREDENTIALS = { user: 'Ann', domain: 'LAB', password: 'correct horse' };
const SESSION_KEY = Buffer.alloc(16, 0x55);
const CLIENT_CHALLENGE = Buffer.alloc(8, 0xaa);
/** MsvAvTimestamp of the sample. */
const SAMPLE_TIME = 0x01d0aecbadf5a1a1n;

function answer(challenge: Buffer, change: Partial<AuthenticateInput> = {}) {
  return authenticateMessage({
    identity: new Identity(CREDENTIALS),
    negotiate: negotiateMessage(),
    challenge,
    random: (bytes) => (bytes === 8 ? CLIENT_CHALLENGE : SESSION_KEY),
    now: 77n,
    ...change,
  });
}

/** A CHALLENGE with these AV pairs; each is hex of id, length and value. */
function challengeWith(...pairs: string[]): Buffer {
  const info = Buffer.from(pairs.join(''), 'hex');
  const head = Buffer.from(SAMPLE_CHALLENGE.subarray(0, 56));
  head.writeUInt16LE(0, 12);
  head.writeUInt16LE(0, 14);
  head.writeUInt16LE(info.length, 40);
  head.writeUInt16LE(info.length, 42);
  head.writeUInt32LE(56, 44);
  return Buffer.concat([head, info]);
}

function withField(challenge: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(challenge);
  changed.writeUInt32LE(value, at);
  return changed;
}

/** The payload that a field of AUTHENTICATE points to. */
function field(message: Buffer, at: number): Buffer {
  expect(message.readUInt16LE(at + 2)).toBe(message.readUInt16LE(at));
  const offset = message.readUInt32LE(at + 4);
  expect(offset).toBeGreaterThanOrEqual(88);
  expect(offset + message.readUInt16LE(at)).toBeLessThanOrEqual(message.length);
  return message.subarray(offset, offset + message.readUInt16LE(at));
}

/** AV pairs of the NTLMv2 response, as id → hex. */
function pairsOf(message: Buffer): Map<number, string> {
  const info = field(message, 20).subarray(44, -4);
  const pairs = new Map<number, string>();
  for (let at = 0; at < info.length; ) {
    const length = info.readUInt16LE(at + 2);
    expect(pairs.has(info.readUInt16LE(at))).toBe(false);
    pairs.set(info.readUInt16LE(at), info.toString('hex', at + 4, at + 4 + length));
    at += 4 + length;
  }
  return pairs;
}

describe('NEGOTIATE', () => {
  it('offers the flags of Windows and names neither user nor computer', () => {
    const message = negotiateMessage();
    expect(message).toHaveLength(40);
    expect(message.toString('latin1', 0, 8)).toBe('NTLMSSP\0');
    expect(message.readUInt32LE(8)).toBe(1);
    expect(message.readUInt32LE(12)).toBe(0xe2888215);
    expect(message.subarray(16, 32)).toEqual(Buffer.alloc(16));
  });
});

describe('AUTHENTICATE', () => {
  it('proves the password to a server that knows it', () => {
    const { message } = answer(SAMPLE_CHALLENGE);
    const response = field(message, 20);
    const key = responseKey(CREDENTIALS);
    const serverChallenge = SAMPLE_CHALLENGE.subarray(24, 32);
    expect(response.subarray(0, 16)).toEqual(hmacMd5(key, serverChallenge, response.subarray(16)));
    const sessionBaseKey = hmacMd5(key, response.subarray(0, 16));
    expect(rc4(sessionBaseKey, field(message, 52))).toEqual(SESSION_KEY);
  });

  it('carries a MIC over all three messages', () => {
    const { message, sessionKey } = answer(SAMPLE_CHALLENGE);
    expect(sessionKey).toEqual(SESSION_KEY);
    const bare = Buffer.from(message);
    bare.fill(0, 72, 88);
    expect(message.subarray(72, 88)).toEqual(hmacMd5(SESSION_KEY, negotiateMessage(), SAMPLE_CHALLENGE, bare));
  });

  it('names user and domain as typed, and takes the time of the server', () => {
    const { message } = answer(SAMPLE_CHALLENGE);
    expect(message.readUInt32LE(8)).toBe(3);
    expect(field(message, 28).toString('utf16le')).toBe('LAB');
    expect(field(message, 36).toString('utf16le')).toBe('Ann');
    expect(field(message, 44)).toHaveLength(0);
    expect(field(message, 20).readBigUInt64LE(24)).toBe(SAMPLE_TIME);
    expect(field(message, 20).subarray(32, 40)).toEqual(CLIENT_CHALLENGE);
    expect(field(message, 12)).toEqual(Buffer.alloc(24));
    expect(message.readUInt32LE(60)).toBe(0xe2888215);
  });

  it('repeats what the server told of itself, and adds that there is a MIC', () => {
    const name = Buffer.from('SUT311', 'utf16le').toString('hex');
    expect([...pairsOf(answer(SAMPLE_CHALLENGE).message)]).toEqual([
      [2, name],
      [1, name],
      [4, name],
      [3, name],
      [7, 'a1a1f5adcbaed001'],
      [6, '02000000'],
      [0, ''],
    ]);
  });

  it('keeps other flags of the server, and puts our target name in place of its own', () => {
    const challenge = challengeWith('0600040005000000', '090002007800', '00000000');
    const pairs = pairsOf(answer(challenge, { targetName: 'cifs/fs' }).message);
    expect(pairs.get(6)).toBe('07000000');
    expect(pairs.get(9)).toBe(Buffer.from('cifs/fs', 'utf16le').toString('hex'));
    expect(pairsOf(answer(challenge).message).has(9)).toBe(false);
  });

  it('takes our time and sends an LMv2 response when the server tells no time', () => {
    const challenge = challengeWith('00000000');
    const { message } = answer(challenge);
    expect(field(message, 20).readBigUInt64LE(24)).toBe(77n);
    expect(field(message, 12)).toEqual(
      lmV2Response(responseKey(CREDENTIALS), challenge.subarray(24, 32), CLIENT_CHALLENGE),
    );
  });

  it('ignores what stands behind the end mark of the target info', () => {
    expect([...pairsOf(answer(challengeWith('00000000', 'ffffffff')).message).keys()]).toEqual([6, 0]);
  });

  it('signs the list of mechanisms with the key of the session', () => {
    const mechTypes = Buffer.from('300c', 'hex');
    for (const direction of ['client-to-server', 'server-to-client'] as const)
      expect(answer(SAMPLE_CHALLENGE).mechListMic(direction, mechTypes)).toEqual(
        firstSignature(SESSION_KEY, direction, mechTypes),
      );
  });

  it('never holds the password or its hash', () => {
    const { message } = answer(SAMPLE_CHALLENGE);
    expect(message.includes(Buffer.from(CREDENTIALS.password, 'utf16le'))).toBe(false);
    expect(message.includes(Buffer.from(CREDENTIALS.password))).toBe(false);
    expect(message.includes(responseKey(CREDENTIALS))).toBe(false);
  });

  it.each([
    ['no key exchange', 0xe2888215 & ~0x40000000],
    ['no 128 bits', 0xe2888215 & ~0x20000000],
    ['no extended session security', 0xe2888215 & ~0x00080000],
    ['no target info', 0xe2888215 & ~0x00800000],
    ['no Unicode', 0xe2888215 & ~0x00000001],
  ])('is not made for a server that wants less security: %s', (_remark, flags) => {
    expect(() => answer(withField(SAMPLE_CHALLENGE, 20, flags >>> 0))).toThrow(
      expect.objectContaining({ code: 'not-supported' }),
    );
  });

  it.each([
    ['cut in its fixed part', SAMPLE_CHALLENGE.subarray(0, 47)],
    ['cut in its target info', SAMPLE_CHALLENGE.subarray(0, -1)],
    ['another signature', Buffer.concat([Buffer.from('NTLMSSQ\0'), SAMPLE_CHALLENGE.subarray(8)])],
    ['a NEGOTIATE', negotiateMessage()],
    ['another type of message', withField(SAMPLE_CHALLENGE, 8, 3)],
    ['target info that begins in the fixed part', withField(challengeWith('00000000'), 44, 32)],
    ['target info longer than the message', withField(challengeWith('00000000'), 40, 8)],
    ['no end mark', challengeWith('')],
    ['a pair beyond the end', challengeWith('0100ff00')],
    ['a time of four bytes', challengeWith('070004000000000000000000')],
    ['too much target info', challengeWith('00'.repeat(0x4001))],
  ])('is not made for a malformed challenge: %s', (_remark, challenge) => {
    expect(() => answer(challenge)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it.each([
    ['user', { user: 'x'.repeat(257) }],
    ['domain', { domain: 'x'.repeat(257) }],
  ])('is not made for a %s that is too long', (_which, part) => {
    expect(() => answer(SAMPLE_CHALLENGE, { identity: new Identity({ ...CREDENTIALS, ...part }) })).toThrow(
      expect.objectContaining({ code: 'logon-denied' }),
    );
  });

  it('answers hostile challenges with a Failure', () => {
    feedHostile([SAMPLE_CHALLENGE, challengeWith('00000000')], ['malformed', 'not-supported'], answer);
  });
});
