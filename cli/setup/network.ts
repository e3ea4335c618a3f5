/** Which of this box's interfaces is on the main's network: the one that will carry its address. */
import os from 'node:os';

/** Interfaces whose own IPv4 network holds the address, without the loopback. */
export function interfacesNear(address: string, interfaces = os.networkInterfaces()): string[] {
  return Object.entries(interfaces)
    .filter(([, addresses]) =>
      addresses?.some(
        (own) => own.family === 'IPv4' && !own.internal && sameNetwork(address, own.address, own.netmask),
      ),
    )
    .map(([name]) => name);
}

function sameNetwork(one: string, other: string, mask: string): boolean {
  const [a, b, m] = [bits(one), bits(other), bits(mask)];
  return a !== undefined && b !== undefined && m !== undefined && (a & m) === (b & m);
}

function bits(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
  return parts.reduce((all, part) => (all << 8) | part, 0);
}
