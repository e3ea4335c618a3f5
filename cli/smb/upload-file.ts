/**
 * Sends one file so that its name on the share means the old or the new content, whole, at every moment:
 *
 *   name free (or --overwrite)? → temp beside it, with its time → local file still as it was? → rename
 *
 * What could go wrong, and why it does not:
 * - something gets the name meanwhile: without `overwrite` the rename replaces nothing, the server sees to it;
 * - somebody has the file open that is to be replaced: it is opened without sharing first, and left alone when that fails. Between
 *   that look and the rename is one round trip in which somebody could open it; SMB has no rename that tests;
 * - the source ends early, Ctrl-C, no space: the client takes its unfinished file away through the handle that made it;
 * - the connection ends: a temp may stay on the server, with a name that says whose it is.
 */
import { randomBytes } from 'node:crypto';
import { Failure } from '../../base/failure.ts';
import type { Tree } from '../../smb/index.ts';
import { statIfThere } from './find.ts';
import type { LocalFile } from './local-file.ts';
import { folderOf, joined } from './path.ts';

export interface UploadJob {
  tree: Tree;
  file: LocalFile;
  /** Path on the share. */
  to: string;
  overwrite: boolean;
  signal: AbortSignal;
  /** Bytes that are on their way. */
  sent(bytes: number): void;
}

/** Throws `exists`, `sharing-violation`, `changed`, and what the share or the disk says. */
export async function uploadFile({ tree, file, to, overwrite, signal, sent }: UploadJob): Promise<void> {
  await mustBeFree(tree, to, overwrite);
  const temp = joined(folderOf(to), tempName());
  const read = (offset: number, length: number): Buffer => {
    signal.throwIfAborted();
    const piece = file.read(offset, length);
    sent(piece.length);
    return piece;
  };
  await tree.store(temp, { size: file.size, read }, { written: file.written });
  try {
    file.mustBeAsOpened();
    signal.throwIfAborted();
    if (overwrite) await mustBeFree(tree, to, overwrite);
    await tree.rename(temp, to, { replace: overwrite });
  } catch (error) {
    await tree.removeFile(temp).catch(() => undefined);
    throw error;
  }
}

async function mustBeFree(tree: Tree, to: string, overwrite: boolean): Promise<void> {
  const there = await statIfThere(tree, to);
  if (there === undefined) return;
  if (!overwrite) {
    throw new Failure({
      code: 'exists',
      doing: 'send',
      subject: to,
      what: 'something of that name is there already',
      hint: 'nothing was overwritten; choose another name, or add --overwrite',
    });
  }
  // A folder fails here, and so does a file that somebody has open.
  await tree.alone(to);
}

function tempName(): string {
  return `.~standby-put-${randomBytes(8).toString('hex')}.part`;
}
