/**
 * Logs on: authenticates over two SESSION_SETUPs, makes keys from the result, and has the proof that the server has the same keys:
 * its last answer is signed with them (MS-SMB2 3.2.5.3.1). In 3.1.1 the keys depend on every byte of the negotiation, so this
 * signature also proves that nobody has weakened that.
 */
import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { sessionKeys } from '../crypto/kdf.ts';
import type { Answer } from '../link/exchange.ts';
import type { Link } from '../link/link.ts';
import { noCipher, Protection } from '../link/protection.ts';
import { nextHash, type Random, type Terms } from '../negotiate.ts';
import { SmbSession } from '../session.ts';
import type { Connection, Credentials, LogonTurn, Session } from '../types.ts';
import { badAnswer } from '../wire/bytes.ts';
import { sessionSetupRequest } from '../wire/session-setup.ts';
import { type Accepted, authenticate, checkMechListMic } from './authenticate.ts';
import { Identity } from './identity.ts';

export interface Logon {
  connection: Connection;
  link: Link;
  /** As it goes into share paths. */
  host: string;
  terms: Terms;
  credentials: Credentials;
  turn: LogonTurn;
  clock: Clock;
  random: Random;
}

const DOING = 'log on to';

/**
 * Throws `wrong-password`, `guest-only`, `account-…`, `password-expired`, `logon-denied`, `bad-signature`, `malformed`, or
 * what ended the connection.
 */
export function logon(input: Logon): Promise<Session> {
  return input.turn((proving) => logOnNow(input, proving));
}

async function logOnNow(input: Logon, proving: () => void | Promise<void>): Promise<Session> {
  const { connection, link, host, terms, turn, clock, random } = input;
  const identity = new Identity(input.credentials);
  const setup = new Setup(link, terms.preauthHash);
  try {
    const accepted = await authenticate({
      identity,
      host,
      clock,
      random,
      doing: DOING,
      subject: link.subject,
      say: (token) => setup.say(token),
      proving,
      hear: (challenged) => setup.hear(challenged),
    });
    const protection = protectionOf(terms, setup, accepted);
    trust(link, protection, accepted);
    link.protect(protection);
    const encrypt = accepted.result.encrypt || terms.encrypt;
    return new SmbSession({ connection, link, host, terms, protection, encrypt, identity, turn, clock, random });
  } catch (error) {
    identity.wipe();
    throw error;
  }
}

/** The key objects of the protection are copies: what they are made from is wiped here. */
function protectionOf({ server }: Terms, setup: Setup, { sessionKey }: Accepted): Protection {
  const { dialect, cipher } = server;
  const keys = sessionKeys({ dialect, sessionKey, preauthHash: setup.hash, cipher });
  const protection = new Protection(setup.sessionId, server, keys);
  for (const key of [sessionKey, keys.signing, keys.encrypt, keys.decrypt]) key?.fill(0);
  return protection;
}

/** The two rounds: they share a session id and a running hash. */
class Setup {
  sessionId = 0n;
  hash: Buffer;
  readonly #link: Link;

  constructor(link: Link, hash: Buffer) {
    this.#link = link;
    this.hash = hash;
  }

  async say(token: Buffer): Promise<Answer> {
    const exchange = this.#link.send({
      parts: [sessionSetupRequest(token)],
      treeId: 0,
      protection: undefined,
      sessionId: this.sessionId,
      encrypt: false,
      lane: 'urgent',
      timeoutMs: this.#link.timeoutMs,
      doing: DOING,
      subject: this.#link.subject,
      sent: (message) => {
        this.hash = nextHash(this.hash, message);
      },
    });
    const [answer] = await exchange.done;
    if (answer === undefined) throw badAnswer('SESSION_SETUP has no answer');
    if (this.sessionId !== 0n && answer.header.sessionId !== this.sessionId)
      throw badAnswer('SESSION_SETUP was answered for another session');
    this.sessionId = answer.header.sessionId;
    return answer;
  }

  /** Every answer but the last goes into the hash. */
  hear(answer: Answer): void {
    this.hash = nextHash(this.hash, answer.part);
  }
}

/**
 * Checks the last answer with the new keys. A wrong one ends the connection: whoever sent it is not the server that knows
 * the password.
 */
function trust(link: Link, protection: Protection, accepted: Accepted): void {
  try {
    protection.verify(accepted.answer.part, accepted.answer.header);
    checkMechListMic(accepted);
    if (accepted.result.encrypt && !protection.canEncrypt) throw noCipher();
  } catch (error) {
    if (error instanceof Failure) link.fail(error);
    throw error;
  }
}
