/** IOCTL (MS-SMB2 2.2.31, 2.2.32), for pipes and for proving a negotiation of before 3.1.1. */
import { badAnswer, checkBody, HEADER_BYTES, rangeOf } from './bytes.ts';
import { COMMAND, chargeFor, type Part } from './header.ts';

export const FSCTL = { pipeTransceive: 0x0011_c017, validateNegotiateInfo: 0x0014_0204 } as const;

const FIXED_BYTES = 56;
const ANSWER_AT = 112;
const IS_FSCTL = 1;

/** @param fileId all ones when the call is not about a file */
export function ioctlRequest(fileId: Buffer, code: number, input: Buffer, outputBytes: number): Part {
  const body = Buffer.alloc(FIXED_BYTES + Math.max(1, input.length));
  body.writeUInt16LE(57, 0);
  body.writeUInt32LE(code, 4);
  fileId.copy(body, 8);
  body.writeUInt32LE(HEADER_BYTES + FIXED_BYTES, 24);
  body.writeUInt32LE(input.length, 28);
  body.writeUInt32LE(outputBytes, 44);
  body.writeUInt32LE(IS_FSCTL, 48);
  input.copy(body, FIXED_BYTES);
  return { command: COMMAND.ioctl, body, charge: chargeFor(Math.max(input.length, outputBytes)) };
}

export function readIoctlOutput(part: Buffer, askedBytes: number): Buffer {
  checkBody(part, 49, 48, 'the answer to IOCTL');
  const length = part.readUInt32LE(HEADER_BYTES + 36);
  if (length > askedBytes) throw badAnswer(`IOCTL was answered with ${length} bytes, ${askedBytes} were asked for`);
  return rangeOf(part, part.readUInt32LE(HEADER_BYTES + 32), length, ANSWER_AT, 'the answer to IOCTL');
}
