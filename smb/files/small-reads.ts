/** Small files, each in one round trip: CREATE, READ and CLOSE in one chain, which several of them may share (chains.ts). */

import type { Answer } from '../link/exchange.ts';
import { type About, answerAt, type Line } from '../link/line.ts';
import { STATUS } from '../status/status.ts';
import type { Fetched, FetchSink, Stat, Taken } from '../types.ts';
import { type Create, closeRequest, PREVIOUS_FILE, readClosed, readFileHandle, readOpened } from '../wire/create.ts';
import { chargeFor, type Part } from '../wire/header.ts';
import { readRequest } from '../wire/read-write.ts';
import { Chains, type Linked } from './chains.ts';
import { dataOf } from './range-io.ts';

const LIMITS = { files: 8, bytes: 524_288 };
/** The same for every file. */
const CLOSE: Part = closeRequest(PREVIOUS_FILE, true);

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

interface Waiting extends SmallRead, Linked {
  resolve(outcome: Outcome | Promise<Outcome>): void;
}

export class SmallReads {
  readonly #line: Line;
  readonly #chains: Chains<Waiting>;

  constructor(line: Line) {
    this.#line = line;
    this.#chains = new Chains(line, LIMITS, ([first, ...others]) => {
      if (first === undefined) return Promise.resolve();
      return others.length === 0 ? this.#alone(first) : this.#together([first, ...others]);
    });
  }

  /** Rejects as `fetch` does. */
  read(wanted: SmallRead): Promise<Outcome> {
    const charge = 2 + chargeFor(wanted.bytes);
    return new Promise((resolve, reject) => {
      this.#chains.push({ ...wanted, charge, resolve, reject });
    });
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

  async #together(chain: readonly Waiting[]): Promise<void> {
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
        else this.#chains.again(wanted);
      } catch (error) {
        // An answer that cannot be read is this file's trouble alone: others of the chain have theirs, or are asked for again.
        wanted.reject(error);
        handed.push('kept');
      }
    }
    if (handed.length > 1) this.#chains.shared(false);
    else if (answers[0]?.status === STATUS.SUCCESS) this.#chains.shared(true);
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
