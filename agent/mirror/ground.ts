/** What the work on one share stands on, and the few questions that every part of it asks. */
import type { Clock } from '../../base/clock.ts';
import { errnoOf, Failure, failureOf, isFailure } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import { unixNs } from '../../smb/file-time.ts';
import { PAUSE_MS } from '../../smb/status/action.ts';
import { actionOf } from '../../smb/status/status.ts';
import type { FileTime, Stat, Tree } from '../../smb/types.ts';
import type { Attic } from './attic.ts';
import type { Excludes } from './excludes.ts';
import type { Directory, MirrorFolder, Signature } from './folder.ts';
import type { Told } from './index-row.ts';
import type { IndexStore } from './index-store.ts';
import { ATTRIBUTE_NORMAL } from './metadata.ts';
import type { Moves } from './moves.ts';
import { below } from './names.ts';
import type { Keeper } from './place.ts';
import type { Problem, Problems } from './problems.ts';
import type { Space } from './space.ts';
import type { Traffic } from './traffic.ts';

export interface Ground {
  readonly share: string;
  /** Row of the share, and of its root directory. */
  readonly shareId: number;
  readonly rootId: number;
  readonly index: IndexStore;
  readonly folder: MirrorFolder;
  readonly attic: Attic;
  readonly problems: Problems;
  readonly space: Space;
  /** What the settings leave out. */
  readonly excludes: Excludes;
  readonly clock: Clock;
  readonly log: Log;
  /** The main's clock now, ms since 1970, as it told it when a connection was last opened; ours before that. Late by the time that opening took. */
  mainMs(): number;
  /** Directories that were followed lately: where events with their old names belong. */
  readonly moves: Moves;
  /** Paths being fetched now, by whichever lane. */
  readonly busy: Set<string>;
  /** Directories whose own times our work in them has moved; whoever follows the share sets them again. At most UNSTAMPED_LIMIT. */
  readonly unstamped: Set<string>;
  /** What was placed since the start, for rates. */
  readonly placed: { files: number; bytes: number };
  readonly traffic: Traffic;
  /** Set by whoever heals: then whatever is replaced is kept, however big and however often, and this hears where in the attic. */
  readonly kept?: (where: string) => void;
}

/** Another volume or folder answers under the share's name. */
export function mainChanged(share: string): Failure {
  return new Failure({
    code: 'main-changed',
    doing: 'recognise share',
    subject: share,
    what: 'another volume or folder than the one that is mirrored stands behind this name now; nothing was changed here',
    hint: 'is its disk mounted on the main? If the share was moved on purpose, mirror it under a new name',
  });
}

/** The main's own words about an object, from a stat or an entry. */
export function toldOf(stat: Stat, fileId: bigint): Told {
  return {
    size: stat.directory ? 0 : stat.size,
    written: stat.written,
    created: stat.created,
    changed: stat.changed,
    // Some answers say «none», others NORMAL, which means the same (MS-FSCC 2.6).
    attributes: stat.attributes === 0 ? ATTRIBUTE_NORMAL : stat.attributes,
    fileId,
  };
}

/**
 * Milliseconds since an object last changed, by the main's own clock. Below 0 when our idea of that clock is late, or when
 * the clock was set back; one that is far ahead says nothing, and counts as long ago.
 */
export function ageMs(ground: Ground, stat: Stat, nowMs = ground.mainMs()): number {
  const age = nowMs - Number(unixNs(stat.changed === 0n ? stat.written : stat.changed) / 1_000_000n);
  return age < -AHEAD_LIMIT_MS ? Number.POSITIVE_INFINITY : age;
}

const AHEAD_LIMIT_MS = 30_000;

const UNSTAMPED_LIMIT = 5_000;

/** Something of ours was made, moved or removed in a directory. Beyond the limit the end of a pass finds it. */
export function unsettle(ground: Ground, directory: string): void {
  if (ground.unstamped.size < UNSTAMPED_LIMIT) ground.unstamped.add(directory);
}

