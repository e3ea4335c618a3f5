/**
 * `reject`: puts the mirror back to its last good state, from the notes of the window, the newest first, so that each finds
 * what the one before it left. Mirroring stands still, and goes on standing still.
 *
 * What could go wrong, and why it does not:
 * - killed anywhere: each step is one rename, told afterwards by the inode that lies in the place; the note is settled last,
 *   so it is only looked at once more;
 * - what is there is not what we had copied (a user worked here during a takeover meanwhile): it was touched after the brake
 *   tripped, and is left alone;
 * - the damaged copy is the good one after all: it goes to the attic, it is not deleted; `allow` copies it anew besides;
 * - the attic has the version no more: said so, what is there stays;
 * - rows: each is written from what the disk now holds (size, times, attributes), never from what it held before;
 * - a takeover begins meanwhile: the signal ends it between two steps; it goes on when the mirror is thawed.
 */
import fs from 'node:fs';
import { Failure, failureOf } from '../../../base/failure.ts';
import { getXattr } from '../../../base/libc.ts';
import { fileTimeOfNs } from '../../../smb/file-time.ts';
import { type Directory, signatureOf } from '../folder.ts';
import { type Ground, keeperFor } from '../ground.ts';
import type { Told } from '../index-row.ts';
import { ATTRIBUTE_DIRECTORY, ATTRIBUTE_NORMAL, DOS_ATTRIBUTE_NAME, readDosAttribute } from '../metadata.ts';
import { below, nameOf, parentOf } from '../names.ts';
import { Pace } from '../pace.ts';
import { stamp } from '../tidy.ts';
import type { CopyMark, Note, Notes } from './notes.ts';

/** What was placed in the turn in which the brake tripped has its name a moment later at most. */
const SETTLE_MS = 5_000;
const PAGE = 100;

export type Outcome = 'put back' | 'taken away' | 'as it was' | 'changed since' | `missing: ${string}`;

/** Throws only on abort, and when the index is broken; what cannot be put back is noted with its reason. */
export async function putBack(
  grounds: ReadonlyMap<string, Ground>,
  notes: Notes,
  trippedMs: number,
  signal: AbortSignal,
): Promise<void> {
  const pace = new Pace();
  for (let some = notes.open(PAGE); some.length > 0; some = notes.open(PAGE)) {
    for (const note of some) {
      signal.throwIfAborted();
      const ground = grounds.get(note.share);
      const outcome =
        ground === undefined
          ? 'missing: the share is not mirrored any more'
          : await tryOne(ground, note, trippedMs, signal);
      notes.settle(note.id, outcome);
      ground?.index.commit();
      if (pace.isTired) await pace.rest();
    }
  }
}

