/**
 * Files that got their names, but whose rows a kill took away: they are adopted instead of being read from the main again.
 *
 *   whole and dressed → intent (intents.ts) → named → row → commit, which empties the intents
 *
 * The name proves nothing; these together do, and whatever fails one of them is copied again:
 * - an intent of this very start of the machine and mount of the disk (the index forgets all others when it is opened): the
 *   kernel has every byte that was written before the intent was;
 * - the same inode, by number and by the time it was made: it was whole before the intent was noted, and was ours alone until
 *   it got its name;
 * - the same size, time of writing, attributes and creation time: nobody has written into it since;
 * - its inode was last touched within a moment of the intent, by being named: nobody has set the times back either;
 * - the mirror is not frozen: while users work in it a file there is theirs, and none of this is asked.
 * Adopted is what the main said at that time, not that it still holds: the next pass compares it like any other row, and the
 * next flush makes it complete.
 */
import fs from 'node:fs';
import { isFailure } from '../../base/failure.ts';
import { getXattr } from '../../base/libc.ts';
import { unixNs } from '../../smb/file-time.ts';
import type { Stat } from '../../smb/types.ts';
import { type Directory, type MirrorFolder, type Signature, sameSignature, signatureOf } from './folder.ts';
import type { Ground } from './ground.ts';
import type { Row, Told } from './index-row.ts';
import type { IndexStore } from './index-store.ts';
import type { FileMark, Intent } from './intents.ts';
import { DOS_ATTRIBUTE_NAME, dosAttribute } from './metadata.ts';

/** Between noting an intent and naming the file there is no pause of ours; a stamp's step and a busy disk lie in between. */
const NAMED_WITHIN_MS = 1_000;

export function markOf(stat: fs.BigIntStats): FileMark {
  return { ino: stat.ino, birthNs: stat.birthtimeNs, size: stat.size, mtimeNs: stat.mtimeNs };
}

/** Where a file belongs. */
export interface Place {
  parent: number;
  name: string;
}

/** Notes that a file with this mark is about to lie at a place. */
export function intend(ground: Ground, { parent, name }: Place, told: Told, mark: FileMark): void {
  ground.index.intend({ share: ground.shareId, parent, name, told, mark, notedMs: ground.clock.wallMs() });
}

/** Dresses a file of ours that stays where it is, so that a kill before its row is written does not estrange it. */
export function dressInPlace(ground: Ground, place: Place, dir: Directory, stat: Stat, told: Told): Signature {
  const mark = markOf(fs.lstatSync(dir.at(place.name), { bigint: true }));
  if (stat.written !== 0n) mark.mtimeNs = unixNs(stat.written);
  intend(ground, place, told, mark);
  return ground.folder.dressFile(dir, place.name, stat);
}

/** Gives one share's files their rows where all of the above holds; `frozenFor` is '' when the mirror is not frozen. Returns how many. */
export function adoptPlaced(
  index: IndexStore,
  frozenFor: string,
  folder: Pick<MirrorFolder, 'within'>,
  share: number,
): number {
  if (frozenFor !== '') return 0;
  let adopted = 0;
  // Commits come from timers: all of this is one transaction.
  for (const intent of index.intended) {
    if (intent.share !== share) continue;
    const path = index.path(intent.parent);
    if (path === undefined) continue;
    try {
      adopted += folder.within(path, (dir) => (adoptOne(index, dir, intent) ? 1 : 0));
    } catch (error) {
      // A disk that cannot be read here is told by whoever mirrors; a broken index cannot go on.
      if (isFailure(error)) throw error;
    }
  }
  return adopted;
}

function adoptOne(index: IndexStore, dir: Directory, intent: Intent): boolean {
  const { share, parent, name, told } = intent;
  const stat = fs.lstatSync(dir.at(name), { bigint: true, throwIfNoEntry: false });
  if (stat === undefined || !isOurs(stat, dir.at(name), intent)) return false;
  const signature = signatureOf(stat);
  const row: Row | undefined = index.child(parent, name);
  if (row?.kind === 'file' && sameSignature(row.local, signature)) return false;
  index.put(share, parent, name, 'file', told, signature);
  return true;
}

function isOurs(stat: fs.BigIntStats, file: string, { mark, told, notedMs }: Intent): boolean {
  if (stat.ino !== mark.ino || stat.birthtimeNs !== mark.birthNs) return false;
  if (stat.size !== mark.size || stat.mtimeNs !== mark.mtimeNs) return false;
  if (Math.abs(Number(stat.ctimeNs / 1_000_000n) - notedMs) > NAMED_WITHIN_MS) return false;
  const marks = getXattr(file, DOS_ATTRIBUTE_NAME);
  return marks?.equals(dosAttribute(told.attributes, told.created)) === true;
}
