/** Tests of the rtnetlink codec: requests against bytes from the kernel's headers, answers against noise. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIpv4 } from './ipv4.ts';
import { addAddress, deleteAddress, listAddresses, readAnswers } from './netlink-frame.ts';

const FIVE = parseIpv4('192.0.2.5') ?? 0;

describe('rtnetlink', () => {
  it.each([
    [
      'add or renew',
      addAddress(1, 7, FIVE, 6),
      '44000000 1400 0505 01000000 00000000  02 20 00 00 07000000  0800 0200 c0000205  0800 0100 c0000205' +
        '1400 0600 06000000 06000000 00000000 00000000  0800 0900 79627453',
    ],
    [
      'delete',
      deleteAddress(2, 7, FIVE),
      '28000000 1500 0500 02000000 00000000  02 20 00 00 07000000  0800 0200 c0000205  0800 0100 c0000205',
    ],
    ['list', listAddresses(3), '18000000 1600 0103 03000000 00000000  02 00 00 00 00000000'],
  ])('writes the request to %s', (_name, bytes, hex) => {
    expect(bytes.toString('hex')).toBe(hex.replaceAll(' ', ''));
  });

  it('reads addresses, and knows ours by their mark', () => {
    const ours = addAddress(1, 7, FIVE, 6);
    const plain = deleteAddress(1, 3, FIVE);
    plain.writeUInt16LE(20, 4);
    plain[17] = 24;
    expect(readAnswers(Buffer.concat([ours, plain]))).toEqual([
      { kind: 'address', seq: 1, address: { interfaceIndex: 7, address: FIVE, prefixLength: 32, ours: true } },
      { kind: 'address', seq: 1, address: { interfaceIndex: 3, address: FIVE, prefixLength: 24, ours: false } },
    ]);
  });

  it('reads the errno of a refusal, and 0 for done', () => {
    const refusal = Buffer.from('14000000 0200 0000 09000000 00000000 ffffffff'.replaceAll(' ', ''), 'hex');
    const done = Buffer.from('14000000 0200 0000 0a000000 00000000 00000000'.replaceAll(' ', ''), 'hex');
    expect(readAnswers(Buffer.concat([refusal, done]))).toEqual([
      { kind: 'acknowledged', seq: 9, errno: 1 },
      { kind: 'acknowledged', seq: 10, errno: -0 },
    ]);
  });

  it('never throws nor hangs on noise', () => {
    const good = addAddress(1, 7, FIVE, 6);
    const noise = fc.tuple(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length)).map(([at, value, cut]) => {
      const bytes = Buffer.from(good);
      bytes[at] = value;
      return bytes.subarray(0, cut);
    });
    fc.assert(
      fc.property(noise, (bytes) => readAnswers(bytes).length <= 5),
      { seed: 3, numRuns: 3_000 },
    );
  });
});
