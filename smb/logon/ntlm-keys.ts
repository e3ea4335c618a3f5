/** The computations of NTLMv2 (MS-NLMP 3.3.2, 3.4.4, 3.4.5), apart from its messages. */
import { createHash, createHmac } from 'node:crypto';
import { md4 } from '../crypto/md4.ts';
import { rc4 } from '../crypto/rc4.ts';
import type { Credentials, FileTime } from '../types.ts';

export function hmacMd5(key: Buffer, ...parts: Buffer[]): Buffer {
  const hmac = createHmac('md5', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** NTOWFv2 (MS-NLMP 3.3.2): the domain counts as typed, the user in upper case. */
export function responseKey({ user, domain, password }: Credentials): Buffer {
  const plain = Buffer.from(password, 'utf16le');
  const hash = md4(plain);
  const key = hmacMd5(hash, Buffer.from(upperCase(user) + domain, 'utf16le'));
  plain.fill(0);
  hash.fill(0);
  return key;
}

/** Windows maps one character to one: «ß» stays, where toUpperCase would make «SS» of it. */
function upperCase(text: string): string {
  return Array.from(text, (char) => (char.toUpperCase().length === char.length ? char.toUpperCase() : char)).join('');
}

export interface ResponseInput {
  /** From responseKey. */
  key: Buffer;
  /** 8 bytes each. */
  serverChallenge: Buffer;
  clientChallenge: Buffer;
  time: FileTime;
  /** AV pairs as they go into the response, with their end mark. */
  targetInfo: Buffer;
}

/** NtChallengeResponse (MS-NLMP 2.2.2.8) and the session base key (3.3.2). */
export function ntlmV2Response(input: ResponseInput): { response: Buffer; sessionBaseKey: Buffer } {
  const head = Buffer.alloc(28);
  head.writeUInt16LE(0x0101, 0);
  head.writeBigUInt64LE(input.time, 8);
  input.clientChallenge.copy(head, 16, 0, 8);
  const temp = Buffer.concat([head, input.targetInfo, Buffer.alloc(4)]);
  const proof = hmacMd5(input.key, input.serverChallenge, temp);
  return { response: Buffer.concat([proof, temp]), sessionBaseKey: hmacMd5(input.key, proof) };
}

/** LmChallengeResponse (MS-NLMP 2.2.2.4). */
export function lmV2Response(key: Buffer, serverChallenge: Buffer, clientChallenge: Buffer): Buffer {
  return Buffer.concat([hmacMd5(key, serverChallenge, clientChallenge), clientChallenge]);
}

/** Who sends. */
export type Direction = 'client-to-server' | 'server-to-client';

/** Keys of one direction for extended session security with 128 bits (MS-NLMP 3.4.5.2, 3.4.5.3). */
export function signKey(exportedKey: Buffer, direction: Direction): Buffer {
  return magicKey(exportedKey, `session key to ${direction} signing key magic constant\0`);
}

export function sealKey(exportedKey: Buffer, direction: Direction): Buffer {
  return magicKey(exportedKey, `session key to ${direction} sealing key magic constant\0`);
}

function magicKey(exportedKey: Buffer, magic: string): Buffer {
  return createHash('md5').update(exportedKey).update(magic).digest();
}

/** NTLMSSP_MESSAGE_SIGNATURE of the first message in a direction, with key exchange (MS-NLMP 2.2.2.9.2, 3.4.4.2). */
export function firstSignature(exportedKey: Buffer, direction: Direction, message: Buffer): Buffer {
  const sequence = Buffer.alloc(4);
  const checksum = hmacMd5(signKey(exportedKey, direction), sequence, message).subarray(0, 8);
  return Buffer.concat([Buffer.from([1, 0, 0, 0]), rc4(sealKey(exportedKey, direction), checksum), sequence]);
}
