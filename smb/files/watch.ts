/**
 * Watches a directory with CHANGE_NOTIFY (MS-SMB2 3.2.4.16, 3.3.5.19).
 *
 *   arm ─→ answer ─→ arm again ─→ queue ─→ the caller's loop
 *                       │           └ full: everything in it becomes one `overflow`
 *                       └ on the same handle: the server keeps what happens between two requests, per handle
 */
import { type Failure, failureOf, isFailure } from '../../base/failure.ts';
import type { Answer, Exchange } from '../link/exchange.ts';
import { Fifo } from '../link/fifo.ts';
import { type About, answerAt, type Line } from '../link/line.ts';
import { wirePath } from '../name.ts';
import { STATUS, statusFailure } from '../status/status.ts';
import type { Watch, WatchBatch } from '../types.ts';
import { readBufferAnswer } from '../wire/buffer-answer.ts';
import { changeNotifyRequest, readChanges } from '../wire/change-notify.ts';
import { ACCESS, DISPOSITION, OPTION } from '../wire/create.ts';

/** What the server keeps for us between two requests; it is fixed with the first one on a handle. */
const BUFFER_BYTES = 262_144;
/** Batches that wait for the caller; about as many thousands of changes. */
const QUEUE_LIMIT = 64;

export async function watch(
  line: Line,
  directory: string,
  recursive: boolean,
  maxTransactBytes: number,
): Promise<Watch> {
  const about: About = {
    doing: 'watch',
    subject: directory === '' ? 'the root of the share' : directory,
    lane: 'urgent',
  };
  const { fileId } = await line.open(
    {
      name: wirePath(directory),
      access: ACCESS.listDirectory | ACCESS.readAttributes | ACCESS.synchronize,
      disposition: DISPOSITION.open,
      options: OPTION.directory | OPTION.reparsePoint,
    },
    about,
  );
  const bufferBytes = line.payload(Math.min(BUFFER_BYTES, maxTransactBytes));
  return new DirectoryWatch(line, fileId, recursive, bufferBytes, about);
}

class DirectoryWatch implements Watch {
  readonly batches: AsyncIterable<WatchBatch>;
  readonly #line: Line;
  readonly #fileId: Buffer;
  readonly #recursive: boolean;
  readonly #bufferBytes: number;
  readonly #about: About;
  readonly #queue = new Fifo<WatchBatch>();
  #armed: Exchange | undefined;
  #ended: { why: Failure | undefined } | undefined;
  /** What waited last is an overflow: another one right behind it tells nothing new. */
  #endsInOverflow = false;
  /** Resolved when there is something to hand out, or nothing will come any more; every loop that waits hears it. */
  #news = Promise.withResolvers<void>();

  constructor(line: Line, fileId: Buffer, recursive: boolean, bufferBytes: number, about: About) {
    this.#line = line;
    this.#fileId = fileId;
    this.#recursive = recursive;
    this.#bufferBytes = bufferBytes;
    this.#about = about;
    this.batches = { [Symbol.asyncIterator]: () => this.#hand() };
    this.#arm();
  }

  close(): void {
    if (this.#ended !== undefined) return;
    this.#end(undefined);
  }

  #arm(): void {
    const part = changeNotifyRequest(this.#fileId, this.#recursive, this.#bufferBytes);
    // Nothing may happen for hours: no time limit.
    this.#armed = this.#line.send([part], this.#about, undefined);
    this.#armed.done.then(
      (answers) => this.#heard(answerAt(answers, 0)),
      (error: unknown) => this.#end(failureOf(error, this.#about.doing, this.#about.subject)),
    );
  }

  #heard(answer: Answer): void {
    if (this.#ended !== undefined) return;
    if (answer.status !== STATUS.SUCCESS && answer.status !== STATUS.NOTIFY_ENUM_DIR) {
      this.#end(statusFailure(answer.status, this.#about.doing, this.#about.subject));
      return;
    }
    this.#arm();
    try {
      this.#enqueue(batchOf(answer, this.#bufferBytes));
    } catch (error) {
      this.#end(isFailure(error) ? error : failureOf(error, this.#about.doing, this.#about.subject));
    }
  }

  #enqueue(batch: WatchBatch): void {
    if (this.#queue.length >= QUEUE_LIMIT) {
      this.#queue.drain();
      this.#push({ kind: 'overflow' });
    }
    this.#push(batch);
    this.#wake();
  }

  #push(batch: WatchBatch): void {
    const isOverflow = batch.kind === 'overflow';
    // A server that does nothing but overflow must not fill the queue, and cost what waits in it.
    if (isOverflow && this.#endsInOverflow && this.#queue.length > 0) return;
    this.#endsInOverflow = isOverflow;
    this.#queue.push(batch);
  }

  #wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers<void>();
  }

  /** Ends the waiting request and the handle; what is queued is still handed out. */
  #end(why: Failure | undefined): void {
    if (this.#ended !== undefined) return;
    this.#ended = { why };
    if (this.#armed !== undefined) this.#line.link.cancel(this.#armed);
    if (this.#line.link.failure === undefined) this.#line.closeLater(this.#fileId, this.#about);
    this.#wake();
  }

  async *#hand(): AsyncGenerator<WatchBatch, void, undefined> {
    for (;;) {
      const batch = this.#queue.shift();
      if (batch !== undefined) {
        yield batch;
        continue;
      }
      if (this.#ended !== undefined) {
        if (this.#ended.why !== undefined) throw this.#ended.why;
        return;
      }
      await this.#news.promise;
    }
  }
}

/** Success without a change is an overflow too (MS-SMB2 3.2.5.16). */
function batchOf(answer: Answer, askedBytes: number): WatchBatch {
  if (answer.status === STATUS.NOTIFY_ENUM_DIR) return { kind: 'overflow' };
  const buffer = readBufferAnswer(answer.part, askedBytes, 'the answer to CHANGE_NOTIFY');
  return buffer.length === 0 ? { kind: 'overflow' } : { kind: 'changes', ...readChanges(buffer) };
}
