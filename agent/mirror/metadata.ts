/**
 * What a file carries beside its content: times, owner, DOS attributes and creation time. Times go into the inode;
 * attributes and creation time into `user.DOSATTRIB` exactly as Samba 4.17 writes it (librpc/idl/xattr.idl,
 * xattr_DOSATTRIB version 5), so that our smbd shows users the same read-only, hidden, system and archive bits.
 * A read-only file is never read-only for us: the bit lives in the attribute, not in the Unix mode.
 */
import fs from 'node:fs';
import { setXattrDescriptor, stampDescriptor } from '../../base/libc.ts';
import { unixNs } from '../../smb/file-time.ts';
import type { FileTime } from '../../smb/types.ts';

export const ATTRIBUTE_DIRECTORY = 0x10;
/** Set by whoever writes content, cleared by whoever backs it up. */
export const ATTRIBUTE_ARCHIVE = 0x20;
export const ATTRIBUTE_NORMAL = 0x80;
/** Its holes can be asked for. */
export const ATTRIBUTE_SPARSE = 0x200;
/** MS-FSCC 2.6: reading any of these may follow a link or fetch the content from tape or cloud. */
export const ATTRIBUTE_REPARSE_POINT = 0x400;
export const ATTRIBUTE_OFFLINE = 0x1000;
export const ATTRIBUTE_RECALL_ON_OPEN = 0x40000;
export const ATTRIBUTE_RECALL_ON_DATA_ACCESS = 0x400000;

export const DOS_ATTRIBUTE_NAME = 'user.DOSATTRIB';
/** Read-only, hidden, system, directory, archive: what Samba keeps (SAMBA_ATTRIBUTES_MASK without volume and normal). */
export const KEPT_ATTRIBUTES = 0x37;
/** XATTR_DOSINFO_ATTRIB | XATTR_DOSINFO_CREATE_TIME. */
const VALID_ATTRIB_AND_CREATED = 0x11;
const DOS_ATTRIBUTE_VERSION = 5;

export interface Owner {
  uid: number;
  gid: number;
}

export interface Metadata {
  attributes: number;
  created: FileTime;
  accessed: FileTime;
  written: FileTime;
}

/** NDR of xattr_DOSATTRIB: '' as hex text, version, the union's switch, aligned to 4: flags, attributes, creation time. */
export function dosAttribute(attributes: number, created: FileTime): Buffer {
  const out = Buffer.alloc(24);
  out.writeUInt16LE(DOS_ATTRIBUTE_VERSION, 2);
  out.writeUInt16LE(DOS_ATTRIBUTE_VERSION, 4);
  out.writeUInt32LE(VALID_ATTRIB_AND_CREATED, 8);
  out.writeUInt32LE(attributes & KEPT_ATTRIBUTES, 12);
  out.writeBigUInt64LE(BigInt.asUintN(64, created), 16);
  return out;
}

/** Reads what Samba 3.6 to 4.x keeps (versions 3 to 5); undefined where there is nothing that we understand. */
export function readDosAttribute(value: Buffer): { attributes: number; created: FileTime | undefined } | undefined {
  // A hex text before the version belongs to releases that nobody runs; ours is empty.
  if (value.length < 16 || value[0] !== 0) return undefined;
  const version = value.readUInt16LE(2);
  const flags = value.readUInt32LE(8);
  const attributes = (flags & 1) === 0 ? 0 : value.readUInt32LE(12);
  const createdAt = CREATED_OFFSET[version];
  if (createdAt === undefined) return undefined;
  const isCreated = (flags & VALID_CREATED) !== 0 && value.length >= createdAt + 8;
  return { attributes, created: isCreated ? value.readBigUInt64LE(createdAt) : undefined };
}

/** Version 3: ea size, size, allocation size before it; version 4: the time that made the file id. */
const CREATED_OFFSET: Record<number, number> = { 3: 40, 4: 24, 5: 16 };
const VALID_CREATED = 0x10;

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** Dresses an open file or directory; the times come last, since everything else moves them. Needs no write permission bit. */
export function dress(fd: number, kind: 'file' | 'directory', metadata: Metadata, owner: Owner): void {
  fs.fchmodSync(fd, kind === 'file' ? FILE_MODE : DIRECTORY_MODE);
  fs.fchownSync(fd, owner.uid, owner.gid);
  const attributes = kind === 'file' ? metadata.attributes : metadata.attributes | ATTRIBUTE_DIRECTORY;
  setXattrDescriptor(fd, DOS_ATTRIBUTE_NAME, dosAttribute(attributes, metadata.created));
  stampTimes(fd, metadata.accessed, metadata.written);
}

/** Sets the inode's times; a time the server does not know (0) is left as it is. */
export function stampTimes(fd: number, accessed: FileTime, written: FileTime): void {
  if (written === 0n) return;
  const writtenNs = unixNs(written);
  stampDescriptor(fd, { accessedNs: accessed === 0n ? writtenNs : unixNs(accessed), writtenNs });
}
