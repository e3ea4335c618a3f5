/** What every command that talks to a file server shares: its options, the way to the share and back, and what failures are called. */
import type { Command } from 'commander';
import type { Connection, ConnectOptions, Session, Share } from '../../smb/index.ts';
import { openScreen, type Screen } from '../screen.ts';
import { usage } from '../usage.ts';
import { type AccountOptions, accountFlags, credentialsFor, type Server, serverOf } from './account.ts';
import { addressText, readAddress } from './address.ts';
import { told } from './failure.ts';
import { turnFor } from './turn.ts';

/** A person waits: a server that takes longer is as good as gone. */
const CONNECT_LIMIT_MS = 5_000;
const REQUEST_LIMIT_MS = 20_000;
const LIMITS = { connectTimeoutMs: CONNECT_LIMIT_MS, requestTimeoutMs: REQUEST_LIMIT_MS };

export interface SmbOptions extends AccountOptions {
  json?: true;
}

export interface AtServer {
  screen: Screen;
  server: Server;
  /** The address as people write it. */
  address: string;
}

export interface AtShare extends AtServer {
  share: Share;
  /** Below the share; '' is its root. */
  path: string;
}

/** Adds the account's options and --json. @param lines what --json prints: an object, or one for each of something */
export function asksServer(command: Command, lines?: string): Command {
  const words =
    lines === undefined ? 'print one JSON object, as the last line' : `print one JSON object for each ${lines}`;
  return accountFlags(command).option('--json', words);
}

/** Does something at a share and leaves it properly. Failures come out with the codes of the command line. */
export async function atShare(text: string, options: SmbOptions, work: (at: AtShare) => Promise<void>): Promise<void> {
  const address = readAddress(text);
  if (address.share === '')
    throw usage('the address names no share', 'see what there is with: standby smb shares //HOST');
  const at = placeOf(text, options);
  const { share: name, path } = at.server;
  const credentials = await credentialsFor(address, options, at.screen);
  await telling(async () => {
    const { openShare } = await client();
    const turn = await turnFor(at.server, credentials, options);
    const share = await openShare({ ...connectOptionsOf(at.server), share: name, credentials, turn });
    try {
      await work({ ...at, share, path });
    } finally {
      await share.close();
    }
  });
}

/** The same for what concerns the server alone. */
export async function atServer(
  text: string | undefined,
  options: SmbOptions,
  work: (at: AtServer & { session: Session }) => Promise<void>,
): Promise<void> {
  const at = placeOf(text, options);
  const credentials = await credentialsFor(readAddress(text), options, at.screen);
  await telling(async () => {
    const connection = await connectTo(at.server);
    try {
      const session = await connection.logon(credentials, await turnFor(at.server, credentials, options));
      await work({ ...at, session });
      // It is told already; whatever is still open ends with the connection.
      await session.logoff().catch(() => undefined);
    } finally {
      connection.close();
    }
  });
}

export function placeOf(text: string | undefined, options: SmbOptions): AtServer {
  const address = readAddress(text);
  const server = serverOf(address, options);
  return { screen: openScreen(options.json === true), server, address: addressText({ ...address, host: server.host }) };
}

export async function connectTo(server: Server): Promise<Connection> {
  const { connect } = await client();
  return connect(connectOptionsOf(server));
}

function connectOptionsOf({ host, port, require }: Server): ConnectOptions {
  return { host, ...(port === undefined ? {} : { port }), require, ...LIMITS };
}

/** The SMB client, loaded when it is needed: it takes longer than all the rest, and `standby status` does without. */
export function client(): Promise<typeof import('../../smb/index.ts')> {
  return import('../../smb/index.ts');
}

/** Runs it and gives its failures the codes of the command line. */
export async function telling(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw told(error);
  }
}
