/** Tests of IPv4 parsing and of network membership. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIpv4, isHostAddress, isInNetwork, parseIpv4 } from './ipv4.ts';

describe('IPv4', () => {
  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (address) => parseIpv4(formatIpv4(address)) === address),
      { seed: 1 },
    );
  });

  it.each([
    ['', 'nothing'],
    ['10.0.0', 'three octets'],
    ['10.0.0.256', 'an octet too big'],
    ['010.0.0.1', 'octal to some, decimal to others'],
    ['0x0a.0.0.1', 'hexadecimal'],
    ['10.0.0.1 ', 'a trailing space'],
    ['10.0.0.1; drop', 'something for a rule set'],
    ['fe80::1', 'IPv6'],
  ])('refuses %j: %s', (text) => {
    expect(parseIpv4(text)).toBeUndefined();
  });

  it.each([
    ['192.168.1.5', '192.168.1.1', 24, true, 'same /24'],
    ['192.168.2.5', '192.168.1.1', 24, false, 'the next /24'],
    ['192.168.2.5', '192.168.1.1', 22, true, 'same /22'],
    ['10.0.0.2', '10.0.0.1', 32, false, 'a /32 has no neighbours'],
    ['203.0.113.1', '10.0.0.1', 0, true, 'everything is in /0'],
  ])('%s in the network of %s/%d is %s: %s', (address, own, prefixLength, expected) => {
    expect(isInNetwork(parseIpv4(address) ?? 0, { address: parseIpv4(own) ?? 0, prefixLength })).toBe(expected);
  });

  it.each([
    ['0.0.0.0', false],
    ['127.0.0.1', false],
    ['224.0.0.251', false],
    ['255.255.255.255', false],
    ['10.0.0.5', true],
    ['198.51.100.7', true],
  ])('%s can belong to a host: %s', (address, expected) => {
    expect(isHostAddress(parseIpv4(address) ?? 0)).toBe(expected);
  });
});
