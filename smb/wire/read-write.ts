/** READ and WRITE (MS-SMB2 2.2.19 to 2.2.22). */
import { badAnswer, checkBody, HEADER_BYTES, rangeOf } from './bytes.ts';
import { COMMAND, chargeFor, type Part } from './header.ts';

/** Where we ask the server to put the data: right behind the fixed fields of its answer. */
const DATA_AT = 80;
const WRITE_FIXED_BYTES = 48;

/** @param length 1 to MaxReadSize */
export function readRequest(fileId: Buffer, offset: number, length: number): Part {
  const body = Buffer.alloc(49);
  body.writeUInt16LE(49, 0);
  body.writeUInt8(DATA_AT, 2);
  body.writeUInt32LE(length, 4);
  writeOffset(body, offset);
  fileId.copy(body, 16);
  return { command: COMMAND.read, body, charge: chargeFor(length) };
}

/** The data, not copied out of the message. Throws when it is more than was asked for. */
export function readData(part: Buffer, askedBytes: number): Buffer {
  checkBody(part, 17, 16, 'the answer to READ');
  const length = part.readUInt32LE(HEADER_BYTES + 4);
  if (length > askedBytes) throw badAnswer(`READ of ${askedBytes} bytes was answered with ${length}`);
  return rangeOf(part, part.readUInt8(HEADER_BYTES + 2), length, DATA_AT, 'the answer to READ');
}

/** @param data at most MaxWriteSize bytes; must stay as it is until the request is answered */
export function writeRequest(fileId: Buffer, offset: number, data: Buffer): Part {
  // The structure counts one byte of its buffer, which is there also when there is nothing to write.
  const body = Buffer.alloc(WRITE_FIXED_BYTES + (data.length === 0 ? 1 : 0));
  body.writeUInt16LE(49, 0);
  body.writeUInt16LE(HEADER_BYTES + WRITE_FIXED_BYTES, 2);
  body.writeUInt32LE(data.length, 4);
  writeOffset(body, offset);
  fileId.copy(body, 16);
  return { command: COMMAND.write, body, payload: data, charge: chargeFor(data.length) };
}

/** How many bytes the server took. */
export function readWritten(part: Buffer): number {
  checkBody(part, 17, 16, 'the answer to WRITE');
  return part.readUInt32LE(HEADER_BYTES + 4);
}

/** Both requests hold the 64-bit offset at byte 8. */
function writeOffset(body: Buffer, offset: number): void {
  body.writeUInt32LE(offset % 0x1_0000_0000, 8);
  body.writeUInt32LE(Math.floor(offset / 0x1_0000_0000), 12);
}
