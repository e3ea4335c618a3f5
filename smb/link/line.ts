/**
 * A line to one share of one session: adds the session, the share, the protection and the time limit to what is asked, and
 * sees to it that whatever was opened is closed.
 */

import { STATUS, statusFailure } from '../status/status.ts';
import type { FileTime, Stat } from '../types.ts';
import { badAnswer } from '../wire/bytes.ts';
import {
  type Create,
  type Created,
  closeRequest,
  createRequest,
  PREVIOUS_FILE,
  readClosed,
  readCreated,
  readFileHandle,
} from '../wire/create.ts';
import { addressPart } from '../wire/file-id.ts';
import { COMMAND, type Part } from '../wire/header.ts';
import { RESERVE } from './credits.ts';
import type { Answer, Exchange, Lane, Outgoing } from './exchange.ts';
import type { Link } from './link.ts';
import type { Protection } from './protection.ts';

/** What a request is about, for messages. */
export interface About {
  /** A verb: «read». */
  doing: string;
  /** A path or the name of a share. */
  subject: string;
  lane: Lane;
}

export interface OnFile {
  created: Created;
  /** One for each part between CREATE and CLOSE; the caller judges them. */
  answers: Answer[];
  /** What CLOSE told; undefined when it told nothing. */
  after: Stat | undefined;
}

/** 64 KiB: what one credit pays for. */
const CREDIT_BYTES = 65_536;

export class Line {
  readonly link: Link;
  readonly #protection: Protection;
  readonly #treeId: number;
  readonly #encrypt: boolean;
  readonly #snapshot: FileTime | undefined;

  /**
   * @param treeId 0 for what concerns the session itself
   * @param snapshot the moment of the snapshot in which everything is opened; as it is now unless told
   */
  constructor(link: Link, protection: Protection, treeId: number, encrypt: boolean, snapshot?: FileTime) {
    this.link = link;
    this.#protection = protection;
    this.#treeId = treeId;
    this.#encrypt = encrypt;
    this.#snapshot = snapshot;
  }

  /** A line to the same share that opens everything as it was in a snapshot. */
  at(snapshot: FileTime): Line {
    return new Line(this.link, this.#protection, this.#treeId, this.#encrypt, snapshot);
  }

  /** A CREATE of this line. Every one is made here, or it would open the file as it is now. */
  creating(create: Create): Part {
    return createRequest(create, this.#snapshot);
  }

  /** The exchange itself, for what may take for ever or be cancelled. */
  send(parts: readonly Part[], about: About, timeoutMs: number | undefined): Exchange {
    const outgoing: Outgoing = {
      parts,
      treeId: this.#treeId,
      protection: this.#protection,
      encrypt: this.#encrypt || (parts.length > 1 && this.#protection.sealsCheaply),
      lane: about.lane,
      timeoutMs,
      doing: about.doing,
      subject: about.subject,
    };
    return this.link.send(outgoing);
  }

  /** One answer per part. Rejects when the connection ends, or nothing was sent for want of credits. */
  exchange(parts: readonly Part[], about: About): Promise<Answer[]> {
    const charge = parts.reduce((sum, part) => sum + part.charge, 0);
    if (parts.length > 1 && charge + RESERVE > this.link.credits.window) return this.#oneByOne(parts, about);
    return this.send(parts, about, this.link.timeoutMs).done;
  }

  /** A single request. Throws the Failure of its status unless it is SUCCESS. */
  async ask(part: Part, about: About): Promise<Answer> {
    return mustSucceed(answerAt(await this.exchange([part], about), 0), about);
  }

  /**
   * CREATE, some parts and CLOSE in one chain: one round trip. Throws when CREATE fails. A CLOSE that failed is sent again
   * by itself: a server may fail what stands behind a failed part (MS-SMB2 3.3.5.2.7.2), and the handle must not stay.
   */
  async onFile(create: Create, parts: readonly Part[], about: About, postQuery = false): Promise<OnFile> {
    const chain = [this.creating(create), ...parts, closeRequest(PREVIOUS_FILE, postQuery)];
    const answers = await this.exchange(chain, about);
    const { part } = mustSucceed(answerAt(answers, 0), about);
    const closed = answerAt(answers, answers.length - 1);
    const after =
      closed.status === STATUS.SUCCESS ? readClosed(closed.part) : await this.close(readFileHandle(part), about);
    return { created: readCreated(part), answers: answers.slice(1, -1), after };
  }

  /** CREATE alone; the caller owes the `close`. */
  async open(create: Create, about: About): Promise<Created> {
    const { part } = await this.ask(this.creating(create), about);
    try {
      return readCreated(part);
    } catch (error) {
      this.closeLater(readFileHandle(part), about);
      throw error;
    }
  }

  /** CLOSE with post-query. Undefined when the server says that it failed: then the handle was gone already. */
  async close(fileId: Buffer, about: About): Promise<Stat | undefined> {
    const [answer] = await this.exchange([closeRequest(fileId, true)], { ...about, lane: 'urgent' });
    return answer?.status === STATUS.SUCCESS ? readClosed(answer.part) : undefined;
  }

  /** CLOSE whose answer nobody needs. When it does not get through the connection is gone, and with it the handle. */
  closeLater(fileId: Buffer, about: About): void {
    this.close(fileId, about).catch(() => undefined);
  }

  /** The largest payload up to `most` bytes for which credits can be had, so that several fit into the window. */
  payload(most: number): number {
    const affordable = Math.floor((this.link.credits.window - RESERVE) / 2);
    return Math.min(most, Math.max(1, affordable) * CREDIT_BYTES);
  }

  /** For a server that grants fewer credits than the chain costs: the same parts, each when the one before was answered. */
  async #oneByOne(parts: readonly Part[], about: About): Promise<Answer[]> {
    const answers: Answer[] = [];
    let fileId: Buffer | undefined;
    let opened: Buffer | undefined;
    try {
      for (const part of parts) {
        const addressed = addressPart(part, fileId);
        fileId = addressed.fileId;
        const [answer] = await this.send([addressed.part], about, this.link.timeoutMs).done;
        if (answer === undefined) throw badAnswer('a request has no answer');
        if (part.command === COMMAND.create) {
          // Without a file the rest of the chain has the same answer.
          if (answer.status !== STATUS.SUCCESS) return parts.map(() => answer);
          fileId = opened = readFileHandle(answer.part);
        }
        answers.push(answer);
      }
    } catch (error) {
      // Whoever asked is given no answer to close by.
      if (opened !== undefined && this.link.failure === undefined) this.closeLater(opened, about);
      throw error;
    }
    return answers;
  }
}

export function answerAt(answers: readonly Answer[], index: number): Answer {
  const answer = answers[index];
  if (answer === undefined) throw badAnswer('a part of a chain has no answer');
  return answer;
}

/** The answer itself, when its status is SUCCESS. */
export function mustSucceed(answer: Answer, about: About): Answer {
  if (answer.status !== STATUS.SUCCESS) throw statusFailure(answer.status, about.doing, about.subject);
  return answer;
}
