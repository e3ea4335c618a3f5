/**
 * Encrypted messages: an SMB2 TRANSFORM_HEADER and the cipher text of a whole chain (MS-SMB2 2.2.41, 3.1.4.3, 3.2.5.1.1.1).
 *
 *   0 FD 'SMB' │ 4 Signature (the tag) │ 20 Nonce │ 36 OriginalMessageSize │ 40 Reserved │ 42 Flags │ 44 SessionId │ 52 …
 *                                      └────────────── authenticated too ───────────────────────────┘
 *
 * Nothing decrypted leaves this file before its tag was checked.
 */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { Failure } from '../../base/failure.ts';
import { malformed } from '../malformed.ts';
import type { ServerInfo } from '../types.ts';
import { putU64, u64At } from '../wire/u64.ts';

export type Cipher = NonNullable<ServerInfo['cipher']>;

const HEADER_BYTES = 52;
const TAG_BYTES = 16;
const NONCE_AT = 20;
const PROTOCOL_ID = 0x424d53fd;

/** Flags of 3.1.1; in 3.0 the same field holds the id of AES-128-CCM, which is 1 as well. */
const ENCRYPTED = 1;

const READING = 'read encrypted message';

/**
 * Encrypts a chain that lies in pieces; what is returned is the header and pieces of cipher text, to be sent one behind the other.
 * `counter` makes the nonce: it must never be used twice with one key, so whoever holds the key counts up by one for every message.
 */
export function seal(
  cipher: Cipher,
  key: Buffer | KeyObject,
  sessionId: bigint,
  counter: bigint,
  plain: readonly Buffer[],
): Buffer[] {
  const plainBytes = plain.reduce((sum, piece) => sum + piece.length, 0);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(PROTOCOL_ID, 0);
  putU64(header, NONCE_AT, counter);
  header.writeUInt32LE(plainBytes, 36);
  header.writeUInt16LE(ENCRYPTED, 42);
  putU64(header, 44, sessionId);

  const sealer = sealerOf(cipher, key, header, plainBytes);
  // CCM takes all of it at once.
  const pieces = isCcm(cipher) && plain.length > 1 ? [Buffer.concat(plain)] : plain;
  const body = pieces.map((piece) => sealer.update(piece));
  sealer.final();
  sealer.getAuthTag().copy(header, 4);
  return [header, ...body];
}

/**
 * Decrypts what the server sent for this session. Throws `malformed` when the header is wrong, and `bad-signature` when
 * the tag does not fit: someone changed the message, or the key is another one.
 */
export function unseal(cipher: Cipher, key: Buffer | KeyObject, sessionId: bigint, frame: Buffer): Buffer {
  if (frame.length < HEADER_BYTES) throw malformed(READING, `it has ${frame.length} bytes, fewer than its header`);
  if (frame.readUInt32LE(0) !== PROTOCOL_ID) throw malformed(READING, 'it does not start with its protocol id');
  if (frame.readUInt32LE(36) !== frame.length - HEADER_BYTES) {
    throw malformed(READING, `it tells ${frame.readUInt32LE(36)} bytes and holds ${frame.length - HEADER_BYTES}`);
  }
  if (frame.readUInt16LE(42) !== ENCRYPTED) throw malformed(READING, 'it does not say that it is encrypted');
  if (u64At(frame, 44) !== sessionId) throw malformed(READING, 'it belongs to another session');

  const header = frame.subarray(0, HEADER_BYTES);
  const opener = openerOf(cipher, key, header, frame.length - HEADER_BYTES);
  try {
    const plain = opener.update(frame.subarray(HEADER_BYTES));
    opener.final();
    return plain;
  } catch (error) {
    throw new Failure({
      code: 'bad-signature',
      doing: READING,
      what: 'its authentication tag does not fit',
      hint: 'the message was changed on its way, or does not come from the server of this session; look for what is in between',
      cause: error,
    });
  }
}

function sealerOf(cipher: Cipher, key: Buffer | KeyObject, header: Buffer, plainBytes: number) {
  const authenticated = header.subarray(NONCE_AT);
  const options = { authTagLength: TAG_BYTES };
  return isCcm(cipher)
    ? createCipheriv(cipher, key, nonceOf(cipher, header), options).setAAD(authenticated, {
        plaintextLength: plainBytes,
      })
    : createCipheriv(cipher, key, nonceOf(cipher, header), options).setAAD(authenticated);
}

function openerOf(cipher: Cipher, key: Buffer | KeyObject, header: Buffer, plainBytes: number) {
  const authenticated = header.subarray(NONCE_AT);
  const options = { authTagLength: TAG_BYTES };
  const tag = header.subarray(4, 4 + TAG_BYTES);
  return isCcm(cipher)
    ? createDecipheriv(cipher, key, nonceOf(cipher, header), options)
        .setAuthTag(tag)
        .setAAD(authenticated, { plaintextLength: plainBytes })
    : createDecipheriv(cipher, key, nonceOf(cipher, header), options).setAuthTag(tag).setAAD(authenticated);
}

function isCcm(cipher: Cipher): cipher is 'aes-128-ccm' | 'aes-256-ccm' {
  return cipher === 'aes-128-ccm' || cipher === 'aes-256-ccm';
}

/** The first 11 bytes of the field for CCM, the first 12 for GCM (MS-SMB2 2.2.41). */
function nonceOf(cipher: Cipher, header: Buffer): Buffer {
  return header.subarray(NONCE_AT, NONCE_AT + (isCcm(cipher) ? 11 : 12));
}
