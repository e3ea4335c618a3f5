/**
 * SIDs and GUIDs on the wire and as text (MS-DTYP 2.4.2, 2.3.4).
 *
 *   SID: 0 Revision=1 │ 1 SubAuthorityCount │ 2 IdentifierAuthority, 6 bytes big-endian │ 8 SubAuthorities, 4 bytes each
 */
import { badDescriptor, badText } from './malformed.ts';
import type { Guid, Sid } from './types.ts';

const SID_FIXED_BYTES = 8;
const SUB_AUTHORITIES_LIMIT = 15;
const REVISION = 1;
export const GUID_BYTES = 16;

/** An authority below 2^32 is decimal, any other 12 hex digits (MS-DTYP 2.4.2.1). */
const SID_TEXT = /^S-1-(?:(\d{1,10})|0x([0-9a-f]{12}))((?:-\d{1,10})*)$/iu;
const GUID_TEXT = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/iu;

/** The SID that begins at `at` and lies before `end`. Throws `malformed`. */
export function readSid(bytes: Buffer, at: number, end = bytes.length): { sid: Sid; bytes: number } {
  if (at + SID_FIXED_BYTES > end) throw badDescriptor(`a SID at ${at} of ${end} is cut short`);
  const revision = bytes.readUInt8(at);
  const count = bytes.readUInt8(at + 1);
  if (revision !== REVISION) throw badDescriptor(`a SID at ${at} has the revision ${revision}`);
  const length = SID_FIXED_BYTES + count * 4;
  if (count > SUB_AUTHORITIES_LIMIT || at + length > end)
    throw badDescriptor(`a SID at ${at} of ${end} claims ${count} sub-authorities`);
  const authority = bytes.readUIntBE(at + 2, 6);
  let sid = `S-1-${authority <= 0xffff_ffff ? authority : `0x${authority.toString(16).padStart(12, '0')}`}`;
  for (let index = 0; index < count; index += 1) sid += `-${bytes.readUInt32LE(at + SID_FIXED_BYTES + index * 4)}`;
  return { sid, bytes: length };
}

/** Throws `malformed` for text that is no SID. */
export function sidBytes(sid: Sid): Buffer {
  const [, decimal, hex, rest = ''] = SID_TEXT.exec(sid) ?? [];
  const authority = decimal === undefined ? Number.parseInt(hex ?? 'none', 16) : Number(decimal);
  const subAuthorities = rest.split('-').slice(1).map(Number);
  const fits =
    Number.isInteger(authority) &&
    (hex !== undefined || authority <= 0xffff_ffff) &&
    subAuthorities.length <= SUB_AUTHORITIES_LIMIT &&
    subAuthorities.every((each) => each <= 0xffff_ffff);
  if (!fits) throw badText(sid, 'it is no SID');
  const bytes = Buffer.alloc(SID_FIXED_BYTES + subAuthorities.length * 4);
  bytes.writeUInt8(REVISION, 0);
  bytes.writeUInt8(subAuthorities.length, 1);
  bytes.writeUIntBE(authority, 2, 6);
  subAuthorities.forEach((each, index) => {
    bytes.writeUInt32LE(each, SID_FIXED_BYTES + index * 4);
  });
  return bytes;
}

/** The caller has made sure that 16 bytes are there. The first three fields are little-endian. */
export function readGuid(bytes: Buffer, at: number): Guid {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  return [
    hex(bytes.readUInt32LE(at), 8),
    hex(bytes.readUInt16LE(at + 4), 4),
    hex(bytes.readUInt16LE(at + 6), 4),
    bytes.toString('hex', at + 8, at + 10),
    bytes.toString('hex', at + 10, at + GUID_BYTES),
  ].join('-');
}

/** Throws `malformed` for text that is no GUID. */
export function guidBytes(guid: Guid): Buffer {
  if (!GUID_TEXT.test(guid)) throw badText(guid, 'it is no GUID');
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
