/** What could not be done of a larger job: told at once, counted, and answered with an exit code of its own at the end. */
import { Failure } from '../../base/failure.ts';
import { counted, printable } from '../../base/human.ts';
import { exitCodes } from '../exit.ts';
import type { Screen } from '../screen.ts';

/** Problems that the object of --json holds; all of them are told on standard error. */
const LISTED_LIMIT = 1_000;

export class Problems {
  readonly #screen: Screen;
  readonly #doing: string;
  count = 0;
  readonly listed: { path: string; code: string; what: string }[] = [];

  /** @param doing what could not be done: `fetched` */
  constructor(screen: Screen, doing: string) {
    this.#screen = screen;
    this.#doing = doing;
  }

  add(path: string, { code, what }: Failure): void {
    this.count += 1;
    if (this.listed.length < LISTED_LIMIT) this.listed.push({ path, code, what });
    this.#screen.note(`${printable(path)}: ${printable(what)}`);
  }

  /** Says how many there were, and sets the exit code when there were any. */
  close(): void {
    if (this.count === 0) return;
    process.exitCode = exitCodes.partial.code;
    this.#screen.note(`${counted(this.count, 'name')} could not be ${this.#doing}; each is told above.`);
  }
}

/** A name of the server that the client hands to nobody. */
export function unsafeName(doing: string, subject: string): Failure {
  return new Failure({ code: 'bad-name', doing, subject, what: 'the name is not safe to use' });
}
