/** The nearest layer: has our own interface a carrier? Also who the default gateway is. Both are read from the kernel's files. */
import fs from 'node:fs';
import { errnoOf, failureOf } from '../../base/failure.ts';
import { readIfThere } from '../../base/file.ts';
import { formatIpv4 } from '../ipv4.ts';
import type { Finding } from './classify.ts';

/** The state of the link, from /sys/class/net/NAME/carrier (sysfs-class-net). */
export function lookAtLink(interfaceName: string): Finding {
  try {
    const carrier = fs.readFileSync(`/sys/class/net/${interfaceName}/carrier`, 'ascii').trim();
    return carrier === '1' ? { outcome: 'answered', detail: '' } : { outcome: 'silent', detail: 'link down' };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return { outcome: 'silent', detail: `there is no interface ${interfaceName}` };
    // The kernel knows of no carrier while the interface is administratively down.
    if (errno === 'EINVAL') return { outcome: 'silent', detail: `the interface ${interfaceName} is down` };
    throw failureOf(error, 'read the carrier of', interfaceName);
  }
}

/** The default gateway through this interface, or undefined. */
export function defaultGateway(interfaceName: string): string | undefined {
  return gatewayIn(readIfThere('/proc/self/net/route') ?? '', interfaceName);
}

/** Reads the kernel's table (proc(5), /proc/net/route): name, destination and gateway in hexadecimal of the host's byte order. */
export function gatewayIn(table: string, interfaceName: string): string | undefined {
  for (const line of table.split('\n')) {
    const [name, destination, gateway, , , , , mask] = line.split('\t');
    if (name !== interfaceName || destination !== '00000000' || mask !== '00000000' || gateway === undefined) continue;
    const bytes = Buffer.from(gateway, 'hex');
    if (bytes.length === 4 && bytes.readUInt32LE(0) !== 0) return formatIpv4(bytes.readUInt32LE(0));
  }
  return undefined;
}
