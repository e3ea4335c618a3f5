/**
 * Goes through the directories of a share in the index, each once, in an order that a cursor can be put into: a directory before
 * what is in it, names by their bytes. Holds one row for each level, and survives that anything on the way is moved or removed.
 */
import type { Ground } from '../ground.ts';
import { below } from '../names.ts';

export interface Stop {
  id: number;
  path: string;
}

interface Level extends Stop {
  /** The last child that was visited. */
  after: string;
}

export class Tour {
  readonly #ground: Ground;
  #levels: Level[];
  #isAtRoot: boolean;

  /** `cursor`: the path of the last directory that was done ('' is the root); undefined to begin. */
  constructor(ground: Ground, cursor: string | undefined) {
    this.#ground = ground;
    this.#isAtRoot = cursor === undefined;
    this.#levels = levelsTo(ground, cursor ?? '');
  }

  /** The next directory; undefined at the end. */
  next(): Stop | undefined {
    const { rootId, index } = this.#ground;
    if (this.#isAtRoot) {
      this.#isAtRoot = false;
      return { id: rootId, path: '' };
    }
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      const [row] = index.directories(level.id, level.after, 1, false);
      if (row === undefined) {
        this.#levels.pop();
        continue;
      }
      level.after = row.name;
      const stop = { id: row.id, path: below(level.path, row.name) };
      this.#levels.push({ ...stop, after: '' });
      return stop;
    }
    return undefined;
  }
}

/** The levels as they are right after the directory at `cursor` was visited; they end where it is not there any more. */
function levelsTo(ground: Ground, cursor: string): Level[] {
  const levels: Level[] = [{ id: ground.rootId, path: '', after: '' }];
  for (const name of cursor === '' ? [] : cursor.split('/')) {
    const level = levels.at(-1);
    if (level === undefined) return levels;
    level.after = name;
    const row = ground.index.child(level.id, name);
    if (row?.kind !== 'directory') return levels;
    levels.push({ id: row.id, path: below(level.path, name), after: '' });
  }
  return levels;
}
