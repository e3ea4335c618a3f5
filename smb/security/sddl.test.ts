/** SDDL: text as Windows writes it, back and forth without loss, and what is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFailure } from '../../base/failure.ts';
import { anyDescriptor } from './descriptor.fake.ts';
import { buildDescriptor } from './descriptor.ts';
import { DACL_LETTERS, SACL_LETTERS } from './sddl-letters.ts';
import { fromSddl } from './sddl-read.ts';
import { toSddl } from './sddl-write.ts';
import type { Acl, SecurityDescriptor } from './types.ts';
import { describeDescriptor } from './words.ts';

const RUNS = { seed: 20_260_102, numRuns: 1_000 };
const GUID = '00112233-4455-6677-8899-aabbccddeeff';
const DOMAIN = 'S-1-5-21-1-2-3';

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
  return 'no failure';
}

describe('SDDL', () => {
  it.each([
    ['a folder of Windows', 'O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;AU)(A;OICI;0x1200a9;;;BU)'],
    ['a file that inherits', 'O:S-1-5-21-1-2-3-1001G:S-1-5-21-1-2-3-513D:AI(A;ID;FA;;;SY)(A;ID;FR;;;WD)'],
    ['denials and generic rights', 'D:(D;OICIIO;GAGXGWGR;;;CG)(A;NP;SDRCWDWO;;;CO)'],
    ['rights that nobody named', 'D:(A;;0x80000123;;;OW)(A;;0x0;;;LS)'],
    ['audits and a label', 'S:PARAI(AU;SAFA;FX;;;WD)(ML;;NWNRNX;;;HI)'],
    ['objects', `D:(OA;CI;0x30;${GUID};;AU)(OD;;SD;;${GUID};AU)(OA;;RC;;;AU)`],
    ['no restriction', 'D:NO_ACCESS_CONTROLS:PNO_ACCESS_CONTROL'],
    ['nobody at all', 'O:SYD:P'],
    ['a condition, in bytes', 'D:(#09001800ff011f0001010000000000010000000061727478)'],
    ['an unknown kind, in bytes', 'D:(#63000c000102030405060708)(A;;FA;;;WD)'],
    ['a strange authority', 'O:S-1-0x0100000000ff-1D:'],
    ['nothing', ''],
  ])('of %s comes back as it was', (_remark, text) => {
    expect(toSddl(fromSddl(text))).toBe(text);
  });

  it.each([
    ['letters of directory services', 'D:(A;;RPWPCRCCDCLCLODTSW;;;WD)', 'D:(A;;0x1ff;;;WD)'],
    ['decimal rights', 'D:(A;;1179785;;;WD)', 'D:(A;;FR;;;WD)'],
    ['octal rights', 'D:(A;;04400211;;;WD)', 'D:(A;;FR;;;WD)'],
    ['hexadecimal rights with zeros', 'D:(A;;0x001200a9;;;S-1-1-0)', 'D:(A;;0x1200a9;;;WD)'],
    ['parts in another order', 'D:(A;;FA;;;SY)O:BA', 'O:BAD:(A;;FA;;;SY)'],
    ['no rights', 'D:(A;;;;;WD)', 'D:(A;;0x0;;;WD)'],
    ['accounts of the domain', 'O:DAD:(A;;FA;;;LA)', 'O:S-1-5-21-1-2-3-512D:(A;;FA;;;S-1-5-21-1-2-3-500)'],
  ])('is read with %s', (_remark, text, canonical) => {
    expect(toSddl(fromSddl(text, DOMAIN))).toBe(canonical);
  });

  it.each([
    ['an unknown part', 'X:BA'],
    ['a part twice', 'O:BAO:BA'],
    ['no owner', 'O:'],
    ['an owner nobody knows', 'O:ZZ'],
    ['an owner in small letters', 'O:ba'],
    ['an account of a domain that is not known', 'O:DA'],
    ['an entry that does not end', 'D:(A;;FA;;;WD'],
    ['something behind the entries', 'D:(A;;FA;;;WD)x'],
    ['a kind nobody knows', 'D:(Q;;FA;;;WD)'],
    ['a kind that only JavaScript knows', 'D:(constructor;;FA;;;WD)'],
    ['a flag nobody knows', 'D:(A;XY;FA;;;WD)'],
    ['half a flag', 'D:(A;O;FA;;;WD)'],
    ['rights nobody knows', 'D:(A;;QQ;;;WD)'],
    ['octal rights with a 9', 'D:(A;;019;;;WD)'],
    ['rights of 33 bits', 'D:(A;;4294967296;;;WD)'],
    ['an object where there is none', `D:(A;;FA;${GUID};;WD)`],
    ['an object that is no GUID', 'D:(OA;;FA;1234;;WD)'],
    ['a condition', 'D:(XA;;FA;;;WD;(@User.a==1))'],
    ['a claim', 'S:(RA;;;;;WD;("a",TI,0,1))'],
    ['bytes that are no entry', 'D:(#0000)'],
    ['bytes of another length', 'D:(#000018000000)'],
    ['an odd digit', 'D:(#63000c0001020304050607080)'],
  ])('with %s is malformed', (_remark, text) => {
    expect(codeOf(() => fromSddl(text))).toBe('malformed');
  });

  it('of any descriptor gives back all that it can say', () => {
    fc.assert(
      fc.property(anyDescriptor, (descriptor) => {
        expect(fromSddl(toSddl(descriptor))).toEqual(sayable(descriptor));
      }),
      RUNS,
    );
  });

  it('of any text is a descriptor that can be built, or malformed', () => {
    const piece = fc.oneof(
      fc.constantFrom('O:', 'G:', 'D:', 'S:', 'P', 'AI', '(', ')', ';', 'A', 'FA', 'WD', 'S-1-5-', '0x', '12', '(#'),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          buildDescriptor(fromSddl(pieces.join('')));
        } catch (error) {
          if (!isFailure(error, 'malformed')) throw error;
        }
      }),
      RUNS,
    );
  });
});

/** What text keeps: not the revision of a list, and of the control bits only those of a list that is there. */
function sayable(descriptor: SecurityDescriptor): SecurityDescriptor {
  const bits = (list: Acl | null | undefined, letters: Readonly<Record<string, number>>): number =>
    list === undefined ? 0 : Object.values(letters).reduce((sum, bit) => sum | (descriptor.control & bit), 0);
  const objects = (acl: Acl): boolean =>
    acl.aces.some(({ type }) => (type >= 5 && type <= 8) || [0xb, 0xc, 0xf, 0x10].includes(type));
  const list = (acl: Acl | null | undefined): Acl | null | undefined =>
    acl && { revision: objects(acl) ? 4 : 2, aces: acl.aces };
  return {
    ...descriptor,
    resourceManager: 0,
    control: bits(descriptor.dacl, DACL_LETTERS) | bits(descriptor.sacl, SACL_LETTERS),
    dacl: list(descriptor.dacl),
    sacl: list(descriptor.sacl),
  };
}

