/**
 * One look at one path on both sides: is the copy what the main has? It judges a moment and changes nothing; whether a difference is a
 * change on its way or a real one is for whoever looks again (settle.ts).
 */
import { isFailure } from '../../../base/failure.ts';
import type { Stat, Tree } from '../../../smb/types.ts';
import { NotContent, whyNotContent } from '../content.ts';
import { type Ground, isAboutPath, problemOf } from '../ground.ts';
import { isOtherSpelling } from '../remove.ts';
import { type Difference, differencesOf } from './aspects.ts';
import { compareContent, type Gentle, hashOf } from './content.ts';
import { isRotten, LocalCopy } from './local.ts';

export type Look =
  | { kind: 'same'; main: Stat; bytes: number; sha256: string | undefined }
  /** `mark` tells the main's versions apart. `main` is undefined when the main has nothing there. */
  | { kind: 'different'; main: Stat | undefined; mark: string; differences: Difference[] }
  /** One side changed while it was looked at. */
  | { kind: 'moving' }
  /** The main does not let it be compared now, or it is nothing that is mirrored. */
  | { kind: 'listed'; code: string; why: string }
  /** Neither side has it. */
  | { kind: 'gone' };

export interface LookOptions {
  /** The SHA-256 of what is the same is wanted. */
  hash: boolean;
  gentle: Gentle | undefined;
  /** The name was missing in a listing: what the main finds under it may be another spelling. */
  isUnlisted?: boolean;
}

/**
 * Looks at a path. `told`: what a listing has just said of it; undefined when the main is to be asked.
 * Throws what concerns the connection.
 */
export async function lookAt(
  ground: Ground,
  tree: Tree,
  path: string,
  told: Stat | undefined,
  options: LookOptions,
): Promise<Look> {
  try {
    const main = told ?? (await tree.stat(path));
    if (told === undefined && (await isMisspelt(ground, tree, path, options))) return lookHere(ground, path);
    const problem = whyNotContent(main);
    if (problem !== undefined) return { kind: 'listed', code: problem.code, why: problem.why };
    return await lookAtBoth(ground, tree, path, main, options);
  } catch (error) {
    if (error instanceof NotContent) return { kind: 'listed', code: error.problem.code, why: error.problem.why };
    if (isFailure(error, 'not-found', 'not-a-directory')) return lookHere(ground, path);
    if (isFailure(error, 'is-a-directory')) return { kind: 'moving' };
    if (!isAboutPath(error)) throw error;
    const { code, why } = problemOf(error);
    return { kind: 'listed', code, why };
  }
}

/**
 * A server without case distinction finds `one.txt` under the name `ONE.TXT`: then the main has nothing of the latter name. Asked only
 * where it matters, since it takes a listing of each folder on the way.
 */
async function isMisspelt(ground: Ground, tree: Tree, path: string, { isUnlisted }: LookOptions): Promise<boolean> {
  if (path === '' || (isUnlisted !== true && ground.folder.look(path).kind !== 'none')) return false;
  for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1))
    if (await isOtherSpelling(tree, path.slice(0, end))) return true;
  return isOtherSpelling(tree, path);
}

/** The main has nothing there. */
function lookHere(ground: Ground, path: string): Look {
  const there = ground.folder.look(path);
  if (there.kind === 'none') return { kind: 'gone' };
  const differences = [{ aspect: 'not-on-main', what: 'the mirror has it, the main does not' }];
  return { kind: 'different', main: undefined, mark: 'none', differences };
}

async function lookAtBoth(ground: Ground, tree: Tree, path: string, main: Stat, options: LookOptions): Promise<Look> {
  const unreadable = (error: unknown, at: Stat): Look => {
    if (!isRotten(error)) throw error;
    const what = `the disk of the mirror does not give it back: ${String(error)}`;
    return different(at, [{ aspect: 'unreadable', what }]);
  };
  let copy: LocalCopy;
  try {
    copy = LocalCopy.open(ground, path);
  } catch (error) {
    return unreadable(error, main);
  }
  try {
    const { kind } = copy.object;
    if (kind === 'none')
      return different(main, [{ aspect: 'missing-here', what: 'the main has it, the mirror does not' }]);
    if (kind !== (main.directory ? 'directory' : 'file')) {
      const what = `a ${main.directory ? 'folder' : 'file'} on the main, something else on the mirror`;
      return different(main, [{ aspect: 'kind', what }]);
    }
    if (main.directory)
      return judged(main, await differencesOf({ tree, path, main, local: copy.object }), 0, undefined);
    return await lookAtFile(tree, path, main, copy, options);
  } catch (error) {
    return unreadable(error, main);
  } finally {
    copy.close();
  }
}

async function lookAtFile(tree: Tree, path: string, main: Stat, copy: LocalCopy, options: LookOptions): Promise<Look> {
  const { before, moved, differsAt, bytes } = await compareContent(tree, path, copy, main.size, options.gentle);
  const differences = await differencesOf({ tree, path, main: before, local: copy.object });
  if (differsAt !== undefined && before.size === copy.object.size)
    differences.unshift({ aspect: 'content', what: `the content differs from byte ${differsAt} on` });
  const sha256 = options.hash && !moved && differences.length === 0 ? await hashOf(copy) : undefined;
  if (moved || !copy.stands) return { kind: 'moving' };
  return judged(before, differences, bytes, sha256);
}

function judged(main: Stat, differences: Difference[], bytes: number, sha256: string | undefined): Look {
  return differences.length === 0 ? { kind: 'same', main, bytes, sha256 } : different(main, differences);
}

function different(main: Stat, differences: Difference[]): Look {
  const { size, written, changed, created, attributes } = main;
  return { kind: 'different', main, mark: [size, written, changed, created, attributes].join(' '), differences };
}

/** «content: the content differs from byte 0 on; written: …». */
export function inWords(differences: readonly Difference[]): string {
  return differences.map(({ what }) => what).join('; ');
}
