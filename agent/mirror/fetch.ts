/**
 * Copies one file from the main into the mirror (content.ts takes its bytes in).
 *
 * What could go wrong, and why it does not:
 * - the file moves while we read it: what OPEN and CLOSE tell differs, nothing is published, it is read again later;
 * - it was written just before and again while we read, within one tick of the server's clock, so that nothing differs: what
 *   changed so recently is not published either;
 * - it is larger than was listed: asked again whether there is room, before the first byte;
 * - our copy cannot be the beginning of the new one after all (big-draft.ts): fetched once more, whole;
 * - fewer bytes than promised: the same;
 * - it became a directory, a link, or went to tape: stopped before the first byte;
 * - its parent is no longer known here (moved or removed meanwhile): nothing is published, the parent is looked at;
 * - the order to stop came while we read: nothing is published.
 */
import { errnoOf, isFailure } from '../../base/failure.ts';
import { hasMoved } from '../../smb/share.ts';
import type { Stat, Tree } from '../../smb/types.ts';
import { CannotPatch } from './big-draft.ts';
import { Content, NoRoom, NotContent, type Outcome, SMALL_BYTES } from './content.ts';
import { throwDiskTrouble } from './disk-trouble.ts';
import { hasChanged } from './fetch-extras.ts';
import { ageMs, type Ground, isAboutPath, localProblem, problemOf } from './ground.ts';
import type { Problem } from './problems.ts';
import { readDressing } from './read-extras.ts';
import type { Job } from './scratch.ts';

const CHANGING: Problem = { code: 'changing', why: 'it changes while it is read', retryMs: 400 };
/** Stamps of files move in steps: 10 ms at most on Linux, 15.6 ms on Windows. Two writes within one step look like one. */
const STAMP_STEP_MS = 30;
/** FAT keeps times in steps of 2 s (MS-FSCC 2.1.1), older file systems in whole seconds; a server may round all of its times so. */
const COARSE_STEP_MS = 2_000;
/** FILETIME counts 100 ns. */
const SECOND = 10_000_000n;
const FRESH_RETRY_MS = 40;

/** Where a file is read: the share as it is, or as it was in a snapshot. */
type Source = Pick<Tree, 'fetch' | 'stat' | 'extended'>;

/**
 * Throws only what concerns the connection; everything about this file is an outcome.
 * @param mayPlace asked when all of it is here; without its consent nothing is placed, and the outcome is `gone`
 */
export async function fetchFile(
  ground: Ground,
  tree: Source,
  job: Job,
  signal: AbortSignal,
  mayPlace = (): boolean => true,
): Promise<Outcome> {
  try {
    return await fetchOnce(ground, tree, job, signal, mayPlace, true);
  } catch (error) {
    if (!(error instanceof CannotPatch)) throw error;
    ground.log.warning(`copying it whole: ${error.message}`, { share: ground.share, path: job.path });
    return fetchOnce(ground, tree, job, signal, mayPlace, false);
  }
}

/** `patch`: our copy may be the beginning of the new one; throws CannotPatch when it may not. */
async function fetchOnce(
  ground: Ground,
  tree: Source,
  job: Job,
  signal: AbortSignal,
  mayPlace: () => boolean,
  patch: boolean,
): Promise<Outcome> {
  // How much room a big one needs is known when it is open: it may have holes, or be much like our copy of it.
  const promised = job.size > SMALL_BYTES ? 0 : job.size;
  if (!ground.space.take(promised)) return { kind: 'full', bytes: job.size };
  const content = new Content(ground, job, promised, patch);
  // Before the server opens it, so that what was written since cannot look older than it is.
  const askedMs = ground.mainMs();
  try {
    const fetched = await tree.fetch(job.path, job.size, content, { extras: true });
    await content.finished();
    signal.throwIfAborted();
    if (hasMoved(fetched)) return { kind: 'problem', problem: CHANGING };
    const stepMs = stampStepMs(fetched.before);
    const waitMs = stepMs - ageMs(ground, fetched.before, askedMs);
    if (waitMs > 0) {
      const retryMs = Math.min(Math.max(waitMs, FRESH_RETRY_MS), stepMs);
      return { kind: 'problem', problem: { code: 'busy', why: 'it was changed just now', retryMs } };
    }
    const dressing = await readDressing(tree, job.path, fetched.extras);
    // Streams come with requests of their own, behind the CLOSE that the content was compared with.
    const isMoved = dressing.isLate && hasChanged(fetched.after, await tree.stat(job.path));
    signal.throwIfAborted();
    if (isMoved) return { kind: 'problem', problem: CHANGING };
    await content.seal(job, fetched.after, dressing);
    signal.throwIfAborted();
    return mayPlace() ? content.place(job, fetched, dressing) : { kind: 'gone' };
  } catch (error) {
    if (error instanceof CannotPatch) throw error;
    throwDiskTrouble(error, ground.folder.at);
    const outcome = outcomeOf(error, job.size);
    if (outcome.kind === 'full' && !(error instanceof NoRoom)) ground.space.refused();
    return outcome;
  } finally {
    content.close();
  }
}

/**
 * How far apart two changes must be to leave different stamps. Without a ChangeTime the time of writing counts, and of a stamp of
 * whole seconds nobody can tell whether its server has finer ones: waiting costs two seconds, not waiting might cost the change.
 */
export function stampStepMs({ changed }: Pick<Stat, 'changed'>): number {
  return changed === 0n || changed % SECOND === 0n ? COARSE_STEP_MS : STAMP_STEP_MS;
}

function outcomeOf(error: unknown, bytes: number): Outcome {
  if (isFailure(error, 'not-found', 'is-a-directory', 'not-a-directory')) return { kind: 'gone' };
  if (error instanceof NoRoom) return { kind: 'full', bytes: error.bytes };
  if (error instanceof NotContent) return { kind: 'problem', problem: error.problem };
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return { kind: 'full', bytes };
  if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'ELOOP') return { kind: 'gone' };
  if (isAboutPath(error)) return { kind: 'problem', problem: problemOf(error) };
  const local = localProblem(error);
  if (local !== undefined) return { kind: 'problem', problem: local };
  throw error;
}
