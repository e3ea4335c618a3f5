/** What a single change says about damage: which sign it shows, if any. Pure; how many signs are too many is judge.ts. */
import { expectedOf, extensionOf, isArchive, isDocument, isJournal, isStrange, isText } from './formats.ts';
import type { Look } from './look.ts';
import { HALF_SIGN, LEAST_BYTES } from './thresholds.ts';

/** What is about to change here. Paths are relative to the share; extensions come from their names. */
export type Change =
  | { kind: 'replaced'; path: string; before: Look | undefined; after: Look; filesBeside: number }
  | {
      kind: 'added';
      path: string;
      after: Look;
      /** A name that we have and that this one is made from (`x.docx` of `x.docx.locked`), or that the same file had. */
      of: string | undefined;
      filesBeside: number;
    }
  | {
      kind: 'removed';
      path: string;
      /** Files that go, without those that are elsewhere now and without what programs make again. */
      files: number;
      /** A single document, by its extension. */
      isDocument: boolean;
      /** A name beside it that is made from this one: `x.docx.7z` of `x.docx`. */
      heir: string | undefined;
      filesBeside: number;
    }
  | { kind: 'renamed'; path: string; to: string; filesBeside: number };

export type Sign =
  /** Random bytes where there was content. */
  | 'scrambled'
  /** Random bytes where there was a format that nothing is known of. */
  | 'blurred'
  /** A random file made of one that we have, or under the name of a document. */
  | 'locked'
  /** Base64 or hexadecimal digits where there was content. */
  | 'encoded'
  /** Nothing, or one value only, where there was content. */
  | 'wiped'
  /** Another content than the extension and the old version promise. */
  | 'mangled'
  /** The same beginning, and the end of the format is gone. */
  | 'cut'
  /** Removed, and beside it an archive made of it. */
  | 'packed'
  /** A document under an extension that nothing is known of. */
  | 'renamed'
  /** A random file of an unknown kind: a sign only together with documents that go. */
  | 'strange';

export const SIGN_WORDS: Record<Sign, string> = {
  scrambled: 'random bytes where there was content',
  blurred: 'random bytes where there was an unknown format',
  locked: 'a random file in the place of a readable one',
  encoded: 'only base64 or hexadecimal digits where there was content',
  wiped: 'emptied or overwritten with one value',
  mangled: 'no longer what its extension says',
  cut: 'its end is gone',
  packed: 'packed into an archive and removed, one by one',
  renamed: 'a document under an unknown extension',
  strange: 'a random file of an unknown kind while documents go',
};

export function pointsOf(sign: Sign): number {
  return sign === 'renamed' || sign === 'blurred' ? HALF_SIGN : 1;
}

export function signOf(change: Change): Sign | undefined {
  switch (change.kind) {
    case 'replaced':
      return replaced(change.path, change.before, change.after);
    case 'added':
      return added(change.path, change.after, change.of);
    case 'removed':
      return change.heir !== undefined && isPacked(change.path, change.heir) ? 'packed' : undefined;
    case 'renamed':
      return isEstranged(change.path, change.to) ? 'renamed' : undefined;
  }
}

function isUnreadable(look: Look): boolean {
  return look.nature === 'random' || look.nature === 'sealed';
}

function isVoid(look: Look): boolean {
  return look.nature === 'empty' || look.nature === 'blank';
}

function replaced(path: string, before: Look | undefined, after: Look): Sign | undefined {
  const extension = extensionOf(path);
  if (after.nature === 'short') return undefined;
  if (isUnreadable(after)) {
    // What was random before (a container, a cache) is still what it was.
    if (before !== undefined && isUnreadable(before)) return undefined;
    // Emptied first, or never seen: the name alone says what it should be.
    if (before === undefined || isVoid(before) || before.nature === 'short') return added(path, after, undefined);
    return before.nature === 'other' && expectedOf(extension) === undefined ? 'blurred' : 'scrambled';
  }
  if (before === undefined) return undefined;
  if (after.torn && !before.torn) return 'scrambled';
  if (after.nature === 'encoded' && before.nature !== 'encoded' && !isUnreadable(before) && before.size >= LEAST_BYTES)
    return 'encoded';
  if (isVoid(after)) return isWiped(extension, before, after) ? 'wiped' : undefined;
  if (isMangled(extension, before, after)) return 'mangled';
  return before.ended === true && after.ended === false && before.family === after.family ? 'cut' : undefined;
}

/** Sources and logs are emptied by work; what was overwritten with one value was not. */
function isWiped(extension: string, before: Look, after: Look): boolean {
  if (before.size < LEAST_BYTES || isVoid(before) || isJournal(extension)) return false;
  return after.nature === 'blank' || !isText(extension);
}

/** The old version was what the extension says, the new one is not. A text may become another format, but no heap of bytes. */
function isMangled(extension: string, before: Look, after: Look): boolean {
  const expected = expectedOf(extension);
  if (isText(extension)) return before.nature === 'text' && after.nature === 'other' && !isJournal(extension);
  if (expected === undefined || before.family === undefined) return false;
  const wasFit = expected.includes(before.family);
  const isFit =
    after.nature === 'text' ? expected.includes('text') : after.family !== undefined && expected.includes(after.family);
  return wasFit && !isFit;
}

function added(path: string, after: Look, of: string | undefined): Sign | undefined {
  const extension = extensionOf(path);
  if (of !== undefined && (isUnreadable(after) || after.nature === 'encoded'))
    return isReadableKind(of) ? 'locked' : 'strange';
  if (!isUnreadable(after)) return undefined;
  if (expectedOf(extension) !== undefined && after.nature === 'random') return 'locked';
  return isStrange(extension) || extension === '' ? 'strange' : undefined;
}

/** Something that people can read, by its name. Backups are encrypted as archives, night for night. */
function isReadableKind(path: string): boolean {
  const extension = extensionOf(path);
  return expectedOf(extension) !== undefined && !isArchive(extension);
}

function isPacked(path: string, heir: string): boolean {
  return isDocument(extensionOf(path)) && isArchive(extensionOf(heir));
}

function isEstranged(from: string, to: string): boolean {
  return expectedOf(extensionOf(from)) !== undefined && isStrange(extensionOf(to));
}
