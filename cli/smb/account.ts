/** Which server, which account, and where its password comes from: said on the command line, or in the settings for the main. */
import type { Command } from 'commander';
import { printable } from '../../base/human.ts';
import { readSettings } from '../../settings/read.ts';
import { DEFAULT_SETTINGS_FILE } from '../../settings/schema.ts';
import { readSecrets } from '../../settings/secrets.ts';
import type { Credentials, Requirements } from '../../smb/index.ts';
import type { Screen } from '../screen.ts';
import { obtainPassword, readSecretFile } from '../secret.ts';
import { accountOf, portOf } from '../setup/flags.ts';
import { usage } from '../usage.ts';
import type { Address } from './address.ts';
import { readCredentials } from './credentials.ts';

export interface AccountOptions {
  user?: string;
  domain?: string;
  credentials?: string;
  passwordStdin?: true;
  port?: string;
  settings: string;
}

export interface Server {
  host: string;
  port: number | undefined;
  share: string;
  path: string;
  /** What the settings demand of the main; nothing of any other server. */
  require: Requirements | undefined;
}

export function accountFlags(command: Command): Command {
  return command
    .option('--user <name>', 'the account to log on with (or DOMAIN\\name)')
    .option('--domain <name>', 'the domain of the account')
    .option('--credentials <file>', 'read user, domain and password from a file that only you can read (smbclient -A)')
    .option('--password-stdin', 'read the password from standard input')
    .option('--port <number>', 'the TCP port of SMB; 445 unless told')
    .option(
      '--settings <file>',
      'the settings that name the main, for an address without a server',
      DEFAULT_SETTINGS_FILE,
    );
}

/** Where the address leads. Throws a Failure of the settings when it means the main and there is none. */
export function serverOf(address: Address, options: AccountOptions): Server {
  const { share, path } = address;
  const port = options.port === undefined ? address.port : portOf(options.port);
  if (address.host !== undefined) return { host: address.host, port, share, path, require: undefined };
  const { main } = readSettings(options.settings);
  return { host: main.address, port: port ?? main.port, share, path, require: main.require };
}

/** The account to log on with; asks for the password when nothing names it. Throws a Failure `usage`, or one of the files. */
export async function credentialsFor(address: Address, options: AccountOptions, screen: Screen): Promise<Credentials> {
  if (options.credentials !== undefined) return fromFile(options.credentials, options);
  if (options.user !== undefined) return typed(accountOf(options.user, options.domain), options, screen);
  if (address.host === undefined) return ofMain(options);
  throw usage('no account is named', 'add --user NAME or --credentials FILE');
}

function fromFile(file: string, options: AccountOptions): Credentials {
  if (options.user !== undefined || options.passwordStdin === true) {
    throw usage('--credentials already names user and password', 'leave out --user and --password-stdin');
  }
  const credentials = readCredentials(readSecretFile(file), file);
  return { ...credentials, domain: options.domain ?? credentials.domain };
}

async function typed(
  account: { user: string; domain: string },
  options: AccountOptions,
  screen: Screen,
): Promise<Credentials> {
  if (options.passwordStdin !== true && !screen.canAsk) {
    throw usage('there is no terminal to ask for the password on', 'use --credentials FILE or --password-stdin');
  }
  if (account.user === '') throw usage('--user names nobody', 'nobody is logged on without an account');
  const question = `Password of ${printable(account.user)}: `;
  return { ...account, password: await obtainPassword(options, question, screen) };
}

/** Only root, or whoever owns the file, can read that password. */
function ofMain(options: AccountOptions): Credentials {
  if (options.passwordStdin === true || options.domain !== undefined) {
    throw usage('--password-stdin and --domain belong to --user', 'add --user NAME');
  }
  const { main, secrets } = readSettings(options.settings);
  return { user: main.user, domain: main.domain, password: readSecrets(secrets).mainPassword };
}
