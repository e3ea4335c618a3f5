/** NEGOTIATE with its contexts (MS-SMB2 2.2.3, 2.2.4). */
import type { FileTime, ServerInfo } from '../types.ts';
import { align8, badAnswer, checkBody, HEADER_BYTES, rangeOf, timeAt } from './bytes.ts';
import { COMMAND, type Part } from './header.ts';

/** What we offer. 2.0.2 has neither large reads nor key derivation and is left out. */
export const DIALECTS: readonly ServerInfo['dialect'][] = [0x0210, 0x0300, 0x0302, 0x0311];

/** Signing is always required by us. */
export const CLIENT_SECURITY_MODE = 0x2;
/** LARGE_MTU and ENCRYPTION. */
export const CLIENT_CAPABILITIES = 0x44;

const CONTEXT = { preauthIntegrity: 1, encryption: 2, signing: 8 } as const;
const SHA_512 = 1;
const SIGNING_ENABLED = 0x1;
const CAPABILITY_LARGE_MTU = 0x4;
const CAPABILITY_ENCRYPTION = 0x40;
const CONTEXT_LIMIT = 32;

type Cipher = NonNullable<ServerInfo['cipher']>;
type Signing = ServerInfo['signing'];

/** MS-SMB2 2.2.3.1.2, in our order of preference: GCM for its speed, 128 before 256 bits for the same reason. */
const CIPHERS: readonly [number, Cipher][] = [
  [2, 'aes-128-gcm'],
  [4, 'aes-256-gcm'],
  [1, 'aes-128-ccm'],
  [3, 'aes-256-ccm'],
];
/** MS-SMB2 2.2.3.1.7, the fastest first; HMAC-SHA256 only for a server that is configured to take nothing else. */
const SIGNINGS: readonly [number, Signing][] = [
  [2, 'aes-gmac'],
  [1, 'aes-cmac'],
  [0, 'hmac-sha256'],
];

/** @param clientGuid 16 random bytes @param salt 32 random bytes for the pre-authentication hash */
export function negotiateRequest(clientGuid: Buffer, salt: Buffer): Part {
  const contexts = [
    context(CONTEXT.preauthIntegrity, Buffer.concat([words([1, salt.length, SHA_512]), salt])),
    context(CONTEXT.encryption, words([CIPHERS.length, ...CIPHERS.map(([id]) => id)])),
    context(CONTEXT.signing, words([SIGNINGS.length, ...SIGNINGS.map(([id]) => id)])),
  ];
  const fixed = Buffer.alloc(36);
  fixed.writeUInt16LE(36, 0);
  fixed.writeUInt16LE(DIALECTS.length, 2);
  fixed.writeUInt16LE(CLIENT_SECURITY_MODE, 4);
  fixed.writeUInt32LE(CLIENT_CAPABILITIES, 8);
  clientGuid.copy(fixed, 12);
  const head = padded(Buffer.concat([fixed, words(DIALECTS)]));
  head.writeUInt32LE(HEADER_BYTES + head.length, 28);
  head.writeUInt16LE(contexts.length, 32);
  // Every context but the last is padded; HEADER_BYTES is a multiple of eight, so the body's alignment is the message's.
  const tail = contexts.map((each, index) => (index === contexts.length - 1 ? each : padded(each)));
  return { command: COMMAND.negotiate, body: Buffer.concat([head, ...tail]), charge: 1 };
}

export interface Negotiated {
  dialect: ServerInfo['dialect'];
  securityMode: number;
  signingPossible: boolean;
  guid: Buffer;
  capabilities: number;
  /** Whether sizes beyond 64 KiB may be asked for (MS-SMB2 3.2.4.1.5). */
  largeMtu: boolean;
  maxTransactBytes: number;
  maxReadBytes: number;
  maxWriteBytes: number;
  systemTime: FileTime;
  signing: Signing;
  cipher: Cipher | undefined;
}

