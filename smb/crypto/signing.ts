/** Signatures of SMB2 messages (MS-SMB2 3.1.4.1). */
import { createCipheriv, createHmac, type KeyObject } from 'node:crypto';
import type { ServerInfo } from '../types.ts';
import { putU64 } from '../wire/u64.ts';
import { aesCmac } from './cmac.ts';

/** What makes the nonce of AES-GMAC; the other algorithms have none. */
export interface SignatureNonce {
  messageId: bigint;
  fromServer: boolean;
  cancel: boolean;
}

/**
 * The 16 bytes for the Signature field of one part of a chain. `part` is its header, body and padding up to the next
 * part, its Signature field (bytes 48–63) zero.
 * @param payload the rest of the part, where it lies in a memory of its own
 */
export function signature(
  algorithm: ServerInfo['signing'],
  key: Buffer | KeyObject,
  part: Buffer,
  nonce: SignatureNonce,
  payload?: Buffer,
): Buffer {
  switch (algorithm) {
    case 'hmac-sha256': {
      const hmac = createHmac('sha256', key).update(part);
      if (payload !== undefined) hmac.update(payload);
      return hmac.digest().subarray(0, 16);
    }
    case 'aes-cmac':
      return aesCmac(key, payload === undefined ? part : Buffer.concat([part, payload]));
    case 'aes-gmac': {
      const cipher = createCipheriv('aes-128-gcm', key, nonceBytes(nonce), { authTagLength: 16 });
      cipher.setAAD(part);
      if (payload !== undefined) cipher.setAAD(payload);
      cipher.final();
      return cipher.getAuthTag();
    }
  }
}

/** MessageId, then bit 0 for a message of the server and bit 1 for a CANCEL (MS-SMB2 3.1.4.1). */
function nonceBytes({ messageId, fromServer, cancel }: SignatureNonce): Buffer {
  const bytes = Buffer.alloc(12);
  putU64(bytes, 0, messageId);
  bytes.writeUInt32LE((fromServer ? 1 : 0) | (cancel ? 2 : 0), 8);
  return bytes;
}
