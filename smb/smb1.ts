/**
 * Finds out whether a server that refuses SMB 2 speaks SMB 1, so that a person learns the reason and not the symptom:
 * such servers just close the connection, or answer in SMB 1 (MS-SMB 2.2.4.5.1, MS-CIFS 2.2.4.52).
 * This is all the SMB 1 there is here; nothing is ever done over it.
 */
import net from 'node:net';
import { Failure } from '../base/failure.ts';

const MARK = 0x424d53ff;
const NEGOTIATE = 0x72;
const NO_DIALECT = 0xffff;
const HEADER_BYTES = 32;
/** Bytes of an answer that are looked at; more than that is somebody else. */
const ANSWER_LIMIT_BYTES = 4_096;

export function smb1Only(subject: string): Failure {
  return new Failure({
    code: 'smb1-only',
    doing: 'negotiate with',
    subject,
    what: 'the server speaks only SMB 1',
    hint: 'switch SMB 2 or 3 on at the server; SMB 1 can be neither trusted nor protected and is not supported',
  });
}

/** Asks on a connection of its own. False for every other outcome; it never throws. */
export function speaksSmb1(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0);
    const socket = net.connect({ host, port });
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    socket.on('connect', () => socket.write(negotiateMessage()));
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes]);
      if (answer.length >= 4 + HEADER_BYTES + 3 || answer.length > ANSWER_LIMIT_BYTES) socket.destroy();
    });
    // Its reason does not matter: «close» follows.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(acceptsNtLm(answer.subarray(4)));
    });
  });
}

/** NEGOTIATE for «NT LM 0.12», the last dialect of SMB 1, and nothing else. */
function negotiateMessage(): Buffer {
  const dialect = Buffer.from('\x02NT LM 0.12\0', 'latin1');
  const message = Buffer.alloc(HEADER_BYTES + 3 + dialect.length);
  message.writeUInt32LE(MARK, 0);
  message.writeUInt8(NEGOTIATE, 4);
  // NT status codes, Unicode, extended security.
  message.writeUInt16LE(0xc801, 10);
  message.writeUInt16LE(dialect.length, HEADER_BYTES + 1);
  dialect.copy(message, HEADER_BYTES + 3);
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(message.length, 0);
  return Buffer.concat([prefix, message]);
}

function acceptsNtLm(answer: Buffer): boolean {
  if (answer.length < HEADER_BYTES + 3) return false;
  return (
    answer.readUInt32LE(0) === MARK &&
    answer.readUInt8(4) === NEGOTIATE &&
    answer.readUInt8(HEADER_BYTES) > 0 &&
    answer.readUInt16LE(HEADER_BYTES + 1) !== NO_DIALECT
  );
}
