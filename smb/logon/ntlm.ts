/**
 * The messages of NTLMv2 (MS-NLMP): NEGOTIATE out, CHALLENGE in, AUTHENTICATE out, always with a MIC over all three, key
 * exchange and 128-bit extended session security. Nothing weaker is offered, and nothing weaker is accepted.
 */
import { Failure } from '../../base/failure.ts';
import { rc4 } from '../crypto/rc4.ts';
import { malformed } from '../malformed.ts';
import type { FileTime } from '../types.ts';
import type { Identity } from './identity.ts';
import { type Direction, firstSignature, hmacMd5, lmV2Response, ntlmV2Response } from './ntlm-keys.ts';
import { answeredTargetInfo, readTargetInfo, type TargetInfo } from './ntlm-target-info.ts';

/** NegotiateFlags (MS-NLMP 2.2.2.5). */
const FLAG = {
  unicode: 0x00000001,
  requestTarget: 0x00000004,
  sign: 0x00000010,
  ntlm: 0x00000200,
  alwaysSign: 0x00008000,
  extendedSessionSecurity: 0x00080000,
  targetInfo: 0x00800000,
  version: 0x02000000,
  bits128: 0x20000000,
  keyExchange: 0x40000000,
  bits56: 0x80000000,
} as const;

const OFFERED = Object.values(FLAG).reduce((all, flag) => (all | flag) >>> 0, 0);

/** Without these the session key, the MIC or the MIC of SPNEGO would be weaker or made in another way. */
const NEEDED = (FLAG.unicode | FLAG.extendedSessionSecurity | FLAG.targetInfo | FLAG.bits128 | FLAG.keyExchange) >>> 0;

const SIGNATURE = Buffer.from('NTLMSSP\0');
/** Windows 6.1, NTLMSSP revision 15 (MS-NLMP 2.2.2.10): nobody decides by it. */
const VERSION = Buffer.from([6, 1, 0, 0, 0, 0, 0, 15]);

const CHALLENGE_BYTES = 48;
const AUTHENTICATE_BYTES = 88;
const MIC_AT = 72;

/** Characters of a user and of a domain; Windows allows fewer. */
const ACCOUNT_LIMIT = 256;

const READING = 'read NTLM challenge';

/** NEGOTIATE_MESSAGE (MS-NLMP 2.2.1.1), always the same 40 bytes. */
export function negotiateMessage(): Buffer {
  const message = Buffer.alloc(40);
  SIGNATURE.copy(message);
  message.writeUInt32LE(1, 8);
  message.writeUInt32LE(OFFERED, 12);
  VERSION.copy(message, 32);
  return message;
}

export interface AuthenticateInput {
  identity: Pick<Identity, 'user' | 'domain' | 'key'>;
  /** The NEGOTIATE message as it was sent. */
  negotiate: Buffer;
  /** The server's CHALLENGE message, exactly: bytes behind it would spoil the MIC. */
  challenge: Buffer;
  /** The service name of the server (`cifs/fileserver`), for servers that check it; left out when not given. */
  targetName?: string;
  /** Unpredictable bytes; asked twice, for the client's challenge (8) and then for the session key (16). */
  random(bytes: number): Buffer;
  /** Used when the server does not tell its time. */
  now: FileTime;
}

export interface Authenticated {
  message: Buffer;
  /** ExportedSessionKey, 16 bytes: the key of the SMB session. */
  sessionKey: Buffer;
  /** The MIC of SPNEGO over the list of mechanisms (RFC 4178 5), ours or the one that the server must send. */
  mechListMic(direction: Direction, mechTypes: Buffer): Buffer;
}

/**
 * Answers a challenge with AUTHENTICATE_MESSAGE (MS-NLMP 2.2.1.3, 3.1.5.1.2). Throws `malformed` for a wrong challenge,
 * `not-supported` for a server that wants less security, `logon-denied` for names that fit into no account.
 */
