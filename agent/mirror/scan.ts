/**
 * Compares one directory of the main with its row, entry by entry as the listing comes in: asks for files that are new or
 * differ, makes directories, puts attributes right, and notes what the listing lacks.
 *
 * Nothing is removed here. A name that is lacking is only noted, and only when the listing came to its proven end and held
 * no name that we had to refuse; whether it is really gone is asked again before anything is done (remove.ts).
 */
import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import type { Entry, ListBatch, Tree } from '../../smb/types.ts';
import { dressInPlace } from './adopt.ts';
import { compareFile, differsDirectory } from './compare.ts';
import { whyNotContent } from './content.ts';
import { throwDiskTrouble } from './disk-trouble.ts';
import { forgetExtras, needsExtras, settleProblems } from './extras-table.ts';
import type { Directory } from './folder.ts';
import { followById } from './follow.ts';
import { type Ground, isOtherDirectory, keeperFor, localProblem, openKnown, toldOf, unsettle } from './ground.ts';
import type { Row } from './index-row.ts';
import { below, whyUnfit } from './names.ts';
import { Pace } from './pace.ts';
import { extrasJob, type Job, type Scratch } from './scratch.ts';

export interface DirectoryAt {
  id: number;
  path: string;
}

export interface ScanWork {
  /** Remembers what was met and what was lacking. */
  scratch: Scratch;
  /** A file has to be copied; `instead` of a copy that is here, it is listed so. */
  want(job: Job, instead?: Entry): void;
  /** The main took so long for one answer. */
  answered?(tookMs: number): void;
  /**
   * Only for what changed on the main: an object of which it says what it said before is left alone, also when somebody changed the copy
   * here. That is found by passes, and by the scrub, which tells of it.
   */
  mainOnly?: boolean;
}

/** Children that are looked through at a time when a listing has ended. */
const STEP = 200;

/** Throws what the listing threw; everything before that is noted all the same. */
export async function scanDirectory(ground: Ground, tree: Tree, at: DirectoryAt, work: ScanWork): Promise<void> {
  const { index, problems, share, clock } = ground;
  const newestId = index.newestId();
  // Somebody took it away here: a pass makes it anew.
  if (work.mainOnly === true && ground.folder.look(at.path).kind !== 'directory') return;
  const listing = work.scratch.openListing();
  const pace = new Pace();
  // It may have moved since it was chosen: making it again under its old path would leave a directory that nobody knows.
  if (index.path(at.id) !== at.path)
    throw new Failure({ code: 'not-found', doing: 'list', subject: at.path, what: 'it has moved here' });
  const dir = openKnown(ground, at.path);
  let refused = 0;
  try {
    for await (const batch of timed(tree.list(at.path), clock, work)) {
      refused += noteRefused(ground, at, batch);
      for (const entry of batch.entries) {
        try {
          await meet(ground, tree, dir, at, entry, listing, work);
        } catch (error) {
          throwDiskTrouble(error, ground.folder.at);
          const problem = localProblem(error);
          if (problem === undefined) throw error;
          problems.add(share, below(at.path, entry.name), problem, clock.wallMs());
        }
        if (pace.isTired) await pace.rest();
      }
    }
    if (refused === 0) await noteAbsent(ground, at, work.scratch, listing, newestId, pace);
    settleProblems(ground, at.path, at.id);
    index.setListed(at.id);
  } finally {
    dir.close();
    work.scratch.closeListing(listing);
  }
  ground.log.debug('listed', { share, path: at.path, wallMs: clock.wallMs() });
}

