/**
 * Access rules as `vfs_acl_xattr` of Samba 4.17 keeps them in `security.NTACL` (librpc/idl/xattr.idl, xattr_NTACL version 3), byte
 * for byte as it writes them with `acl_xattr:ignore system acls = yes` (measured):
 *
 *    0 version=3 │ 2 union switch=3 │ 4 pointer │ 8 pointer │ 12 hash type=1 (SHA-256) │ 14 hash, 64 zeros │ 78 padding │ 80 descriptor
 *
 * The hash would tie the rules to the Unix permissions; with that setting it is neither made nor compared. NDR counts the
 * descriptor's own offsets from the start of the value, so each is 80 more than on the wire. Pure.
 */
import { parseDescriptor } from '../../smb/security/descriptor.ts';

export const NT_ACL_NAME = 'security.NTACL';

const VERSION = 3;
const POINTERS = [0x2_0000, 0x2_0004] as const;
const HASH_SHA256 = 1;
const DESCRIPTOR_AT = 80;
/** Owner, group, SACL, DACL (MS-DTYP 2.4.6). */
const OFFSETS = [4, 8, 12, 16] as const;

/** @param descriptor in self-relative form. Throws `malformed` for what is none: smbd would refuse the whole file because of it. */
export function ntAcl(descriptor: Buffer): Buffer {
  parseDescriptor(descriptor);
  const out = Buffer.alloc(DESCRIPTOR_AT + descriptor.length);
  out.writeUInt16LE(VERSION, 0);
  out.writeUInt16LE(VERSION, 2);
  out.writeUInt32LE(POINTERS[0], 4);
  out.writeUInt32LE(POINTERS[1], 8);
  out.writeUInt16LE(HASH_SHA256, 12);
  descriptor.copy(out, DESCRIPTOR_AT);
  for (const at of OFFSETS) {
    const offset = descriptor.readUInt32LE(at);
    if (offset !== 0) out.writeUInt32LE(offset + DESCRIPTOR_AT, DESCRIPTOR_AT + at);
  }
  return out;
}
