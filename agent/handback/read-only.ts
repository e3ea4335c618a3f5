/**
 * A read-only file can be neither replaced nor removed. Users took the mark away on the standby, or removed the file there, so
 * the mark goes on the main too; when what is to follow fails, it comes back.
 */
import { Failure } from '../../base/failure.ts';
import type { Stat, Tree } from '../../smb/types.ts';
import { settable } from './attributes.ts';

const READONLY = 0x1;

/** Runs `act` with the stat of a file that may be replaced or removed. Throws `changed` or `sharing-violation` before it does. */
export async function withoutReadOnly(
  tree: Tree,
  path: string,
  now: Stat,
  act: (now: Stat) => Promise<void>,
): Promise<void> {
  if ((now.attributes & READONLY) === 0) return act(now);
  const untouched = (found: Stat): boolean => found.size === now.size && found.written === now.written;
  await tree.setBasic(path, { attributes: settable(now.attributes & ~READONLY) }, (found) => isSame(found, now));
  try {
    // ChangeTime has moved with the mark; whoever is to recognise the file needs the new one.
    const then = await tree.alone(path);
    if (!untouched(then))
      throw new Failure({ code: 'changed', doing: 'replace', subject: path, what: 'the main’s changed meanwhile' });
    await act(then);
  } catch (error) {
    // When not even that succeeds, the error that is thrown says more.
    await tree.setBasic(path, { attributes: settable(now.attributes) }, untouched).catch(() => undefined);
    throw error;
  }
}

/** Nobody has touched it in between. */
export function isSame(one: Stat, other: Stat): boolean {
  return one.size === other.size && one.written === other.written && one.changed === other.changed;
}
