/**
 * Bounds-checked looks into one SMB2 part. A part is a Buffer that begins at its 64-byte header, because every offset on
 * the wire counts from there (MS-SMB2 2.2.1). Whatever does not fit throws a Failure with the code `malformed`.
 */
import type { Failure } from '../../base/failure.ts';
import { malformed } from '../malformed.ts';
import type { FileTime } from '../types.ts';
import { s64At } from './u64.ts';

export const HEADER_BYTES = 64;

/** What is thrown for every answer that breaks the protocol. */
export function badAnswer(what: string): Failure {
  return malformed('read the answer of the server', what);
}

/** Makes sure that a body has this StructureSize and that its fixed bytes are there. */
export function checkBody(part: Buffer, structureSize: number, fixedBytes: number, name: string): void {
  if (part.length < HEADER_BYTES + fixedBytes) throw badAnswer(`${name} is cut short at ${part.length} bytes`);
  const stated = part.readUInt16LE(HEADER_BYTES);
  if (stated !== structureSize) throw badAnswer(`${name} has the structure size ${stated} instead of ${structureSize}`);
}

/**
 * The bytes at an offset that the server chose; empty when the length is 0, whatever the offset.
 * @param least the first offset that lies behind the fixed fields
 */
export function rangeOf(part: Buffer, offset: number, length: number, least: number, name: string): Buffer {
  if (length === 0) return part.subarray(0, 0);
  if (offset < least || offset + length > part.length)
    throw badAnswer(`${name} claims ${length} bytes at ${offset} of ${part.length}`);
  return part.subarray(offset, offset + length);
}

/**
 * What an entry may claim in a list whose entries tell how far away the next one is (0 for the last). A name that reached into the
 * entries behind it would count their bytes once more, and so would theirs: one answer would fill the memory.
 */
export function upToNext(buffer: Buffer, at: number, next: number): Buffer {
  return next === 0 ? buffer : buffer.subarray(0, at + next);
}

/** A 64-bit size as a number. Throws beyond 2^53-1 rather than lose digits. */
export function sizeAt(bytes: Buffer, at: number, name: string): number {
  const high = bytes.readUInt32LE(at + 4);
  if (high > 0x1f_ffff) throw badAnswer(`${name} is beyond 2^53`);
  return high * 0x1_0000_0000 + bytes.readUInt32LE(at);
}

/** A FILETIME (MS-DTYP 2.3.3). One before 1601 is no time: 0, «not known». */
export function timeAt(bytes: Buffer, at: number): FileTime {
  const time = s64At(bytes, at);
  return time < 0n ? 0n : time;
}

/** UTF-16LE text, lone surrogates and all. */
export function textOfBytes(bytes: Buffer, name: string): string {
  if (bytes.length % 2 !== 0) throw badAnswer(`${name} has half a UTF-16 unit`);
  return bytes.toString('utf16le');
}

/** The next multiple of eight. */
export function align8(bytes: number): number {
  return (bytes + 7) & ~7;
}
