/**
 * Lets log-ons to one account through one at a time, and none that could lock it (lock-out.ts); notes what became of each.
 *
 *   check → SESSION_SETUP → challenge → noted as unanswered → counted once more → proof → answer → what the answer says, in its place
 *
 * A log-on that is cut off after its proof went out, by the network or by the end of this process, leaves the note: for all we know
 * the server has counted a wrong password.
 */
import type { Clock } from '../../base/clock.ts';
import { Failure, isFailure } from '../../base/failure.ts';
import type { Credentials, LogonTurn } from '../types.ts';
import { type Attempt, concernsAccount, isNews, mayLogOn, mayProve, type Note, type Verdict } from './lock-out.ts';
import type { Notes } from './logon-notes.ts';

export class LogonGuard {
  readonly #clock: Clock;
  readonly #notes: Notes;
  readonly #attempt: Attempt;
  readonly #patience: (() => Promise<boolean>) | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * @param generation changes with the password, or with the file that it is from
   * @param patience waits a moment while log-ons are unanswered, for they may be under way in other processes; false when it is over.
   *   Without it nobody waits.
   */
  constructor(
    clock: Clock,
    notes: Notes,
    { user, domain }: Omit<Credentials, 'password'>,
    generation: string,
    patience?: () => Promise<boolean>,
  ) {
    this.#patience = patience;
    this.#clock = clock;
    this.#notes = notes;
    this.#attempt = { account: `${domain}\\${user}`.toLowerCase(), generation };
  }

  /**
   * Why nothing may be tried now; undefined when a log-on may be tried. A refusal by the server has its code; `unanswered` says that
   * log-ons before were not answered.
   */
  get refusal(): Failure | undefined {
    const verdict = mayLogOn(this.#notes.all(), this.#attempt, this.#clock.wallMs());
    return verdict.kind === 'try' ? undefined : failureFor(verdict);
  }

  /** Throws `refusal` while nothing may be tried. */
  check(): void {
    const { refusal } = this;
    if (refusal !== undefined) throw refusal;
  }

  /** A log-on, when those before it are done and it may be tried; else throws `refusal`. */
  readonly run: LogonTurn = (logOn) => {
    const mine = this.#turn.then(async () => {
      while (this.refusal?.code === 'unanswered' && (await this.#patience?.()) === true);
      this.check();
      let note: Note | undefined;
      try {
        const session = await logOn(async () => {
          note = await this.#prove();
        });
        if (note !== undefined) this.#notes.drop(note);
        this.#accepted();
        return session;
      } catch (error) {
        this.#refused(error);
        if (note !== undefined && isFailure(error) && concernsAccount(error.code)) this.#notes.drop(note);
        throw error;
      }
    });
    this.#turn = mine.catch(() => {});
    return mine;
  };

  /** Called right before the proof goes out. Throws when others were quicker and it would be one too many. */
  async #prove(): Promise<Note> {
    for (;;) {
      const note: Note = { kind: 'unanswered', ...this.#attempt, atMs: this.#clock.wallMs() };
      this.#notes.add(note);
      if (mayProve(this.#notes.all(), this.#attempt, this.#clock.wallMs())) return note;
      this.#notes.drop(note);
      // Someone may have been refused meanwhile: then there is nothing to wait for.
      if (this.refusal?.code === 'wrong-password' || (await this.#patience?.()) !== true)
        throw failureFor({ kind: 'rest', refusal: note, untilMs: note.atMs });
    }
  }

  /** What a log-on threw; noted when it says something of the account and not of a server in trouble. */
  #refused(error: unknown): void {
    if (!isFailure(error) || error.retry || !concernsAccount(error.code)) return;
    const { code, what } = error;
    this.#notes.add({ kind: 'refused', ...this.#attempt, code, what, atMs: this.#clock.wallMs() });
  }

  /** Noted only where it changes something. */
  #accepted(): void {
    if (isNews(this.#notes.all(), this.#attempt, this.#clock.wallMs()))
      this.#notes.add({ kind: 'accepted', ...this.#attempt, atMs: this.#clock.wallMs() });
  }
}

function failureFor({ refusal, untilMs }: Extract<Verdict, { kind: 'rest' }>): Failure {
  const when = untilMs === undefined ? 'is not tried again' : 'is not tried again for a while';
  const isAnswered = refusal.kind === 'refused';
  return new Failure({
    code: isAnswered ? refusal.code : 'unanswered',
    doing: 'log on as',
    subject: refusal.account.replace(/^\\/, ''),
    what: `${isAnswered ? refusal.what : 'the last log-ons were not answered'}; it ${when}, lest the account be locked`,
    hint: isAnswered
      ? 'put user, password or account right, then set up again or start the sync again'
      : 'it is tried again by itself; see whether the server hangs or the network to it loses connections',
    retry: !isAnswered,
  });
}
