/** A security descriptor in words, one line for each thing it says, as the property page of Windows has them. */
import { nameOfSid } from './sid-names.ts';
import { ACE, ACE_FLAG, type Ace, type Acl, CONTROL, type SecurityDescriptor } from './types.ts';

/** Rights under the names of the property page, the widest first. SYNCHRONIZE is in all of them and says nothing. */
const RIGHTS: readonly (readonly [name: string, mask: number])[] = [
  ['full control', 0x000f_01ff],
  ['modify', 0x0003_01bf],
  ['read and execute', 0x0002_00a9],
  ['read', 0x0002_0089],
  ['write', 0x0002_0116],
  ['read data', 0x001],
  ['write data', 0x002],
  ['append data', 0x004],
  ['read extended attributes', 0x008],
  ['write extended attributes', 0x010],
  ['execute', 0x020],
  ['delete what is inside', 0x040],
  ['read attributes', 0x080],
  ['write attributes', 0x100],
  ['delete', 0x0001_0000],
  ['read permissions', 0x0002_0000],
  ['change permissions', 0x0004_0000],
  ['take ownership', 0x0008_0000],
  ['everything', 0x1000_0000],
  ['execute (generic)', 0x2000_0000],
  ['write (generic)', 0x4000_0000],
  ['read (generic)', 0x8000_0000],
];
const SYNCHRONIZE = 0x0010_0000;

const VERBS: ReadonlyMap<number, string> = new Map([
  [ACE.allowed, 'allow'],
  [ACE.denied, 'deny'],
  [ACE.audit, 'audit'],
  [ACE.alarm, 'alarm'],
  [ACE.allowedObject, 'allow'],
  [ACE.deniedObject, 'deny'],
  [ACE.auditObject, 'audit'],
  [ACE.alarmObject, 'alarm'],
  [ACE.allowedCallback, 'allow under a condition'],
  [ACE.deniedCallback, 'deny under a condition'],
  [ACE.allowedCallbackObject, 'allow under a condition'],
  [ACE.deniedCallbackObject, 'deny under a condition'],
  [ACE.auditCallback, 'audit under a condition'],
  [ACE.alarmCallback, 'alarm under a condition'],
  [ACE.auditCallbackObject, 'audit under a condition'],
  [ACE.alarmCallbackObject, 'alarm under a condition'],
]);

/** `owner Administrators`, `allow Everyone: read and execute; inherited` …; nothing for parts that are not there. */
export function describeDescriptor(descriptor: SecurityDescriptor): string[] {
  const { owner, group, dacl, sacl, control } = descriptor;
  return [
    ...(owner === undefined ? [] : [`owner ${nameOfSid(owner)}`]),
    ...(group === undefined ? [] : [`group ${nameOfSid(group)}`]),
    ...((control & CONTROL.daclProtected) === 0 ? [] : ['inherits nothing from its folder']),
    ...listLines(dacl, 'everybody may do everything', 'nobody may do anything'),
    ...listLines(sacl, 'nothing is audited', 'nothing is audited'),
  ];
}

function listLines(acl: Acl | null | undefined, ofNull: string, ofEmpty: string): string[] {
  if (acl === undefined) return [];
  if (acl === null) return [ofNull];
  return acl.aces.length === 0 ? [ofEmpty] : acl.aces.map(describeAce);
}

/** One entry. */
export function describeAce(ace: Ace): string {
  if (ace.kind === 'raw') return `an entry of the unknown kind ${ace.type}`;
  const notes = [
    (ace.flags & ACE_FLAG.successfulAccess) === 0 ? '' : 'when it succeeds',
    (ace.flags & ACE_FLAG.failedAccess) === 0 ? '' : 'when it fails',
    reachOf(ace.flags),
    (ace.flags & ACE_FLAG.inherited) === 0 ? '' : 'inherited',
  ];
  const tail = notes.filter((note) => note !== '').map((note) => `; ${note}`);
  if (ace.type === ACE.mandatoryLabel) return `label ${nameOfSid(ace.sid)}${tail.join('')}`;
  const verb = VERBS.get(ace.type) ?? `kind ${ace.type} for`;
  return `${verb} ${nameOfSid(ace.sid)}: ${describeRights(ace.mask)}${tail.join('')}`;
}

/** `modify`, `read and write`, `read data and 0x200`, `nothing`. */
function describeRights(mask: number): string {
  const names: string[] = [];
  let rest = (mask & ~SYNCHRONIZE) >>> 0;
  for (const [name, bits] of RIGHTS) {
    if ((mask & bits) >>> 0 !== bits || (rest & bits) === 0) continue;
    names.push(name);
    rest = (rest & ~bits) >>> 0;
  }
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names.length === 0 ? 'nothing' : names.join(', ');
}

/** What below a folder an entry is for; empty where it is for the thing itself alone. */
function reachOf(flags: number): string {
  const inside = [
    (flags & ACE_FLAG.containerInherit) === 0 ? '' : 'folders',
    (flags & ACE_FLAG.objectInherit) === 0 ? '' : 'files',
  ].filter((kind) => kind !== '');
  if (inside.length === 0) return '';
  const depth = (flags & ACE_FLAG.noPropagate) === 0 ? 'below' : 'directly below';
  return `${(flags & ACE_FLAG.inheritOnly) === 0 ? 'also' : 'only'} for ${inside.join(' and ')} ${depth}`;
}
