/** IOCTL (MS-SMB2 2.2.31, 2.2.32): for pipes, for proving a negotiation of before 3.1.1, and for what files can beyond reading. */
import { badAnswer, checkBody, HEADER_BYTES, rangeOf } from './bytes.ts';
import { COMMAND, chargeFor, type Part } from './header.ts';

/** Control codes (MS-SMB2 2.2.31, MS-FSCC 2.3). */
export const FSCTL = {
  setReparsePoint: 0x0009_00a4,
  getReparsePoint: 0x0009_00a8,
  deleteReparsePoint: 0x0009_00ac,
  setSparse: 0x0009_00c4,
  queryAllocatedRanges: 0x0009_40cf,
  setZeroData: 0x0009_80c8,
  pipeTransceive: 0x0011_c017,
  requestResumeKey: 0x0014_0078,
  validateNegotiateInfo: 0x0014_0204,
  enumerateSnapshots: 0x0014_4064,
  copyChunkWrite: 0x0014_80f2,
} as const;

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

/** Whether it has the form of an answer to IOCTL, which some that say «no» have too, or that of an error. */
export function isIoctlAnswer(part: Buffer): boolean {
  return part.length >= HEADER_BYTES + 2 && part.readUInt16LE(HEADER_BYTES) === 49;
}

export function readIoctlOutput(part: Buffer, askedBytes: number): Buffer {
  checkBody(part, 49, 48, 'the answer to IOCTL');
  const length = part.readUInt32LE(HEADER_BYTES + 36);
  if (length > askedBytes) throw badAnswer(`IOCTL was answered with ${length} bytes, ${askedBytes} were asked for`);
  return rangeOf(part, part.readUInt32LE(HEADER_BYTES + 32), length, ANSWER_AT, 'the answer to IOCTL');
}
