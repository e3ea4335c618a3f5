/**
 * Small files, each in one round trip: CREATE, READ and CLOSE in one chain. While many wait, several of them share a chain:
 *
 *   CREATE a, READ, CLOSE, CREATE b, READ, CLOSE …      one message there, one back, one pass of the cipher each
 *
 * All parts but the first are related (MS-SMB2 3.2.4.1.4): a related CREATE takes session and share from the part before it and gives
 * the file id to those behind it (3.3.5.2.7.2), so styles are not mixed. While few wait each goes alone, and none waits for another.
 *
 * Whatever is not plainly well in a shared chain says nothing about the file: a server may fail all that stands behind a failed part.
 * Such a file is asked for again, alone, and that answer counts. A server that will not have shared chains at all is left in peace.
 */

import { RESERVE } from '../link/credits.ts';
import type { Answer } from '../link/exchange.ts';
import { type About, answerAt, type Line } from '../link/line.ts';
import { STATUS } from '../status/status.ts';
import type { Fetched, FetchSink, Stat, Taken } from '../types.ts';
import { type Create, closeRequest, PREVIOUS_FILE, readClosed, readFileHandle, readOpened } from '../wire/create.ts';
import { chargeFor, type Part } from '../wire/header.ts';
import { readRequest } from '../wire/read-write.ts';
import { dataOf } from './range-io.ts';
import { Window } from './window.ts';

/** Files and bytes of one chain: a longer one saves little more, and all of it waits for its slowest file. */
const FILES = 8;
const CHAIN_BYTES = 524_288;
/** The same for every file. */
const CLOSE: Part = closeRequest(PREVIOUS_FILE, true);

/** Shared chains of which only the first file came, one after the other, until no more are sent. */
const REFUSALS = 3;

export interface SmallRead {
  create: Create;
  /** What is asked for: at least the size that is expected. */
  bytes: number;
  sink: FetchSink;
  about: About;
  /** For a server whose CLOSE tells nothing. */
  look(): Promise<Stat>;
}

/** @returns undefined when the file must be read another way; the sink was not touched then */
type Outcome = Fetched | undefined;

interface Waiting extends SmallRead {
  resolve(outcome: Outcome | Promise<Outcome>): void;
  reject(why: unknown): void;
}

export class SmallReads {
  readonly #line: Line;
  readonly #window = new Window();
  /** Those that a shared chain did not bring come first. */
  #again: Waiting[] = [];
  #waiting: Waiting[] = [];
  #taken = 0;
  #chains = 0;
  #refusals = 0;

  constructor(line: Line) {
    this.#line = line;
  }

