/**
 * Access control lists and their entries (MS-DTYP 2.4.5, 2.4.4).
 *
 *   ACL:    0 AclRevision │ 1 Sbz1 │ 2 AclSize │ 4 AceCount │ 6 Sbz2 │ 8 entries
 *   ACE:    0 AceType │ 1 AceFlags │ 2 AceSize │ 4 Mask │ 8 Sid │ data
 *   object: 0 AceType │ 1 AceFlags │ 2 AceSize │ 4 Mask │ 8 Flags │ 12 ObjectType? │ InheritedObjectType? │ Sid │ data
 */
import { badDescriptor, unbuildable } from './malformed.ts';
import { GUID_BYTES, guidBytes, readGuid, readSid, sidBytes } from './sid.ts';
import { ACE, type Ace, type Acl, type RuleAce } from './types.ts';

const ACL_FIXED_BYTES = 8;
const ACE_HEADER_BYTES = 4;
/** AclSize and AceSize have 16 bits. */
const SIZE_LIMIT = 0xffff;
/** ACL_REVISION to ACL_REVISION_DS; 3 is that of the compound entries of old. */
const REVISIONS = { least: 2, most: 4 } as const;

const OBJECT_KINDS: ReadonlySet<number> = new Set([
  ACE.allowedObject,
  ACE.deniedObject,
  ACE.auditObject,
  ACE.alarmObject,
  ACE.allowedCallbackObject,
  ACE.deniedCallbackObject,
  ACE.auditCallbackObject,
  ACE.alarmCallbackObject,
]);
const RULE_KINDS: ReadonlySet<number> = new Set(Object.values(ACE));

/** Flags of an object entry: which GUIDs are there. */
const OBJECT_TYPE_PRESENT = 1;
const INHERITED_OBJECT_TYPE_PRESENT = 2;

export function isObjectKind(type: number): boolean {
  return OBJECT_KINDS.has(type);
}

/** The list that begins at `at`. What is free behind its entries is left out. Throws `malformed`. */
export function readAcl(bytes: Buffer, at: number): Acl {
  if (at + ACL_FIXED_BYTES > bytes.length)
    throw badDescriptor(`a list of rules at ${at} of ${bytes.length} is cut short`);
  const revision = bytes.readUInt8(at);
  if (revision < REVISIONS.least || revision > REVISIONS.most)
    throw badDescriptor(`a list of rules has the revision ${revision}`);
  const size = bytes.readUInt16LE(at + 2);
  if (size < ACL_FIXED_BYTES || at + size > bytes.length)
    throw badDescriptor(`a list of rules at ${at} of ${bytes.length} claims ${size} bytes`);
  const aces: Ace[] = [];
  let next = at + ACL_FIXED_BYTES;
  for (let left = bytes.readUInt16LE(at + 4); left > 0; left -= 1) {
    const length = aceLength(bytes, next, at + size);
    aces.push(readAce(bytes.subarray(next, next + length)));
    next += length;
  }
  return { revision, aces };
}

function aceLength(bytes: Buffer, at: number, end: number): number {
  if (at + ACE_HEADER_BYTES > end) throw badDescriptor(`a rule at ${at} of ${end} is cut short`);
  const length = bytes.readUInt16LE(at + 2);
  if (length < ACE_HEADER_BYTES || length % 4 !== 0 || at + length > end)
    throw badDescriptor(`a rule at ${at} of ${end} claims ${length} bytes`);
  return length;
}

/** One entry, as long as its AceSize says. Throws `malformed`. */
export function readAce(ace: Buffer): Ace {
  const type = ace.readUInt8(0);
  const flags = ace.readUInt8(1);
  const raw: Ace = { kind: 'raw', type, flags, body: Buffer.from(ace.subarray(ACE_HEADER_BYTES)) };
  if (!RULE_KINDS.has(type)) return raw;
  if (ace.length < 8) throw badDescriptor(`a rule of ${ace.length} bytes grants nothing to nobody`);
  const mask = ace.readUInt32LE(4);
  let at = 8;
  let object: RuleAce['object'];
  if (isObjectKind(type)) {
    const present = ace.length < 12 ? 0 : ace.readUInt32LE(8);
    // A flag of the future may put something before the SID.
    if ((present & ~(OBJECT_TYPE_PRESENT | INHERITED_OBJECT_TYPE_PRESENT)) !== 0) return raw;
    at = 12;
    const guid = (bit: number): string | undefined => {
      if ((present & bit) === 0) return undefined;
      if (at + GUID_BYTES > ace.length) throw badDescriptor('the object of a rule is cut short');
      at += GUID_BYTES;
      return readGuid(ace, at - GUID_BYTES);
    };
    object = { type: guid(OBJECT_TYPE_PRESENT), inheritedType: guid(INHERITED_OBJECT_TYPE_PRESENT) };
  }
  const { sid, bytes } = readSid(ace, at);
  return { kind: 'rule', type, flags, mask, sid, object, data: Buffer.from(ace.subarray(at + bytes)) };
}

/** Throws `malformed` for what does not fit into 65,535 bytes, or into the fields of an entry. */
export function aclBytes(acl: Acl): Buffer {
  const aces = acl.aces.map(aceBytes);
  const size = aces.reduce((sum, ace) => sum + ace.length, ACL_FIXED_BYTES);
  if (size > SIZE_LIMIT) throw unbuildable(`a list of ${aces.length} rules takes ${size} of ${SIZE_LIMIT} bytes`);
  if (acl.revision < REVISIONS.least || acl.revision > REVISIONS.most)
    throw unbuildable(`a list of rules has no revision ${acl.revision}`);
  const head = Buffer.alloc(ACL_FIXED_BYTES);
  head.writeUInt8(acl.revision, 0);
  head.writeUInt16LE(size, 2);
  head.writeUInt16LE(aces.length, 4);
  return Buffer.concat([head, ...aces]);
}

/** One entry with its header. Throws `malformed`. */
export function aceBytes(ace: Ace): Buffer {
  const body = ace.kind === 'raw' ? ace.body : ruleBody(ace);
  const size = ACE_HEADER_BYTES + body.length;
  if (size > SIZE_LIMIT || size % 4 !== 0) throw unbuildable(`a rule cannot have ${size} bytes`);
  const head = Buffer.alloc(ACE_HEADER_BYTES);
  head.writeUInt8(ace.type, 0);
  head.writeUInt8(ace.flags, 1);
  head.writeUInt16LE(size, 2);
  return Buffer.concat([head, body]);
}

function ruleBody(ace: RuleAce): Buffer {
  if (isObjectKind(ace.type) !== (ace.object !== undefined))
    throw unbuildable(`a rule of the kind ${ace.type} ${ace.object === undefined ? 'needs an' : 'has no'} object`);
  const mask = Buffer.alloc(4);
  // Bits that were put together with «|» may have become negative.
  mask.writeUInt32LE(ace.mask >>> 0);
  return Buffer.concat([mask, ...objectParts(ace.object), sidBytes(ace.sid), ace.data]);
}

function objectParts(object: RuleAce['object']): Buffer[] {
  if (object === undefined) return [];
  const flags = Buffer.alloc(4);
  const guids = [object.type, object.inheritedType].filter((guid) => guid !== undefined).map(guidBytes);
  flags.writeUInt32LE(
    (object.type === undefined ? 0 : OBJECT_TYPE_PRESENT) |
      (object.inheritedType === undefined ? 0 : INHERITED_OBJECT_TYPE_PRESENT),
  );
  return [flags, ...guids];
}
