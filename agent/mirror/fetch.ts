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
import type { Tree } from '../../smb/types.ts';
import { CannotPatch } from './big-draft.ts';
import { Content, NoRoom, NotContent, type Outcome, SMALL_BYTES } from './content.ts';
import { ageMs, type Ground, isAboutPath, localProblem, problemOf } from './ground.ts';
import type { Job } from './scratch.ts';

const MOVED_RETRY_MS = 400;
/** Stamps of files move in steps: 10 ms at most on Linux, 15.6 ms on Windows. Two writes within one step look like one. */
const STAMP_STEP_MS = 30;
/** A server without ChangeTime leaves the time of writing, which FAT keeps in steps of 2 s. */
const WRITTEN_STEP_MS = 2_000;
const FRESH_RETRY_MS = 150;

/** Throws only what concerns the connection; everything about this file is an outcome. */
export async function fetchFile(ground: Ground, tree: Tree, job: Job, signal: AbortSignal): Promise<Outcome> {
  try {
    return await fetchOnce(ground, tree, job, signal, true);
  } catch (error) {
    if (!(error instanceof CannotPatch)) throw error;
    ground.log.warning(`copying it whole: ${error.message}`, { share: ground.share, path: job.path });
    return fetchOnce(ground, tree, job, signal, false);
  }
}

/** `patch`: our copy may be the beginning of the new one; throws CannotPatch when it may not. */
async function fetchOnce(ground: Ground, tree: Tree, job: Job, signal: AbortSignal, patch: boolean): Promise<Outcome> {
  // How much room a big one needs is known when it is open: it may have holes, or be much like our copy of it.
  const promised = job.size > SMALL_BYTES ? 0 : job.size;
  if (!ground.space.take(promised)) return { kind: 'full', bytes: job.size };
  const content = new Content(ground, job, promised, patch);
  // Before the server opens it, so that what was written since cannot look older than it is.
  const askedMs = ground.mainMs();
  try {
    const fetched = await tree.fetch(job.path, job.size, content);
    await content.finished();
    signal.throwIfAborted();
    if (hasMoved(fetched))
      return {
        kind: 'problem',
        problem: { code: 'changing', why: 'it changes while it is read', retryMs: MOVED_RETRY_MS },
      };
    const stepMs = fetched.before.changed === 0n ? WRITTEN_STEP_MS : STAMP_STEP_MS;
    if (ageMs(ground, fetched.before, askedMs) < stepMs)
      return { kind: 'problem', problem: { code: 'busy', why: 'it was changed just now', retryMs: FRESH_RETRY_MS } };
    return content.place(job, fetched);
  } catch (error) {
    if (error instanceof CannotPatch) throw error;
    const outcome = outcomeOf(error, job.size);
    if (outcome.kind === 'full' && !(error instanceof NoRoom)) ground.space.refused();
    return outcome;
  } finally {
    content.close();
  }
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
