/** `standby smb shares`: the shares that a server shows to an account. */
import type { Command } from 'commander';
import { printable } from '../../base/human.ts';
import { shareLines } from '../words/shares.ts';
import { asksServer, atServer, type SmbOptions } from './calling.ts';

export function addShares(smb: Command): void {
  asksServer(smb.command('shares [address]').description('list the shares that a server shows to an account')).action(
    (text: string | undefined, options: SmbOptions) =>
      atServer(text, options, async ({ screen, session, address }) => {
        const shares = await session.shares();
        screen.result({ address, shares });
        for (const line of shareLines(shares, `${printable(address)} shows no shares to this account.`))
          screen.line(line);
      }),
  );
}