describe('in words', () => {
  it.each([
    [
      'O:BAG:S-1-22-2-100D:PAI(D;;FW;;;S-1-5-21-1-2-3-501)(A;OICI;0x1301bf;;;AU)(A;OICIIOID;FR;;;WD)',
      'owner Administrators',
      'group Unix group 100',
      'inherits nothing from its folder',
      'deny Guest (S-1-5-21-1-2-3-501): write',
      'allow Authenticated Users: modify; also for folders and files below',
      'allow Everyone: read; only for folders and files below; inherited',
    ],
    ['D:(A;OINP;0x100001;;;SY)', 'allow System: read data; also for files directly below'],
    ['D:(A;;0x120091;;;SY)', 'allow System: read data, write extended attributes, read attributes, read permissions'],
    ['D:(A;;0x800;;;S-1-5-21-9-9-9-1107)', 'allow S-1-5-21-9-9-9-1107: 0x800'],
    ['D:(A;;0x100000;;;WD)', 'allow Everyone: nothing'],
    ['D:(A;;GA;;;SY)', 'allow System: everything'],
    ['D:NO_ACCESS_CONTROL', 'everybody may do everything'],
    ['D:', 'nobody may do anything'],
    ['S:(AU;FA;FA;;;WD)(ML;;NW;;;LW)', 'audit Everyone: full control; when it fails', 'label Low Integrity'],
    ['D:(#63000c000102030405060708)', 'an entry of the unknown kind 99'],
    ['D:(#09001800ff011f0001010000000000010000000061727478)', 'allow under a condition Everyone: full control'],
  ])('%s reads', (text, ...lines) => {
    expect(describeDescriptor(fromSddl(text))).toEqual(lines);
  });
});
