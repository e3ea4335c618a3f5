/**
 * Logs on: NTLMv2 in SPNEGO over two SESSION_SETUPs (MS-SMB2 3.2.4.2.3, 3.2.5.3), keys from the result, and the proof that
 * the server has the same keys: its last answer is signed with them. In 3.1.1 the keys depend on every byte of the
 * negotiation, so this signature also proves that nobody has weakened that.
 */

import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { sessionKeys } from './crypto/kdf.ts';
import type { Answer } from './exchange.ts';
import type { Link } from './link.ts';
import { nextHash, type Random, type Terms } from './negotiate.ts';
import { authenticateMessage, negotiateMessage } from './ntlm.ts';
import { badSignature, noCipher, Protection } from './protection.ts';
import { SmbSession } from './session.ts';
import { firstToken, lastToken, parseToken } from './spnego.ts';
import { STATUS, statusFailure } from './status.ts';
import type { Connection, Credentials, FileTime, Session } from './types.ts';
import { badAnswer } from './wire/bytes.ts';
import { readSessionAnswer, type SessionAnswer, sessionSetupRequest } from './wire/session-setup.ts';

export interface Logon {
  connection: Connection;
  link: Link;
  /** As it goes into share paths. */
  host: string;
  terms: Terms;
  credentials: Credentials;
  clock: Clock;
  random: Random;
}

const DOING = 'log on to';

/**
 * Throws `wrong-password`, `guest-only`, `account-…`, `password-expired`, `logon-denied`, `bad-signature`, `malformed`, or
 * what ended the connection.
 */
export async function logon(input: Logon): Promise<Session> {
  const { connection, link, host, terms, credentials, clock, random } = input;
  const setup = new Setup(link, terms.preauthHash);
  const negotiate = negotiateMessage();
  const first = firstToken(negotiate);

  const challenged = await setup.say(first.token);
  if (challenged.status === STATUS.SUCCESS) throw anonymous(link.subject);
  if (challenged.status !== STATUS.MORE_PROCESSING_REQUIRED)
    throw statusFailure(challenged.status, DOING, link.subject);
  setup.hear(challenged);
  const challenge = parseToken(readSessionAnswer(challenged.part).token).responseToken;
  if (challenge === undefined) throw badAnswer('the logon has no challenge');
  const now = fileTimeOf(clock.wallMs());
  // A server that checks the name refuses a logon that was meant for another one and relayed to it.
  const targetName = `cifs/${host}`;
  const ntlm = authenticateMessage({ credentials, negotiate, challenge, targetName, random, now });

  const answer = await setup.say(lastToken(ntlm.message, ntlm.mechListMic('client-to-server', first.mechTypes)));
  if (answer.status === STATUS.MORE_PROCESSING_REQUIRED) throw notDone(link.subject);
  if (answer.status !== STATUS.SUCCESS) throw statusFailure(answer.status, DOING, link.subject);
  const result = readSessionAnswer(answer.part);
  if (result.guest || result.anonymous) throw guestOnly(link.subject);

  const { server } = terms;
  const keys = sessionKeys({
    dialect: server.dialect,
    sessionKey: ntlm.sessionKey,
    preauthHash: setup.hash,
    cipher: server.cipher,
  });
  const protection = new Protection(setup.sessionId, server, keys);
  trust(link, protection, answer, result, ntlm.mechListMic('server-to-client', first.mechTypes));
  link.protect(protection);
  return new SmbSession({ connection, link, host, terms, protection, encrypt: result.encrypt });
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
 * @param mechListMic what the server's MIC over the list of mechanisms must be, where it sends one; some leave it out
 */
function trust(link: Link, protection: Protection, answer: Answer, result: SessionAnswer, mechListMic: Buffer): void {
  try {
    protection.verify(answer.part, answer.header);
    const stated = parseToken(result.token).mechListMic;
    if (stated !== undefined && !stated.equals(mechListMic)) throw badSignature('the MIC of the logon does not fit');
    if (result.encrypt && !protection.canEncrypt) throw noCipher();
  } catch (error) {
    if (error instanceof Failure) link.fail(error);
    throw error;
  }
}

/** 100 ns since 1601 from milliseconds since 1970. */
function fileTimeOf(wallMs: number): FileTime {
  return BigInt(Math.round(wallMs)) * 10_000n + 116_444_736_000_000_000n;
}

function guestOnly(subject: string): Failure {
  return new Failure({
    code: 'guest-only',
    doing: DOING,
    subject,
    what: 'the server let us in only as a guest',
    hint: "it does not know this user, or allows only guests; a guest's data cannot be protected, so name an account that the server knows",
  });
}

function anonymous(subject: string): Failure {
  return new Failure({
    code: 'guest-only',
    doing: DOING,
    subject,
    what: 'the server let us in without asking for a password',
    hint: 'anonymous data cannot be protected; switch the logon with user and password on at the server',
  });
}

function notDone(subject: string): Failure {
  return new Failure({
    code: 'logon-denied',
    doing: DOING,
    subject,
    what: 'the server wants more than user and password',
    hint: 'allow NTLMv2 for this account on the server',
  });
}