  /** Rejects as `fetch` does. */
  read(wanted: SmallRead): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...wanted, resolve, reject });
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#chains < this.#window.limit && (this.#again.length > 0 || this.#taken < this.#waiting.length)) {
      this.#chains += 1;
      void this.#run(this.#next());
    }
  }

  /** The files of the next chain: one after a failure, else as many as spreads what waits over the chains that are free. */
  #next(): Waiting[] {
    const again = this.#again.pop();
    if (again !== undefined) return [again];
    const most = this.#refusals < REFUSALS ? FILES : 1;
    const free = Math.max(1, this.#window.limit - this.#chains + 1);
    const share = Math.min(most, Math.ceil((this.#waiting.length - this.#taken) / free));
    const chain: Waiting[] = [];
    let bytes = 0;
    let charge = 0;
    // A part of the window, so that several chains fit into it and a single one never outgrows it.
    const affordable = (this.#line.link.credits.window - RESERVE) / 4;
    while (chain.length < Math.max(1, share)) {
      const candidate = this.#waiting[this.#taken];
      if (candidate === undefined) break;
      bytes += candidate.bytes;
      charge += 2 + chargeFor(candidate.bytes);
      if (chain.length > 0 && (bytes > CHAIN_BYTES || charge > affordable)) break;
      chain.push(candidate);
      this.#taken += 1;
    }
    if (this.#taken === this.#waiting.length || this.#taken > 1_024) {
      this.#waiting = this.#waiting.slice(this.#taken);
      this.#taken = 0;
    }
    return chain;
  }

  /** Never rejects: every file's own promise does. */
  async #run(chain: Waiting[]): Promise<void> {
    const { gate } = this.#line.link;
    const bytes = chain.reduce((sum, each) => sum + each.bytes, 0);
    try {
      await gate.enter(bytes, 'fresh');
      const full = this.#chains >= this.#window.limit;
      const sentMs = this.#line.link.nowMs;
      try {
        const [first] = chain;
        if (first !== undefined && chain.length === 1) await this.#alone(first);
        else await this.#together(chain);
      } finally {
        this.#window.answered(this.#line.link.nowMs - sentMs, full);
        gate.leave(bytes);
      }
    } catch (error) {
      for (const each of chain) each.reject(error);
    }
    this.#chains -= 1;
    this.#pump();
  }

  async #alone(wanted: Waiting): Promise<void> {
    const { create, bytes, about } = wanted;
    const { created, answers, after } = await this.#line.onFile(
      create,
      [readRequest(PREVIOUS_FILE, 0, bytes)],
      about,
      true,
    );
    await hand(wanted, created.stat, answerAt(answers, 0), after);
  }

  async #together(chain: Waiting[]): Promise<void> {
    const parts = chain.flatMap((each): Part[] => [
      this.#line.creating(each.create),
      readRequest(PREVIOUS_FILE, 0, each.bytes),
      CLOSE,
    ]);
    const [first] = chain;
    const subject = `${first?.about.subject ?? ''} and ${chain.length - 1} more`;
    const answers = await this.#line.exchange(parts, { doing: 'read', subject, lane: 'bulk' });
    const handed: (Handed | Promise<Handed>)[] = [];
    for (const [index, wanted] of chain.entries()) {
      const created = answerAt(answers, 3 * index);
      const read = answerAt(answers, 3 * index + 1);
      const closed = answerAt(answers, 3 * index + 2);
      try {
        if (this.#isWhole(created, read, closed, wanted))
          handed.push(hand(wanted, readOpened(created.part), read, readClosed(closed.part)));
        else this.#again.push(wanted);
      } catch (error) {
        // An answer that cannot be read is this file's trouble alone: others of the chain have theirs, or are asked for again.
        wanted.reject(error);
        handed.push('kept');
      }
    }
    if (handed.length > 1) this.#refusals = 0;
    else if (answers[0]?.status === STATUS.SUCCESS) this.#refusals += 1;
    const how = handed.some((each) => typeof each !== 'string') ? await Promise.all(handed) : handed;
    // All that came in one message lies in one memory.
    if (!how.includes('kept')) this.#line.link.reuse(answerAt(answers, 0).part);
  }

  /** Whether all three went well. A handle whose CLOSE did not is closed on its own. */
  #isWhole(created: Answer, read: Answer, closed: Answer, { about }: Waiting): boolean {
    if (created.status !== STATUS.SUCCESS) return false;
    if (closed.status !== STATUS.SUCCESS) {
      this.#line.closeLater(readFileHandle(created.part), about);
      return false;
    }
    return read.status === STATUS.SUCCESS || read.status === STATUS.END_OF_FILE;
  }
}

/** Whether the memory of a file's answer is somebody's now. */
type Handed = 'kept' | 'used';

/** Gives a file to whoever wants it, when it is whole. Never throws and never rejects; a promise is back-pressure. */
function hand(wanted: Waiting, before: Stat, answer: Answer, after: Stat | undefined): Handed | Promise<Handed> {
  const { bytes, sink, about } = wanted;
  try {
    // A server may be unable to go on with a chain once a part of it went asynchronous (MS-SMB2 3.3.5.2.7.2); alone it can.
    const data =
      before.size > bytes || answer.status === STATUS.INTERNAL_ERROR ? undefined : dataOf(answer, bytes, about);
    if (data === undefined || isCutShort(data, before, after)) {
      wanted.resolve(undefined);
      return 'used';
    }
    const whole = data.length > before.size ? data.subarray(0, before.size) : data;
    sink.begin?.(before);
    const taken = whole.length > 0 ? sink.data(whole, 0) : 'used';
    if (after === undefined || (taken !== undefined && taken !== 'used'))
      return finish(wanted, before, after, whole.length, taken);
    wanted.resolve({ before, after, bytes: whole.length });
    return taken ?? 'kept';
  } catch (error) {
    wanted.reject(error);
    return 'kept';
  }
}

/** A file that was cut meanwhile ends early, and `after` shows it; data that is missing without that is not whole. */
function isCutShort(data: Buffer, before: Stat, after: Stat | undefined): boolean {
  return data.length < before.size && (after === undefined || after.size === before.size);
}

async function finish(
  wanted: Waiting,
  before: Stat,
  after: Stat | undefined,
  bytes: number,
  taken: Taken,
): Promise<Handed> {
  try {
    await taken;
    wanted.resolve({ before, after: after ?? (await wanted.look()), bytes });
    return taken === undefined ? 'kept' : 'used';
  } catch (error) {
    wanted.reject(error);
    return 'kept';
  }
}
