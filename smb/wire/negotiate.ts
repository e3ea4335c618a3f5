/** NEGOTIATE with its contexts (MS-SMB2 2.2.3, 2.2.4). */
import type { CipherName, Dialect, FileTime, Offer, SigningAlgorithm } from '../types.ts';
import { align8, badAnswer, checkBody, HEADER_BYTES, rangeOf, timeAt } from './bytes.ts';
import { COMMAND, type Part } from './header.ts';

/** Signing is always required by us. */
export const CLIENT_SECURITY_MODE = 0x2;

const CONTEXT = { preauthIntegrity: 1, encryption: 2, signing: 8 } as const;
const SHA_512 = 1;
const SIGNING_ENABLED = 0x1;
const CAPABILITY_LARGE_MTU = 0x4;
const CAPABILITY_ENCRYPTION = 0x40;
const CONTEXT_LIMIT = 32;

/** MS-SMB2 2.2.3.1.2. */
const CIPHER_IDS: Record<CipherName, number> = {
  'aes-128-ccm': 1,
  'aes-128-gcm': 2,
  'aes-256-ccm': 3,
  'aes-256-gcm': 4,
};
/** MS-SMB2 2.2.3.1.7. */
const SIGNING_IDS: Record<SigningAlgorithm, number> = { 'hmac-sha256': 0, 'aes-cmac': 1, 'aes-gmac': 2 };

/**
 * All that the client knows. Dialects: 2.0.2 has neither large reads nor key derivation and is left out. Ciphers in our order of
 * preference: GCM for its speed, 128 before 256 bits for the same reason. Signing: the fastest first, HMAC-SHA256 only for a
 * server that is configured to take nothing else.
 */
export const EVERYTHING: Required<Offer> = {
  dialects: [0x0210, 0x0300, 0x0302, 0x0311],
  ciphers: ['aes-128-gcm', 'aes-256-gcm', 'aes-128-ccm', 'aes-256-ccm'],
  signings: ['aes-gmac', 'aes-cmac', 'hmac-sha256'],
};

/**
 * Capabilities of the client (MS-SMB2 2.2.3): LARGE_MTU, and ENCRYPTION, which in 3.0 and 3.0.2 means AES-128-CCM. In 3.1.1 it means
 * nothing by itself, but Samba takes no cipher from a client without it.
 */
export function clientCapabilities({ dialects, ciphers }: Required<Offer>): number {
  const encrypts = ciphers.includes('aes-128-ccm') || (ciphers.length > 0 && dialects.includes(0x0311));
  return CAPABILITY_LARGE_MTU | (encrypts ? CAPABILITY_ENCRYPTION : 0);
}

/** @param clientGuid 16 random bytes @param salt 32 random bytes for the pre-authentication hash */
export function negotiateRequest(clientGuid: Buffer, salt: Buffer, offer: Required<Offer>): Part {
  const { dialects } = offer;
  const fixed = Buffer.alloc(36);
  fixed.writeUInt16LE(36, 0);
  fixed.writeUInt16LE(dialects.length, 2);
  fixed.writeUInt16LE(CLIENT_SECURITY_MODE, 4);
  fixed.writeUInt32LE(clientCapabilities(offer), 8);
  clientGuid.copy(fixed, 12);
  const plain = Buffer.concat([fixed, words(dialects)]);
  // Without 3.1.1 there are no contexts, and their place is a time that is 0.
  if (!dialects.includes(0x0311)) return { command: COMMAND.negotiate, body: plain, charge: 1 };
  const contexts = contextsOf(salt, offer);
  const head = padded(plain);
  head.writeUInt32LE(HEADER_BYTES + head.length, 28);
  head.writeUInt16LE(contexts.length, 32);
  // Every context but the last is padded; HEADER_BYTES is a multiple of eight, so the body's alignment is the message's.
  const tail = contexts.map((each, index) => (index === contexts.length - 1 ? each : padded(each)));
  return { command: COMMAND.negotiate, body: Buffer.concat([head, ...tail]), charge: 1 };
}

/** A context without a choice in it would be an error, and is left out. */
function contextsOf(salt: Buffer, { ciphers, signings }: Required<Offer>): Buffer[] {
  const contexts = [context(CONTEXT.preauthIntegrity, Buffer.concat([words([1, salt.length, SHA_512]), salt]))];
  const choose = (type: number, ids: number[]): void => {
    if (ids.length > 0) contexts.push(context(type, words([ids.length, ...ids])));
  };
  choose(
    CONTEXT.encryption,
    ciphers.map((name) => CIPHER_IDS[name]),
  );
  choose(
    CONTEXT.signing,
    signings.map((name) => SIGNING_IDS[name]),
  );
  return contexts;
}

export interface Negotiated {
  dialect: Dialect;
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
  signing: SigningAlgorithm;
  cipher: CipherName | undefined;
}

/** SMB 2.0.2, which is never offered: a server that has nothing better may choose it all the same. */
export const DIALECT_2_0_2 = 0x0202;

/** DialectRevision, whether it was offered or not. */
export function chosenDialect(part: Buffer): number {
  checkBody(part, 65, 64, 'the answer to NEGOTIATE');
  return part.readUInt16LE(HEADER_BYTES + 4);
}

/** @param offer what the server was offered: whatever else it chooses is `malformed` */
export function readNegotiated(part: Buffer, offer = EVERYTHING): Negotiated {
  const name = 'the answer to NEGOTIATE';
  const at = HEADER_BYTES;
  const revision = chosenDialect(part);
  const dialect = offer.dialects.find((each) => each === revision);
  if (dialect === undefined)
    throw badAnswer(`the server chose the dialect 0x${revision.toString(16)}, which was not offered`);
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
    ...algorithms(part, dialect, capabilities, offer),
  };
}

/** 8 MiB: what every current server offers, and what fits a frame with room to spare. */
const SIZE_LIMIT = 8 * 1_048_576;

function algorithms(
  part: Buffer,
  dialect: Dialect,
  capabilities: number,
  offer: Required<Offer>,
): Pick<Negotiated, 'signing' | 'cipher'> {
  if (dialect === 0x0210) return { signing: 'hmac-sha256', cipher: undefined };
  if (dialect !== 0x0311) {
    const encrypts = (capabilities & CAPABILITY_ENCRYPTION) !== 0 && offer.ciphers.includes('aes-128-ccm');
    return { signing: 'aes-cmac', cipher: encrypts ? 'aes-128-ccm' : undefined };
  }
  const contexts = readContexts(part);
  const integrity = chosen(contexts, CONTEXT.preauthIntegrity, 4);
  if (integrity !== SHA_512) throw badAnswer('the server chose no known hash for the pre-authentication integrity');
  const cipherId = chosen(contexts, CONTEXT.encryption, 2);
  const cipher = offer.ciphers.find((name) => CIPHER_IDS[name] === cipherId);
  if (cipher === undefined && cipherId !== undefined && cipherId !== 0)
    throw badAnswer(`the server chose the cipher ${cipherId}, which was not offered`);
  const signingId = chosen(contexts, CONTEXT.signing, 2);
  const signing = offer.signings.find((name) => SIGNING_IDS[name] === signingId);
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
