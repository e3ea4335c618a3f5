/**
 * Owner and access rules of a file on the main, carried over to the one that takes its place or stands beside it: while
 * that one is empty and has no name of a user, so that its content is never shown to more people.
 *
 *   rules cannot be read, or may not be set  → refused: the main's file stays as it is; who may read a file never grows by itself
 *   rules set, the main shows others         → carried, with a note: servers that map rules to modes show what they made of them
 *   rules set, the owner not                 → carried, with a note: not every account may give a file to somebody else
 *   the server knows no rules                → carried
 */
import { Failure } from '../../base/failure.ts';
import { actionOf } from '../../smb/status/status.ts';
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

/**
 * Gives `to`, an empty file that has no name of a user yet, the rules of `from`. Returns what people must hear of, if anything.
 * Throws `access-denied` when the rules are refused, and what it met when `from` is gone or the connection is.
 */
export async function carryRules(tree: Tree, from: string, to: string): Promise<string | undefined> {
  try {
    return await carry(tree, from, to);
  } catch (error) {
    if (!isAboutOneObject(error) || error.code === 'not-found') throw error;
    // The server knows no rules at all. A path that it could not follow says nothing of that.
    if (actionOf(error)?.do === 'degrade') return undefined;
    throw refused(from, error);
  }
}

async function carry(tree: Tree, from: string, to: string): Promise<string | undefined> {
  const wanted = await tree.readSecurity(from);
  if ((await tree.readSecurity(to)).equals(wanted)) return undefined;
  if (await isSet(tree, to, wanted)) return seen(tree, to, wanted);
  if (!sameRules(await tree.readSecurity(to), wanted)) {
    await tree.writeSecurity(to, withoutOwner(wanted));
    const note = await seen(tree, to, wanted);
    if (note !== undefined) return note;
  }
  return 'its owner on the main is the account of the standby now';
}

function refused(subject: string, cause: Failure): Failure {
  return new Failure({
    code: 'access-denied',
    doing: 'keep the access rules of',
    subject,
    what: `${cause.what}; so the file was left as it is`,
    hint: 'allow the account of the standby to read and change permissions there, or copy the file by hand',
    cause,
  });
}

/** What people must hear of what the server has made of the rules. */
async function seen(tree: Tree, path: string, wanted: Buffer): Promise<string | undefined> {
  if (sameRules(await tree.readSecurity(path), wanted)) return undefined;
  return 'its access rules were set, and the main shows others for it: compare them';
}

/** False when the account may not set all of it. */
async function isSet(tree: Tree, path: string, descriptor: Buffer): Promise<boolean> {
  try {
    await tree.writeSecurity(path, descriptor);
    return true;
  } catch (error) {
    if (!isAboutOneObject(error) || error.code === 'not-found' || error.code === 'not-supported') throw error;
    return false;
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
