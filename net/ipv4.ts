/**
 * IPv4 addresses as numbers: parsing that accepts only the canonical dotted form (RFC 6943 3.1.1 tells why the others are
 * dangerous), and the questions about networks that taking over an address needs.
 */

/** The address as an unsigned 32-bit number, or undefined for anything but four decimal octets without leading zeros. */
export function parseIpv4(text: string): number | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255)) {
    return undefined;
  }
  return octets.reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

/** Dotted form of an unsigned 32-bit number. */
export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** An address of an interface with the length of its network's prefix (0–32). */
export interface Network {
  address: number;
  prefixLength: number;
}

/** Whether an address lies in the network of an interface's address. */
export function isInNetwork(address: number, network: Network): boolean {
  if (network.prefixLength === 0) return true;
  const shift = 32 - network.prefixLength;
  return address >>> shift === network.address >>> shift;
}

/** Whether a host can own it: not 0/8, loopback, multicast, reserved or broadcast (RFC 6890 2.2.2). */
export function isHostAddress(address: number): boolean {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && first < 224;
}