export function readNegotiated(part: Buffer): Negotiated {
  const name = 'the answer to NEGOTIATE';
  checkBody(part, 65, 64, name);
  const at = HEADER_BYTES;
  const offered = part.readUInt16LE(at + 4);
  const dialect = DIALECTS.find((each) => each === offered);
  if (dialect === undefined)
    throw badAnswer(`the server chose the dialect 0x${offered.toString(16)}, which was not offered`);
  // The security buffer is not needed, but one that does not fit is a sign of worse.
  rangeOf(part, part.readUInt16LE(at + 56), part.readUInt16LE(at + 58), at + 64, name);
  const securityMode = part.readUInt16LE(at + 2);
  const capabilities = part.readUInt32LE(at + 24);
  const largeMtu = (capabilities & CAPABILITY_LARGE_MTU) !== 0;
  const limit = (bytes: number): number => {
    if (bytes < 65_536) throw badAnswer(`the server takes only ${bytes} bytes at a time`);
    return largeMtu ? Math.min(bytes, SIZE_LIMIT) : 65_536;
  };
  return {
    dialect,
    securityMode,
    signingPossible: (securityMode & SIGNING_ENABLED) !== 0,
    guid: Buffer.from(part.subarray(at + 8, at + 24)),
    capabilities,
    largeMtu,
    maxTransactBytes: limit(part.readUInt32LE(at + 28)),
    maxReadBytes: limit(part.readUInt32LE(at + 32)),
    maxWriteBytes: limit(part.readUInt32LE(at + 36)),
    systemTime: timeAt(part, at + 40),
    ...algorithms(part, dialect, capabilities),
  };
}

/** 8 MiB: what every current server offers, and what fits a frame with room to spare. */
const SIZE_LIMIT = 8 * 1_048_576;

function algorithms(part: Buffer, dialect: number, capabilities: number): Pick<Negotiated, 'signing' | 'cipher'> {
  if (dialect === 0x0210) return { signing: 'hmac-sha256', cipher: undefined };
  if (dialect !== 0x0311)
    return { signing: 'aes-cmac', cipher: (capabilities & CAPABILITY_ENCRYPTION) === 0 ? undefined : 'aes-128-ccm' };
  const contexts = readContexts(part);
  const integrity = chosen(contexts, CONTEXT.preauthIntegrity, 4);
  if (integrity !== SHA_512) throw badAnswer('the server chose no known hash for the pre-authentication integrity');
  const cipherId = chosen(contexts, CONTEXT.encryption, 2);
  const cipher = CIPHERS.find(([id]) => id === cipherId)?.[1];
  if (cipher === undefined && cipherId !== undefined && cipherId !== 0)
    throw badAnswer(`the server chose the cipher ${cipherId}, which was not offered`);
  const signingId = chosen(contexts, CONTEXT.signing, 2);
  const signing = SIGNINGS.find(([id]) => id === signingId)?.[1];
  if (signing === undefined && signingId !== undefined)
    throw badAnswer(`the server chose the signing algorithm ${signingId}, which was not offered`);
  // A server that does not know the signing context uses CMAC (MS-SMB2 3.2.5.2).
  return { signing: signing ?? 'aes-cmac', cipher };
}

/** Data of each context by type. Throws for one that comes twice (MS-SMB2 3.2.5.2). */
function readContexts(part: Buffer): Map<number, Buffer> {
  const count = part.readUInt16LE(HEADER_BYTES + 6);
  let at = part.readUInt32LE(HEADER_BYTES + 60);
  if (count > CONTEXT_LIMIT) throw badAnswer(`NEGOTIATE was answered with ${count} contexts`);
  const found = new Map<number, Buffer>();
  for (let index = 0; index < count; index += 1) {
    if (at < HEADER_BYTES + 64 || at % 8 !== 0 || at + 8 > part.length)
      throw badAnswer(`a negotiate context lies at ${at} of ${part.length}`);
    const type = part.readUInt16LE(at);
    const length = part.readUInt16LE(at + 2);
    if (found.has(type)) throw badAnswer(`the negotiate context ${type} comes twice`);
    found.set(type, rangeOf(part, at + 8, length, at + 8, 'a negotiate context'));
    at += align8(8 + length);
  }
  return found;
}

/** The one id that a context's answer holds: a count of 1, then at `idAt` the id. Undefined when there is no such context. */
function chosen(contexts: Map<number, Buffer>, type: number, idAt: number): number | undefined {
  const data = contexts.get(type);
  if (data === undefined) return undefined;
  if (data.length < idAt + 2 || data.readUInt16LE(0) !== 1)
    throw badAnswer(`the negotiate context ${type} has no single choice`);
  return data.readUInt16LE(idAt);
}

function context(type: number, data: Buffer): Buffer {
  return Buffer.concat([words([type, data.length, 0, 0]), data]);
}

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => {
    bytes.writeUInt16LE(value, index * 2);
  });
  return bytes;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes], align8(bytes.length));
}