export function authenticateMessage(input: AuthenticateInput): Authenticated {
  const { user, domain, key } = input.identity;
  if (user.length > ACCOUNT_LIMIT || domain.length > ACCOUNT_LIMIT) throw accountTooLong();
  const { flags, serverChallenge, targetInfo } = parseChallenge(input.challenge);

  const clientChallenge = input.random(8);
  const sessionKey = input.random(16);
  const { response, sessionBaseKey } = ntlmV2Response({
    key,
    serverChallenge,
    clientChallenge,
    time: targetInfo.timestamp ?? input.now,
    targetInfo: answeredTargetInfo(targetInfo, input.targetName),
  });
  const message = buildAuthenticate(flags, {
    // A server that tells its time must get zeros here (MS-NLMP 3.1.5.1.2).
    lmResponse:
      targetInfo.timestamp === undefined ? lmV2Response(key, serverChallenge, clientChallenge) : Buffer.alloc(24),
    ntResponse: response,
    domain: Buffer.from(domain, 'utf16le'),
    user: Buffer.from(user, 'utf16le'),
    workstation: Buffer.alloc(0),
    // With NTLMv2 the key exchange key is the session base key (MS-NLMP 3.4.5.1).
    wrappedKey: rc4(sessionBaseKey, sessionKey),
  });
  sessionBaseKey.fill(0);
  hmacMd5(sessionKey, input.negotiate, input.challenge, message).copy(message, MIC_AT);
  return {
    message,
    sessionKey,
    mechListMic: (direction, mechTypes) => firstSignature(sessionKey, direction, mechTypes),
  };
}

interface Challenge {
  flags: number;
  serverChallenge: Buffer;
  targetInfo: TargetInfo;
}

/** CHALLENGE_MESSAGE (MS-NLMP 2.2.1.2). */
function parseChallenge(message: Buffer): Challenge {
  if (message.length < CHALLENGE_BYTES) throw malformed(READING, `it has only ${message.length} bytes`);
  if (!message.subarray(0, 8).equals(SIGNATURE)) throw malformed(READING, 'it does not start with NTLMSSP');
  if (message.readUInt32LE(8) !== 2) throw malformed(READING, 'it is not a challenge');
  const flags = message.readUInt32LE(20);
  if ((flags & NEEDED) >>> 0 !== NEEDED) throw tooWeak(flags);

  const length = message.readUInt16LE(40);
  const offset = message.readUInt32LE(44);
  if (offset < CHALLENGE_BYTES || offset + length > message.length) {
    throw malformed(READING, 'its target info lies outside of it');
  }
  return {
    flags,
    serverChallenge: message.subarray(24, 32),
    targetInfo: readTargetInfo(message.subarray(offset, offset + length)),
  };
}

interface Payload {
  lmResponse: Buffer;
  ntResponse: Buffer;
  domain: Buffer;
  user: Buffer;
  workstation: Buffer;
  wrappedKey: Buffer;
}

/** Fixed part with offsets, then the payload; the MIC is still zero. */
function buildAuthenticate(serverFlags: number, payload: Payload): Buffer {
  const head = Buffer.alloc(AUTHENTICATE_BYTES);
  SIGNATURE.copy(head);
  head.writeUInt32LE(3, 8);
  const parts: Buffer[] = [head];
  let offset = head.length;
  for (const [field, bytes] of [
    [12, payload.lmResponse],
    [20, payload.ntResponse],
    [28, payload.domain],
    [36, payload.user],
    [44, payload.workstation],
    [52, payload.wrappedKey],
  ] as const) {
    head.writeUInt16LE(bytes.length, field);
    head.writeUInt16LE(bytes.length, field + 2);
    head.writeUInt32LE(offset, field + 4);
    parts.push(bytes);
    offset += bytes.length;
  }
  head.writeUInt32LE((serverFlags & OFFERED) >>> 0, 60);
  VERSION.copy(head, 64);
  return Buffer.concat(parts);
}

function tooWeak(flags: number): Failure {
  return new Failure({
    code: 'not-supported',
    doing: 'log on',
    what: `the server offers only weak NTLM (flags 0x${flags.toString(16).padStart(8, '0')})`,
    hint: 'allow NTLMv2 with 128-bit session security on the server, or update it',
  });
}

function accountTooLong(): Failure {
  return new Failure({
    code: 'logon-denied',
    doing: 'log on',
    what: `user or domain is longer than ${ACCOUNT_LIMIT} characters`,
    hint: 'check both for something pasted by mistake',
  });
}
