/**
 * From the main's names to local ones and back: every name is kept as it is, byte for byte in UTF-8. Nothing is
 * normalised or folded, so composed and decomposed «é» are two files, and so are case twins. A name that cannot be kept
 * so is refused and listed as a problem, never shortened or replaced: a mirror that renames quietly restores wrongly.
 */

/** Our own short-lived names in the mirror; a leftover of a crash begins with it. */
export const TEMP_PREFIX = '.~standby-';

/** A name that `publish` makes: only such a file is ours to delete. */
export function isTempName(name: string): boolean {
  return TEMP_NAME.test(name);
}

const TEMP_NAME = /^\.~standby-\d+-\d+\.tmp$/;

/** ext4, XFS and btrfs hold 255 bytes; NTFS holds 255 UTF-16 units, up to 765 bytes. */
const NAME_LIMIT_BYTES = 255;
/** PATH_MAX of Linux, less the room for the mirror's own folder. */
const PATH_LIMIT_BYTES = 3_900;

/** Why a path of the main cannot be held under the same names here; undefined when it can. */
export function whyUnfit(path: string): string | undefined {
  const name = nameOf(path);
  if (name.startsWith(TEMP_PREFIX)) return `names that begin with «${TEMP_PREFIX}» are reserved for the mirror itself`;
  const bytes = Buffer.byteLength(name);
  if (bytes > NAME_LIMIT_BYTES) return `the name needs ${bytes} bytes, the disk here holds ${NAME_LIMIT_BYTES}`;
  if (Buffer.byteLength(path) > PATH_LIMIT_BYTES) return 'the path is longer than Linux can hold';
  return undefined;
}

/** The last component. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Everything before the last component; '' for what lies in the root, and for the root itself. */
export function parentOf(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut < 0 ? '' : path.slice(0, cut);
}

/** A path below a directory; the root is ''. */
export function below(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}
