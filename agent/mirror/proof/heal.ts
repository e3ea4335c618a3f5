/**
 * Makes one copy again what the main has. Always from the main to the mirror, through the same code that copied it first.
 *
 * What could go wrong, and why it does not:
 * - it is the main's disk that rotted, not ours: nobody can know from here, so whatever is replaced goes to the attic first, however
 *   big and however often (`kept`), and whoever heals tells where;
 * - the attic cannot take it (crowded, another file system): nothing is replaced then, the difference stays and is told;
 * - killed on the way: the former copy stays until the new one is whole and takes its name in one step (place.ts);
 * - the main changes, or goes away, while it is read: nothing is placed (fetch.ts), and the difference is looked at again;
 * - a takeover begins: nothing is placed once the signal has come, and the engine refuses while the mirror is frozen;
 * - the live lane has the file in its hands: left to it;
 * - what the main does not have is put away only with the proofs of tidy.ts and remove.ts.
 */
import { errnoOf, textOf } from '../../../base/failure.ts';
import type { Stat, Tree } from '../../../smb/types.ts';
import type { Outcome } from '../content.ts';
import { fetchFile } from '../fetch.ts';
import { type Ground, isAboutPath, keeperFor, openKnown, toldOf, unsettle } from '../ground.ts';
import { nameOf, parentOf } from '../names.ts';
import { removeAbsent } from '../remove.ts';
import { type Job, Scratch } from '../scratch.ts';
import { putAway } from '../tidy.ts';
import { walk } from '../walk.ts';

export interface Healed {
  /** What kept it from being healed; undefined when it was done. */
  failed: string | undefined;
  /** Where in the attic the former copies are. */
  kept: string[];
}

/**
 * Heals what `lookAt` found different at a path; `main` is what it said of the main, undefined when that has nothing there. Throws what
 * concerns the connection, and on abort.
 */
export async function heal(
  ground: Ground,
  tree: Tree,
  path: string,
  main: Stat | undefined,
  signal: AbortSignal,
): Promise<Healed> {
  const kept: string[] = [];
  const keeping: Ground = { ...ground, kept: (where) => kept.push(where) };
  let failed: string | undefined;
  try {
    if (main === undefined) await healExtra(keeping, tree, path, signal);
    else if (main.directory) failed = await healDirectory(keeping, tree, path, main, signal);
    else failed = await healFile(keeping, tree, { path, size: main.size, fileId: 0n }, signal);
  } catch (error) {
    signal.throwIfAborted();
    // What concerns this one alone: our own disk or attic refuses it, or the main does.
    if (errnoOf(error) === undefined && !isAboutPath(error)) throw error;
    failed = textOf(error);
  }
  return { failed, kept };
}

async function healFile(ground: Ground, tree: Tree, job: Job, signal: AbortSignal): Promise<string | undefined> {
  if (ground.busy.has(job.path)) return 'it is being copied';
  ground.busy.add(job.path);
  try {
    // What lies in the way of its folders goes to the attic.
    openKnown(ground, parentOf(job.path)).close();
    const outcome = await fetchFile(ground, tree, job, signal);
    unsettle(ground, parentOf(job.path));
    return whyNot(outcome);
  } finally {
    ground.busy.delete(job.path);
  }
}

function whyNot(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case 'placed':
    case 'followed':
      return undefined;
    case 'gone':
      return 'it has gone, or its folder has';
    case 'problem':
      return outcome.problem.why;
    case 'full':
      return 'the disk here has no room for it';
  }
}

async function healDirectory(
  ground: Ground,
  tree: Tree,
  path: string,
  main: Stat,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { index, folder, rootId, shareId } = ground;
  const parent = index.find(rootId, parentOf(path));
  if (path === '' || parent?.kind !== 'directory') return 'its folder is not known here';
  const row = index.child(parent.id, nameOf(path));
  if (row?.kind !== 'directory') return healTree(ground, tree, { id: parent.id, path: parentOf(path) }, signal);
  const dir = openKnown(ground, parentOf(path));
  try {
    const there = dir.look(nameOf(path));
    if (there.kind === 'file' || there.kind === 'foreign') keeperFor(ground, path).move(dir, nameOf(path));
    if (there.kind === 'directory') folder.dressDirectory(dir, nameOf(path), main);
    else folder.makeDirectory(dir, nameOf(path), main);
  } finally {
    dir.close();
  }
  unsettle(ground, parentOf(path));
  index.put(shareId, parent.id, nameOf(path), 'directory', toldOf(main, row.fileId), undefined);
  return undefined;
}

/** A directory that nobody here knows, with everything in it. */
async function healTree(
  ground: Ground,
  tree: Tree,
  from: { id: number; path: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const scratch = new Scratch();
  let failed: string | undefined;
  try {
    const want = (job: Job): void => scratch.addJob(job);
    await walk(ground, tree, from, { scratch, want, workers: 1, onlyNew: true, signal, vanished: () => {} });
    for (let jobs = scratch.takeJobs(JOBS); jobs.length > 0; jobs = scratch.takeJobs(JOBS))
      for (const job of jobs) failed = (await healFile(ground, tree, job, signal)) ?? failed;
  } finally {
    scratch.close();
  }
  return failed;
}

/** Jobs taken at a time. */
const JOBS = 64;

/** What the main does not have. */
async function healExtra(ground: Ground, tree: Tree, path: string, signal: AbortSignal): Promise<void> {
  const parent = ground.index.find(ground.rootId, parentOf(path));
  if (parent === undefined) return;
  const row = ground.index.child(parent.id, nameOf(path));
  if (row === undefined) {
    const dir = ground.folder.open(parentOf(path));
    try {
      await putAway(ground, tree, dir, parent.id, parentOf(path), nameOf(path), signal);
    } finally {
      dir.close();
    }
    return;
  }
  const scratch = new Scratch();
  try {
    scratch.addAbsent({ id: row.id, parent: parent.id, name: row.name }, 0);
    await removeAbsent(ground, tree, scratch, Number.MAX_SAFE_INTEGER);
  } finally {
    scratch.close();
  }
}
