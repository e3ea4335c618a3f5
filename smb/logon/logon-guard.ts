/** Lets log-ons to one account through one at a time, and none that could lock it (lock-out.ts); notes what became of each. */
import type { Clock } from '../../base/clock.ts';
import { Failure, isFailure } from '../../base/failure.ts';
import type { Credentials } from '../types.ts';
import { type Attempt, concernsAccount, mayLogOn } from './lock-out.ts';
import type { Notes } from './logon-notes.ts';

export class LogonGuard {
  readonly #clock: Clock;
  readonly #notes: Notes;
  readonly #attempt: Attempt;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param generation changes with the password, or with the file that it is from */
  constructor(clock: Clock, notes: Notes, { user, domain }: Omit<Credentials, 'password'>, generation: string) {
    this.#clock = clock;
    this.#notes = notes;
    this.#attempt = { account: `${domain}\\${user}`.toLowerCase(), generation };
  }

  /** The last refusal, while nothing may be tried; undefined when a log-on may be tried now. */
  get refusal(): Failure | undefined {
    const verdict = mayLogOn(this.#notes.all(), this.#attempt, this.#clock.wallMs());
    if (verdict.kind === 'try') return undefined;
    const { code, what } = verdict.refusal;
    const when = verdict.untilMs === undefined ? 'is not tried again' : 'is not tried again for a while';
    return new Failure({
      code,
      doing: 'log on as',
      subject: verdict.refusal.account.replace(/^\\/, ''),
      what: `${what}; it ${when}, lest the account be locked`,
      hint: 'put user, password or account right, then set up again or start the sync again',
    });
  }

  /** Throws the last refusal while nothing may be tried. */
  check(): void {
    const { refusal } = this;
    if (refusal !== undefined) throw refusal;
  }

  /** A log-on, when those before it are done and it may be tried; else throws the last refusal. */
  run<T>(logon: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(async () => {
      this.check();
      try {
        const session = await logon();
        this.accepted();
        return session;
      } catch (error) {
        this.refused(error);
        throw error;
      }
    });
    this.#turn = mine.catch(() => {});
    return mine;
  }

  /** What a log-on threw; noted when it says something of the account and not of a server in trouble. */
  refused(error: unknown): void {
    if (!isFailure(error) || error.retry || !concernsAccount(error.code)) return;
    const { code, what } = error;
    this.#notes.add({ kind: 'refused', ...this.#attempt, code, what, atMs: this.#clock.wallMs() });
  }

  /** Noted only where it changes something. */
  accepted(): void {
    const isNews = this.#notes.all().some((note) => note.kind === 'refused');
    if (isNews) this.#notes.add({ kind: 'accepted', ...this.#attempt, atMs: this.#clock.wallMs() });
  }
}
