/** The previous versions that the server keeps of a share (MS-SMB2 2.2.32.2): asked for twice, first for how many there are. */
import { Failure } from '../../base/failure.ts';
import { printable } from '../../base/human.ts';
import { type About, answerAt, type Line, mustSucceed } from '../link/line.ts';
import { STATUS } from '../status/status.ts';
import { badAnswer } from '../wire/bytes.ts';
import { ACCESS, DISPOSITION, OPTION } from '../wire/create.ts';
import { FSCTL, ioctlRequest, readIoctlOutput } from '../wire/ioctl.ts';
import { readSnapshots, SNAPSHOT_COUNT_BYTES, type SnapshotArray } from '../wire/snapshots.ts';
import type { Snapshot } from './handle-types.ts';

/** About 20,000 snapshots. */
const LIMIT_BYTES = 1_048_576;
/** How often the list may have grown between the question how long it is and the question for it. */
const TRIES = 5;

/** Oldest first. `not-supported` where the server keeps none at all, or the share cannot tell. */
export async function snapshots(line: Line, maxTransactBytes: number): Promise<Snapshot[]> {
  const about: About = { doing: 'list the snapshots of', subject: 'the share', lane: 'urgent' };
  const create = {
    name: Buffer.alloc(0),
    access: ACCESS.listDirectory | ACCESS.readAttributes | ACCESS.synchronize,
    disposition: DISPOSITION.open,
    options: OPTION.directory,
  };
  const { fileId } = await line.open(create, about);
  try {
    let bytes = SNAPSHOT_COUNT_BYTES;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const found = await enumerate(line, fileId, bytes, about);
      if (found.snapshots.length === found.count) return inOrder(found.snapshots);
      if (found.neededBytes > Math.min(LIMIT_BYTES, maxTransactBytes))
        throw badAnswer(`the list of ${found.count} snapshots takes ${found.neededBytes} bytes`);
      bytes = Math.max(found.neededBytes, SNAPSHOT_COUNT_BYTES);
    }
    throw badAnswer('the list of snapshots is never whole');
  } finally {
    line.closeLater(fileId, about);
  }
}

async function enumerate(line: Line, fileId: Buffer, bytes: number, about: About): Promise<SnapshotArray> {
  const part = ioctlRequest(fileId, FSCTL.enumerateSnapshots, Buffer.alloc(0), bytes);
  const answer = answerAt(await line.exchange([part], about), 0);
  // BUFFER_OVERFLOW is a warning: there are more than fitted.
  if (answer.status !== STATUS.BUFFER_OVERFLOW) mustSucceed(answer, about);
  return readSnapshots(readIoctlOutput(answer.part, bytes));
}

function inOrder(found: readonly Snapshot[]): Snapshot[] {
  return [...found].sort((a, b) => (a.moment < b.moment ? -1 : a.moment > b.moment ? 1 : 0));
}

/** Throws `not-found` unless the snapshot is among those that the server has just told. */
export function mustBeKept(snapshot: Snapshot, kept: readonly Snapshot[]): void {
  if (kept.some((each) => each.moment === snapshot.moment)) return;
  throw new Failure({
    code: 'not-found',
    doing: 'look into the snapshot',
    subject: printable(snapshot.token),
    what: 'the server does not keep it',
    hint: 'servers remove old snapshots by themselves; choose another one',
  });
}
