/**
 * What the main must do before we speak with it: the least dialect, and whether everything is encrypted. Signing is no setting:
 * every session is signed.
 *
 * The least dialect is 3.0 unless told: every Windows since 8 and Server 2012 and every Samba since 4.0 speaks it, and before it
 * there is neither encryption nor a server that must prove what it was asked, so that somebody in between can weaken the talk.
 * Windows 7 and Server 2008 R2 end at 2.1, which whoever still has one must allow by hand.
 */
import { z } from 'zod';

/** Named as Windows names them (Set-SmbServerConfiguration -Smb2DialectMin); YAML would make a number of 3.0. */
const DIALECTS = { SMB210: 0x0210, SMB300: 0x0300, SMB302: 0x0302, SMB311: 0x0311 } as const;

const dialects = ['SMB210', 'SMB300', 'SMB302', 'SMB311'] as const satisfies (keyof typeof DIALECTS)[];

const USUAL: Fields = { dialect: 'SMB300', encrypt: 'when-demanded' };

/** Fields of the group `main`. */
export const securityFields = {
  dialect: z
    .enum(dialects)
    .default(USUAL.dialect)
    .describe(
      'the least SMB dialect that the main must speak: SMB300, SMB302, SMB311; SMB210 only for Windows 7 and 2008 R2',
    ),
  encrypt: z
    .enum(['when-demanded', 'always'])
    .default(USUAL.encrypt)
    .describe('when-demanded: what the main wants encrypted is encrypted; always: everything is, or nothing is read'),
};

interface Fields {
  dialect: keyof typeof DIALECTS;
  encrypt: 'when-demanded' | 'always';
}

/** As the SMB client takes them (its Requirements). */
export interface Required {
  dialect: (typeof DIALECTS)[keyof typeof DIALECTS];
  encryption: boolean;
}

/** @param before what counts for the fields that are left out: the usual, unless settings say otherwise */
export function requirementsOf(
  { dialect, encrypt }: { [Key in keyof Fields]?: Fields[Key] | undefined },
  before: Required = { dialect: DIALECTS[USUAL.dialect], encryption: USUAL.encrypt === 'always' },
): Required {
  return {
    dialect: dialect === undefined ? before.dialect : DIALECTS[dialect],
    encryption: encrypt === undefined ? before.encryption : encrypt === 'always',
  };
}
