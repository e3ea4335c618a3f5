/**
 * Compares one directory of the main with its row, entry by entry as the listing comes in: asks for files that are new or
 * differ, makes directories, puts attributes right, and notes what the listing lacks.
 *
 * Nothing is removed here. A name that is lacking is only noted, and only when the listing came to its proven end and held
 * no name that we had to refuse; whether it is really gone is asked again before anything is done (remove.ts).
 */
import { Failure } from '../../base/failure.ts';
import type { Entry, ListBatch, Tree } from '../../smb/types.ts';
import { dressInPlace } from './adopt.ts';
import { compareFile, differsDirectory } from './compare.ts';
import { whyNotContent } from './content.ts';
import type { Directory } from './folder.ts';
import { followById } from './follow.ts';
import { type Ground, isOtherDirectory, keeperFor, localProblem, openKnown, toldOf, unsettle } from './ground.ts';
import { below, whyUnfit } from './names.ts';
import { Pace } from './pace.ts';
import type { Job, Scratch } from './scratch.ts';

export interface DirectoryAt {
  id: number;
  path: string;
}

export interface ScanWork {
  /** Remembers what was met and what was lacking. */
  scratch: Scratch;
  /** A file has to be copied. */
  want(job: Job): void;
}

/** Children that are looked through at a time when a listing has ended. */
const STEP = 200;

/** Throws what the listing threw; everything before that is noted all the same. */
export async function scanDirectory(ground: Ground, tree: Tree, at: DirectoryAt, work: ScanWork): Promise<void> {
  const { index, problems, share, clock } = ground;
  const newestId = index.newestId();
  const listing = work.scratch.openListing();
  const pace = new Pace();
  // It may have moved since it was chosen: making it again under its old path would leave a directory that nobody knows.
  if (index.path(at.id) !== at.path)
    throw new Failure({ code: 'not-found', doing: 'list', subject: at.path, what: 'it has moved here' });
  const dir = openKnown(ground, at.path);
  let refused = 0;
  try {
    for await (const batch of tree.list(at.path)) {
      refused += noteRefused(ground, at, batch);
      for (const entry of batch.entries) {
        try {
          await meet(ground, tree, dir, at, entry, listing, work);
        } catch (error) {
          const problem = localProblem(error);
          if (problem === undefined) throw error;
          problems.add(share, below(at.path, entry.name), problem, clock.wallMs());
        }
        if (pace.isTired) await pace.rest();
      }
    }
    if (refused === 0) await noteAbsent(ground, at, work.scratch, listing, newestId, pace);
    problems.clear(share, at.path);
    index.setListed(at.id);
  } finally {
    dir.close();
    work.scratch.closeListing(listing);
  }
  ground.log.debug('listed', { share, path: at.path, wallMs: clock.wallMs() });
}

function noteRefused(ground: Ground, at: DirectoryAt, batch: ListBatch): number {
  for (const name of batch.refused) {
    const why = 'the server sent a name that is not safe to use';
    ground.problems.add(ground.share, below(at.path, name), { code: 'bad-name', why }, ground.clock.wallMs());
  }
  return batch.refused.length;
}

async function meet(
  ground: Ground,
  tree: Tree,
  dir: Directory,
  at: DirectoryAt,
  entry: Entry,
  listing: number,
  work: ScanWork,
): Promise<void> {
  const { index, problems, share, clock } = ground;
  const path = below(at.path, entry.name);
  if (ground.excludes.ruleFor(path) !== undefined) {
    putOut(ground, dir, at, entry.name);
    return;
  }
  const unfit = whyUnfit(path);
  if (unfit !== undefined) {
    problems.add(share, path, { code: 'bad-name', why: unfit }, clock.wallMs());
    return;
  }
  const row = index.child(at.id, entry.name);
  if (row !== undefined) work.scratch.meet(listing, row.id);
  const problem = whyNotContent(entry);
  if (problem !== undefined) {
    // What we have of it from better days stays.
    problems.add(share, path, problem, clock.wallMs());
    return;
  }
  if (entry.directory) await meetDirectory(ground, tree, dir, at, entry, path);
  else meetFile(ground, dir, at, entry, path, work);
}

/** Left out by the settings, and here from before that: a copy that nobody keeps up would be served as if it were today's. */
function putOut(ground: Ground, dir: Directory, at: DirectoryAt, name: string): void {
  const { index, problems, share } = ground;
  const path = below(at.path, name);
  const row = index.child(at.id, name);
  if (dir.look(name).kind !== 'none') {
    keeperFor(ground, path).move(dir, name);
    unsettle(ground, at.path);
    ground.log.notice('put into the attic what the settings leave out', { share, path });
  }
  if (row !== undefined) index.remove(row);
  problems.clear(share, path);
}

async function meetDirectory(
  ground: Ground,
  tree: Tree,
  dir: Directory,
  at: DirectoryAt,
  entry: Entry,
  path: string,
): Promise<void> {
  const { index, folder, shareId } = ground;
  if (index.child(at.id, entry.name) === undefined) await followById(ground, tree, path, entry.fileId, 'directory');
  const told = toldOf(entry, entry.fileId);
  const row = index.child(at.id, entry.name);
  const there = dir.look(entry.name);
  if (there.kind === 'file' || there.kind === 'foreign') keeperFor(ground, path).move(dir, entry.name);
  if (there.kind !== 'directory') {
    folder.makeDirectory(dir, entry.name, entry);
    unsettle(ground, at.path);
  } else if (row?.kind !== 'directory' || row.attributes !== told.attributes || row.created !== told.created)
    folder.dressDirectory(dir, entry.name, entry);
  // Another directory took the name of one that we know: what we know of its content means nothing.
  if (row?.kind === 'directory' && isOtherDirectory(told, row)) index.setUnlisted(row.id);
  if (row?.kind === 'directory' && row.written !== told.written) unsettle(ground, path);
  if (row?.kind !== 'directory' || differsDirectory(told, row))
    index.put(shareId, at.id, entry.name, 'directory', told, undefined);
}

function meetFile(ground: Ground, dir: Directory, at: DirectoryAt, entry: Entry, path: string, work: ScanWork): void {
  const { index, shareId, problems, share } = ground;
  const row = index.child(at.id, entry.name);
  const job = { path, size: entry.size, fileId: entry.fileId };
  if (row?.kind !== 'file') {
    work.want(job);
    return;
  }
  const told = toldOf(entry, entry.fileId);
  switch (compareFile(told, row, dir.look(entry.name))) {
    case 'fetch':
      work.want(job);
      return;
    case 'dress':
      index.put(shareId, at.id, entry.name, 'file', told, dressInPlace(ground, row, dir, entry, told));
      return;
    case 'same':
      if (row.fileId !== entry.fileId && entry.fileId !== 0n) index.setFileId(row.id, entry.fileId);
      problems.clear(share, path);
      return;
  }
}

async function noteAbsent(
  ground: Ground,
  at: DirectoryAt,
  scratch: Scratch,
  listing: number,
  newestId: number,
  pace: Pace,
): Promise<void> {
  const nowMs = ground.clock.monoMs();
  let after = '';
  for (;;) {
    const rows = ground.index.children(at.id, after, STEP);
    const last = rows.at(-1);
    if (last === undefined) return;
    for (const row of rows) {
      // A row made while we listed was not there when the server looked.
      if (row.id <= newestId && !scratch.isMet(listing, row.id))
        scratch.addAbsent({ id: row.id, parent: at.id, name: row.name }, nowMs);
    }
    after = last.name;
    if (pace.isTired) await pace.rest();
  }
}
