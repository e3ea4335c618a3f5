/**
 * Looks at one path that may have changed, by an attribute-only open, and says what follows:
 *
 *   same → look again later, for notify tells nothing of writes into an open file
 *   other attributes → set here; other content → wait until it stands still, then fetch
 *   a directory, another file under the same name, a name that nobody knows → list the directory around it
 *   not there → list the directory around it, or look where it moved
 */
import { isFailure } from '../../base/failure.ts';
import { unixNs } from '../../smb/file-time.ts';
import type { FileTime, Stat, Tree } from '../../smb/types.ts';
import { dressInPlace } from './adopt.ts';
import { compareFile } from './compare.ts';
import { whyNotContent } from './content.ts';
import { needsExtras, settleProblems } from './extras-table.ts';
import { ageMs, type Ground, isAboutPath, isOtherDirectory, isOtherFile, problemOf, toldOf } from './ground.ts';
import { nameOf, parentOf, whyUnfit } from './names.ts';
import { extrasJob, type Job } from './scratch.ts';

/** What is known of a path that may have changed. */
export interface Hint {
  /** How many of the later looks it had. */
  stage: number;
  /** Somebody just said that this is its name. */
  isName: boolean;
  /** When it got this name by a rename, by the main's clock: what was written before that is whole. */
  renamedMs: number | undefined;
  last: { size: number; written: FileTime } | undefined;
  /** Looks that found it just written. */
  waited: number;
}

/** What looking leads to; times are milliseconds from now. */
export interface Consequences {
  hint(path: string, inMs?: number, stage?: number, isName?: boolean): void;
  /** List the directory and fetch this file as what the listing says. */
  wantOther(path: string): void;
  /** The same path again, with what was seen of it. */
  hintAgain(path: string, inMs: number, hint: Hint): void;
  scanSoon(directory: string, inMs?: number): void;
  stampSoon(directory: string): void;
  want(job: Job): void;
  /** Few paths wait to be looked at. */
  isRoomy(): boolean;
}

/** Looks after a file was seen to move: notify tells nothing of writes into a file that is open. */
export const LATER_LOOKS_MS = [1_000, 3_000, 10_000, 30_000];
/** And after those, while there is room for it: Windows lists an open file as it was when it was opened. */
const PATIENT_LOOKS_MS = [...LATER_LOOKS_MS, 60_000, 180_000, 600_000, 1_800_000];
/** Somebody who writes a file in pieces is waited for, but not for ever: before half a version replaces a whole one … */
const QUIET_MS = 250;
/** … and where there is nothing to be replaced, until it can be published at all (fetch.ts), with a little to spare. */
const NEW_QUIET_MS = 40;
const QUIET_LOOKS = 8;
/** Between two looks at least. */
const SOON_MS = 10;
/** A file of this size is copied when it has stood still for a moment, not on every growth. */
const BIG_BYTES = 4 * 1_048_576;
const STILL_MS = 700;
/** 8.3 names (MS-FSCC 2.1.5.2.1), as Windows makes them of long ones. */
const SHORT_NAME = /^[^ ]{1,6}~\d{1,4}(\.[^ ]{0,3})?$/;

/** Throws only what concerns the connection, or the abort. */
export async function look(
  ground: Ground,
  tree: Tree,
  signal: AbortSignal,
  path: string,
  hint: Hint,
  then: Consequences,
): Promise<void> {
  let now: Stat;
  try {
    now = await tree.stat(path);
  } catch (error) {
    if (!isAboutPath(error)) throw error;
    noStat(ground, path, error, then);
    return;
  }
  signal.throwIfAborted();
  // Listing its folder puts away what is here.
  if (ground.excludes.ruleFor(path) !== undefined) return then.scanSoon(parentOf(path), 0);
  const unfit = whyUnfit(path);
  const problem = unfit === undefined ? whyNotContent(now) : { code: 'bad-name', why: unfit };
  if (problem !== undefined) ground.problems.add(ground.share, path, problem, ground.clock.wallMs());
  else if (now.directory) lookDirectory(ground, path, now, then);
  else lookFile(ground, path, now, hint, then);
}

