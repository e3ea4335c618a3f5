/** Puts parts together to the bytes of a message, signed or encrypted (MS-SMB2 3.2.4.1). */

import { HEADER_BYTES } from '../wire/bytes.ts';
import { COMMAND, FLAG, type Part, partLengths, writeHeader } from '../wire/header.ts';
import { cancelBody } from '../wire/simple.ts';
import type { Outgoing } from './exchange.ts';
import type { Protection } from './protection.ts';

export const PREFIX_BYTES = 4;
/**
 * From this size on a payload is not copied into the message. One that is signed with its part costs a pass of its own beside the rest; one
 * that is encrypted with the whole message costs nothing more.
 */
const APART_BYTES = { signed: 65_536, sealed: 4_096 } as const;

export interface Numbers {
  /** Message id of the first part. */
  firstId: number;
  /** CreditRequest of each part. */
  ask(charge: number): number;
  /** Whether CreditCharge may be told (MS-SMB2 3.2.4.1.5): without LARGE_MTU the field stays 0. */
  tellCharge: boolean;
}

/** The bytes for the socket, prefix included. */
export function buildMessage(outgoing: Outgoing, numbers: Numbers): Buffer[] {
  const { parts, protection } = outgoing;
  const signs = protection !== undefined && !outgoing.encrypt;
  const lengths = partLengths(parts);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const apart = parts.map((part) => (liesApart(part, outgoing) ? part.payload : undefined));
  const apartBytes = apart.reduce((sum, payload) => sum + (payload?.length ?? 0), 0);
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + total - apartBytes);
  bytes.writeUInt32BE(total, 0);
  const pieces: Buffer[] = [];
  let from = 0;
  let at = PREFIX_BYTES;
  let messageId = numbers.firstId;
  parts.forEach((part, index) => {
    const length = lengths[index] ?? 0;
    const payload = apart[index];
    const end = at + length - (payload?.length ?? 0);
    writeHeader(bytes, at, {
      command: part.command,
      charge: numbers.tellCharge ? part.charge : 0,
      creditRequest: numbers.ask(part.charge),
      flags: (index === 0 ? 0 : FLAG.related) | (signs ? FLAG.signed : 0),
      nextCommand: index === parts.length - 1 ? 0 : length,
      messageId,
      treeId: outgoing.treeId,
      sessionId: protection?.sessionId ?? outgoing.sessionId ?? 0n,
    });
    let filled = at + HEADER_BYTES;
    filled += part.body.copy(bytes, filled);
    if (payload !== undefined) {
      pieces.push(bytes.subarray(from, filled), payload);
      from = filled;
    } else if (part.payload !== undefined) filled += part.payload.copy(bytes, filled);
    bytes.fill(0, filled, end);
    if (signs) protection.sign(bytes.subarray(at, end), messageId, false, payload);
    at = end;
    messageId += part.charge;
  });
  if (from < bytes.length) pieces.push(bytes.subarray(from));
  outgoing.sent?.(bytes.subarray(PREFIX_BYTES));
  return protection !== undefined && outgoing.encrypt ? sealed(protection, pieces) : pieces;
}

/** What a WRITE writes goes out from where it lies: a copy of every byte would cost more than its protection. */
function liesApart({ payload }: Part, { parts, protection, encrypt }: Outgoing): boolean {
  if (payload === undefined) return false;
  if (protection !== undefined && encrypt) return payload.length >= APART_BYTES.sealed;
  // The signature of a part takes in the padding behind it, which the last one has not.
  return parts.length === 1 && payload.length >= APART_BYTES.signed;
}

/** CANCEL of a request in flight (MS-SMB2 3.2.4.24): by its asynchronous id when it has one, else by its message id. */
export function buildCancel(outgoing: Outgoing, messageId: number, asyncId: bigint | undefined): Buffer[] {
  const { protection } = outgoing;
  const signs = protection !== undefined && !outgoing.encrypt;
  const body = cancelBody();
  const bytes = Buffer.alloc(PREFIX_BYTES + HEADER_BYTES + body.length);
  bytes.writeUInt32BE(bytes.length - PREFIX_BYTES, 0);
  writeHeader(bytes, PREFIX_BYTES, {
    command: COMMAND.cancel,
    charge: 0,
    creditRequest: 0,
    flags: (asyncId === undefined ? 0 : FLAG.async) | (signs ? FLAG.signed : 0),
    nextCommand: 0,
    messageId,
    treeId: outgoing.treeId,
    sessionId: protection?.sessionId ?? 0n,
    ...(asyncId === undefined ? {} : { asyncId }),
  });
  body.copy(bytes, PREFIX_BYTES + HEADER_BYTES);
  if (signs) protection.sign(bytes.subarray(PREFIX_BYTES), messageId, true);
  return protection !== undefined && outgoing.encrypt ? sealed(protection, [bytes]) : [bytes];
}

/** Encrypts a message that lies in pieces; its prefix is made anew. */
function sealed(protection: Protection, [first, ...rest]: readonly Buffer[]): Buffer[] {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  const frame = protection.seal([(first ?? prefix).subarray(PREFIX_BYTES), ...rest]);
  prefix.writeUInt32BE(
    frame.reduce((sum, piece) => sum + piece.length, 0),
    0,
  );
  return [prefix, ...frame];
}
