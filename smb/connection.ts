/** Connects to a server and agrees with it on how to speak; the Connection that the rest of the product sees. */
import net from 'node:net';
import type { Clock } from '../base/clock.ts';
import { Failure, isFailure } from '../base/failure.ts';
import { Link } from './link/link.ts';
import { logon } from './logon/logon.ts';
import { negotiate, type Random, type Terms } from './negotiate.ts';
import { askInSmb1, smb1Only } from './smb1.ts';
import type { Connection, ConnectOptions, Credentials, LogonTurn, ServerInfo, Session } from './types.ts';
import { echoRequest } from './wire/simple.ts';

const SMB_PORT = 445;
/** TCP asks a silent peer from this idle time on. */
const KEEP_ALIVE_MS = 30_000;

/** Time and chance, passed in. */
export interface Surroundings {
  clock: Clock;
  random: Random;
}

/**
 * Opens TCP and negotiates; where that fails in the way that SMB 1 servers fail, asks once more in SMB 1 to be sure. Takes at
 * most three times `connectTimeoutMs`.
 * Throws `unreachable`, `refused`, `timeout`, `smb1-only`, `no-signing`, `too-weak`, `not-supported`, `malformed`, `disconnected`.
 */
export async function openConnection(options: ConnectOptions, surroundings: Surroundings): Promise<Connection> {
  const { host, connectTimeoutMs } = options;
  const port = options.port ?? SMB_PORT;
  const subject = net.isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  const link = new Link(
    subject,
    options.requestTimeoutMs,
    surroundings.clock,
    Math.min(connectTimeoutMs, options.requestTimeoutMs),
    options.bulk,
  );
  try {
    await openTcp(link, host, port, connectTimeoutMs);
    const terms = await negotiate(link, {
      random: surroundings.random,
      timeoutMs: connectTimeoutMs,
      require: options.require ?? {},
      offer: options.offer ?? {},
    });
    return new SmbConnection(link, host, terms, surroundings);
  } catch (error) {
    const why =
      isFailure(error, 'disconnected', 'refused', 'not-supported') &&
      (await speaksOnlySmb1(link, host, port, connectTimeoutMs))
        ? smb1Only(subject)
        : error;
    link.fail(isFailure(why) ? why : closedHere(subject));
    throw why;
  }
}

/** Only a server that took the connection is worth the question. */
async function speaksOnlySmb1(link: Link, host: string, port: number, timeoutMs: number): Promise<boolean> {
  return link.attached && (await askInSmb1(host, port, timeoutMs)) === 'smb1';
}

function openTcp(link: Link, host: string, port: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      onread: link.onread,
    });
    const failed = (error: Error | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(cannotConnect(link.subject, error));
    };
    const timer = setTimeout(() => failed(undefined), timeoutMs);
    socket.once('error', failed);
    socket.once('connect', () => {
      clearTimeout(timer);
      link.attach(socket);
      socket.off('error', failed);
      resolve();
    });
  });
}

/** @param error undefined when nothing came in time */
function cannotConnect(subject: string, error: Error | undefined): Failure {
  const errno = error !== undefined && 'code' in error ? error.code : undefined;
  if (errno === 'ECONNREFUSED' || errno === 'ECONNRESET')
    return new Failure({
      code: 'refused',
      doing: 'connect to',
      subject,
      what: 'the computer is there and refuses the connection',
      hint: 'see whether its file service runs and whether a firewall rejects this port',
      retry: true,
      cause: error,
    });
  const nameless = errno === 'ENOTFOUND' || errno === 'EAI_AGAIN';
  return new Failure({
    code: 'unreachable',
    doing: 'connect to',
    subject,
    what:
      error === undefined
        ? 'no answer in time'
        : nameless
          ? 'the name leads to no address'
          : `no way to it (${String(errno ?? error.message)})`,
    hint: nameless
      ? 'check the name, or give the address instead'
      : 'see whether the computer runs, and check address, cable and firewall',
    retry: true,
    ...(error === undefined ? {} : { cause: error }),
  });
}

function closedHere(subject: string): Failure {
  return new Failure({ code: 'disconnected', doing: 'talk to', subject, what: 'the connection was closed here' });
}

class SmbConnection implements Connection {
  readonly server: ServerInfo;
  readonly closed: Promise<Error>;
  readonly #link: Link;
  readonly #host: string;
  readonly #terms: Terms;
  readonly #surroundings: Surroundings;

  constructor(link: Link, host: string, terms: Terms, surroundings: Surroundings) {
    this.server = terms.server;
    this.closed = link.closed;
    this.#link = link;
    this.#host = host;
    this.#terms = terms;
    this.#surroundings = surroundings;
  }

  async echo(timeoutMs: number): Promise<number> {
    const link = this.#link;
    const startMs = this.#surroundings.clock.monoMs();
    // No deadline of the link: a missed ECHO is for the caller to judge.
    const exchange = link.send({
      parts: [echoRequest()],
      treeId: 0,
      protection: undefined,
      encrypt: false,
      lane: 'urgent',
      timeoutMs: undefined,
      doing: 'echo',
      subject: link.subject,
    });
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        exchange.abandoned = true;
        reject(missedEcho(link.subject, timeoutMs));
      }, timeoutMs);
    });
    try {
      await Promise.race([exchange.done, silence]);
      return this.#surroundings.clock.monoMs() - startMs;
    } finally {
      clearTimeout(timer);
    }
  }

  logon(credentials: Credentials, turn: LogonTurn = (logOn) => logOn(() => {})): Promise<Session> {
    return logon({
      connection: this,
      link: this.#link,
      host: this.#host,
      terms: this.#terms,
      credentials,
      turn,
      ...this.#surroundings,
    });
  }

  close(): void {
    this.#link.fail(closedHere(this.#link.subject));
  }
}

function missedEcho(subject: string, timeoutMs: number): Failure {
  return new Failure({
    code: 'timeout',
    doing: 'echo',
    subject,
    what: `no answer within ${timeoutMs} ms`,
    hint: 'the server hangs or is overloaded, or the network loses packets',
    retry: true,
  });
}
