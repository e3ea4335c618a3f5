/** Tests of the ARP codec: against bytes written by hand from RFC 826, and against noise. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { announcement, gratuitousReply, isStationMac, readArpFrame, whoHas, writeArpFrame } from './arp-frame.ts';

const MAC = '02:00:00:00:00:01';

describe('ARP frames', () => {
  it.each([
    [
      'announcement (RFC 5227 2.3)',
      announcement(MAC, '192.0.2.5'),
      'ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 c0000205 000000000000 c0000205',
    ],
    [
      'gratuitous reply whose target is the sender',
      gratuitousReply(MAC, '192.0.2.5'),
      'ffffffffffff 020000000001 0806 0001 0800 06 04 0002 020000000001 c0000205 020000000001 c0000205',
    ],
    [
      'unicast request (RFC 826)',
      whoHas(MAC, '192.0.2.5', '192.0.2.9', '02:00:00:00:00:09'),
      '020000000009 020000000001 0806 0001 0800 06 04 0001 020000000001 c0000205 000000000000 c0000209',
    ],
  ])('writes the %s', (_name, frame, hex) => {
    expect(writeArpFrame(frame).toString('hex')).toBe(hex.replaceAll(' ', ''));
    expect(readArpFrame(writeArpFrame(frame))).toEqual(frame);
  });

  const good = writeArpFrame(announcement(MAC, '192.0.2.5'));
  const spoiled = (at: number, value: number): Buffer => {
    const bytes = Buffer.from(good);
    bytes[at] = value;
    return bytes;
  };
  it.each([
    ['a byte short', good.subarray(0, 41)],
    ['nothing', Buffer.alloc(0)],
    ['another Ethernet type', spoiled(13, 0)],
    ['other hardware', spoiled(15, 6)],
    ['another protocol', spoiled(16, 0x86)],
    ['a longer hardware address', spoiled(18, 8)],
    ['a longer protocol address', spoiled(19, 16)],
    ['an operation that is neither request nor reply (RARP)', spoiled(21, 3)],
  ])('refuses %s', (_name, bytes) => {
    expect(readArpFrame(bytes)).toBeUndefined();
  });

  it('ignores the padding of short Ethernet frames', () => {
    expect(readArpFrame(Buffer.concat([good, Buffer.alloc(18)]))).toEqual(announcement(MAC, '192.0.2.5'));
  });

  it('never throws on noise, and writes back what it could read', () => {
    const noise = fc
      .uint8Array({ minLength: 0, maxLength: 80 })
      .map((tail) => Buffer.concat([good.subarray(0, 20), Buffer.from(tail)]));
    fc.assert(
      fc.property(noise, (bytes) => {
        const frame = readArpFrame(bytes);
        return frame === undefined || writeArpFrame(frame).equals(bytes.subarray(0, 42));
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  it.each([
    ['02:00:00:00:00:01', true],
    ['00:00:00:00:00:00', false],
    ['ff:ff:ff:ff:ff:ff', false],
    ['01:00:5e:00:00:fb', false],
    ['02:00:00:00:00', false],
  ])('the hardware address %s can belong to a station: %s', (mac, expected) => {
    expect(isStationMac(mac)).toBe(expected);
  });
});