/** Puts away for one path; used by `publish` and whoever removes. `sharedBytes`: room that the new version shares with the old. */
export function keeperFor(ground: Ground, path: string, sharedBytes = 0): Keeper {
  // The later of two clocks: a day that a wrong clock made too old would be pruned at once.
  const wallMs = Math.max(ground.clock.wallMs(), ground.mainMs());
  const { share, attic, kept } = ground;
  const link = (dir: Directory, name: string): void => {
    const where = attic.link(dir, name, share, path, wallMs);
    kept?.(where);
  };
  return {
    move: (dir: Directory, name: string) => {
      const where = attic.move(dir, name, share, path, wallMs);
      kept?.(where);
    },
    link,
    keep: (dir: Directory, name: string, old: Signature) => {
      if (kept !== undefined) link(dir, name);
      else if (ground.space.isSmall(Number(old.size) - sharedBytes)) attic.keep(dir, name, old, share, path, wallMs);
    },
  };
}

/** Opens a known directory, making it and its parents again where the mirror lost them; what lies in the way goes to the attic. */
export function openKnown(ground: Ground, directory: string): Directory {
  let path = '';
  let dir = ground.folder.open('');
  for (const name of directory === '' ? [] : directory.split('/')) {
    const next = below(path, name);
    try {
      const there = dir.look(name);
      if (there.kind === 'file' || there.kind === 'foreign') keeperFor(ground, next).move(dir, name);
      if (there.kind !== 'directory') {
        const row = ground.index.find(ground.rootId, next);
        const known = { attributes: row?.attributes ?? 0, created: row?.created ?? 0n, written: row?.written ?? 0n };
        ground.folder.makeDirectory(dir, name, { ...known, accessed: 0n });
      }
    } finally {
      dir.close();
    }
    path = next;
    dir = ground.folder.open(path);
  }
  return dir;
}

/** The object is proven to be gone: the server says so of this very path. */
export async function isGone(tree: Tree, path: string): Promise<boolean> {
  try {
    await tree.stat(path);
    return false;
  } catch (error) {
    if (isFailure(error, 'not-found')) return true;
    if (isAboutPath(error)) return false;
    throw error;
  }
}

/** Not for what tells of the connection as a whole, nor of the channel to standbyd. */
export function isAboutPath(error: unknown): error is Failure {
  return isFailure(error) && error.code !== 'channel-closed' && actionOf(error)?.do !== 'reconnect';
}

/** For what is skipped: somebody may give us the right to it meanwhile. */
const SKIPPED_RETRY_MS = 30_000;
const LOCAL_RETRY_MS = 60_000;

/** A failed read as a line in the list of problems. */
export function problemOf(error: unknown): Problem {
  if (!isFailure(error)) throw error;
  const action = actionOf(error);
  const isHeld = ['sharing-violation', 'locked', 'delete-pending'].includes(error.code);
  return {
    code: error.code,
    why: isHeld ? `somebody holds it: ${error.what}` : error.what,
    retryMs: action?.do === 'retry' ? PAUSE_MS[action.pause] : SKIPPED_RETRY_MS,
  };
}

/** What our own disk refuses for one object alone; undefined for what concerns more than that. */
export function localProblem(error: unknown): Problem | undefined {
  const errno = errnoOf(error);
  if (errno === undefined || !['ENAMETOOLONG', 'EFBIG', 'EPERM', 'EACCES', 'EIO', 'ENOTEMPTY'].includes(errno))
    return undefined;
  const { what } = failureOf(error, 'keep');
  return { code: errno.toLowerCase(), why: `cannot be kept here: ${what}`, retryMs: LOCAL_RETRY_MS };
}

/** Two spellings that a server without case distinction takes for one name. */
export function isOneName(a: string, b: string): boolean {
  return a.toUpperCase() === b.toUpperCase();
}

/** Whether the main's words are about another directory than the row's, in the same place. */
export function isOtherDirectory(told: Told, row: Told): boolean {
  const areKnown = told.fileId !== 0n && row.fileId !== 0n;
  return areKnown ? told.fileId !== row.fileId : !sameTime(told.created, row.created);
}

/**
 * The same of a file. Creation times alone say little: Samba makes them up from the others where its file system keeps none,
 * and then they move whenever somebody reads.
 */
export function isOtherFile(told: Told, row: Told): boolean {
  if (told.fileId !== 0n && row.fileId !== 0n && told.fileId === row.fileId) return false;
  return !sameTime(told.created, row.created);
}

export function sameTime(a: FileTime, b: FileTime): boolean {
  return a === b || a === 0n || b === 0n;
}
