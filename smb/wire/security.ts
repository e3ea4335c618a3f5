/**
 * A security descriptor in self-relative form (MS-DTYP 2.4.6) on its way to a server: which of its parts are there, which
 * rights setting them takes, and which control bits make the server keep it as it is.
 *
 *   0 Revision │ 2 Control │ 4 OffsetOwner │ 8 OffsetGroup │ 12 OffsetSacl │ 16 OffsetDacl │ 20 …
 */
import { Failure } from '../../base/failure.ts';
import { ACCESS } from './create.ts';

const FIXED_BYTES = 20;
const CONTROL_AT = 2;
const OWNER_AT = 4;
const GROUP_AT = 8;

/** Control bits. */
const CONTROL = {
  dacl: { present: 0x0004, autoInheritRequired: 0x0100, autoInherited: 0x0400, protected: 0x1000 },
  sacl: { present: 0x0010, autoInheritRequired: 0x0200, autoInherited: 0x0800, protected: 0x2000 },
} as const;

/** SECURITY_INFORMATION (MS-DTYP 2.4.7). */
const INFORMATION = {
  owner: 0x1,
  group: 0x2,
  dacl: { itself: 0x4, unprotected: 0x2000_0000, protected: 0x8000_0000 },
  sacl: { itself: 0x8, unprotected: 0x1000_0000, protected: 0x4000_0000 },
} as const;

export interface Setting {
  /** Rights that the handle needs (MS-FSA 2.1.5.17): asking for more would fail for an account that may do just this. */
  access: number;
  information: number;
  /** The descriptor as it goes out. */
  wire: Buffer;
}

/**
 * Throws `malformed` for a descriptor that is cut short or holds nothing that is to be set.
 * @param sacl whether its audit rules are to be set too
 */
export function settingOf(descriptor: Buffer, sacl: boolean): Setting {
  if (descriptor.length < FIXED_BYTES) throw unusable(`it has only ${descriptor.length} bytes`);
  const wire = Buffer.from(descriptor);
  let access = 0;
  let information = 0;
  if (wire.readUInt32LE(OWNER_AT) !== 0) information |= INFORMATION.owner;
  if (wire.readUInt32LE(GROUP_AT) !== 0) information |= INFORMATION.group;
  if (information !== 0) access |= ACCESS.writeOwner;
  const setDacl = listInformation(wire, 'dacl');
  if (setDacl !== 0) access |= ACCESS.writeDac;
  const setSacl = sacl ? listInformation(wire, 'sacl') : 0;
  // Windows asks for the first of these rights only, Samba for both.
  if (setSacl !== 0) access |= ACCESS.systemSecurity | ACCESS.writeDac;
  information |= setDacl | setSacl;
  if (information === 0) throw unusable('it holds neither an owner nor a group nor access rules');
  return { access, information: information >>> 0, wire };
}

/** What setting one of the two lists asks for, 0 when it is not there. Adds to the descriptor what makes the server keep its marks. */
function listInformation(wire: Buffer, which: 'dacl' | 'sacl'): number {
  const control = wire.readUInt16LE(CONTROL_AT);
  const bits = CONTROL[which];
  if ((control & bits.present) === 0) return 0;
  // «Was inherited» is only stored when «is to be inherited» comes with it; alone it would be dropped.
  if ((control & bits.autoInherited) !== 0) wire.writeUInt16LE(control | bits.autoInheritRequired, CONTROL_AT);
  const { itself, unprotected, protected: guarded } = INFORMATION[which];
  // Without one of these two a server may leave the protection from inheritance as it was.
  return itself | ((control & bits.protected) === 0 ? unprotected : guarded);
}

function unusable(what: string): Failure {
  return new Failure({
    code: 'malformed',
    doing: 'use the security descriptor',
    what,
    hint: 'give it in self-relative form, with an owner, a group or access rules',
  });
}