function noStat(ground: Ground, path: string, error: unknown, then: Consequences): void {
  if (!isFailure(error, 'not-found', 'not-a-directory')) {
    ground.problems.add(ground.share, path, problemOf(error), ground.clock.wallMs());
    return;
  }
  ground.problems.clear(ground.share, path);
  const moved = ground.moves.whereIs(path, ground.clock.monoMs());
  if (moved !== undefined) then.hint(moved);
  if (path !== '') then.scanSoon(parentOf(path));
}

function lookDirectory(ground: Ground, path: string, now: Stat, then: Consequences): void {
  const row = ground.index.find(ground.rootId, path);
  // A directory that is new here, or another one, is made by listing its parent, which also looks for where it came from.
  const isKnown = row?.kind === 'directory' && !isOtherDirectory(toldOf(now, 0n), row);
  if (isKnown && needsExtras(ground, row, now, true)) then.want(extrasJob(path));
  if (!isKnown) then.scanSoon(parentOf(path), 0);
  else if (!row.listed || ground.problems.has(ground.share, path)) then.scanSoon(path, 0);
  else then.stampSoon(path);
}

function lookFile(ground: Ground, path: string, now: Stat, hint: Hint, then: Consequences): void {
  const row = ground.index.find(ground.rootId, path);
  const told = toldOf(now, 0n);
  // Perhaps another file: a listing tells its id.
  const isOther = row?.kind === 'file' && isOtherFile(told, row);
  const verdict = row?.kind === 'file' && !isOther ? compareFile(told, row, ground.folder.look(path)) : 'fetch';
  if (row?.kind === 'file' && verdict === 'dress') {
    const signature = ground.folder.within(parentOf(path), (dir) => dressInPlace(ground, row, dir, now, told));
    ground.index.put(ground.shareId, row.parent, row.name, 'file', told, signature);
  }
  if (row !== undefined && verdict !== 'fetch') {
    if (needsExtras(ground, row, verdict === 'dress' ? told : row, hint.stage === 0)) then.want(extrasJob(path));
    else settleProblems(ground, path, row.id);
    const next = (then.isRoomy() ? PATIENT_LOOKS_MS : LATER_LOOKS_MS)[hint.stage];
    if (next !== undefined) then.hint(path, next, hint.stage + 1);
    return;
  }
  const waitMs = isWhole(now, hint) ? 0 : restMs(ground, now, hint, row?.kind === 'file' ? QUIET_MS : NEW_QUIET_MS);
  if (waitMs > 0)
    then.hintAgain(path, waitMs, {
      ...hint,
      stage: 0,
      last: { size: now.size, written: now.written },
      waited: hint.waited + 1,
    });
  else if (isOther) then.wantOther(path);
  // A server tells of a file by its short name when it was opened so; only a listing knows what a file is called.
  else if (row === undefined && (!hint.isName || SHORT_NAME.test(nameOf(path)))) then.scanSoon(parentOf(path), 0);
  else if (ground.busy.has(path)) then.hint(path, undefined, 0, hint.isName);
  else then.want({ path, size: now.size, fileId: 0n });
}

/** A program that writes beside the file and renames over it has told by that that it is done. */
function isWhole(now: Stat, { renamedMs }: Hint): boolean {
  return renamedMs !== undefined && Number(unixNs(now.written) / 1_000_000n) <= renamedMs;
}

/** Milliseconds until the file may have come to rest; 0 when it seems to have. */
function restMs(ground: Ground, now: Stat, { last, waited }: Hint, quietMs: number): number {
  const stands = last !== undefined && last.size === now.size && last.written === now.written;
  if (now.size > BIG_BYTES) return stands ? 0 : STILL_MS;
  const left = quietLeftMs(ground, now, quietMs);
  return left > 0 && waited < QUIET_LOOKS ? Math.max(left, SOON_MS) : 0;
}

/** Milliseconds until nobody has written into it for so long; 0 when that is over. */
export function quietLeftMs(ground: Ground, now: Stat, quietMs = QUIET_MS): number {
  return Math.max(0, Math.min(quietMs, quietMs - ageMs(ground, now)));
}
