/**
 * The SMB2 header (MS-SMB2 2.2.1) and compound chains (MS-SMB2 3.2.4.1.4, 3.2.5.1.9).
 * Message ids are numbers here: a client that sends a million messages a second reaches 2^53 after 285 years.
 */
import { align8, badAnswer, HEADER_BYTES, sizeAt } from './bytes.ts';
import { putU64, u64At } from './u64.ts';

export const COMMAND = {
  negotiate: 0,
  sessionSetup: 1,
  logoff: 2,
  treeConnect: 3,
  treeDisconnect: 4,
  create: 5,
  close: 6,
  flush: 7,
  read: 8,
  write: 9,
  ioctl: 11,
  cancel: 12,
  echo: 13,
  queryDirectory: 14,
  changeNotify: 15,
  queryInfo: 16,
  setInfo: 17,
  oplockBreak: 18,
} as const;

export type Command = (typeof COMMAND)[keyof typeof COMMAND];

export const FLAG = { response: 0x1, async: 0x2, related: 0x4, signed: 0x8 } as const;

/** The message id of what the server sends unasked (oplock breaks): all ones on the wire. */
export const UNASKED = -1;

/** More parts than we ever ask for in one chain. */
const CHAIN_LIMIT = 32;

const PROTOCOL_ID = 0x424d53fe;
const SIGNATURE_AT = 48;
const SIGNATURE_BYTES = 16;

/** One request of a message: a body without its header. */
export interface Part {
  command: Command;
  body: Buffer;
  /** Goes out behind the body, and is not copied before: what WRITE writes. */
  payload?: Buffer;
  /** CreditCharge: 64 KiB units of the larger of what goes out and what comes back, at least 1 (MS-SMB2 3.2.4.1.5). */
  charge: number;
}

export interface Header {
  status: number;
  command: number;
  credits: number;
  flags: number;
  messageId: number;
  /** Only when FLAG.async is set; then there is no tree id. */
  asyncId: bigint | undefined;
  treeId: number;
  sessionId: bigint;
}

/** What a request header says beyond its part. */
export interface RequestHeader {
  command: number;
  charge: number;
  creditRequest: number;
  flags: number;
  nextCommand: number;
  messageId: number;
  treeId: number;
  sessionId: bigint;
  /** Only for CANCEL of a request that went asynchronous. */
  asyncId?: bigint;
}

/** Writes 64 bytes with an empty signature. */
export function writeHeader(into: Buffer, at: number, header: RequestHeader): void {
  into.writeUInt32LE(PROTOCOL_ID, at);
  into.writeUInt16LE(HEADER_BYTES, at + 4);
  into.writeUInt16LE(header.charge, at + 6);
  into.writeUInt32LE(0, at + 8);
  into.writeUInt16LE(header.command, at + 12);
  into.writeUInt16LE(header.creditRequest, at + 14);
  into.writeUInt32LE(header.flags, at + 16);
  into.writeUInt32LE(header.nextCommand, at + 20);
  into.writeUInt32LE(header.messageId % 0x1_0000_0000, at + 24);
  into.writeUInt32LE(Math.floor(header.messageId / 0x1_0000_0000), at + 28);
  if (header.asyncId === undefined) {
    into.writeUInt32LE(0, at + 32);
    into.writeUInt32LE(header.treeId, at + 36);
  } else {
    putU64(into, at + 32, header.asyncId);
  }
  putU64(into, at + 40, header.sessionId);
  into.fill(0, at + SIGNATURE_AT, at + HEADER_BYTES);
}

/** Reads the header of one part of a server's message. */
export function readHeader(part: Buffer): Header {
  if (part.length < HEADER_BYTES) throw badAnswer(`a message of ${part.length} bytes has no room for a header`);
  if (part.readUInt32LE(0) !== PROTOCOL_ID) throw badAnswer('a message does not begin with the mark of SMB 2');
  if (part.readUInt16LE(4) !== HEADER_BYTES) throw badAnswer('a header has a wrong structure size');
  const flags = part.readUInt32LE(16);
  if ((flags & FLAG.response) === 0) throw badAnswer('the server sent a request');
  const isAsync = (flags & FLAG.async) !== 0;
  const unasked = part.readUInt32LE(24) === 0xffff_ffff && part.readUInt32LE(28) === 0xffff_ffff;
  return {
    status: part.readUInt32LE(8),
    command: part.readUInt16LE(12),
    credits: part.readUInt16LE(14),
    flags,
    messageId: unasked ? UNASKED : sizeAt(part, 24, 'a message id'),
    asyncId: isAsync ? u64At(part, 32) : undefined,
    treeId: isAsync ? 0 : part.readUInt32LE(36),
    sessionId: u64At(part, 40),
  };
}

/** Cuts a message into its parts. Each keeps its padding, which its signature covers. */
export function splitChain(message: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    if (message.length - at < HEADER_BYTES)
      throw badAnswer(`a message of ${message.length} bytes ends inside a header`);
    const next = message.readUInt32LE(at + 20);
    if (next === 0) {
      parts.push(message.subarray(at));
      return parts;
    }
    if (next < HEADER_BYTES || next % 8 !== 0 || at + next > message.length - HEADER_BYTES)
      throw badAnswer(`a chain goes on ${next} bytes behind ${at} of ${message.length}`);
    if (parts.length === CHAIN_LIMIT - 1) throw badAnswer('a chain has more parts than were asked for');
    parts.push(message.subarray(at, at + next));
    at += next;
  }
}

/** Takes the signature out of a part and leaves zeros in its place, as the computation of it wants (MS-SMB2 3.1.5.1). */
export function takeSignature(part: Buffer): Buffer {
  const signature = Buffer.from(part.subarray(SIGNATURE_AT, HEADER_BYTES));
  part.fill(0, SIGNATURE_AT, HEADER_BYTES);
  return signature;
}

export function putSignature(part: Buffer, signature: Buffer): void {
  signature.copy(part, SIGNATURE_AT, 0, SIGNATURE_BYTES);
}

/** The room of each part in a chain: all but the last are padded to eight bytes. */
export function partLengths(parts: readonly Part[]): number[] {
  return parts.map((part, index) => {
    const length = HEADER_BYTES + part.body.length + (part.payload?.length ?? 0);
    return index === parts.length - 1 ? length : align8(length);
  });
}

/** CreditCharge for a payload (MS-SMB2 3.1.5.2). */
export function chargeFor(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 65_536));
}
