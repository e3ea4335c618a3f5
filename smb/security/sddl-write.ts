/** A security descriptor as SDDL (MS-DTYP 2.5.1): what administrators know and other tools take. */
import { aceBytes } from './acl.ts';
import {
  DACL_LETTERS,
  FLAG_LETTERS,
  GENERAL_RIGHTS,
  KIND_LETTERS,
  LABEL_RIGHTS,
  type Letters,
  NULL_LIST,
  SACL_LETTERS,
  SID_LETTERS,
  WHOLE_RIGHTS,
} from './sddl-letters.ts';
import { ACE, type Ace, type Acl, type SecurityDescriptor, type Sid } from './types.ts';

/**
 * Nothing of owner, group and rules gets lost: rights without a letter are hexadecimal, and an entry that SDDL has no simple form for
 * (a condition, a claim, an unknown kind) stands as `(#` and its bytes in hexadecimal, which sddl-read.ts takes and Windows does not.
 * Of the control bits SDDL has those of inheritance only.
 */
export function toSddl(descriptor: SecurityDescriptor): string {
  const { owner, group, dacl, sacl, control } = descriptor;
  return [
    owner === undefined ? '' : `O:${sidText(owner)}`,
    group === undefined ? '' : `G:${sidText(group)}`,
    dacl === undefined ? '' : `D:${listText(dacl, control, DACL_LETTERS)}`,
    sacl === undefined ? '' : `S:${listText(sacl, control, SACL_LETTERS)}`,
  ].join('');
}

function listText(acl: Acl | null, control: number, letters: Letters): string {
  const flags = lettersOf(control, letters).text;
  return acl === null ? flags + NULL_LIST : flags + acl.aces.map(aceText).join('');
}

function aceText(ace: Ace): string {
  const kind = Object.keys(KIND_LETTERS).find((letters) => KIND_LETTERS[letters] === ace.type);
  const flags = lettersOf(ace.flags, FLAG_LETTERS);
  if (ace.kind === 'raw' || ace.data.length > 0 || kind === undefined || flags.rest !== 0)
    return `(#${aceBytes(ace).toString('hex')})`;
  const rights = rightsText(ace.mask, ace.type === ACE.mandatoryLabel);
  const { type = '', inheritedType = '' } = ace.object ?? {};
  return `(${[kind, flags.text, rights, type, inheritedType, sidText(ace.sid)].join(';')})`;
}

function rightsText(mask: number, isLabel: boolean): string {
  const whole = Object.keys(WHOLE_RIGHTS).find((letters) => WHOLE_RIGHTS[letters] === mask);
  if (whole !== undefined) return whole;
  const { text, rest } = lettersOf(mask, isLabel ? LABEL_RIGHTS : GENERAL_RIGHTS);
  return rest === 0 && text !== '' ? text : `0x${(mask >>> 0).toString(16)}`;
}

/** The letters of all bits that have some, and the bits that have none. */
function lettersOf(bits: number, letters: Letters): { text: string; rest: number } {
  let text = '';
  let rest = bits;
  for (const [letter, bit] of Object.entries(letters)) {
    if ((bits & bit) === 0) continue;
    text += letter;
    rest &= ~bit;
  }
  return { text, rest };
}

const LETTERS_OF_SIDS: ReadonlyMap<Sid, string> = new Map(
  Object.entries(SID_LETTERS).map(([letters, sid]) => [sid, letters]),
);

function sidText(sid: Sid): string {
  return LETTERS_OF_SIDS.get(sid) ?? sid;
}
