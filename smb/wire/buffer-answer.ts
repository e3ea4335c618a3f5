/**
 * The answer that QUERY_DIRECTORY, QUERY_INFO and CHANGE_NOTIFY share: a buffer (MS-SMB2 2.2.34, 2.2.36, 2.2.38); and the
 * error answer (2.2.2).
 */
import { badAnswer, checkBody, HEADER_BYTES, rangeOf } from './bytes.ts';

const BUFFER_AT = 72;

/** @param askedBytes OutputBufferLength of the request; more is refused */
export function readBufferAnswer(part: Buffer, askedBytes: number, name: string): Buffer {
  checkBody(part, 9, 8, name);
  const length = part.readUInt32LE(HEADER_BYTES + 4);
  if (length > askedBytes) throw badAnswer(`${name} holds ${length} bytes, ${askedBytes} were asked for`);
  return rangeOf(part, part.readUInt16LE(HEADER_BYTES + 2), length, BUFFER_AT, name);
}

/** The data of an error answer (MS-SMB2 2.2.2), empty for most. */
export function readErrorData(part: Buffer): Buffer {
  checkBody(part, 9, 8, 'an error answer');
  return rangeOf(part, BUFFER_AT, part.readUInt32LE(HEADER_BYTES + 4), BUFFER_AT, 'an error answer');
}
