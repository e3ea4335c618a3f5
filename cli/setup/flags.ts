/** The answers of a set-up that were given on the command line, and the request in a file for a set-up without any questions. */
import fs from 'node:fs';
import type { Command } from 'commander';
import { type SetupInput, setupRequest } from '../../api/setup.ts';
import type { CommonOptions } from '../calling.ts';
import { readStdin, type SecretSource } from '../secret.ts';
import { unreadable, usage } from '../usage.ts';

/** Characters of a request; the daemon takes no more either. */
const REQUEST_LIMIT = 1_048_576;

export interface SetupOptions extends CommonOptions, SecretSource {
  from?: string;
  main?: string;
  name?: string;
  port?: string;
  user?: string;
  domain?: string;
  dialect?: string;
  encrypt?: string;
  shares?: string;
  allShares?: true;
  interface?: string;
  mirrorPath?: string;
  manual?: true;
  fast?: true;
  witnesses?: string;
  mailTo?: string;
  mailFrom?: string;
  mailServer?: string;
  mailSecurity?: string;
  mailUser?: string;
  mailPasswordFile?: string;
}

export function setupFlags(command: Command): Command {
  return command
    .option('--from <file>', 'take everything from a JSON file (or - for standard input); no questions')
    .option('--main <address>', 'IPv4 address of the main')
    .option('--name <name>', 'name of the main as users type it')
    .option('--port <number>', 'TCP port of SMB on the main; 445 unless told')
    .option('--user <name>', 'account that may read the shares (or DOMAIN\\name)')
    .option('--domain <name>', 'domain of the account')
    .option('--password-file <file>', 'read its password from a file that only you can read')
    .option('--password-stdin', 'read its password from standard input')
    .option('--dialect <name>', 'the least SMB dialect it must speak: SMB210, SMB300, SMB302 or SMB311')
    .option('--encrypt <when>', 'when-demanded or always; whoever does not encrypt is refused then')
    .option('--shares <names>', 'shares to mirror, separated by commas')
    .option('--all-shares', 'mirror every disk share that is not administrative')
    .option('--interface <name>', 'network interface that takes the address')
    .option('--mirror-path <folder>', 'folder for the mirror')
    .option('--manual', 'do not take over automatically: mail and wait')
    .option('--fast', 'take over within a second; a restart of the main is then a failure')
    .option('--witnesses <addresses>', 'other addresses that prove our own connection, separated by commas')
    .option('--mail-to <addresses>', 'who is told, separated by commas')
    .option('--mail-from <address>', 'the sender')
    .option('--mail-server <host>', 'the mail server, or host:port')
    .option('--mail-security <kind>', 'none, starttls or tls; starttls unless told')
    .option('--mail-user <name>', 'account on the mail server, when it wants one')
    .option('--mail-password-file <file>', 'read its password from a file that only you can read');
}

/** How safely the main must speak; what is left out stays as the settings say. Throws a Failure `usage`. */
export function securityOf({ dialect, encrypt }: SetupOptions): Pick<SetupInput['main'], 'dialect' | 'encrypt'> {
  const { main } = setupRequest.shape;
  const checked = main.pick({ dialect: true, encrypt: true }).safeParse({ dialect, encrypt });
  if (checked.success) return checked.data;
  throw usage(
    checked.error.issues.map(({ path, message }) => `--${path.map(String).join('.')}: ${message}`).join('\n'),
  );
}

/** The whole request from a file. Throws a Failure `usage` that names every field that is wrong. */
export async function requestFrom(file: string): Promise<SetupInput> {
  const text = file === '-' ? await readStdin(REQUEST_LIMIT) : readRequest(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own words quote the text, in which passwords stand.
    throw usage(`${file === '-' ? 'standard input' : file} is not JSON`);
  }
  const checked = setupRequest.safeParse(value);
  if (checked.success) return checked.data;
  throw usage(checked.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`).join('\n'));
}

function readRequest(file: string): string {
  try {
    if (fs.statSync(file).size > REQUEST_LIMIT) throw usage(`${file} is larger than ${REQUEST_LIMIT} bytes`);
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(error, file);
  }
}

/** Throws a Failure `usage` unless the text is a TCP port. */
export function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw usage('--port must be a number from 1 to 65535');
}

export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** `HARROW\standby` is how people write an account with its domain. */
export function accountOf(text: string, domain: string | undefined): { user: string; domain: string } {
  const [before = '', ...after] = text.split('\\');
  if (after.length === 0) return { user: text, domain: domain ?? '' };
  return { user: after.join('\\'), domain: domain ?? before };
}

/** The mail part, from flags or typed; undefined when nobody is to be told. Throws a Failure `usage`. */
export function mailOf(parts: {
  to: string;
  from: string;
  server: string;
  security: string | undefined;
  account?: { user: string; password: string } | undefined;
}): SetupInput['mail'] {
  const security = parts.security ?? 'starttls';
  if (security !== 'none' && security !== 'starttls' && security !== 'tls') {
    throw usage('--mail-security must be none, starttls or tls');
  }
  const match = /^([^:]+)(?::(\d{1,5}))?$/.exec(parts.server);
  if (match?.[1] === undefined) throw usage('the mail server must be a host name, or host:port');
  return {
    server: match[1],
    ...(match[2] === undefined ? {} : { port: portOf(match[2]) }),
    security,
    from: parts.from,
    to: listOf(parts.to),
    ...parts.account,
  };
}
