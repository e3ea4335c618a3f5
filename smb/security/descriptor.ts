/**
 * The self-relative security descriptor (MS-DTYP 2.4.6): bytes to values and back. Pure.
 *
 *   0 Revision=1 │ 1 Sbz1 │ 2 Control │ 4 OffsetOwner │ 8 OffsetGroup │ 12 OffsetSacl │ 16 OffsetDacl │ 20 …
 *
 * It is built in one order, owner, group, SACL, DACL, without gaps: what was built here comes back byte for byte.
 */
import { aclBytes, readAcl } from './acl.ts';
import { badDescriptor, unbuildable } from './malformed.ts';
import { readSid, sidBytes } from './sid.ts';
import { type Acl, CONTROL, type SecurityDescriptor, type Sid } from './types.ts';

const FIXED_BYTES = 20;
const REVISION = 1;
const AT = { resourceManager: 1, control: 2, owner: 4, group: 8, sacl: 12, dacl: 16 } as const;

/** Control bits that follow from what is there. */
const DACL_PRESENT = 0x0004;
const SACL_PRESENT = 0x0010;
const SELF_RELATIVE = 0x8000;
const KEPT = Object.values(CONTROL).reduce((bits, bit) => bits | bit, 0);

/** Throws `malformed` for bytes that are no self-relative descriptor of revision 1. */
export function parseDescriptor(bytes: Buffer): SecurityDescriptor {
  if (bytes.length < FIXED_BYTES) throw badDescriptor(`it has only ${bytes.length} bytes`);
  if (bytes.readUInt8(0) !== REVISION) throw badDescriptor(`it has the revision ${bytes.readUInt8(0)}`);
  const control = bytes.readUInt16LE(AT.control);
  if ((control & SELF_RELATIVE) === 0) throw badDescriptor('it is not self-relative');
  return {
    control: control & KEPT,
    resourceManager: bytes.readUInt8(AT.resourceManager),
    owner: sidAt(bytes, AT.owner),
    group: sidAt(bytes, AT.group),
    dacl: (control & DACL_PRESENT) === 0 ? undefined : listAt(bytes, AT.dacl),
    sacl: (control & SACL_PRESENT) === 0 ? undefined : listAt(bytes, AT.sacl),
  };
}

/** Where a field leads to; undefined for 0. */
function offsetAt(bytes: Buffer, field: number): number | undefined {
  const offset = bytes.readUInt32LE(field);
  if (offset === 0) return undefined;
  if (offset < FIXED_BYTES) throw badDescriptor(`a part of it begins at ${offset}, inside its head`);
  return offset;
}

function sidAt(bytes: Buffer, field: number): Sid | undefined {
  const offset = offsetAt(bytes, field);
  return offset === undefined ? undefined : readSid(bytes, offset).sid;
}

function listAt(bytes: Buffer, field: number): Acl | null {
  const offset = offsetAt(bytes, field);
  return offset === undefined ? null : readAcl(bytes, offset);
}

/** Throws `malformed` for values that fit into no descriptor. */
export function buildDescriptor(descriptor: SecurityDescriptor): Buffer {
  if ((descriptor.control & ~KEPT) !== 0) throw unbuildable(`there are no control bits ${descriptor.control}`);
  const head = Buffer.alloc(FIXED_BYTES);
  const parts: Buffer[] = [head];
  let end = FIXED_BYTES;
  const put = (field: number, part: Buffer | undefined): void => {
    if (part === undefined) return;
    head.writeUInt32LE(end, field);
    parts.push(part);
    end += part.length;
  };
  const { owner, group, sacl, dacl } = descriptor;
  put(AT.owner, owner === undefined ? undefined : sidBytes(owner));
  put(AT.group, group === undefined ? undefined : sidBytes(group));
  put(AT.sacl, sacl ? aclBytes(sacl) : undefined);
  put(AT.dacl, dacl ? aclBytes(dacl) : undefined);
  const present = (dacl === undefined ? 0 : DACL_PRESENT) | (sacl === undefined ? 0 : SACL_PRESENT);
  head.writeUInt8(REVISION, 0);
  head.writeUInt8(descriptor.resourceManager, AT.resourceManager);
  head.writeUInt16LE(descriptor.control | present | SELF_RELATIVE, AT.control);
  return Buffer.concat(parts);
}
