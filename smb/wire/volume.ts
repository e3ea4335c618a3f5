/** What QUERY_INFO tells about a file system (MS-FSCC 2.5). */
import { printable } from '../../base/human.ts';
import type { FileSystem } from '../files/handle-types.ts';
import { badAnswer, rangeOf, textOfBytes } from './bytes.ts';

/** InfoType and class (MS-SMB2 2.2.37). */
export const VOLUME_QUERY = {
  /** FileFsAttributeInformation (MS-FSCC 2.5.1). */
  attributes: { type: 2, class: 5 },
  /** FileFsSizeInformation (MS-FSCC 2.5.8). */
  size: { type: 2, class: 3 },
  /** FileFsObjectIdInformation (MS-FSCC 2.5.6). */
  objectId: { type: 2, class: 8 },
  /** FileFsSectorSizeInformation (MS-FSCC 2.5.7). */
  sectorSize: { type: 2, class: 11 },
} as const;

const FLAG = {
  caseSensitive: 0x1,
  casePreserved: 0x2,
  accessRules: 0x8,
  sparse: 0x40,
  reparsePoints: 0x80,
  streams: 0x4_0000,
  readOnly: 0x8_0000,
  extendedAttributes: 0x80_0000,
} as const;

const NAME_AT = 12;
/** Longer than any name of a file system; a name is shown to people. */
const NAME_LIMIT_BYTES = 128;

type FromAttributes = Pick<FileSystem, 'name' | 'maxNameLength' | keyof typeof FLAG>;

export function readFsAttributes(buffer: Buffer): FromAttributes {
  if (buffer.length < NAME_AT) throw badAnswer('the information about a file system is cut short');
  const flags = buffer.readUInt32LE(0);
  const nameBytes = buffer.readUInt32LE(8);
  if (nameBytes > NAME_LIMIT_BYTES) throw badAnswer(`the name of a file system takes ${nameBytes} bytes`);
  const what = 'the name of a file system';
  const has = (flag: keyof typeof FLAG): boolean => (flags & FLAG[flag]) !== 0;
  return {
    name: printable(textOfBytes(rangeOf(buffer, NAME_AT, nameBytes, NAME_AT, what), what)),
    maxNameLength: buffer.readUInt32LE(4),
    caseSensitive: has('caseSensitive'),
    casePreserved: has('casePreserved'),
    accessRules: has('accessRules'),
    sparse: has('sparse'),
    reparsePoints: has('reparsePoints'),
    streams: has('streams'),
    readOnly: has('readOnly'),
    extendedAttributes: has('extendedAttributes'),
  };
}

export function readFsSize(buffer: Buffer): Pick<FileSystem, 'clusterBytes' | 'sectorBytes'> {
  if (buffer.length < 24) throw badAnswer('the size of a file system is cut short');
  const sectorBytes = buffer.readUInt32LE(20);
  const clusterBytes = buffer.readUInt32LE(16) * sectorBytes;
  if (!Number.isSafeInteger(clusterBytes)) throw badAnswer('a cluster is beyond 2^53 bytes');
  return { clusterBytes, sectorBytes };
}

/** Bytes that the disk writes in one piece. */
export function readPhysicalSector(buffer: Buffer): number {
  if (buffer.length < 28) throw badAnswer('the sizes of sectors are cut short');
  return buffer.readUInt32LE(4);
}

/** 32 hex digits. */
export function readObjectId(buffer: Buffer): string {
  if (buffer.length < 16) throw badAnswer('the id of a volume is cut short');
  return buffer.toString('hex', 0, 16);
}
