/** The keys of a session, made from the key that the logon gave (MS-SMB2 3.1.4.2, 3.2.5.3.1). */
import { createHmac } from 'node:crypto';
import type { ServerInfo } from '../types.ts';

/**
 * SP800-108 in counter mode with HMAC-SHA256, one round (MS-SMB2 3.1.4.2). A label's or context's final NUL, where the
 * protocol has one, is part of what is passed here; the separator after the label is added.
 */
export function deriveKey(key: Buffer, label: string, context: Buffer, bits: 128 | 256): Buffer {
  const input = Buffer.alloc(4 + label.length + 1 + context.length + 4);
  input.writeUInt32BE(1, 0);
  input.write(label, 4, 'latin1');
  context.copy(input, 4 + label.length + 1);
  input.writeUInt32BE(bits, input.length - 4);
  return createHmac('sha256', key)
    .update(input)
    .digest()
    .subarray(0, bits / 8);
}

export interface SessionKeyInput {
  dialect: ServerInfo['dialect'];
  /** From the logon; its first 16 bytes count, a shorter one is filled up with zeros (MS-SMB2 3.2.5.3.1). */
  sessionKey: Buffer;
  /** The session's preauthentication hash after the last SESSION_SETUP request; used in 3.1.1 only. */
  preauthHash: Buffer;
  cipher: ServerInfo['cipher'];
}

export interface SessionKeys {
  signing: Buffer;
  /** For what the client sends; undefined when no cipher was agreed. */
  encrypt: Buffer | undefined;
  /** For what the server sends. */
  decrypt: Buffer | undefined;
}

interface Labels {
  signing: { label: string; context: Buffer };
  encrypt: { label: string; context: Buffer };
  decrypt: { label: string; context: Buffer };
}

/** Keys for signing and sealing. */
export function sessionKeys(input: SessionKeyInput): SessionKeys {
  const key = Buffer.alloc(16);
  input.sessionKey.copy(key);
  const labels = labelsOf(input);
  if (labels === undefined) return { signing: key, encrypt: undefined, decrypt: undefined };

  const bits = input.cipher === 'aes-256-gcm' || input.cipher === 'aes-256-ccm' ? 256 : 128;
  // NTLM's key has 16 bytes, so the full session key that AES-256 asks for is this one too.
  const cipherKey = (name: 'encrypt' | 'decrypt') =>
    input.cipher === undefined ? undefined : deriveKey(key, labels[name].label, labels[name].context, bits);
  return {
    signing: deriveKey(key, labels.signing.label, labels.signing.context, 128),
    encrypt: cipherKey('encrypt'),
    decrypt: cipherKey('decrypt'),
  };
}

/** The names in MS-SMB2 3.2.5.3.1; undefined for 2.1, which signs with the session key itself and knows no encryption. */
function labelsOf({ dialect, preauthHash }: SessionKeyInput): Labels | undefined {
  switch (dialect) {
    case 0x0210:
      return undefined;
    case 0x0300:
    case 0x0302:
      return {
        signing: { label: 'SMB2AESCMAC\0', context: Buffer.from('SmbSign\0') },
        // The space belongs to the name.
        encrypt: { label: 'SMB2AESCCM\0', context: Buffer.from('ServerIn \0') },
        decrypt: { label: 'SMB2AESCCM\0', context: Buffer.from('ServerOut\0') },
      };
    case 0x0311:
      return {
        signing: { label: 'SMBSigningKey\0', context: preauthHash },
        encrypt: { label: 'SMBC2SCipherKey\0', context: preauthHash },
        decrypt: { label: 'SMBS2CCipherKey\0', context: preauthHash },
      };
  }
}
