/** One message to the server and the answers to its parts; and the list of those that are in flight. */
import { Failure } from '../../base/failure.ts';
import { STATUS } from '../status/status.ts';
import type { Header, Part } from '../wire/header.ts';
import type { Protection } from './protection.ts';

/** `urgent` goes first and may use the last credits; `bulk` leaves room for it. */
export type Lane = 'urgent' | 'bulk';

export interface Outgoing {
  /** One part, or a chain of related ones. */
  parts: readonly Part[];
  treeId: number;
  /** Undefined before the logon. */
  protection: Protection | undefined;
  /** Of a session that has no keys yet. */
  sessionId?: bigint;
  encrypt: boolean;
  lane: Lane;
  /** Milliseconds from sending to the final answer, after which the connection is given up; undefined when it may take for ever. */
  timeoutMs: number | undefined;
  /** For messages about it: «read», «docs/a.txt». */
  doing: string;
  subject: string;
  /** Is shown the bytes as they went out, for the pre-authentication hash. */
  sent?(message: Buffer): void;
}

export interface Answer {
  status: number;
  header: Header;
  /** Header, body and padding, its signature checked where there is a session. */
  part: Buffer;
}

/** Renews a session that has expired, while what is said in it waits. */
export interface Renewal {
  /** Takes an exchange that is about to be queued, where it must wait; it is queued later, or fails. */
  holds(exchange: Exchange): boolean;
  /** Takes an exchange that the server refused because the session has expired. */
  refused(exchange: Exchange): void;
}

/** An exchange that is under way or queued. */
export class Exchange {
  readonly outgoing: Outgoing;
  /** Undefined outside of sessions. */
  readonly renewal: Renewal | undefined;
  /** How often the session was renewed when this was queued. */
  renewalsBefore = 0;
  readonly charge: number;
  readonly done: Promise<Answer[]>;
  /** Of the first part; those of the others follow by their charges. Undefined until it is sent. */
  firstId: number | undefined;
  /** Whoever waited is gone: do not send it any more. */
  abandoned = false;
  readonly #answers: (Answer | undefined)[];
  #missing: number;
  #repeated = false;
  #resolve: (answers: Answer[]) => void = () => {};
  #reject: (why: unknown) => void = () => {};

  constructor(outgoing: Outgoing, renewal?: Renewal) {
    this.outgoing = outgoing;
    this.renewal = renewal;
    this.charge = outgoing.parts.reduce((sum, part) => sum + part.charge, 0);
    this.#answers = new Array<undefined>(outgoing.parts.length).fill(undefined);
    this.#missing = outgoing.parts.length;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  answer(index: number, answer: Answer): void {
    this.#answers[index] = answer;
    this.#missing -= 1;
    if (this.#missing > 0) return;
    const answers = this.#answers.filter((each) => each !== undefined);
    if (this.renewal !== undefined && isRefusedAsExpired(answers)) this.renewal.refused(this);
    else this.#resolve(answers);
  }

  get repeated(): boolean {
    return this.#repeated;
  }

  /** As if it had never been sent: it is queued anew, under new message ids. */
  repeat(): void {
    this.#repeated = true;
    this.firstId = undefined;
    this.#answers.fill(undefined);
    this.#missing = this.#answers.length;
  }

  fail(why: Failure): void {
    this.#reject(why);
  }
}

/** Nothing of it was done: the first part was refused, and no other one went through without it. */
function isRefusedAsExpired(answers: readonly Answer[]): boolean {
  return (
    answers[0]?.status === STATUS.NETWORK_SESSION_EXPIRED && answers.every((each) => each.status !== STATUS.SUCCESS)
  );
}

/** A part whose final answer has not come. */
export interface Waiting {
  exchange: Exchange;
  index: number;
  command: number;
  /** Credits that its answer settles; 0 once an interim answer did. */
  charge: number;
  deadlineMs: number;
  /** Set by the interim answer. */
  asyncId: bigint | undefined;
  interim: boolean;
}

/**
 * What a request gets from the interim answer on, when the time limit is shorter: a server that waits for the holder of an
 * oplock gives it 35 s (Samba and Windows), and such a file must not cost the connection.
 */
export const INTERIM_PATIENCE_MS = 60_000;

export class InFlight {
  readonly #waiting = new Map<number, Waiting>();
  #lastLookMs: number;

  constructor(nowMs: number) {
    this.#lastLookMs = nowMs;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(messageId: number, waiting: Waiting): void {
    this.#waiting.set(messageId, waiting);
  }

  get(messageId: number): Waiting | undefined {
    return this.#waiting.get(messageId);
  }

  remove(messageId: number): void {
    this.#waiting.delete(messageId);
  }

  /** Whether some answer is still to bring credits. */
  owesCredits(): boolean {
    for (const waiting of this.#waiting.values()) if (waiting.charge > 0) return true;
    return false;
  }

  /** The interim answer starts the clock anew, once; but not before the logon, where there is nothing to wait for. */
  wentAsync(waiting: Waiting, asyncId: bigint | undefined, nowMs: number): void {
    waiting.asyncId = asyncId;
    const inSession = waiting.exchange.outgoing.protection !== undefined;
    if (inSession && !waiting.interim && waiting.deadlineMs !== Number.POSITIVE_INFINITY)
      waiting.deadlineMs = Math.max(waiting.deadlineMs, nowMs + INTERIM_PATIENCE_MS);
    waiting.interim = true;
  }

  /**
   * The first request whose time is up. Called every `everyMs`; when it is called later than that, our own process was
   * held up and answers may lie unread, so everybody gets that time back: a late own clock is our fault, not the server's.
   */
  overdue(nowMs: number, everyMs: number): Waiting | undefined {
    const lateMs = nowMs - this.#lastLookMs - everyMs;
    this.#lastLookMs = nowMs;
    let found: Waiting | undefined;
    for (const waiting of this.#waiting.values()) {
      if (lateMs > everyMs) waiting.deadlineMs += lateMs;
      else if (found === undefined && nowMs > waiting.deadlineMs) found = waiting;
    }
    return found;
  }

  /** Everything that waits; nothing does afterwards. */
  drain(): Exchange[] {
    const all = new Set([...this.#waiting.values()].map((waiting) => waiting.exchange));
    this.#waiting.clear();
    return [...all];
  }
}

export function timedOut(outgoing: Outgoing): Failure {
  return new Failure({
    code: 'timeout',
    doing: outgoing.doing,
    subject: outgoing.subject,
    what: 'the server did not answer in time; the connection was closed',
    hint: 'it hangs or is overloaded, or the network loses packets',
    retry: true,
  });
}
