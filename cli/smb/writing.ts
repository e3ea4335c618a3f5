/** The rule for commands that write: never on the main with the password of the settings. */
import { usage } from '../usage.ts';
import { readAddress } from './address.ts';

/** Throws a Failure `usage` for an address without a server: only Restore Files writes to the main with the account of the settings. */
export function notOnTheMain(text: string): void {
  if (readAddress(text).host !== undefined) return;
  throw usage(
    'nothing is written to the main with the account of the settings',
    'write the server into the address, //HOST/SHARE/path, and name an account',
  );
}
