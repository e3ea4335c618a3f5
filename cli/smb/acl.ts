/** `standby smb acl`: who may do what with a file or folder, in words and as SDDL (MS-DTYP 2.5.1). */
import type { Command } from 'commander';
import { printable } from '../../base/human.ts';
import { asksServer, atShare, client, type SmbOptions } from './calling.ts';

export function addAcl(smb: Command): void {
  asksServer(
    smb.command('acl <address>').description('show owner, group and access rules of one file or folder'),
  ).action((text: string, options: SmbOptions) =>
    atShare(text, options, async ({ screen, share: { tree }, path, address }) => {
      const { describeDescriptor, parseDescriptor, toSddl } = await client();
      const bytes = await tree.readSecurity(path);
      const descriptor = parseDescriptor(bytes);
      const words = describeDescriptor(descriptor);
      const sddl = toSddl(descriptor);
      screen.result({ address, words, sddl, descriptor: bytes.toString('hex') });
      for (const line of words) screen.line(printable(line));
      screen.line(printable(sddl));
    }),
  );
}
