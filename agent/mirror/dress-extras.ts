/**
 * Gives an open file or directory what the main's has beside its content. Times and DOS attributes come after it (metadata.ts).
 *
 * What could go wrong, and why it does not:
 * - one of them does not fit (ext4 has one block for all, XFS and Linux 64 KiB for each, btrfs a leaf): this one is left out as a
 *   whole and told; the content and all others are kept;
 * - none fits because the disk is full: that is thrown, as for content, and tried again when there is room;
 * - there is no room left for the DOS attributes and the creation time: they are set first, and only replaced afterwards;
 * - the file system has no such attributes at all: the same as «does not fit»;
 * - killed in the middle: a new file has no name yet and vanishes; one that lies there is looked at again, since the index says only
 *   afterwards for which ChangeTime it is dressed (extras-table.ts);
 * - something goes on the main: it is removed here, unless the main did not tell;
 * - a symbolic link: everything is done to an open descriptor.
 */
import fs from 'node:fs';
import { errnoOf } from '../../base/failure.ts';
import { getXattr, listXattrs, removeXattrDescriptor, setXattrDescriptor } from '../../base/libc.ts';
import { type Dressing, isDecided, type Piece, piecesOf } from './dressing.ts';

/** Errors that say: this one cannot be kept here. */
const UNFIT = [
  'ENOSPC',
  'EDQUOT',
  'ERANGE',
  'E2BIG',
  'EOPNOTSUPP',
  'ENOTSUP',
  'EPERM',
  'EACCES',
  'EINVAL',
  'ENAMETOOLONG',
];
/** With less room than this, «no space» is said of the disk and not of one file. */
const FULL_BELOW_BYTES = 1_048_576;

/**
 * What was lost, in words. Throws ENOSPC when the disk is full, EIO and the like when it fails.
 * @param isNew whether it has nothing of this yet
 */
export function dressExtras(fd: number, dressing: Dressing, isNew = false): string[] {
  const { pieces, lost } = piecesOf(dressing);
  const self = `/proc/self/fd/${fd}`;
  if (!isNew) removeOthers(fd, self, dressing, pieces);
  for (const piece of pieces) {
    const why = setPiece(fd, self, piece, isNew);
    if (why !== undefined) lost.push(why);
  }
  return lost;
}

/** What the main has no more. */
function removeOthers(fd: number, self: string, dressing: Dressing, pieces: readonly Piece[]): void {
  const wanted = new Set(pieces.map((piece) => piece.name));
  for (const name of namesOf(self)) if (isDecided(name, dressing) && !wanted.has(name)) removeXattrDescriptor(fd, name);
}

function namesOf(file: string): string[] {
  try {
    return listXattrs(file);
  } catch (error) {
    if (['EOPNOTSUPP', 'ENOTSUP'].includes(errnoOf(error) ?? '')) return [];
    throw error;
  }
}

/** Why it cannot be kept; then what was there under its name is gone too, for it is not what the main has. */
function setPiece(fd: number, self: string, { name, value, bytes, what }: Piece, isNew: boolean): string | undefined {
  const there = isNew ? undefined : currentValue(self, name);
  if (there?.equals(value) === true) return undefined;
  try {
    setXattrDescriptor(fd, name, value);
    return undefined;
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (!UNFIT.includes(errno)) throw error;
    if (errno === 'EDQUOT' || (errno === 'ENOSPC' && isFull(self))) throw error;
    if (there !== undefined) removeXattrDescriptor(fd, name);
    return `${what}: its ${bytes} bytes cannot be kept by the file system here (${errno})`;
  }
}

function currentValue(file: string, name: string): Buffer | undefined {
  try {
    return getXattr(file, name);
  } catch (error) {
    if (UNFIT.includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

function isFull(file: string): boolean {
  const { bavail, bsize } = fs.statfsSync(file, { bigint: true });
  return bavail * bsize < BigInt(FULL_BELOW_BYTES);
}
