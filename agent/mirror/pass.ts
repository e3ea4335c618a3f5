/**
 * One pass over a whole share, on a connection of its own:
 * walk and fetch side by side → what was lacking is proven and removed → our own side is tidied → noted as passed.
 * Nothing is removed before everything was walked, so that what moved is followed and not deleted and copied again.
 */
import type { Tree } from '../../smb/types.ts';
import type { Outcome } from './content.ts';
import { type Ground, mainChanged, toldOf } from './ground.ts';
import { Lane } from './lane.ts';
import { isSameShare, removeAbsent } from './remove.ts';
import { type Job, Scratch } from './scratch.ts';
import { tidy } from './tidy.ts';
import { walk } from './walk.ts';

export interface Pass {
  /** Ends when the share has been passed over; throws what ended the connection, or the abort. */
  readonly done: Promise<void>;
  left(): { known: boolean; files: number; bytes: number };
}

/** Small files in flight: enough to hide a delay of several milliseconds. */
const WIDTH = 192;
const LISTERS = 4;

export function startPass(
  ground: Ground,
  tree: Tree,
  signal: AbortSignal,
  settled: (job: Job, outcome: Outcome) => void,
  vanished: (path: string) => void,
): Pass {
  const lane = new Lane({ ground, tree, signal, width: WIDTH, settled });
  const scratch = new Scratch();
  let walked = false;
  const run = async (): Promise<void> => {
    try {
      const startedMs = ground.clock.wallMs();
      await mustBeSameShare(ground, tree);
      await meetRoot(ground, tree);
      const root = { id: ground.rootId, path: '' };
      const options = {
        scratch,
        want: (job: Job) => lane.push(job),
        workers: LISTERS,
        onlyNew: false,
        signal,
        vanished,
      };
      await walk(ground, tree, root, options);
      walked = true;
      await lane.idle();
      await removeAbsent(ground, tree, scratch, Number.MAX_SAFE_INTEGER);
      await tidy(ground, tree, signal);
      signal.throwIfAborted();
      ground.problems.clearOlder(ground.share, startedMs);
      ground.index.passed(ground.shareId, ground.clock.wallMs());
      ground.index.commit();
    } finally {
      await lane.landed();
      scratch.close();
    }
  };
  return { done: run(), left: () => ({ known: walked, files: lane.files, bytes: lane.bytes }) };
}

/** The pass has a connection of its own: at its other end may be another server, or another disk, than when the share was recognised. */
async function mustBeSameShare(ground: Ground, tree: Tree): Promise<void> {
  if (!(await isSameShare(ground, tree))) throw mainChanged(ground.share);
}

/** The root's own times and attributes; no listing tells them. */
async function meetRoot(ground: Ground, tree: Tree): Promise<void> {
  const told = toldOf(await tree.stat(''), 0n);
  const row = ground.index.row(ground.rootId);
  if (row !== undefined && row.written !== told.written)
    ground.index.put(ground.shareId, row.parent, row.name, 'directory', told, undefined);
}
