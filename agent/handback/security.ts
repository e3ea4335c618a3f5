/**
 * Owner and access rules of a file on the main, carried over to the one that takes its place or stands beside it, before that
 * one has its name.
 *
 *   rules cannot be read, or may not be set  → refused: the main's file stays as it is; who may read a file never grows by itself
 *   rules set, the main shows others         → carried, with a note: servers that map rules to modes show what they made of them
 *   rules set, the owner not                 → carried, with a note: not every account may give a file to somebody else
 *   the server knows no rules                → carried
 */
import type { Tree } from '../../smb/types.ts';
import { isAboutOneObject } from './compare.ts';

/** SECURITY_DESCRIPTOR in self-relative form (MS-DTYP 2.4.6): the fixed part, and where its fields stand. */
const FIXED_BYTES = 20;
const CONTROL = 2;
const OFFSET_OWNER = 4;
const OFFSET_GROUP = 8;
const OFFSET_DACL = 16;
/** SE_DACL_PRESENT and SE_DACL_PROTECTED. */
const DACL_BITS = 0x1004;

export type Carried = { kind: 'carried'; note?: string } | { kind: 'refused'; why: string };

const CARRIED: Carried = { kind: 'carried' };

/** Gives `to`, which has no name of a user yet, the rules of `from`. Throws when `from` is gone, or the connection is. */
export async function carryRules(tree: Tree, from: string, to: string): Promise<Carried> {
  try {
    return await carry(tree, from, to);
  } catch (error) {
    if (!isAboutOneObject(error) || error.code === 'not-found') throw error;
    return error.code === 'not-supported' ? CARRIED : refused(error.what);
  }
}

async function carry(tree: Tree, from: string, to: string): Promise<Carried> {
  const wanted = await tree.readSecurity(from);
  if ((await tree.readSecurity(to)).equals(wanted)) return CARRIED;
  const why = await writing(tree, to, wanted);
  if (why === undefined) return seen(tree, to, wanted);
  if (sameRules(await tree.readSecurity(to), wanted)) return OWNER_IS_OURS;
  const whyNot = await writing(tree, to, withoutOwner(wanted));
  if (whyNot !== undefined) return refused(whyNot);
  const shown = await seen(tree, to, wanted);
  return shown.kind === 'carried' && shown.note === undefined ? OWNER_IS_OURS : shown;
}

const OWNER_IS_OURS: Carried = {
  kind: 'carried',
  note: 'its owner on the main is the account of the standby now',
};

function refused(why: string): Carried {
  return {
    kind: 'refused',
    why: `its access rules cannot be kept (${why}): allow the standby’s account to change permissions there, or copy the file by hand`,
  };
}

/** What the server has made of the rules. */
async function seen(tree: Tree, path: string, wanted: Buffer): Promise<Carried> {
  if (sameRules(await tree.readSecurity(path), wanted)) return CARRIED;
  return { kind: 'carried', note: 'its access rules were set, and the main shows others for it: compare them' };
}

/** Undefined when it was set, else why it was not. */
async function writing(tree: Tree, path: string, descriptor: Buffer): Promise<string | undefined> {
  try {
    await tree.writeSecurity(path, descriptor);
    return undefined;
  } catch (error) {
    if (!isAboutOneObject(error) || error.code === 'not-found' || error.code === 'not-supported') throw error;
    return error.what;
  }
}

/** The same access rules, and neither owner nor group. */
function withoutOwner(descriptor: Buffer): Buffer {
  const copy = Buffer.from(descriptor);
  if (copy.length < FIXED_BYTES) return copy;
  copy.writeUInt32LE(0, OFFSET_OWNER);
  copy.writeUInt32LE(0, OFFSET_GROUP);
  return copy;
}

/** Whether both let the same people in: the DACL byte for byte, or none in both, and its protection from inheritance. */
function sameRules(one: Buffer, other: Buffer): boolean {
  return rulesOf(one).equals(rulesOf(other));
}

/** Two control bits, and the DACL's bytes; a descriptor that is cut short counts as a whole. */
function rulesOf(descriptor: Buffer): Buffer {
  if (descriptor.length < FIXED_BYTES) return descriptor;
  const bits = Buffer.alloc(2);
  bits.writeUInt16LE(descriptor.readUInt16LE(CONTROL) & DACL_BITS);
  const at = descriptor.readUInt32LE(OFFSET_DACL);
  if (at === 0) return bits;
  if (at + 4 > descriptor.length) return descriptor;
  // AclSize (MS-DTYP 2.4.5).
  return Buffer.concat([bits, descriptor.subarray(at, at + descriptor.readUInt16LE(at + 2))]);
}
