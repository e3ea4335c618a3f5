/**
 * NTLMv2 in SPNEGO over two SESSION_SETUPs (MS-SMB2 3.2.4.2.3, 3.2.5.3): the same tokens for a new session and for one that is
 * renewed. How they are carried and protected, and what becomes of the key, is their sender's.
 */
import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { fileTimeOfMs } from '../file-time.ts';
import type { Answer } from '../link/exchange.ts';
import { badSignature } from '../link/protection.ts';
import type { Random } from '../negotiate.ts';
import { STATUS, statusFailure } from '../status/status.ts';
import { badAnswer } from '../wire/bytes.ts';
import { readSessionAnswer, type SessionAnswer } from '../wire/session-setup.ts';
import type { Identity } from './identity.ts';
import { type Authenticated, authenticateMessage, negotiateMessage } from './ntlm.ts';
import { firstToken, lastToken, parseToken } from './spnego.ts';

export interface Authentication {
  identity: Identity;
  /** As it goes into share paths. */
  host: string;
  clock: Clock;
  random: Random;
  /** For messages: «log on to», «host:445». */
  doing: string;
  subject: string;
  /** Sends a token in a SESSION_SETUP. */
  say(token: Buffer): Promise<Answer>;
  /** Called right before the token with the proof of the password is sent; what it throws keeps that from going out. */
  proving(): void | Promise<void>;
  /** Is shown the answer to the first one, for the pre-authentication hash. */
  hear?(challenged: Answer): void;
}

export interface Accepted {
  answer: Answer;
  result: SessionAnswer;
  /** ExportedSessionKey, 16 bytes; whoever takes it wipes it. */
  sessionKey: Buffer;
  /** What the server's MIC over the list of mechanisms must be, where it sends one; some leave it out. */
  mechListMic: Buffer;
}

/**
 * Throws `wrong-password`, `guest-only`, `account-…`, `password-expired`, `logon-denied`, `malformed`, or what ended the connection.
 * Of a new session the last answer is not verified yet: the keys for that come from its result.
 */
export async function authenticate(input: Authentication): Promise<Accepted> {
  const { identity, host, clock, random, doing, subject } = input;
  const negotiate = negotiateMessage();
  const first = firstToken(negotiate);

  const challenged = await input.say(first.token);
  if (challenged.status === STATUS.SUCCESS) throw anonymous(doing, subject);
  if (challenged.status !== STATUS.MORE_PROCESSING_REQUIRED) throw statusFailure(challenged.status, doing, subject);
  input.hear?.(challenged);
  const challenge = parseToken(readSessionAnswer(challenged.part).token).responseToken;
  if (challenge === undefined) throw badAnswer('the logon has no challenge');
  const now = fileTimeOfMs(clock.wallMs());
  // A server that checks the name refuses a logon that was meant for another one and relayed to it.
  const targetName = `cifs/${host}`;
  const ntlm = authenticateMessage({ identity, negotiate, challenge, targetName, random, now });
  try {
    await input.proving();
    const answer = await input.say(lastToken(ntlm.message, ntlm.mechListMic('client-to-server', first.mechTypes)));
    return accepted(input, answer, ntlm, first.mechTypes);
  } catch (error) {
    ntlm.sessionKey.fill(0);
    throw error;
  }
}

function accepted(
  { doing, subject }: Authentication,
  answer: Answer,
  ntlm: Authenticated,
  mechTypes: Buffer,
): Accepted {
  if (answer.status === STATUS.MORE_PROCESSING_REQUIRED) throw notDone(doing, subject);
  if (answer.status !== STATUS.SUCCESS) throw statusFailure(answer.status, doing, subject);
  const result = readSessionAnswer(answer.part);
  if (result.guest || result.anonymous) throw guestOnly(doing, subject);
  const mechListMic = ntlm.mechListMic('server-to-client', mechTypes);
  return { answer, result, sessionKey: ntlm.sessionKey, mechListMic };
}

/** Throws `bad-signature` where the server states another MIC than it must; the answer itself must be verified before. */
export function checkMechListMic({ result, mechListMic }: Accepted): void {
  const stated = parseToken(result.token).mechListMic;
  if (stated !== undefined && !stated.equals(mechListMic)) throw badSignature('the MIC of the logon does not fit');
}

function guestOnly(doing: string, subject: string): Failure {
  return new Failure({
    code: 'guest-only',
    doing,
    subject,
    what: 'the server let us in only as a guest',
    hint: "it does not know this user, or allows only guests; a guest's data cannot be protected, so name an account that the server knows",
  });
}

function anonymous(doing: string, subject: string): Failure {
  return new Failure({
    code: 'guest-only',
    doing,
    subject,
    what: 'the server let us in without asking for a password',
    hint: 'anonymous data cannot be protected; switch the logon with user and password on at the server',
  });
}

function notDone(doing: string, subject: string): Failure {
  return new Failure({
    code: 'logon-denied',
    doing,
    subject,
    what: 'the server wants more than user and password',
    hint: 'allow NTLMv2 for this account on the server',
  });
}
