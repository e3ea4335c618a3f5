/** Tests of the reading of the kernel's route table. */
import { describe, expect, it } from 'vitest';
import { gatewayIn } from './link.ts';

const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';

describe('the default gateway', () => {
  it.each<[string, string | undefined, string]>([
    ['eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0', '192.0.2.1', 'a default route'],
    ['eth1\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0', undefined, 'of another interface'],
    ['eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0', undefined, 'only the own network'],
    ['eth0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0', undefined, 'a default route without a gateway'],
    ['', undefined, 'an empty table'],
  ])('in %j is %s: %s', (line, expected) => {
    expect(gatewayIn(`${HEAD}${line}\n`, 'eth0')).toBe(expected);
  });
});
