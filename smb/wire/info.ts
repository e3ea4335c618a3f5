/** QUERY_INFO and SET_INFO (MS-SMB2 2.2.37, 2.2.39) with the structures of MS-FSCC that we use. */
import type { BasicInfo } from '../types.ts';
import { badAnswer, HEADER_BYTES, rangeOf, textOfBytes } from './bytes.ts';
import { ATTRIBUTE } from './create.ts';
import { COMMAND, chargeFor, type Part } from './header.ts';

/** What can be asked: InfoType, class, and of a security descriptor which of its parts (MS-SMB2 2.2.37). */
export interface Query {
  type: number;
  class: number;
  /** AdditionalInformation; 0 unless told. */
  additional?: number;
}

/** Owner, group and DACL (MS-DTYP 2.4.7): what a mirror keeps. The SACL needs a privilege that it does not have. */
const OWNER_GROUP_DACL = 0x7;
const SACL = 0x8;

export const QUERY = {
  /** FileStandardInformation (MS-FSCC 2.4.45). */
  standard: { type: 1, class: 5 },
  /** FileInternalInformation (MS-FSCC 2.4.22). */
  internal: { type: 1, class: 6 },
  /** FileFullEaInformation (MS-FSCC 2.4.16). */
  extended: { type: 1, class: 15 },
  /** FileAlternateNameInformation (MS-FSCC 2.4.5). */
  alternateName: { type: 1, class: 21 },
  /** FileStreamInformation (MS-FSCC 2.4.49). */
  streams: { type: 1, class: 22 },
  /** FileNormalizedNameInformation (MS-FSCC 2.4). */
  normalizedName: { type: 1, class: 48 },
  /** FileFsVolumeInformation (MS-FSCC 2.5.9). */
  volume: { type: 2, class: 1 },
  /** FileFsFullSizeInformation (MS-FSCC 2.5.4). */
  fullSize: { type: 2, class: 7 },
  security: { type: 3, class: 0, additional: OWNER_GROUP_DACL },
  securityWithSacl: { type: 3, class: 0, additional: OWNER_GROUP_DACL | SACL },
} as const;

const SET_FIXED_BYTES = 32;

export function queryInfoRequest(fileId: Buffer, what: Query, bufferBytes: number): Part {
  const body = Buffer.alloc(41);
  body.writeUInt16LE(41, 0);
  body.writeUInt8(what.type, 2);
  body.writeUInt8(what.class, 3);
  body.writeUInt32LE(bufferBytes, 4);
  body.writeUInt32LE(what.additional ?? 0, 16);
  fileId.copy(body, 24);
  return { command: COMMAND.queryInfo, body, charge: chargeFor(bufferBytes) };
}

/** @param additional of a security descriptor, which parts are set */
export function setInfoRequest(fileId: Buffer, type: number, infoClass: number, buffer: Buffer, additional = 0): Part {
  const body = Buffer.alloc(SET_FIXED_BYTES + buffer.length);
  body.writeUInt16LE(33, 0);
  body.writeUInt8(type, 2);
  body.writeUInt8(infoClass, 3);
  body.writeUInt32LE(buffer.length, 4);
  body.writeUInt16LE(HEADER_BYTES + SET_FIXED_BYTES, 8);
  body.writeUInt32LE(additional, 12);
  fileId.copy(body, 16);
  buffer.copy(body, SET_FIXED_BYTES);
  return { command: COMMAND.setInfo, body, charge: chargeFor(buffer.length) };
}

/**
 * FileBasicInformation (MS-FSCC 2.4.7); what is left out stays as it is. No attributes at all are FILE_ATTRIBUTE_NORMAL, as
 * 0 means «unchanged».
 */
