/**
 * For which ChangeTime of the main an object here is dressed with what belongs to it beside its content, and what of that is lost.
 * A table beside the objects (index-schema.ts): rows of an index from before have none, so theirs is read by the next pass, without
 * their content.
 *
 * It says less than is there, never more:
 * - its row is written after the object was dressed, in one transaction with the object's own row;
 * - a power cut before the flush takes it away (index-store.ts), and the object is dressed again;
 * - a directory that was lost here and made anew has none (`forgetExtras`);
 * - a Samba main tells of no change of rules or streams at all: its ChangeTime is the time of writing, and it notifies of few of them.
 *   Where the two times are one, it is asked again whenever an event names the object, and every READ_AGAIN_MS;
 * - while a takeover lasted users may have given directories other rules, of which nothing here tells: afterwards another round begins,
 *   in which every directory is dressed once more. Files tell it by their ctime, and are copied again.
 */
import type { FileTime } from '../../smb/types.ts';
import type { Ground } from './ground.ts';
import { big, type Row, signed, text } from './index-row.ts';
import type { IndexStore } from './index-store.ts';
import type { Problem } from './problems.ts';

const ROUND = 'extras-round';
/** What the main refuses us it may allow later, without anything of the object changing. */
const AGAIN_MS = 30_000;
/** How long a change that nobody tells of may be unknown here: some 3 minutes of questions for a million objects. */
export const READ_AGAIN_MS = 6 * 3_600_000;

export interface ExtrasNote {
  /** ChangeTime of the main that it is dressed for. */
  changed: FileTime;
  /** What cannot be kept, in words; '' when nothing is lost. */
  lost: string;
  /** The main did not tell all of it, and may another time. */
  again: boolean;
  round: number;
  /** When it was read, milliseconds since 1970. */
  readMs: number;
}

function noteOf(index: IndexStore, object: number): ExtrasNote | undefined {
  const values = index.get('SELECT changed, lost, again, round, read_ms FROM extras WHERE object = ?', object);
  if (values === undefined) return undefined;
  return {
    changed: big(values, 'changed'),
    lost: text(values, 'lost'),
    again: big(values, 'again') === 1n,
    round: Number(big(values, 'round')),
    readMs: Number(big(values, 'read_ms')),
  };
}

/** As the index has it; it is asked for with every object. */
const rounds = new WeakMap<IndexStore, number>();

function round(index: IndexStore): number {
  const known = rounds.get(index);
  if (known !== undefined) return known;
  const found = Number(index.meta(ROUND) ?? 0);
  rounds.set(index, found);
  return found;
}

/** Every directory is dressed again by the next pass. */
export function beginRound(index: IndexStore): void {
  const next = round(index) + 1;
  index.setMeta(ROUND, String(next));
  rounds.set(index, next);
}

/**
 * Whether an object has to be dressed anew, given what the main tells of it now.
 * @param isNamed whether somebody has just said that it changed, and not only a listing shows it
 */
export function needsExtras(
  { index, clock }: Pick<Ground, 'index' | 'clock'>,
  row: Pick<Row, 'id' | 'kind'>,
  { changed, written }: { changed: FileTime; written: FileTime },
  isNamed = false,
): boolean {
  const note = noteOf(index, row.id);
  if (note === undefined || (isNamed && note.again)) return true;
  // A listing may tell for long what a directory was before it was dressed.
  const isMoved = row.kind === 'directory' ? signed(changed) > note.changed : signed(changed) !== note.changed;
  if (isMoved || (row.kind === 'directory' && note.round !== round(index))) return true;
  const tellsNothing = changed === written || changed === 0n;
  return tellsNothing && (isNamed || Math.abs(clock.wallMs() - note.readMs) > READ_AGAIN_MS);
}

/** The object of this row was dressed for this ChangeTime. */
export function noteExtras(
  { index, clock }: Pick<Ground, 'index' | 'clock'>,
  object: number,
  { changed, lost, again }: { changed: FileTime; lost: readonly string[]; again: boolean },
): void {
  index.change(
    'INSERT INTO extras VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (object) DO UPDATE SET changed = excluded.changed, lost = excluded.lost, again = excluded.again, round = excluded.round, read_ms = excluded.read_ms',
    object,
    signed(changed),
    lost.join('; '),
    again ? 1 : 0,
    round(index),
    Math.round(clock.wallMs()),
  );
}

export function forgetExtras(index: IndexStore, object: number): void {
  index.change('DELETE FROM extras WHERE object = ?', object);
}

/** An object whose content is well: what it has lost beside that stays in the list of problems, and nothing else. */
export function settleProblems(ground: Ground, path: string, object: number): void {
  const { index, problems, share, clock } = ground;
  const note = noteOf(index, object);
  if (note === undefined || note.lost === '') {
    problems.clear(share, path);
    return;
  }
  // A next try stands; adding it again would put that off.
  if (note.again && problems.has(share, path)) return;
  const problem: Problem = { code: 'incomplete', why: `its content is mirrored, but not ${note.lost}` };
  if (note.again) problem.retryMs = AGAIN_MS;
  problems.add(share, path, problem, clock.wallMs());
}
