/** The first exchange on a connection: which dialect, which algorithms, which sizes (MS-SMB2 3.2.4.2.2.2, 3.2.5.2). */
import { createHash } from 'node:crypto';
import { Failure } from '../base/failure.ts';
import type { Link } from './link/link.ts';
import { dialectName, tooWeak } from './requirements.ts';
import { STATUS, statusFailure } from './status/status.ts';
import type { Offer, Requirements, ServerInfo } from './types.ts';
import { badAnswer } from './wire/bytes.ts';
import {
  chosenDialect,
  DIALECT_2_0_2,
  EVERYTHING,
  type Negotiated,
  negotiateRequest,
  readNegotiated,
} from './wire/negotiate.ts';

/** Random bytes; a parameter so that a test can repeat a run. */
export type Random = (bytes: number) => Buffer;

export interface Terms {
  server: ServerInfo;
  negotiated: Negotiated;
  offer: Required<Offer>;
  /** Everything that is said in a session is to be encrypted. */
  encrypt: boolean;
  clientGuid: Buffer;
  /** SHA-512 over the request and the answer, as they went over the wire (MS-SMB2 3.1.4.4.1); every session goes on from it. */
  preauthHash: Buffer;
}

/** H(n+1) = SHA-512(H(n) ‖ message). */
export function nextHash(hash: Buffer, message: Buffer): Buffer {
  return createHash('sha512').update(hash).update(message).digest();
}

export interface Negotiation {
  random: Random;
  /** Milliseconds for the answer. */
  timeoutMs: number;
  require: Requirements;
  offer: Offer;
}

/**
 * Throws `no-signing`, `too-weak`, `not-supported` when there is no common dialect, `malformed`, `timeout`, or what ended the
 * connection. A requirement does not narrow what is offered: a server that cannot meet it then tells what it can do.
 */
export async function negotiate(link: Link, options: Negotiation): Promise<Terms> {
  const { random, timeoutMs, require } = options;
  const offer: Required<Offer> = { ...EVERYTHING, ...options.offer };
  const clientGuid = random(16);
  let preauthHash: Buffer = Buffer.alloc(64);
  const exchange = link.send({
    parts: [negotiateRequest(clientGuid, random(32), offer)],
    treeId: 0,
    protection: undefined,
    encrypt: false,
    lane: 'urgent',
    timeoutMs,
    doing: 'negotiate with',
    subject: link.subject,
    sent: (message) => {
      preauthHash = nextHash(preauthHash, message);
    },
  });
  const [answer] = await exchange.done;
  if (answer === undefined) throw badAnswer('NEGOTIATE has no answer');
  if (answer.status === STATUS.NOT_SUPPORTED) throw noCommonDialect(link.subject, offer);
  if (answer.status !== STATUS.SUCCESS) throw statusFailure(answer.status, 'negotiate with', link.subject);
  if (chosenDialect(answer.part) === DIALECT_2_0_2) throw onlyFirstDialect(link.subject);
  const negotiated = readNegotiated(answer.part, offer);
  if (!negotiated.signingPossible) throw noSigning(link.subject);
  preauthHash = nextHash(preauthHash, answer.part);
  const { maxReadBytes, maxWriteBytes, maxTransactBytes } = negotiated;
  link.negotiated(Math.max(maxReadBytes, maxTransactBytes), negotiated.largeMtu);
  const { dialect, systemTime, signing, cipher } = negotiated;
  const guid = negotiated.guid.toString('hex');
  const server = { guid, dialect, maxReadBytes, maxWriteBytes, maxTransactBytes, systemTime, signing, cipher };
  const unmet = tooWeak(require, server, link.subject);
  if (unmet !== undefined) throw unmet;
  return { server, negotiated, offer, encrypt: require.encryption ?? false, clientGuid, preauthHash };
}

function noCommonDialect(subject: string, { dialects }: Required<Offer>): Failure {
  return new Failure({
    code: 'not-supported',
    doing: 'negotiate with',
    subject,
    what: `the server refuses every dialect that it was offered: ${dialects.map(dialectName).join(', ')}`,
    hint: 'allow SMB 3.1.1 on the server; its log says which dialects its settings allow',
  });
}

function onlyFirstDialect(subject: string): Failure {
  return new Failure({
    code: 'not-supported',
    doing: 'negotiate with',
    subject,
    what: 'the server speaks only SMB 2.0.2',
    hint: 'update the server, or allow SMB 3.1.1 on it; what it speaks has no encryption and no protection of the log-on',
  });
}

function noSigning(subject: string): Failure {
  return new Failure({
    code: 'no-signing',
    doing: 'negotiate with',
    subject,
    what: 'the server cannot sign its answers',
    hint: 'switch SMB signing on at the server; without it anybody in between could change files',
  });
}