/** The same batches; what the main took for each is told, what we make of them not counted. */
async function* timed(
  batches: AsyncIterable<ListBatch>,
  clock: Clock,
  { answered }: Pick<ScanWork, 'answered'>,
): AsyncGenerator<ListBatch, void, undefined> {
  let askedMs = clock.monoMs();
  for await (const batch of batches) {
    answered?.(clock.monoMs() - askedMs);
    yield batch;
    askedMs = clock.monoMs();
  }
  answered?.(clock.monoMs() - askedMs);
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
  ground.brake.mustBeOff(path);
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
  if (work.mainOnly === true && row !== undefined && isAsBefore(ground, at, entry, row)) return;
  const problem = whyNotContent(entry);
  if (problem !== undefined) {
    // What we have of it from better days stays.
    problems.add(share, path, problem, clock.wallMs());
    return;
  }
  if (entry.directory) await meetDirectory(ground, tree, dir, at, entry, path, work);
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

/** The main says of it what it said when our copy was made, and nothing of it is missing that we know of. */
function isAsBefore(ground: Ground, at: DirectoryAt, entry: Entry, row: Row): boolean {
  const told = toldOf(entry, entry.fileId);
  if (entry.directory !== (row.kind === 'directory') || needsExtras(ground, row, told)) return false;
  if (ground.problems.has(ground.share, below(at.path, entry.name))) return false;
  if (row.kind === 'directory') return row.listed && !isOtherDirectory(told, row) && !differsDirectory(told, row);
  const isPlaced = compareFile(told, row, { kind: 'file', signature: row.local }) === 'same';
  return isPlaced && row.fileId === entry.fileId && row.local.size >= 0n;
}

async function meetDirectory(
  ground: Ground,
  tree: Tree,
  dir: Directory,
  at: DirectoryAt,
  entry: Entry,
  path: string,
  work: ScanWork,
): Promise<void> {
  const { index, folder, shareId } = ground;
  if (index.child(at.id, entry.name) === undefined) await followById(ground, tree, path, entry.fileId, 'directory');
  const told = toldOf(entry, entry.fileId);
  const row = index.child(at.id, entry.name);
  const there = dir.look(entry.name);
  if (there.kind === 'file' || there.kind === 'foreign') keeperFor(ground, path).move(dir, entry.name);
  if (there.kind !== 'directory') {
    folder.makeDirectory(dir, entry.name, entry);
    if (row !== undefined) forgetExtras(index, row.id);
    unsettle(ground, at.path);
  } else if (row?.kind !== 'directory' || row.attributes !== told.attributes || row.created !== told.created)
    folder.dressDirectory(dir, entry.name, entry);
  // Another directory took the name of one that we know: what we know of its content means nothing.
  if (row?.kind === 'directory' && isOtherDirectory(told, row)) {
    index.setUnlisted(row.id);
    forgetExtras(index, row.id);
  }
  if (row?.kind === 'directory' && row.written !== told.written) unsettle(ground, path);
  if (row?.kind !== 'directory' || differsDirectory(told, row))
    index.put(shareId, at.id, entry.name, 'directory', told, undefined);
  const now = index.child(at.id, entry.name);
  if (now !== undefined && needsExtras(ground, now, told)) work.want(extrasJob(path));
}

function meetFile(ground: Ground, dir: Directory, at: DirectoryAt, entry: Entry, path: string, work: ScanWork): void {
  const { index, shareId } = ground;
  const row = index.child(at.id, entry.name);
  const job = { path, size: entry.size, fileId: entry.fileId };
  if (row?.kind !== 'file') {
    work.want(job);
    return;
  }
  const told = toldOf(entry, entry.fileId);
  switch (compareFile(told, row, dir.look(entry.name))) {
    case 'fetch':
      work.want(job, entry);
      return;
    case 'dress':
      index.put(shareId, at.id, entry.name, 'file', told, dressInPlace(ground, row, dir, entry, told));
      if (needsExtras(ground, row, told)) work.want(extrasJob(path));
      return;
    case 'same':
      if (row.fileId !== entry.fileId && entry.fileId !== 0n) index.setFileId(row.id, entry.fileId);
      if (needsExtras(ground, row, row)) work.want(extrasJob(path));
      // The listing of an open file may be as old as its opening: what could not be read is well when an opening says so (look.ts).
      else if (!ground.held.has(ground.share, path)) settleProblems(ground, path, row.id);
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
