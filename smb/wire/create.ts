/** CREATE and CLOSE (MS-SMB2 2.2.13 to 2.2.16), and what both tell about a file. */
import type { FileTime, Stat } from '../types.ts';
import { align8, checkBody, HEADER_BYTES, sizeAt, timeAt } from './bytes.ts';
import { timewarpContext } from './create-context.ts';
import { COMMAND, type Part } from './header.ts';

/** Access rights (MS-SMB2 2.2.13.1). */
export const ACCESS = {
  readData: 0x1,
  listDirectory: 0x1,
  writeData: 0x2,
  readExtended: 0x8,
  writeExtended: 0x10,
  readAttributes: 0x80,
  writeAttributes: 0x100,
  delete: 0x1_0000,
  readControl: 0x2_0000,
  writeDac: 0x4_0000,
  writeOwner: 0x8_0000,
  synchronize: 0x10_0000,
  /** Reading and writing the SACL: only with SeSecurityPrivilege. */
  systemSecurity: 0x100_0000,
} as const;

/** CreateDisposition: open what is there, make what is not, or whichever is needed. */
export const DISPOSITION = { open: 1, create: 2, openIf: 3 } as const;

/** CreateOptions. */
export const OPTION = {
  directory: 0x1,
  nonDirectory: 0x40,
  /** Opens the link, junction or placeholder itself and not what it stands for. */
  reparsePoint: 0x20_0000,
} as const;

export const ATTRIBUTE = {
  readOnly: 0x1,
  hidden: 0x2,
  system: 0x4,
  directory: 0x10,
  normal: 0x80,
  reparsePoint: 0x400,
} as const;

/** ShareAccess: what others may do meanwhile. Anything less than all fails where somebody already does it. */
export const SHARE = { nothing: 0, all: 7 } as const;

const IMPERSONATION = 2;
const FIXED_BYTES = 56;

/** The file id that a related part carries: «that of the part before» (MS-SMB2 3.3.5.2.7.2). */
export const PREVIOUS_FILE: Buffer = Buffer.alloc(16, 0xff);

export interface Create {
  /** UTF-16LE, backslashes; empty for the root of the share. */
  name: Buffer;
  access: number;
  disposition: number;
  options: number;
  /** One of SHARE; everything unless told. */
  share?: number;
  /** FILE_ATTRIBUTE_* bits that something new has from the beginning; none unless told. */
  attributes?: number;
}

/**
 * Never asks for an oplock or a lease.
 * @param snapshot the moment of the snapshot in which the file is opened; as it is now unless told
 */
export function createRequest(create: Create, snapshot?: FileTime): Part {
  const body =
    snapshot === undefined ? Buffer.alloc(FIXED_BYTES + Math.max(1, create.name.length)) : warped(create, snapshot);
  body.writeUInt16LE(57, 0);
  body.writeUInt32LE(IMPERSONATION, 4);
  body.writeUInt32LE(create.access, 24);
  body.writeUInt32LE(create.attributes ?? 0, 28);
  body.writeUInt32LE(create.share ?? SHARE.all, 32);
  body.writeUInt32LE(create.disposition, 36);
  body.writeUInt32LE(create.options, 40);
  body.writeUInt16LE(HEADER_BYTES + FIXED_BYTES, 44);
  body.writeUInt16LE(create.name.length, 46);
  create.name.copy(body, FIXED_BYTES);
  return { command: COMMAND.create, body, charge: 1 };
}

/** Room for a CREATE with a context behind the name, which begins at a multiple of eight from the header (MS-SMB2 2.2.13). */
function warped(create: Create, snapshot: FileTime): Buffer {
  const context = timewarpContext(snapshot);
  const contextAt = FIXED_BYTES + align8(create.name.length);
  const body = Buffer.alloc(contextAt + context.length);
  body.writeUInt32LE(HEADER_BYTES + contextAt, 48);
  body.writeUInt32LE(context.length, 52);
  context.copy(body, contextAt);
  return body;
}

export interface Created {
  fileId: Buffer;
  stat: Stat;
}

export function readCreated(part: Buffer): Created {
  return { fileId: readFileHandle(part), stat: statAt(part, HEADER_BYTES + 8) };
}

/** What is told about the file alone, for whom the file id is of no use. */
export function readOpened(part: Buffer): Stat {
  checkBody(part, 89, 88, 'the answer to CREATE');
  return statAt(part, HEADER_BYTES + 8);
}

/** The file id alone: it has to be closed also when the rest of the answer cannot be believed. */
export function readFileHandle(part: Buffer): Buffer {
  checkBody(part, 89, 88, 'the answer to CREATE');
  return Buffer.from(part.subarray(HEADER_BYTES + 64, HEADER_BYTES + 80));
}

/** @param postQuery whether the answer shall tell times and size as they are at the end (MS-SMB2 2.2.15, POSTQUERY_ATTRIB) */
export function closeRequest(fileId: Buffer, postQuery: boolean): Part {
  const body = Buffer.alloc(24);
  body.writeUInt16LE(24, 0);
  body.writeUInt16LE(postQuery ? 1 : 0, 2);
  fileId.copy(body, 8);
  return { command: COMMAND.close, body, charge: 1 };
}

/** What CLOSE told, or undefined when the server left the attributes out, as it may. */
export function readClosed(part: Buffer): Stat | undefined {
  checkBody(part, 60, 60, 'the answer to CLOSE');
  if ((part.readUInt16LE(HEADER_BYTES + 2) & 1) === 0) return undefined;
  return statAt(part, HEADER_BYTES + 8);
}

/** Four times, allocation, end of file, attributes: the order that CREATE, CLOSE and FileNetworkOpenInformation share. */
function statAt(part: Buffer, at: number): Stat {
  const attributes = part.readUInt32LE(at + 48);
  return {
    directory: (attributes & ATTRIBUTE.directory) !== 0,
    created: timeAt(part, at),
    accessed: timeAt(part, at + 8),
    written: timeAt(part, at + 16),
    changed: timeAt(part, at + 24),
    allocatedBytes: sizeAt(part, at + 32, 'an allocation size'),
    size: sizeAt(part, at + 40, 'a file size'),
    attributes,
  };
}