export function setBasicRequest(fileId: Buffer, info: BasicInfo): Part {
  const buffer = Buffer.alloc(40);
  buffer.writeBigInt64LE(info.created ?? 0n, 0);
  buffer.writeBigInt64LE(info.accessed ?? 0n, 8);
  buffer.writeBigInt64LE(info.written ?? 0n, 16);
  buffer.writeBigInt64LE(info.changed ?? 0n, 24);
  if (info.attributes !== undefined)
    buffer.writeUInt32LE(info.attributes === 0 ? ATTRIBUTE.normal : info.attributes, 32);
  return setInfoRequest(fileId, 1, 4, buffer);
}

/** FileRenameInformation for SMB2 (MS-FSCC 2.4.42.2). @param name UTF-16LE from the root of the share */
export function renameRequest(fileId: Buffer, name: Buffer, replace: boolean): Part {
  return setInfoRequest(fileId, 1, 10, targetName(name, replace));
}

/** FileLinkInformation for SMB2 (MS-FSCC 2.4.28.2): one more name for the file. @param name UTF-16LE from the root of the share */
export function linkRequest(fileId: Buffer, name: Buffer, replace: boolean): Part {
  return setInfoRequest(fileId, 1, 11, targetName(name, replace));
}

/** FILE_RENAME_INFORMATION_TYPE_2 and FILE_LINK_INFORMATION_TYPE_2 are alike. */
function targetName(name: Buffer, replace: boolean): Buffer {
  const buffer = Buffer.alloc(20 + name.length);
  buffer.writeUInt8(replace ? 1 : 0, 0);
  buffer.writeUInt32LE(name.length, 16);
  name.copy(buffer, 20);
  return buffer;
}

/** FileDispositionInformation (MS-FSCC 2.4.11): goes when the handle closes. Tells at once when it cannot (not empty, read-only). */
export function deleteRequest(fileId: Buffer): Part {
  return setInfoRequest(fileId, 1, 13, Buffer.from([1]));
}

/** FileEndOfFileInformation (MS-FSCC 2.4.13): cuts the file off, or goes on with zeros. @param size 0 to 2^53-1 */
export function setEndRequest(fileId: Buffer, size: number): Part {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64LE(BigInt(size), 0);
  return setInfoRequest(fileId, 1, 20, buffer);
}

/** @param information which parts are set (MS-DTYP 2.4.7) */
export function setSecurityRequest(fileId: Buffer, descriptor: Buffer, information: number): Part {
  return setInfoRequest(fileId, QUERY.security.type, QUERY.security.class, descriptor, information);
}

export function readFileId(buffer: Buffer): bigint {
  if (buffer.length < 8) throw badAnswer('a file id is cut short');
  return buffer.readBigUInt64LE(0);
}

/** NumberOfLinks of FileStandardInformation: the names that lead to the file. */
export function readLinkCount(buffer: Buffer): number {
  if (buffer.length < 22) throw badAnswer('the standard information about a file is cut short');
  return buffer.readUInt32LE(16);
}

/** FileNameInformation (MS-FSCC 2.1.7), in which every name of a file comes. */
export function readFileName(buffer: Buffer): string {
  if (buffer.length < 4) throw badAnswer('the name of a file is cut short');
  return textOfBytes(rangeOf(buffer, 4, buffer.readUInt32LE(0), 4, 'the name of a file'), 'the name of a file');
}

export function readVolumeSerial(buffer: Buffer): number {
  if (buffer.length < 18) throw badAnswer('the information about the volume is cut short');
  return buffer.readUInt32LE(8);
}

/** Rounded beyond 2^53 bytes: nobody decides by the last digit of a disk that large. */
export function readFullSize(buffer: Buffer): { totalBytes: number; freeBytes: number } {
  if (buffer.length < 32) throw badAnswer('the information about the space is cut short');
  const unitBytes = BigInt(buffer.readUInt32LE(24)) * BigInt(buffer.readUInt32LE(28));
  return {
    totalBytes: Number(buffer.readBigUInt64LE(0) * unitBytes),
    freeBytes: Number(buffer.readBigUInt64LE(8) * unitBytes),
  };
}
