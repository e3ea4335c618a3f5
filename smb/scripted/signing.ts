/** For tests: a scripted server behind the logon, which signs what it says, and a Line to it. */
import net from 'node:net';
import { type Clock, systemClock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { signature } from '../crypto/signing.ts';
import { Line } from '../link/line.ts';
import { Link } from '../link/link.ts';
import { Protection } from '../link/protection.ts';
import { HEADER_BYTES } from '../wire/bytes.ts';
import { COMMAND } from '../wire/header.ts';
import { echoRequest } from '../wire/simple.ts';
import { eachFrame, framed, listen } from './server.ts';

/** Signs and, where a test says so, encrypts. */
export const KEY = Buffer.alloc(16, 9);
export const SESSION = 77n;
/** What CREATE gives. */
export const FILE_ID = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
export interface Asked {
  command: number;
  messageId: bigint;
  charge: number;
  creditRequest: number;
  flags: number;
  asyncId: bigint;
  body: Buffer;
}

export interface Said {
  to: Asked;
  status?: number;
  body?: Buffer;
  credits?: number;
  /** Makes it an asynchronous one. */
  asyncId?: bigint;
  unsigned?: boolean;
}

/** The parts of a request; none of an encrypted one, which is answered unread. */
function partsOf(message: Buffer): Asked[] {
  if (message.readUInt8(0) === 0xfd) return [];
  const parts: Asked[] = [];
  for (let at = 0; ; ) {
    const next = message.readUInt32LE(at + 20);
    const part = message.subarray(at, next === 0 ? undefined : at + next);
    parts.push({
      command: part.readUInt16LE(12),
      messageId: part.readBigUInt64LE(24),
      charge: part.readUInt16LE(6),
      creditRequest: part.readUInt16LE(14),
      flags: part.readUInt32LE(16),
      asyncId: part.readBigUInt64LE(32),
      body: part.subarray(HEADER_BYTES),
    });
    if (next === 0) return parts;
    at += next;
  }
}

/** A message that holds these answers, signed, prefix included. */
export function chain(answers: readonly Said[]): Buffer {
  const parts = answers.map((said, index) => {
    const body = said.body ?? Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 0]);
    const last = index === answers.length - 1;
    const length = last ? HEADER_BYTES + body.length : Math.ceil((HEADER_BYTES + body.length) / 8) * 8;
    const part = Buffer.alloc(length);
    part.write('\xfeSMB', 'latin1');
    part.writeUInt16LE(64, 4);
    part.writeUInt32LE(said.status ?? 0, 8);
    part.writeUInt16LE(said.to.command, 12);
    part.writeUInt16LE(said.credits ?? said.to.charge, 14);
    part.writeUInt32LE(1 | (said.asyncId === undefined ? 0 : 2) | (said.unsigned === true ? 0 : 8), 16);
    part.writeUInt32LE(last ? 0 : length, 20);
    part.writeBigUInt64LE(said.to.messageId, 24);
    part.writeBigUInt64LE(said.asyncId ?? 0n, 32);
    part.writeBigUInt64LE(SESSION, 40);
    body.copy(part, HEADER_BYTES);
    const nonce = { messageId: said.to.messageId, fromServer: true, cancel: false };
    if (said.unsigned !== true) signature('aes-gmac', KEY, part, nonce).copy(part, 48);
    return part;
  });
  return framed(Buffer.concat(parts));
}

/** Bodies of good answers. */
export const GOOD = {
  create: (size = 3): Buffer => {
    const body = Buffer.alloc(88);
    body.writeUInt16LE(89, 0);
    body.writeUInt32LE(size, 48);
    FILE_ID.copy(body, 64);
    return body;
  },
  read: (data: string | Buffer): Buffer => {
    const body = Buffer.alloc(16);
    body.writeUInt16LE(17, 0);
    body.writeUInt8(80, 2);
    body.writeUInt32LE(data.length, 4);
    return Buffer.concat([body, typeof data === 'string' ? Buffer.from(data) : data]);
  },
  close: (size = 3): Buffer => {
    const body = Buffer.alloc(60);
    body.writeUInt16LE(60, 0);
    body.writeUInt16LE(1, 2);
    body.writeUInt32LE(size, 48);
    return body;
  },
  echo: (): Buffer => Buffer.from([4, 0, 0, 0]),
  ioctl: (output: Buffer): Buffer => {
    const body = Buffer.alloc(48);
    body.writeUInt16LE(49, 0);
    body.writeUInt32LE(112, 32);
    body.writeUInt32LE(output.length, 36);
    return Buffer.concat([body, output]);
  },
  listing: (...names: string[]): Buffer => {
    const entries = names.map((name, index) => {
      const entry = Buffer.alloc(104 + Math.ceil((name.length * 2) / 8) * 8);
      entry.writeUInt32LE(index === names.length - 1 ? 0 : entry.length, 0);
      entry.writeUInt32LE(name.length * 2, 60);
      entry.write(name, 104, 'utf16le');
      return entry;
    });
    const buffer = Buffer.concat(entries);
    const body = Buffer.alloc(8);
    body.writeUInt16LE(9, 0);
    body.writeUInt16LE(72, 2);
    body.writeUInt32LE(buffer.length, 4);
    return Buffer.concat([body, buffer]);
  },
};

/** The body of an answer to WRITE. */
export function written(length: number): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt16LE(17, 0);
  body.writeUInt32LE(length, 4);
  return body;
}

/** A good answer to any part. */
export function good(to: Asked): Said {
  switch (to.command) {
    case COMMAND.create:
      return { to, body: GOOD.create() };
    case COMMAND.read:
      return { to, body: GOOD.read('abc') };
    case COMMAND.close:
      return { to, body: GOOD.close() };
    default:
      return { to, body: GOOD.echo() };
  }
}

export interface ScriptedLine {
  line: Line;
  /** Every message so far, the first one for the credits included. */
  asked: Asked[][];
  /** Has the server say something unasked. */
  say(bytes: Buffer): void;
  close(): void;
}

/**
 * A line to a server that says what `reply` returns, message by message, and notes everything it was asked.
 * @param credits what it grants in the beginning
 */
export async function startLine(
  credits: number,
  reply: (parts: Asked[]) => Buffer[],
  clock: Clock = systemClock,
): Promise<ScriptedLine> {
  const asked: Asked[][] = [];
  let spoken: net.Socket | undefined;
  const server = net.createServer({ noDelay: true }, (socket) => {
    spoken = socket;
    // The client ends connections that it cannot trust with bytes still on their way.
    socket.on('error', () => socket.destroy());
    eachFrame(socket, (message) => {
      const parts = partsOf(message);
      asked.push(parts);
      const first = asked.length === 1;
      const answers = first ? parts.map((to) => chain([{ ...good(to), credits }])) : reply(parts);
      for (const bytes of answers) socket.write(bytes);
    });
  });
  const port = await listen(server);
  const link = new Link('server', 1_000, clock);
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true, onread: link.onread });
  await new Promise((resolve) => socket.once('connect', resolve));
  link.attach(socket);
  link.negotiated(1_048_576, true);
  const close = (): void => {
    link.fail(new Failure({ code: 'disconnected', doing: 'test', what: 'over' }));
    server.close();
  };
  const keys = { signing: KEY, encrypt: undefined, decrypt: undefined };
  const line = new Line(link, new Protection(SESSION, { signing: 'aes-gmac', cipher: undefined }, keys), 5, false);
  await line.ask(echoRequest(), { doing: 'test', subject: 'it', lane: 'urgent' });
  asked.length = 1;
  return { line, asked, say: (bytes) => spoken?.write(bytes), close };
}
