/** Settings that are right each by itself and cannot work together, or not on this box: found when they are given, not during a takeover. */
import net from 'node:net';
import type os from 'node:os';
import { Failure } from '../base/failure.ts';

/**
 * The mirror and the standby's own folders must lie apart: a share named like one of our folders would be mirrored over our state, and served to
 * users. Throws `settings-invalid`.
 */
export function checkFolders(settings: { mirror: { path: string }; state: string; run: string }): void {
  const { path } = settings.mirror;
  for (const [name, folder] of [
    ['state', settings.state],
    ['run', settings.run],
  ] as const) {
    if (path !== folder && !path.startsWith(`${folder}/`) && !folder.startsWith(`${path}/`)) continue;
    throw new Failure({
      code: 'settings-invalid',
      doing: 'use the settings',
      subject: `mirror.path ${path}`,
      what: `it must lie apart from the ${name} folder ${folder}: neither may hold the other`,
      hint: 'give the mirror a folder of its own',
    });
  }
}

/**
 * The interface must have an address of its own in the main's network, which is not the main's: otherwise the standby can ask nobody by ARP (and so
 * never tell who is cut off), and the address that it takes would be reached by nobody. Throws `settings-invalid`.
 */
export function checkPlace(
  name: string,
  main: string,
  interfaces: NodeJS.Dict<Pick<os.NetworkInterfaceInfo, 'address' | 'family' | 'internal' | 'cidr'>[]>,
): void {
  const refuse = (what: string, hint: string): never => {
    throw new Failure({ code: 'settings-invalid', doing: 'set up', subject: `the interface ${name}`, what, hint });
  };
  const own = (each: string) => (interfaces[each] ?? []).filter(({ family }) => family === 'IPv4');
  const others = Object.keys(interfaces).filter((each) => own(each).some(({ internal }) => !internal));
  const has =
    others.length === 0 ? 'no interface of this box has an IPv4 address' : `this box has: ${others.join(', ')}`;
  if (own(name).length === 0)
    refuse(name in interfaces ? 'it has no IPv4 address' : 'there is no interface of that name with an address', has);
  if (others.some((each) => own(each).some(({ address }) => address === main)))
    refuse(`${main} is an address of this very box`, 'give the address of the file server that is to be protected');
  if (!own(name).some(({ cidr }) => cidr !== null && isInside(main, cidr)))
    refuse(
      `${main} is not in its network (${own(name)
        .map(({ cidr }) => cidr)
        .join(', ')})`,
      'the standby must be in the same network as the main: it takes over its address there',
    );
}

function isInside(address: string, cidr: string): boolean {
  const [network, bits] = cidr.split('/');
  if (network === undefined) return false;
  const list = new net.BlockList();
  list.addSubnet(network, Number(bits), 'ipv4');
  return list.check(address, 'ipv4');
}
