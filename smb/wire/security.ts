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
const DACL_PRESENT = 0x0004;
const DACL_AUTO_INHERIT_REQUIRED = 0x0100;
const DACL_AUTO_INHERITED = 0x0400;
const DACL_PROTECTED = 0x1000;

/** SECURITY_INFORMATION (MS-DTYP 2.4.7). */
const INFORMATION = { owner: 0x1, group: 0x2, dacl: 0x4, unprotected: 0x2000_0000, protected: 0x8000_0000 } as const;

export interface Setting {
  /** Rights that the handle needs (MS-FSA 2.1.5.17): asking for more would fail for an account that may do just this. */
  access: number;
  information: number;
  /** The descriptor as it goes out. */
  wire: Buffer;
}

/** Throws `malformed` for a descriptor that is cut short or holds neither owner, group nor access rules. */
export function settingOf(descriptor: Buffer): Setting {
  if (descriptor.length < FIXED_BYTES) throw unusable(`it has only ${descriptor.length} bytes`);
  const wire = Buffer.from(descriptor);
  const control = wire.readUInt16LE(CONTROL_AT);
  let access = 0;
  let information = 0;
  if (wire.readUInt32LE(OWNER_AT) !== 0) information |= INFORMATION.owner;
  if (wire.readUInt32LE(GROUP_AT) !== 0) information |= INFORMATION.group;
  if (information !== 0) access |= ACCESS.writeOwner;
  if ((control & DACL_PRESENT) !== 0) {
    access |= ACCESS.writeDac;
    // Without one of these two a server may leave the protection from inheritance as it was.
    information |=
      INFORMATION.dacl | ((control & DACL_PROTECTED) === 0 ? INFORMATION.unprotected : INFORMATION.protected);
    // «Was inherited» is only stored when «is to be inherited» comes with it; alone it would be dropped.
    if ((control & DACL_AUTO_INHERITED) !== 0) wire.writeUInt16LE(control | DACL_AUTO_INHERIT_REQUIRED, CONTROL_AT);
  }
  if (information === 0) throw unusable('it holds neither an owner nor a group nor access rules');
  return { access, information: information >>> 0, wire };
}

function unusable(what: string): Failure {
  return new Failure({ code: 'malformed', doing: 'use the security descriptor', what });
}
