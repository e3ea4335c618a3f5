/** What one event of a watch means for where to look. Two watches may tell of the same thing: everything here may come twice. */
import type { ChangeAction } from '../../smb/types.ts';
import type { Ground } from './ground.ts';
import { parentOf } from './names.ts';

export interface Meaning {
  hint(path: string, inMs?: number, stage?: number, isName?: boolean, renamedMs?: number): void;
  scanSoon(directory: string, inMs?: number): void;
  touch(directory: string): void;
  /** A rename whose both ends are known. */
  pair(from: string, to: string): void;
}

/** Both ends of a rename come within this time, or they are two things. */
const PAIR_MS = 500;

export class Events {
  readonly #ground: Ground;
  readonly #then: Meaning;
  #from: { path: string; ms: number } | undefined;

  constructor(ground: Ground, then: Meaning) {
    this.#ground = ground;
    this.#then = then;
  }

  hear(action: ChangeAction, path: string): void {
    if (path === '' || this.#ground.excludes.ruleFor(path) !== undefined) return;
    const directory = parentOf(path);
    this.#then.touch(directory);
    switch (action) {
      case 'added':
        this.#then.hint(path, undefined, 0, true);
        return;
      case 'modified':
      case 'stream':
        this.#then.hint(path.split(':')[0] ?? path);
        return;
      case 'removed':
        this.#then.scanSoon(directory);
        return;
      case 'renamed-from':
        this.#from = { path, ms: this.#now };
        this.#then.scanSoon(directory, PAIR_MS);
        return;
      case 'renamed-to':
        this.#renamedTo(path);
        return;
    }
  }

  get #now(): number {
    return this.#ground.clock.monoMs();
  }

  #renamedTo(path: string): void {
    const from = this.#from;
    this.#from = undefined;
    if (from !== undefined && this.#now - from.ms < PAIR_MS) this.#then.pair(from.path, path);
    // Also when the rename was followed: more than the name may have changed.
    this.#then.hint(path, undefined, 0, true, this.#ground.mainMs());
  }
}
