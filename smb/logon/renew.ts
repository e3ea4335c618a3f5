/**
 * Renews a session that has expired (STATUS_NETWORK_SESSION_EXPIRED, MS-SMB2 3.2.5.1.6): logs on again under the same session id
 * (3.2.4.2.3.1, 3.2.5.3.2), signed or encrypted with the keys that the session has and keeps. What is open stays open.
 *
 *   refused as expired ─→ held ─┐
 *   new requests ─→ held while ─┼─→ SESSION_SETUP ×2 ─→ sent (again), in order
 *                  it goes on ──┘                   └─ fails: the connection ends with `session-expired`
 *
 * The server refuses before it does anything (3.3.5.2.9), so what it refused is safe to repeat; it is repeated once.
 */
import type { Clock } from '../../base/clock.ts';
import { Failure, isFailure, textOf } from '../../base/failure.ts';
import type { Answer, Exchange, Renewal } from '../link/exchange.ts';
import { answerAt, type Line } from '../link/line.ts';
import type { Random } from '../negotiate.ts';
import type { LogonTurn } from '../types.ts';
import { badAnswer } from '../wire/bytes.ts';
import { COMMAND } from '../wire/header.ts';
import { sessionSetupRequest } from '../wire/session-setup.ts';
import { authenticate, checkMechListMic } from './authenticate.ts';
import type { Identity } from './identity.ts';

export interface RenewalParts {
  /** To no share. */
  line: Line;
  sessionId: bigint;
  identity: Identity;
  turn: LogonTurn;
  host: string;
  clock: Clock;
  random: Random;
}

const DOING = 'log on again to';

export class SessionRenewal implements Renewal {
  readonly #parts: RenewalParts;
  readonly #held: Exchange[] = [];
  #underWay: Promise<void> | undefined;
  /** How often the session was renewed. */
  #renewals = 0;

  constructor(parts: RenewalParts) {
    this.#parts = parts;
  }

  holds(exchange: Exchange): boolean {
    exchange.renewalsBefore = this.#renewals;
    if (this.#underWay === undefined || isLogon(exchange)) return false;
    this.#held.push(exchange);
    return true;
  }

  refused(exchange: Exchange): void {
    const { link } = this.#parts.line;
    const over = this.#over();
    if (over !== undefined) {
      exchange.fail(over);
      return;
    }
    // A log-on that waited for the renewal would wait for itself.
    if (exchange.repeated || isLogon(exchange)) {
      const why = this.#ended(
        isLogon(exchange)
          ? 'the server refuses the log-on that would renew it as expired'
          : 'it has expired again right after it was renewed',
      );
      link.fail(why);
      exchange.fail(link.failure ?? why);
      return;
    }
    exchange.repeat();
    // It was sent before a renewal that is over: nothing is to be renewed for it.
    if (exchange.renewalsBefore < this.#renewals) {
      link.queue(exchange);
      return;
    }
    this.#held.push(exchange);
    // Whoever waits hears of a failure by its exchange.
    this.renew().catch(() => {});
  }

  /**
   * One at a time: whoever asks while one is under way is given that one. When it fails the connection ends, and this throws why:
   * `session-expired` with what the server said as its cause, or what ended the connection.
   */
  renew(): Promise<void> {
    const over = this.#over();
    if (over !== undefined) return Promise.reject(over);
    this.#underWay ??= this.#run();
    return this.#underWay;
  }

  /** Why there is nothing to be renewed: after a LOGOFF the connection may go on with other sessions. */
  #over(): Failure | undefined {
    const { identity, line } = this.#parts;
    return identity.isWiped ? (line.link.failure ?? this.#ended('it was logged off')) : undefined;
  }

  async #run(): Promise<void> {
    const { link } = this.#parts.line;
    try {
      await this.#parts.turn((proving) => this.#logOn(proving));
    } catch (error) {
      const what = isFailure(error) ? error.what : textOf(error);
      link.fail(this.#ended(`it could not be renewed: ${what}`, error));
      const why = link.failure ?? this.#ended(what, error);
      for (const exchange of this.#held.splice(0)) exchange.fail(why);
      throw why;
    }
    this.#renewals += 1;
    this.#underWay = undefined;
    for (const exchange of this.#held.splice(0)) link.queue(exchange);
  }

  async #logOn(proving: () => void | Promise<void>): Promise<void> {
    const { line, identity, host, clock, random } = this.#parts;
    const { subject } = line.link;
    const accepted = await authenticate({
      identity,
      host,
      clock,
      random,
      doing: DOING,
      subject,
      say: (token) => this.#say(token),
      proving,
    });
    // The session goes on with the keys that it has (MS-SMB2 3.2.5.3.2).
    accepted.sessionKey.fill(0);
    checkMechListMic(accepted);
  }

  async #say(token: Buffer): Promise<Answer> {
    const { line, sessionId } = this.#parts;
    const about = { doing: DOING, subject: line.link.subject, lane: 'urgent' } as const;
    const answer = answerAt(await line.exchange([sessionSetupRequest(token)], about), 0);
    if (answer.header.sessionId !== sessionId) throw badAnswer('SESSION_SETUP was answered for another session');
    return answer;
  }

  #ended(what: string, cause?: unknown): Failure {
    return new Failure({
      code: 'session-expired',
      doing: 'keep the session with',
      subject: this.#parts.line.link.subject,
      what,
      hint: (isFailure(cause) ? cause.hint : undefined) ?? 'log on again; if it goes on, look at the log of the server',
      retry: !isFailure(cause) || cause.retry,
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

function isLogon(exchange: Exchange): boolean {
  return exchange.outgoing.parts[0]?.command === COMMAND.sessionSetup;
}
