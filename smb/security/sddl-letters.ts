/** The letters of SDDL (MS-DTYP 2.5.1.1), each with what it stands for. */
import { ACE, ACE_FLAG, CONTROL } from './types.ts';

export type Letters<T = number> = Readonly<Record<string, T>>;

/** What these letters stand for; undefined for letters that a table does not have. */
export function meaningOf<T>(letters: Letters<T>, text: string): T | undefined {
  return Object.hasOwn(letters, text) ? letters[text] : undefined;
}

/** Kinds of entries that have six fields and nothing more. A kind with a condition or a claim has no simple form. */
export const KIND_LETTERS: Letters = {
  A: ACE.allowed,
  D: ACE.denied,
  AU: ACE.audit,
  AL: ACE.alarm,
  OA: ACE.allowedObject,
  OD: ACE.deniedObject,
  OU: ACE.auditObject,
  OL: ACE.alarmObject,
  ML: ACE.mandatoryLabel,
  SP: ACE.scopedPolicy,
};

export const FLAG_LETTERS: Letters = {
  OI: ACE_FLAG.objectInherit,
  CI: ACE_FLAG.containerInherit,
  NP: ACE_FLAG.noPropagate,
  IO: ACE_FLAG.inheritOnly,
  ID: ACE_FLAG.inherited,
  SA: ACE_FLAG.successfulAccess,
  FA: ACE_FLAG.failedAccess,
};

/** Rights that people mean as a whole: they are written only when they are all there is. */
export const WHOLE_RIGHTS: Letters = {
  FA: 0x001f_01ff,
  FR: 0x0012_0089,
  FW: 0x0012_0116,
  FX: 0x0012_00a0,
};

/** Generic and standard rights: the same for every kind of object, so they are written one behind the other. */
export const GENERAL_RIGHTS: Letters = {
  GA: 0x1000_0000,
  GX: 0x2000_0000,
  GW: 0x4000_0000,
  GR: 0x8000_0000,
  SD: 0x0001_0000,
  RC: 0x0002_0000,
  WD: 0x0004_0000,
  WO: 0x0008_0000,
};

/** Named for directory services, but some servers write the lower bits of file rights with them. Read, never written. */
export const DIRECTORY_RIGHTS: Letters = {
  CC: 0x001,
  DC: 0x002,
  LC: 0x004,
  SW: 0x008,
  RP: 0x010,
  WP: 0x020,
  DT: 0x040,
  LO: 0x080,
  CR: 0x100,
};

/** What an integrity label forbids to those below it. */
export const LABEL_RIGHTS: Letters = { NW: 1, NR: 2, NX: 4 };

/** Flags in front of the entries of each list. */
export const DACL_LETTERS: Letters = {
  P: CONTROL.daclProtected,
  AR: CONTROL.daclAutoInheritRequired,
  AI: CONTROL.daclAutoInherited,
};
export const SACL_LETTERS: Letters = {
  P: CONTROL.saclProtected,
  AR: CONTROL.saclAutoInheritRequired,
  AI: CONTROL.saclAutoInherited,
};

/** A list that is there and restricts nothing. */
export const NULL_LIST = 'NO_ACCESS_CONTROL';

/** SIDs that are the same everywhere. */
export const SID_LETTERS: Letters<string> = {
  WD: 'S-1-1-0',
  CO: 'S-1-3-0',
  CG: 'S-1-3-1',
  OW: 'S-1-3-4',
  NU: 'S-1-5-2',
  IU: 'S-1-5-4',
  SU: 'S-1-5-6',
  AN: 'S-1-5-7',
  ED: 'S-1-5-9',
  PS: 'S-1-5-10',
  AU: 'S-1-5-11',
  RC: 'S-1-5-12',
  SY: 'S-1-5-18',
  LS: 'S-1-5-19',
  NS: 'S-1-5-20',
  WR: 'S-1-5-33',
  BA: 'S-1-5-32-544',
  BU: 'S-1-5-32-545',
  BG: 'S-1-5-32-546',
  PU: 'S-1-5-32-547',
  AO: 'S-1-5-32-548',
  SO: 'S-1-5-32-549',
  PO: 'S-1-5-32-550',
  BO: 'S-1-5-32-551',
  RE: 'S-1-5-32-552',
  RU: 'S-1-5-32-554',
  RD: 'S-1-5-32-555',
  NO: 'S-1-5-32-556',
  MU: 'S-1-5-32-558',
  LU: 'S-1-5-32-559',
  IS: 'S-1-5-32-568',
  CY: 'S-1-5-32-569',
  ER: 'S-1-5-32-573',
  CD: 'S-1-5-32-574',
  RA: 'S-1-5-32-575',
  ES: 'S-1-5-32-576',
  MS: 'S-1-5-32-577',
  HA: 'S-1-5-32-578',
  AA: 'S-1-5-32-579',
  RM: 'S-1-5-32-580',
  UD: 'S-1-5-84-0-0-0-0-0',
  AC: 'S-1-15-2-1',
  LW: 'S-1-16-4096',
  ME: 'S-1-16-8192',
  MP: 'S-1-16-8448',
  HI: 'S-1-16-12288',
  SI: 'S-1-16-16384',
};

/** The last sub-authority of accounts that every domain, and every machine, has. They are read only where the domain is known. */
export const DOMAIN_LETTERS: Letters = {
  LA: 500,
  LG: 501,
  DA: 512,
  DU: 513,
  DG: 514,
  DC: 515,
  DD: 516,
  CA: 517,
  PA: 520,
  CN: 522,
  RS: 553,
};
