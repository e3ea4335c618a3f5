/**
 * A file appears in the mirror whole or not at all.
 *
 *   draft (O_TMPFILE, no name) → content → owner, attributes, times → publish
 *   publish, nothing there:  linkat(draft, name)
 *   publish, a file there:   the old one gets a second name in the attic → linkat(draft, temp) → rename(temp, name)
 *   publish, anything else:  what lies there → attic, then as if nothing were there
 *
 * What could go wrong, and why it does not:
 * - killed while content arrives: the draft has no name, the kernel frees it;
 * - killed between linkat and rename: a temp with the whole content stays; it is not a user's name and is removed by the next pass;
 * - killed after publish, before the index knows: the file is whole, and adopted by the intent noted before (adopt.ts);
 * - the name became something else meanwhile: linkat never replaces (EEXIST), and rename replaces only what was just seen to be a file;
 * - the file there is not the one we placed (somebody changed the mirror): it is kept in the attic whatever is there already;
 * - a symbolic link at the name: neither linkat nor rename follows it;
 * - the disk is full: the draft fails, what was there stays.
 */
import fs from 'node:fs';
import { linkDescriptor, O_TMPFILE } from '../../base/libc.ts';
import type { Directory, Signature } from './folder.ts';
import { sameSignature, signatureOf } from './folder.ts';
import { TEMP_PREFIX } from './names.ts';

/** A nameless file in the directory's file system, open for writing. */
export function openDraft(dir: Directory): number {
  return fs.openSync(`/proc/self/fd/${dir.fd}`, O_TMPFILE | fs.constants.O_RDWR, 0o600);
}

export interface Keeper {
  /** Moves what lies at a name into the attic. */
  move(dir: Directory, name: string): void;
  /** Gives the file at a name a second name in the attic. */
  link(dir: Directory, name: string): void;
  /** The same for a version that we had placed ourselves, where it is worth its room. */
  keep(dir: Directory, name: string, old: Signature): void;
}

let tempNumber = 0;

/**
 * Gives a finished draft its name. `placedBefore` is the signature of what we last placed there, if anything.
 * Returns the signature of the file as it now lies there. No other code of ours runs in between.
 */
export function publish(
  draftFd: number,
  dir: Directory,
  name: string,
  placedBefore: Signature | undefined,
  keeper: Keeper,
): Signature {
  const there = dir.look(name);
  switch (there.kind) {
    case 'none':
      linkDescriptor(draftFd, dir.at(name));
      break;
    case 'directory':
    case 'foreign':
      keeper.move(dir, name);
      linkDescriptor(draftFd, dir.at(name));
      break;
    case 'file': {
      if (placedBefore === undefined || !sameSignature(placedBefore, there.signature)) keeper.link(dir, name);
      else keeper.keep(dir, name, there.signature);
      tempNumber += 1;
      const temp = `${TEMP_PREFIX}${process.pid}-${tempNumber}.tmp`;
      linkDescriptor(draftFd, dir.at(temp));
      fs.renameSync(dir.at(temp), dir.at(name));
      break;
    }
  }
  return signatureOf(fs.fstatSync(draftFd, { bigint: true }));
}
