/**
 * Finds out whether a server that refuses what we offer speaks SMB 1 and nothing later, so that a person learns the reason and not the
 * symptom: such servers just close the connection, or answer in SMB 1 (MS-SMB 2.2.4.5.1, MS-CIFS 2.2.4.52). That it accepts SMB 1 is no
 * proof, for many speak both; so SMB 2 is offered in the same question, which a server that knows it prefers (MS-SMB2 3.3.5.3).
 * This is all the SMB 1 there is here; nothing is ever done over it.
 */
import net from 'node:net';
import { Failure } from '../base/failure.ts';

const MARK = 0x424d53ff;
const MARK_SMB2 = 0x424d53fe;
const NEGOTIATE = 0x72;
/** Its place among what is offered; 0xFFFF would be none. */
const NT_LM = 0;
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

/** What a server that is offered SMB 1 and SMB 2 takes. `neither`: it answers nothing that can be understood. */
export type Spoken = 'smb1' | 'smb2' | 'neither';

/** Asks on a connection of its own. It never throws. */
export function askInSmb1(host: string, port: number, timeoutMs: number): Promise<Spoken> {
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
      resolve(spoken(answer.subarray(4)));
    });
  });
}

/** NEGOTIATE for «NT LM 0.12», the last dialect of SMB 1, and for both names of SMB 2 (MS-SMB2 3.2.4.2.2.1). */
function negotiateMessage(): Buffer {
  const dialect = Buffer.from('\x02NT LM 0.12\0\x02SMB 2.002\0\x02SMB 2.???\0', 'latin1');
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

function spoken(answer: Buffer): Spoken {
  if (answer.length < HEADER_BYTES + 3) return 'neither';
  if (answer.readUInt32LE(0) === MARK_SMB2) return 'smb2';
  const acceptsNtLm =
    answer.readUInt32LE(0) === MARK &&
    answer.readUInt8(4) === NEGOTIATE &&
    answer.readUInt8(HEADER_BYTES) > 0 &&
    answer.readUInt16LE(HEADER_BYTES + 1) === NT_LM;
  return acceptsNtLm ? 'smb1' : 'neither';
}
