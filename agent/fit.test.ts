/** Tests of what cannot work together, and of what it is told. */
import { describe, expect, it } from 'vitest';
import { checkFolders, checkPlace } from './fit.ts';

describe('the folders', () => {
  it.each([
    ['/srv/standby', '/var/lib/standby', true, 'the usual ones'],
    ['/var/lib/standby', '/var/lib/standby', false, 'a share «samba» would be our own folder'],
    ['/var/lib/standby/mirror', '/var/lib/standby', false, 'the mirror in the state'],
    ['/var/lib', '/var/lib/standby', false, 'the state in the mirror: a share «standby» would be it'],
    ['/var/lib/standby2', '/var/lib/standby', true, 'a like beginning is no parent'],
  ])('mirror %s with state %s: %s (%s)', (mirror, state, fits) => {
    const check = () => checkFolders({ mirror: { path: mirror }, state, run: '/run/standby' });
    if (fits) expect(check).not.toThrow();
    else expect(check).toThrow(/must lie apart/);
  });
});

describe('the place in the network', () => {
  const interfaces = {
    lo: [{ address: '127.0.0.1', family: 'IPv4', internal: true, cidr: '127.0.0.1/8' }],
    eth0: [
      { address: 'fe80::1', family: 'IPv6', internal: false, cidr: 'fe80::1/64' },
      { address: '192.168.1.11', family: 'IPv4', internal: false, cidr: '192.168.1.11/24' },
    ],
    eth1: [{ address: '10.0.0.1', family: 'IPv4', internal: false, cidr: '10.0.0.1/8' }],
    eth2: [{ address: 'fe80::2', family: 'IPv6', internal: false, cidr: 'fe80::2/64' }],
  } as const;
  const here = Object.fromEntries(Object.entries(interfaces).map(([name, list]) => [name, [...list]]));

  it.each([
    ['eth0', '192.168.1.10', undefined, 'the same network'],
    ['eth9', '192.168.1.10', /no interface of that name/, 'not there'],
    ['eth2', '192.168.1.10', /no IPv4 address/, 'nothing to ask with'],
    ['eth0', '192.168.1.11', /of this very box/, 'the own address'],
    ['eth0', '10.0.0.1', /of this very box/, 'the own address elsewhere'],
    ['eth1', '192.168.1.10', /not in its network \(10\.0\.0\.1\/8\)/, 'the wrong interface'],
  ] as [string, string, RegExp | undefined, string][])('%s for %s: %s (%s)', (name, main, words) => {
    const check = () => checkPlace(name, main, here);
    if (words === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(words);
  });

  it('names the interfaces that there are', () => {
    expect(() => checkPlace('eth9', '192.168.1.10', here)).toThrow(
      expect.objectContaining({ hint: 'this box has: eth0, eth1' }),
    );
  });
});
