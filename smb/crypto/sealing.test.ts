/** Encrypted messages: those that Windows made can be read, ours come back whole, and whatever is changed is refused. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { feedHostile } from '../hostile.fake.ts';
import { type Cipher, seal, unseal } from './sealing.ts';

const hex = (...text: string[]): Buffer => Buffer.from(text.join(''), 'hex');

const CIPHERS: { cipher: Cipher; key: Buffer; nonceBytes: number }[] = [
  { cipher: 'aes-128-gcm', key: Buffer.alloc(16, 1), nonceBytes: 12 },
  { cipher: 'aes-128-ccm', key: Buffer.alloc(16, 2), nonceBytes: 11 },
  { cipher: 'aes-256-gcm', key: Buffer.alloc(32, 3), nonceBytes: 12 },
  { cipher: 'aes-256-ccm', key: Buffer.alloc(32, 4), nonceBytes: 11 },
];

const SESSION = 0x8e40014000011n;
const PLAIN = Buffer.from('two messages, one after another '.repeat(8));

/** A message in one piece. */
function sealed(cipher: Cipher, key: Buffer, session: bigint, counter: bigint, plain: Buffer): Buffer {
  return Buffer.concat(seal(cipher, key, session, counter, [plain]));
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('unseal', () => {
  // «Encryption in SMB 3.0: A protocol perspective» and its follower for 3.1.1 (Microsoft Open Specifications).
  it.each([
    {
      remark: '3.0, AES-128-CCM, request',
      cipher: 'aes-128-ccm' as const,
      key: hex('261B72350558F2E9DCF613070383EDBF'),
      session: SESSION,
      frame: hex(
        'FD534D4281A286535415445DAE393921E44FA42E66E69A111892584FB5ED524A',
        '744DA3EE87000000000001001100001400E4080025C8FEE16605A437832D1CD5',
        '2DA9F4645333482A175FE5384563F45FCDAFAEF38BC62BA4D5C62897996625A4',
        '4C29BE5658DE2E6117585779E7B59FFD971278D08580D7FA899E410E910EABF5',
        'AA1DB43050B33B49182637759AC15D84BFCDF5B6B238993C0F4CF4D6012023F6',
        'C627297075D84B7803912D0A9639634453595EF3E33FFE4E7AC2AB',
      ),
      plain: hex(
        'FE534D4240000100000000000900400008000000000000000400000000000000',
        'FFFE0000010000001100001400E4080000000000000000000000000000000000',
        '3100700017000000000000000000000015010000390000020100000039020000',
        '00000000000000007000000000000000536D623320656E6372797074696F6E20',
        '74657374696E67',
      ),
    },
    {
      remark: '3.0, AES-128-CCM, answer',
      cipher: 'aes-128-ccm' as const,
      key: hex('8FE2B57EC34D2DB5B1A9727F526BBDB5'),
      session: SESSION,
      frame: hex(
        'FD534D42A6015530A18F6D9AFFE22AFAE8E66484860000000000000011000014',
        '00E4080050000000000001001100001400E40800DBF46435C5F14169293CE079',
        'E344479BF670227E49873F458672C3098DAC467DD5809F369D67409166515787',
        '1483E01F7BECD02064EAC3E235F913668BBC2F097980D4B378F1993EFF6E60D1',
        '77309E5B',
      ),
      plain: hex(
        'FE534D4240000100000000000900210009000000000000000400000000000000',
        'FFFE0000010000001100001400E4080000000000000000000000000000000000',
        '11000000170000000000000000000000',
      ),
    },
    {
      remark: '3.1.1, AES-128-GCM, request',
      cipher: 'aes-128-gcm' as const,
      key: hex('A2F5E80E5D59103034F32E52F698E5EC'),
      session: 0x100000000025n,
      frame: hex(
        'FD534D42BD73D97D2BC9001BCAFAC0FDFF5FEEBCC7D6822D269CAF48904C664C0000000087000000',
        '0000010025000000001000006ECDD2A7AFC7B47763057A041B8FD4DAFFE990B70C9E09D36C084E02',
        'D14EF247F8BDE38ACF6256F8B1D3B56F77FBDEB312FEA5E92CBCC1ED8FB2EBBFAA75E49A4A394BB4',
        '4576545567C24D4C014D47C9FBDFDAFD2C4F9B72F8D256452620A299F48E29E53D6B61D1C13A19E9',
        '1AF013F00D17E3ABC2FC3D36C8C1B6B93973253852DBD442E46EE8',
      ),
      plain: hex(
        'FE534D4240000100000000000900010008000000000000000500000000000000FFFE000001000000',
        '25000000001000000000000000000000000000000000000031007000170000000000000000000000',
        '0600000004000000010000000400000000000000000000007000000000000000536D623320656E63',
        '72797074696F6E2074657374696E67',
      ),
    },
    {
      remark: '3.1.1, AES-128-GCM, answer',
      cipher: 'aes-128-gcm' as const,
      key: hex('748C50868C90F302962A5C35F5F9A8BF'),
      session: 0x100000000025n,
      frame: hex(
        'FD534D42ACBE1CB7ED343ADF1725EF144D90D4B0E06831DD2E8EB7B4000000000000000050000000',
        '00000100250000000010000026BBBF949983A6C1C796559D0F2C510CB651D1F7B6AC8DED32A2A0B8',
        'F2D793A815C6F6B848D69767A215841A42D400AE6DDB5F0B44173A014973321FDD7950DA6179159B',
        '82E03C9E18A050FF0EA1C967',
      ),
      plain: hex(
        'FE534D4240000100000000000900010001000000000000000500000000000000FFFE000001000000',
        '25000000001000000000000000000000000000000000000011000000170000000000000000000000',
      ),
    },
  ])('reads what Windows sealed: $remark', ({ cipher, key, session, frame, plain }) => {
    expect(unseal(cipher, key, session, frame)).toEqual(plain);
  });

  it.each(CIPHERS)('refuses a $cipher message with any single bit changed', ({ cipher, key }) => {
    const frame = sealed(cipher, key, SESSION, 7n, PLAIN.subarray(0, 64));
    for (let bit = 0; bit < frame.length * 8; bit += 5) {
      const bent = Buffer.from(frame);
      const at = bit >>> 3;
      bent[at] = bent.readUInt8(at) ^ (1 << (bit & 7));
      expect(
        codeOf(() => unseal(cipher, key, SESSION, bent)),
        `bit ${bit}`,
      ).toMatch(/^(bad-signature|malformed)$/);
    }
  });

  it.each([
    ['cut within the header', (frame: Buffer) => frame.subarray(0, 51)],
    ['empty', () => Buffer.alloc(0)],
    ['shorter than it tells', (frame: Buffer) => frame.subarray(0, -1)],
    ['longer than it tells', (frame: Buffer) => Buffer.concat([frame, Buffer.alloc(1)])],
    ['not marked as encrypted', (frame: Buffer) => withByte(frame, 42, 0)],
    ['of another session', (frame: Buffer) => withByte(frame, 44, 0x12)],
    ['of another protocol', (frame: Buffer) => withByte(frame, 0, 0xfe)],
  ])('calls a message malformed that is %s', (_, bend) => {
    const frame = sealed('aes-128-gcm', Buffer.alloc(16), SESSION, 1n, PLAIN);
    expect(codeOf(() => unseal('aes-128-gcm', Buffer.alloc(16), SESSION, bend(frame)))).toBe('malformed');
  });

  it.each(CIPHERS)('refuses $cipher under another key', ({ cipher, key }) => {
    const frame = sealed(cipher, key, SESSION, 7n, PLAIN);
    expect(codeOf(() => unseal(cipher, Buffer.alloc(key.length, 9), SESSION, frame))).toBe('bad-signature');
  });

  it.each(CIPHERS)('answers hostile bytes under $cipher with a Failure', ({ cipher, key }) => {
    const good = [0, 1, 64, 300].map((length) => sealed(cipher, key, SESSION, 5n, PLAIN.subarray(0, length)));
    feedHostile(
      good,
      ['malformed', 'bad-signature'],
      (bytes) => unseal(cipher, key, SESSION, bytes),
      // The reserved field is authenticated too: only an unchanged message may pass.
      (_, bytes) => expect(good).toContainEqual(bytes),
    );
  });
});

describe('seal', () => {
  it.each(CIPHERS)('gives $cipher messages of every length that come back whole', ({ cipher, key }) => {
    for (const length of [0, 1, 15, 16, 17, 64, 256, 100_000]) {
      const plain = Buffer.alloc(length, 'abc');
      const frame = sealed(cipher, key, SESSION, BigInt(length), plain);
      expect(frame).toHaveLength(52 + length);
      expect(unseal(cipher, key, SESSION, frame).equals(plain)).toBe(true);
    }
  });

  it.each(CIPHERS)('makes the same of a message in pieces ($cipher)', ({ cipher, key }) => {
    const pieces = [0, 3, 70, 71, 200].map((at, index, all) => PLAIN.subarray(at, all[index + 1]));
    const frame = Buffer.concat(seal(cipher, key, SESSION, 9n, pieces));
    expect(frame).toEqual(sealed(cipher, key, SESSION, 9n, PLAIN));
  });

  it.each(CIPHERS)('puts tag, nonce, size, flag and session where MS-SMB2 2.2.41 wants them ($cipher)', (row) => {
    const frame = sealed(row.cipher, row.key, SESSION, 0x0102030405n, PLAIN);
    expect(frame.subarray(0, 4)).toEqual(hex('FD534D42'));
    expect(frame.subarray(20, 36)).toEqual(hex('05040302010000000000000000000000'));
    expect(frame.subarray(36, 52)).toEqual(hex('00010000', '0000', '0100', '1100001400E40800'));
    expect(independentlyOpened(row, frame)).toEqual(PLAIN);
  });

  it.each(CIPHERS)('never gives the same bytes under two counters ($cipher)', ({ cipher, key }) => {
    const one = sealed(cipher, key, SESSION, 1n, PLAIN);
    const two = sealed(cipher, key, SESSION, 2n, PLAIN);
    expect(one.subarray(52)).not.toEqual(two.subarray(52));
  });
});

function withByte(frame: Buffer, at: number, byte: number): Buffer {
  const bent = Buffer.from(frame);
  bent[at] = byte;
  return bent;
}

/** Opens without `unseal`: GCM with options of its own, CCM by its counter mode alone. */
function independentlyOpened({ cipher, key, nonceBytes }: (typeof CIPHERS)[number], frame: Buffer): Buffer {
  const nonce = frame.subarray(20, 20 + nonceBytes);
  const body = frame.subarray(52);
  const aad = frame.subarray(20, 52);
  if (cipher === 'aes-128-gcm' || cipher === 'aes-256-gcm') {
    const opener = createDecipheriv(cipher, key, nonce).setAuthTag(frame.subarray(4, 20)).setAAD(aad);
    return Buffer.concat([opener.update(body), opener.final()]);
  }
  // CCM is CTR with a counter of 15 - nonce bytes, which starts at 1 for the data (RFC 3610 2.3).
  const start = Buffer.concat([Buffer.from([14 - nonceBytes]), nonce, Buffer.alloc(15 - nonceBytes)]);
  start.writeUInt8(1, 15);
  const ctr = cipher === 'aes-128-ccm' ? 'aes-128-ctr' : 'aes-256-ctr';
  return createCipheriv(ctr, key, start).update(body);
}
