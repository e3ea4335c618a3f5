/**
 * Owner and access rules of a replaced file, carried over to the one that takes its place. Not every account may give
 * a file to somebody else; the access rules alone are tried then, since they decide who may read it.
 */
import { isFailure } from '../../base/failure.ts';
import type { Tree } from '../../smb/types.ts';
import { isAboutOneObject } from './compare.ts';

/** SECURITY_DESCRIPTOR in self-relative form (MS-DTYP 2.4.6): the fixed part, and where its offsets stand. */
const FIXED_BYTES = 20;
const OFFSET_OWNER = 4;
const OFFSET_GROUP = 8;
const OFFSET_DACL = 16;

/** Copies what the main lets us copy; a note when that is not all. */
export async function copySecurity(tree: Tree, from: string, to: string): Promise<string | undefined> {
  try {
    const wanted = await tree.readSecurity(from);
    if ((await tree.readSecurity(to)).equals(wanted)) return undefined;
    if (await isWritten(tree, to, wanted)) return undefined;
    const ruled =
      (await isWritten(tree, to, withoutOwner(wanted))) || rulesOf(await tree.readSecurity(to)).equals(rulesOf(wanted));
    if (ruled) return 'its owner on the main is the account of the standby now';
    return 'its access rules on the main are those of its folder now: the standby’s account may not set them';
  } catch (error) {
    if (!isAboutOneObject(error)) throw error;
    return `its access rules on the main are those of its folder now: ${error.what}`;
  }
}

async function isWritten(tree: Tree, path: string, descriptor: Buffer): Promise<boolean> {
  try {
    await tree.writeSecurity(path, descriptor);
    return true;
  } catch (error) {
    if (!isAboutOneObject(error) || isFailure(error, 'not-found')) throw error;
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

/** The DACL's bytes; nothing when there is none. */
function rulesOf(descriptor: Buffer): Buffer {
  const at = descriptor.length < FIXED_BYTES ? 0 : descriptor.readUInt32LE(OFFSET_DACL);
  if (at === 0 || at + 4 > descriptor.length) return Buffer.alloc(0);
  // AclSize (MS-DTYP 2.4.5).
  return descriptor.subarray(at, at + descriptor.readUInt16LE(at + 2));
}