async function tryOne(ground: Ground, note: Note, trippedMs: number, signal: AbortSignal): Promise<Outcome> {
  try {
    return await one(ground, note, trippedMs + SETTLE_MS, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (ground.index.broken !== undefined) throw error;
    const { what } = failureOf(error, 'put back', note.path);
    ground.log.error(`cannot be put back: ${what}`, { share: note.share, path: note.path });
    return `missing: ${what}`;
  }
}

async function one(ground: Ground, note: Note, untilMs: number, signal: AbortSignal): Promise<Outcome> {
  const { path, to, old } = note;
  switch (note.kind) {
    case 'added':
      return takeAway(ground, path, untilMs);
    case 'renamed':
      return renameBack(ground, to, path, old, untilMs);
    case 'replaced':
      return bringBack(ground, path, old, untilMs);
    case 'removed': {
      const outcome = bringBack(ground, path, old, untilMs);
      if (outcome !== 'changed since' && ground.folder.look(path).kind === 'directory')
        await rememberTree(ground, path, signal);
      return outcome;
    }
  }
}

function statAt(dir: Directory, name: string): fs.BigIntStats | undefined {
  return fs.lstatSync(dir.at(name), { bigint: true, throwIfNoEntry: false });
}

function isOld(stat: fs.BigIntStats, old: CopyMark): boolean {
  return stat.ino === old.ino && (stat.isDirectory() || (stat.size === old.size && stat.mtimeNs === old.mtimeNs));
}

/** Nobody but us has touched it since: a user who works here moves its ChangeTime. */
function isOurs(stat: fs.BigIntStats, untilMs: number): boolean {
  return Number(stat.ctimeNs / 1_000_000n) <= untilMs;
}

/** The old version of a path, from the attic to its place. What lies there goes to the attic. */
function bringBack(ground: Ground, path: string, old: CopyMark | undefined, untilMs: number): Outcome {
  if (old === undefined) return 'as it was';
  ensureParents(ground, parentOf(path));
  return ground.folder.within(parentOf(path), (dir) => {
    const name = nameOf(path);
    const there = statAt(dir, name);
    if (there !== undefined && isOld(there, old)) {
      remember(ground, dir, path);
      return 'as it was';
    }
    if (there !== undefined && !isOurs(there, untilMs)) return 'changed since';
    const found = ground.attic.withVersion(
      ground.share,
      path,
      (stat) => isOld(stat, old),
      (from, fromName) => {
        if (there?.isFile() === true) keeperFor(ground, path).link(dir, name);
        else if (there !== undefined) keeperFor(ground, path).move(dir, name);
        fs.renameSync(from.at(fromName), dir.at(name));
        return true;
      },
    );
    if (found === undefined) return 'missing: the attic has this version no more';
    remember(ground, dir, path);
    return 'put back';
  });
}

/** A damaged copy that has no version before it. */
function takeAway(ground: Ground, path: string, untilMs: number): Outcome {
  const { index, folder, rootId } = ground;
  const row = index.find(rootId, path);
  if (folder.look(path).kind !== 'file') {
    if (row?.kind === 'file') index.remove(row);
    return 'as it was';
  }
  return folder.within(parentOf(path), (dir) => {
    const there = statAt(dir, nameOf(path));
    if (there === undefined || !isOurs(there, untilMs)) return 'changed since';
    keeperFor(ground, path).move(dir, nameOf(path));
    if (row !== undefined) index.remove(row);
    restamp(ground, dir, parentOf(path));
    return 'taken away';
  });
}

function renameBack(ground: Ground, from: string, to: string, old: CopyMark | undefined, untilMs: number): Outcome {
  const { index, folder, rootId } = ground;
  if (old === undefined || folder.look(from).kind !== 'file') return bringBack(ground, to, old, untilMs);
  if (folder.look(to).kind !== 'none') return 'changed since';
  ensureParents(ground, parentOf(to));
  return folder.within(parentOf(from), (source) =>
    folder.within(parentOf(to), (target) => {
      const there = statAt(source, nameOf(from));
      if (there === undefined || !isOld(there, old)) return 'changed since';
      fs.renameSync(source.at(nameOf(from)), target.at(nameOf(to)));
      const row = index.find(rootId, from);
      if (row !== undefined) index.remove(row);
      remember(ground, target, to);
      restamp(ground, source, parentOf(from));
      return 'put back';
    }),
  );
}

/** Makes the directories above a path again where they are gone, with rows. */
function ensureParents(ground: Ground, directory: string): void {
  if (directory === '') return;
  ensureParents(ground, parentOf(directory));
  ground.folder.within(parentOf(directory), (dir) => {
    const name = nameOf(directory);
    const there = dir.look(name);
    if (there.kind === 'file' || there.kind === 'foreign')
      throw new Failure({
        code: 'in-the-way',
        doing: 'put back',
        subject: directory,
        what: 'no folder stands there any more',
      });
    if (there.kind === 'none')
      ground.folder.makeDirectory(dir, name, { attributes: 0, created: 0n, accessed: 0n, written: 0n });
    if (ground.index.find(ground.rootId, directory)?.kind !== 'directory') remember(ground, dir, directory);
  });
}

/** Writes the row of what lies at a path, from its own words. */
function remember(ground: Ground, dir: Directory, path: string): void {
  const { index, rootId, shareId } = ground;
  const name = nameOf(path);
  const stat = statAt(dir, name);
  const parent = index.find(rootId, parentOf(path));
  if (stat === undefined || parent?.kind !== 'directory') return;
  const kind = stat.isDirectory() ? 'directory' : 'file';
  index.put(
    shareId,
    parent.id,
    name,
    kind,
    toldBy(stat, dir.at(name)),
    kind === 'file' ? signatureOf(stat) : undefined,
  );
  restamp(ground, dir, parentOf(path));
}

/**
 * What the main had said of a copy, as the copy carries it. ChangeTime and file id it does not carry: the next pass asks for
 * them, and compares the content where they are needed.
 */
function toldBy(stat: fs.BigIntStats, file: string): Told {
  const value = getXattr(file, DOS_ATTRIBUTE_NAME);
  const marks = value === undefined ? undefined : readDosAttribute(value);
  const plain = stat.isDirectory() ? ATTRIBUTE_DIRECTORY : ATTRIBUTE_NORMAL;
  return {
    size: stat.isDirectory() ? 0 : Number(stat.size),
    written: fileTimeOfNs(stat.mtimeNs),
    created: marks?.created ?? 0n,
    changed: 0n,
    attributes: marks === undefined || marks.attributes === 0 ? plain : marks.attributes,
    fileId: 0n,
  };
}

function restamp(ground: Ground, dir: Directory, directory: string): void {
  const row = ground.index.find(ground.rootId, directory);
  if (row !== undefined) stamp(ground, dir, row.id);
}

/** Rows for everything below a directory that came back. */
async function rememberTree(ground: Ground, top: string, signal: AbortSignal): Promise<void> {
  const pace = new Pace();
  const waiting = [top];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const dir = ground.folder.open(path);
    try {
      for await (const entry of await fs.promises.opendir(dir.at('.'))) {
        signal.throwIfAborted();
        const stat = statAt(dir, entry.name);
        if (stat === undefined || !(stat.isFile() || stat.isDirectory())) continue;
        remember(ground, dir, below(path, entry.name));
        if (stat.isDirectory()) waiting.push(below(path, entry.name));
        if (pace.isTired) await pace.rest();
      }
    } finally {
      dir.close();
    }
  }
}
