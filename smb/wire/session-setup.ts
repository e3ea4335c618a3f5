/** SESSION_SETUP (MS-SMB2 2.2.5, 2.2.6). */
import { checkBody, HEADER_BYTES, rangeOf } from './bytes.ts';
import { COMMAND, type Part } from './header.ts';

const FIXED_BYTES = 24;
const SIGNING_REQUIRED = 0x2;

/** @param token SPNEGO, RFC 4178 */
export function sessionSetupRequest(token: Buffer): Part {
  const body = Buffer.alloc(FIXED_BYTES + token.length);
  body.writeUInt16LE(25, 0);
  body.writeUInt8(SIGNING_REQUIRED, 3);
  body.writeUInt16LE(HEADER_BYTES + FIXED_BYTES, 12);
  body.writeUInt16LE(token.length, 14);
  token.copy(body, FIXED_BYTES);
  return { command: COMMAND.sessionSetup, body, charge: 1 };
}

export interface SessionAnswer {
  guest: boolean;
  anonymous: boolean;
  /** SMB2_SESSION_FLAG_ENCRYPT_DATA: everything of the session must be encrypted. */
  encrypt: boolean;
  token: Buffer;
}

export function readSessionAnswer(part: Buffer): SessionAnswer {
  checkBody(part, 9, 8, 'the answer to SESSION_SETUP');
  const flags = part.readUInt16LE(HEADER_BYTES + 2);
  const offset = part.readUInt16LE(HEADER_BYTES + 4);
  const length = part.readUInt16LE(HEADER_BYTES + 6);
  return {
    guest: (flags & 1) !== 0,
    anonymous: (flags & 2) !== 0,
    encrypt: (flags & 4) !== 0,
    token: rangeOf(part, offset, length, HEADER_BYTES + 8, 'the answer to SESSION_SETUP'),
  };
}
