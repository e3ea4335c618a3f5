/** For tests: a server in this process that says on the wire exactly what a test wants, right or wrong. */
import net from 'node:net';

/** What to do with the n-th message of a connection. Bytes are sent as they are, with their 4-byte prefix already in front. */
export type Reply = Buffer | 'silence' | 'close' | 'reset' | { drip: Buffer };

/** Between two bytes of a drip: long enough that no answer is whole within the time limits of the tests, and no pause is as long as one. */
const DRIP_MS = 10;

export interface ScriptedServer {
  readonly port: number;
  close(): void;
}

/** @param reply is given each message without its prefix, and its number from 0 */
export async function startScripted(reply: (message: Buffer, index: number) => Reply): Promise<ScriptedServer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    let index = 0;
    eachFrame(socket, (message) => {
      const answer = reply(message, index);
      index += 1;
      if (answer === 'close') socket.end();
      else if (answer === 'reset') socket.resetAndDestroy();
      else if (Buffer.isBuffer(answer)) socket.write(answer);
      else if (answer !== 'silence') drip(socket, answer.drip);
    });
  });
  const port = await listen(server);
  return {
    port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Sends it byte by byte, as long as anybody listens. */
function drip(socket: net.Socket, bytes: Buffer): void {
  let at = 0;
  const timer = setInterval(() => {
    if (at < bytes.length && !socket.destroyed) socket.write(bytes.subarray(at, at + 1));
    else clearInterval(timer);
    at += 1;
  }, DRIP_MS);
}

/** Calls back for every whole frame, without its prefix. */
export function eachFrame(socket: net.Socket, take: (message: Buffer) => void): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    pending = Buffer.concat([pending, bytes]);
    while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32BE(0)) {
      const end = 4 + pending.readUInt32BE(0);
      const message = Buffer.from(pending.subarray(4, end));
      pending = pending.subarray(end);
      take(message);
    }
  });
}

/** Listens on a free port of the loopback and returns it. */
export function listen(server: net.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address !== null && typeof address !== 'string') resolve(address.port);
    });
  });
}

export function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(message.length, 0);
  return Buffer.concat([prefix, message]);
}

export interface AnswerHeader {
  command: number;
  messageId?: bigint;
  status?: number;
  flags?: number;
  credits?: number;
  nextCommand?: number;
  sessionId?: bigint;
  asyncId?: bigint;
}

/** A header of 64 bytes as a server sends it. */
export function answerHeader(fields: AnswerHeader): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32LE(0x424d53fe, 0);
  header.writeUInt16LE(64, 4);
  header.writeUInt32LE(fields.status ?? 0, 8);
  header.writeUInt16LE(fields.command, 12);
  header.writeUInt16LE(fields.credits ?? 32, 14);
  header.writeUInt32LE(fields.flags ?? 1, 16);
  header.writeUInt32LE(fields.nextCommand ?? 0, 20);
  header.writeBigUInt64LE(fields.messageId ?? 0n, 24);
  header.writeBigUInt64LE(fields.asyncId ?? 0n, 32);
  header.writeBigUInt64LE(fields.sessionId ?? 0n, 40);
  return header;
}

/** An error answer (MS-SMB2 2.2.2) to a message. */
export function errorAnswer(message: Buffer, status: number, fields: Partial<AnswerHeader> = {}): Buffer {
  const body = Buffer.alloc(9);
  body.writeUInt16LE(9, 0);
  const command = message.readUInt16LE(12);
  const messageId = message.readBigUInt64LE(24);
  return Buffer.concat([answerHeader({ command, messageId, status, ...fields }), body]);
}

export interface NegotiateFields {
  dialect?: number;
  securityMode?: number;
  maxBytes?: number;
  securityBuffer?: { offset: number; length: number };
  contextCount?: number;
  contextOffset?: number;
  contexts?: Buffer[];
}

/** A negotiate context, padded to eight bytes (MS-SMB2 2.2.4.1). */
export function negotiateContext(type: number, data: number[]): Buffer {
  const context = Buffer.alloc(Math.ceil((8 + data.length) / 8) * 8);
  context.writeUInt16LE(type, 0);
  context.writeUInt16LE(data.length, 2);
  Buffer.from(data).copy(context, 8);
  return context;
}

/** Pre-authentication integrity with SHA-512, AES-128-GCM, AES-GMAC. */
export const GOOD_CONTEXTS: readonly Buffer[] = [
  negotiateContext(1, [1, 0, 0, 0, 1, 0]),
  negotiateContext(2, [1, 0, 2, 0]),
  negotiateContext(8, [1, 0, 2, 0]),
];

/** An answer to NEGOTIATE (MS-SMB2 2.2.4), sound unless told otherwise. */
export function negotiateAnswer(fields: NegotiateFields = {}): Buffer {
  const contexts = fields.contexts ?? GOOD_CONTEXTS;
  const body = Buffer.alloc(64);
  body.writeUInt16LE(65, 0);
  body.writeUInt16LE(fields.securityMode ?? 3, 2);
  body.writeUInt16LE(fields.dialect ?? 0x0311, 4);
  body.writeUInt16LE(fields.contextCount ?? contexts.length, 6);
  body.writeUInt32LE(7, 24);
  for (const at of [28, 32, 36]) body.writeUInt32LE(fields.maxBytes ?? 8_388_608, at);
  body.writeUInt16LE(fields.securityBuffer?.offset ?? 128, 56);
  body.writeUInt16LE(fields.securityBuffer?.length ?? 0, 58);
  body.writeUInt32LE(fields.contextOffset ?? 128, 60);
  return Buffer.concat([body, ...contexts]);
}

/** The whole message that answers NEGOTIATE. */
export function negotiated(fields: NegotiateFields = {}, header: Partial<AnswerHeader> = {}): Buffer {
  return Buffer.concat([answerHeader({ command: 0, ...header }), negotiateAnswer(fields)]);
}
