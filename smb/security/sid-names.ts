/** Names of the SIDs that mean the same on every server (MS-DTYP 2.4.2.4), for people to read. All others keep their number. */
import type { Sid } from './types.ts';

const NAMES: ReadonlyMap<Sid, string> = new Map([
  ['S-1-0-0', 'Nobody'],
  ['S-1-1-0', 'Everyone'],
  ['S-1-2-0', 'Local'],
  ['S-1-3-0', 'Creator Owner'],
  ['S-1-3-1', 'Creator Group'],
  ['S-1-3-4', 'Owner Rights'],
  ['S-1-5-1', 'Dialup'],
  ['S-1-5-2', 'Network'],
  ['S-1-5-3', 'Batch'],
  ['S-1-5-4', 'Interactive'],
  ['S-1-5-6', 'Service'],
  ['S-1-5-7', 'Anonymous'],
  ['S-1-5-9', 'Enterprise Domain Controllers'],
  ['S-1-5-10', 'Self'],
  ['S-1-5-11', 'Authenticated Users'],
  ['S-1-5-12', 'Restricted'],
  ['S-1-5-13', 'Terminal Server User'],
  ['S-1-5-14', 'Remote Interactive Logon'],
  ['S-1-5-18', 'System'],
  ['S-1-5-19', 'Local Service'],
  ['S-1-5-20', 'Network Service'],
  ['S-1-5-32-544', 'Administrators'],
  ['S-1-5-32-545', 'Users'],
  ['S-1-5-32-546', 'Guests'],
  ['S-1-5-32-547', 'Power Users'],
  ['S-1-5-32-548', 'Account Operators'],
  ['S-1-5-32-549', 'Server Operators'],
  ['S-1-5-32-550', 'Print Operators'],
  ['S-1-5-32-551', 'Backup Operators'],
  ['S-1-5-32-552', 'Replicators'],
  ['S-1-5-32-555', 'Remote Desktop Users'],
  ['S-1-15-2-1', 'All Application Packages'],
  ['S-1-15-2-2', 'All Restricted Application Packages'],
  ['S-1-16-0', 'Untrusted Integrity'],
  ['S-1-16-4096', 'Low Integrity'],
  ['S-1-16-8192', 'Medium Integrity'],
  ['S-1-16-12288', 'High Integrity'],
  ['S-1-16-16384', 'System Integrity'],
]);

/** Accounts that every domain and every machine has, by the last sub-authority. */
const RELATIVE_NAMES: ReadonlyMap<string, string> = new Map([
  ['500', 'Administrator'],
  ['501', 'Guest'],
  ['512', 'Domain Admins'],
  ['513', 'Domain Users'],
  ['514', 'Domain Guests'],
  ['515', 'Domain Computers'],
  ['516', 'Domain Controllers'],
  ['518', 'Schema Admins'],
  ['519', 'Enterprise Admins'],
  ['520', 'Group Policy Creator Owners'],
]);

const OF_DOMAIN = /^S-1-5-21-\d+-\d+-\d+-(\d+)$/u;
/** Accounts of Unix as Samba shows them: users and groups by number. */
const OF_UNIX = /^S-1-22-([12])-(\d+)$/u;

/**
 * `Everyone`, `Domain Users (S-1-5-21-1-2-3-513)`, `Unix user 1000`, or the SID itself. An account of a domain keeps its SID, as the
 * name alone does not tell of which.
 */
export function nameOfSid(sid: Sid): string {
  const relative = RELATIVE_NAMES.get(OF_DOMAIN.exec(sid)?.[1] ?? '');
  if (relative !== undefined) return `${relative} (${sid})`;
  const [, authority, number] = OF_UNIX.exec(sid) ?? [];
  if (number !== undefined) return `Unix ${authority === '1' ? 'user' : 'group'} ${number}`;
  return NAMES.get(sid) ?? sid;
}
