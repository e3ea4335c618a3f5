/**
 * Reading the known file: the only probe that passes through everything users need: log-on, share, file system, disk.
 * Only its size and times are compared; a different file is `changed`, which says nothing against the main.
 */

import { Failure } from '../../base/failure.ts';
import type { Session } from '../../smb/types.ts';
import type { ProbePlan } from '../messages.ts';
import { type Finding, findingOfFetching } from './classify.ts';

/** The mirror chooses a small file; more than this is not read every few seconds. */
const KNOWN_LIMIT_BYTES = 1_048_576;

/** Reads it once; undefined when only the session ended. The caller watches the time. */
export async function fetchKnown(
  session: Session,
  known: NonNullable<ProbePlan['known']>,
): Promise<Finding | undefined> {
  if (known.size > KNOWN_LIMIT_BYTES) return { outcome: 'unknown', detail: 'the known file is too big to read often' };
  try {
    const tree = await session.tree(known.share);
    let bytes = 0;
    const fetched = await tree.fetch(known.path, known.size, {
      begin(before) {
        if (before.size === known.size && String(before.written) === known.writtenFileTime) return;
        throw new Changed();
      },
      data(chunk) {
        bytes += chunk.length;
        if (bytes > known.size) throw new Changed();
      },
    });
    await tree.disconnect();
    if (fetched.bytes !== known.size || bytes !== known.size) return CHANGED;
    return { outcome: 'answered', detail: '' };
  } catch (error) {
    if (error instanceof Changed || causedByChange(error)) return CHANGED;
    return findingOfFetching(error);
  }
}

const CHANGED: Finding = { outcome: 'changed', detail: 'the known file is not as it was' };

/** Stops a transfer that cannot be the known file. A Failure, since it passes through the client. */
class Changed extends Failure {
  constructor() {
    super({ code: 'changed', doing: 'read', subject: 'the known file', what: 'it is not as it was' });
  }
}

function causedByChange(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Changed;
}
