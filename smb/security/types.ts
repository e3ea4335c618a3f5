/** A security descriptor as values: what descriptor.ts reads and builds, sddl.ts writes as text and words.ts puts into words. */

/** A security identifier in its string form `S-1-5-21-…` (MS-DTYP 2.4.2.1), always in the spelling that readSid gives. */
export type Sid = string;

/** A GUID as people write it: `00112233-4455-6677-8899-aabbccddeeff`, lower case. */
export type Guid = string;

/** AceType (MS-DTYP 2.4.4.1). */
export const ACE = {
  allowed: 0x00,
  denied: 0x01,
  audit: 0x02,
  alarm: 0x03,
  allowedObject: 0x05,
  deniedObject: 0x06,
  auditObject: 0x07,
  alarmObject: 0x08,
  allowedCallback: 0x09,
  deniedCallback: 0x0a,
  allowedCallbackObject: 0x0b,
  deniedCallbackObject: 0x0c,
  auditCallback: 0x0d,
  alarmCallback: 0x0e,
  auditCallbackObject: 0x0f,
  alarmCallbackObject: 0x10,
  mandatoryLabel: 0x11,
  resourceAttribute: 0x12,
  scopedPolicy: 0x13,
} as const;

/** AceFlags (MS-DTYP 2.4.4.1). */
export const ACE_FLAG = {
  objectInherit: 0x01,
  containerInherit: 0x02,
  noPropagate: 0x04,
  inheritOnly: 0x08,
  inherited: 0x10,
  successfulAccess: 0x40,
  failedAccess: 0x80,
} as const;

/** An entry of one of the kinds in ACE: some rights for somebody. */
export interface RuleAce {
  kind: 'rule';
  /** One of ACE. */
  type: number;
  /** Bits of ACE_FLAG. */
  flags: number;
  /** ACCESS_MASK (MS-DTYP 2.4.3), 32 bits. */
  mask: number;
  sid: Sid;
  /** For the object kinds, and only for them (MS-DTYP 2.4.4.3): what the rights are about. File servers ignore it. */
  object: { type: Guid | undefined; inheritedType: Guid | undefined } | undefined;
  /** What follows the SID as it came: the condition of a callback kind, the claim of a resource attribute; empty for most. */
  data: Buffer;
}

/** An entry that we cannot take apart, whole. */
export interface RawAce {
  kind: 'raw';
  type: number;
  flags: number;
  /** Everything behind the 4 bytes of ACE_HEADER. */
  body: Buffer;
}

export type Ace = RuleAce | RawAce;

/** MS-DTYP 2.4.5. The order of the entries is their meaning: whoever reads stops at the first that settles the matter. */
export interface Acl {
  /** 2, or 4 where object kinds are in it. */
  revision: number;
  /** No entry at all gives nobody any right. */
  aces: Ace[];
}

/** Control bits (MS-DTYP 2.4.6) beyond those that follow from what is there. */
export const CONTROL = {
  ownerDefaulted: 0x0001,
  groupDefaulted: 0x0002,
  daclDefaulted: 0x0008,
  saclDefaulted: 0x0020,
  daclTrusted: 0x0040,
  serverSecurity: 0x0080,
  daclAutoInheritRequired: 0x0100,
  saclAutoInheritRequired: 0x0200,
  daclAutoInherited: 0x0400,
  saclAutoInherited: 0x0800,
  daclProtected: 0x1000,
  saclProtected: 0x2000,
  resourceManagerValid: 0x4000,
} as const;

export interface SecurityDescriptor {
  /** Bits of CONTROL. */
  control: number;
  /** Sbz1: a byte of the resource manager's own where CONTROL.resourceManagerValid is set, else 0. */
  resourceManager: number;
  owner: Sid | undefined;
  group: Sid | undefined;
  /** Undefined when the descriptor says nothing about it; `null`, said outright, lets everybody do everything. */
  dacl: Acl | null | undefined;
  /** What is to be audited, and the integrity label; undefined unless it was asked for. */
  sacl: Acl | null | undefined;
}
