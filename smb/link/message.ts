/** Puts parts together to the bytes of a message, signed or encrypted (MS-SMB2 3.2.4.1). */

import { HEADER_BYTES } from '../wire/bytes.ts';
import { COMMAND, FLAG, type Part, partLengths, writeHeader } from '../wire/header.ts';
import { cancelBody } from '../wire/simple.ts';
import type { Outgoing } from './exchange.ts';
import type { Protection } from './protection.ts';

export const PREFIX_BYTES = 4;
/** From this size on a payload is worth a piece of its own in the write. */
const APART_BYTES = 65_536;

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
  const apart = outgoing.encrypt ? undefined : payloadApart(parts);
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + total - (apart?.length ?? 0));
  bytes.writeUInt32BE(total, 0);
  let at = PREFIX_BYTES;
  let messageId = numbers.firstId;
  parts.forEach((part, index) => {
    const length = lengths[index] ?? 0;
    const end = Math.min(at + length, bytes.length);
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
    if (part.payload !== undefined && apart === undefined) filled += part.payload.copy(bytes, filled);
    bytes.fill(0, filled, end);
    if (signs) protection.sign(bytes.subarray(at, end), messageId, false, apart);
    at = end;
    messageId += part.charge;
  });
  outgoing.sent?.(bytes.subarray(PREFIX_BYTES));
  if (protection !== undefined && outgoing.encrypt) return sealed(protection, bytes.subarray(PREFIX_BYTES));
  return apart === undefined ? [bytes] : [bytes, apart];
}

/** What one large WRITE writes goes to the socket from where it lies: a copy of every byte would cost more than its signature. */
function payloadApart(parts: readonly Part[]): Buffer | undefined {
  const [only] = parts;
  const payload = parts.length === 1 ? only?.payload : undefined;
  return payload !== undefined && payload.length >= APART_BYTES ? payload : undefined;
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
  if (protection === undefined || !outgoing.encrypt) return [bytes];
  return sealed(protection, bytes.subarray(PREFIX_BYTES));
}

function sealed(protection: Protection, plain: Buffer): Buffer[] {
  const frame = protection.seal(plain);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(frame.length, 0);
  return [prefix, frame];
}
