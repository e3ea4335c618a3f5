/**
 * A small office LAN in network namespaces, for the try-out, the tests and the benches:
 *
 *   lan (bridge, 10.77.0.1: gateway and mail server)
 *    ├── main     10.77.0.10   the file server
 *    ├── standby  10.77.0.11   our box
 *    └── client   10.77.0.21   a user's PC
 *
 * Only inside `tryout/isolate`, which takes it all away at the end.
 */
import { mustRun } from '../base/command.ts';

export const LAN = {
  gateway: '10.77.0.1',
  main: '10.77.0.10',
  standby: '10.77.0.11',
  client: '10.77.0.21',
  /** The interface in every namespace. */
  interface: 'eth0',
} as const;

export type Host = 'main' | 'standby' | 'client';

const HOSTS: Host[] = ['main', 'standby', 'client'];

export async function ip(...args: string[]): Promise<string> {
  return mustRun('ip', args, { timeLimitMs: 10_000 });
}

/** The arguments that run a program on a host. */
export function on(host: Host, ...command: string[]): [string, ...string[]] {
  return ['ip', 'netns', 'exec', host, ...command];
}

/** Builds the bridge and the hosts; returns when every link carries. */
export async function buildLan(): Promise<void> {
  await ip('link', 'add', 'lan', 'type', 'bridge', 'forward_delay', '0');
  await ip('address', 'add', `${LAN.gateway}/24`, 'dev', 'lan');
  await ip('link', 'set', 'lan', 'up');
  for (const host of HOSTS) {
    await ip('netns', 'add', host);
    await ip('link', 'add', `port-${host}`, 'type', 'veth', 'peer', 'name', LAN.interface, 'netns', host);
    await ip('link', 'set', `port-${host}`, 'master', 'lan', 'up');
    await ip('-n', host, 'link', 'set', 'lo', 'up');
    await ip('-n', host, 'address', 'add', `${LAN[host]}/24`, 'dev', LAN.interface);
    await ip('-n', host, 'link', 'set', LAN.interface, 'up');
    await ip('-n', host, 'route', 'add', 'default', 'via', LAN.gateway);
  }
}

/** Takes the LAN away again; what ran in its namespaces must have ended. */
export async function removeLan(): Promise<void> {
  for (const host of HOSTS) {
    // By itself the cable goes when the kernel gets round to the namespace, which may be after the next LAN is built.
    await ip('link', 'delete', `port-${host}`);
    await ip('netns', 'delete', host);
  }
  await ip('link', 'delete', 'lan');
}

/** Pulls or plugs a host's network cable, at the switch's end: the host sees its carrier go. */
export async function cable(host: Host, state: 'plugged' | 'pulled'): Promise<void> {
  await ip('link', 'set', `port-${host}`, state === 'plugged' ? 'up' : 'down');
}

/** A host that has just booted tells the LAN its address (RFC 5227 2.3), as Windows and Linux servers do. */
export async function announce(host: Host): Promise<void> {
  const [program, ...args] = on(host, 'arping', '-q', '-U', '-c', '2', '-w', '3', '-I', LAN.interface, LAN[host]);
  await mustRun(program, args, { timeLimitMs: 6_000 });
}
