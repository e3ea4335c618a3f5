/**
 * Creates a file with its content, and only that: FILE_CREATE never touches what is there (MS-SMB2 2.2.13). Small ones go in chains
 * (small-stores.ts). Times and attributes are set and everything is flushed on the same handle before it closes; when anything fails, what was
 * created is deleted.
 */
import { Failure } from '../../base/failure.ts';
import type { Answer } from '../link/exchange.ts';
import { type About, answerAt, type Line, mustSucceed } from '../link/line.ts';
import { wirePath } from '../name.ts';
import type { BasicInfo, Stat, StoreSource } from '../types.ts';
import { ACCESS, ATTRIBUTE, type Create, DISPOSITION, OPTION, PREVIOUS_FILE, readFileHandle } from '../wire/create.ts';
import type { Part } from '../wire/header.ts';
import { setBasicRequest } from '../wire/info.ts';
import { readWritten, writeRequest } from '../wire/read-write.ts';
import { flushRequest } from '../wire/simple.ts';
import { stat } from './file.ts';
import { WRITES } from './range-io.ts';
import { SmallStores, wholeRead } from './small-stores.ts';
import { type NewStream, withdraw } from './withdraw.ts';

/** Up to this size a file is written in one chain. */
const ONE_TRIP_BYTES = 65_536;
const WRITE_BYTES = 1_048_576;

/** Attributes that keep a file out of sight: it has them before anybody can see it. */
const FROM_THE_BEGINNING = ATTRIBUTE.hidden | ATTRIBUTE.system;

const RIGHTS = ACCESS.writeData | ACCESS.readAttributes | ACCESS.writeAttributes | ACCESS.delete | ACCESS.synchronize;

/** What is to be made. */
interface Making {
  create: Create;
  info: BasicInfo;
  /** Where it is not the file itself. */
  stream: NewStream | undefined;
  about: About;
}

/** Makes files with their content on one share. */
export class Storer {
  readonly #line: Line;
  readonly #maxWriteBytes: number;
  readonly #small: SmallStores;

  constructor(line: Line, maxWriteBytes: number) {
    this.#line = line;
    this.#maxWriteBytes = maxWriteBytes;
    this.#small = new SmallStores(line);
  }

  /**
   * @param info set before the file closes, so that nobody sees it with other times
   * @param stream to be made instead of the file; the caller sees to it that the file is there
   */
  async store(path: string, source: StoreSource, info: BasicInfo, stream?: NewStream): Promise<Stat> {
    const line = this.#line;
    const about: About = { doing: 'store', subject: path, lane: 'bulk' };
    const create: Create = {
      name: wirePath(path, stream?.name),
      access: RIGHTS,
      disposition: DISPOSITION.create,
      options: OPTION.nonDirectory,
      // Not the others: a file that is read-only already could not be taken away again.
      attributes: stream?.attributes ?? (info.attributes ?? 0) & FROM_THE_BEGINNING,
    };
    const making: Making = { create, info, stream, about };
    const isSmall =
      source.begin === undefined &&
      source.size > 0 &&
      source.size <= Math.min(ONE_TRIP_BYTES, line.payload(this.#maxWriteBytes));
    const alone = async (fileId: Promise<Buffer>): Promise<Stat> => this.#closed(await fileId, path, source, making);
    if (!isSmall) return alone(storeBig(line, making, source, this.#maxWriteBytes));
    if (stream !== undefined) return alone(behindGate(line, making, source));
    return this.#small.store({
      path,
      create,
      source,
      info,
      about,
      alone: () => alone(storeSmall(line, making, source)),
    });
  }

  async #closed(fileId: Buffer, path: string, source: StoreSource, { about, stream }: Making): Promise<Stat> {
    // A server may leave the attributes out of its answer to CLOSE.
    const closed = (await this.#line.close(fileId, about)) ?? (await stat(this.#line, path, stream?.name));
    if (closed.size !== source.size) throw notAsWritten(path, source.size, closed.size);
    return closed;
  }
}

async function behindGate(line: Line, making: Making, source: StoreSource): Promise<Buffer> {
  const { gate } = line.link;
  await gate.enter(source.size, 'fresh');
  return storeSmall(line, making, source).finally(() => gate.leave(source.size));
}

/** CREATE, WRITE and the end of it in one chain. CLOSE is left out: what failed is deleted through its handle. */
async function storeSmall(line: Line, making: Making, source: StoreSource): Promise<Buffer> {
  const { create, info, stream, about } = making;
  const data = await wholeRead(source, 0, source.size, about.subject);
  const chain = [line.creating(create), writeRequest(PREVIOUS_FILE, 0, data), ...finish(PREVIOUS_FILE, info)];
  const answers = await line.exchange(chain, about);
  const fileId = readFileHandle(mustSucceed(answerAt(answers, 0), about).part);
  try {
    checkWritten(answerAt(answers, 1), source.size, about);
    for (const answer of answers.slice(2)) mustSucceed(answer, about);
  } catch (error) {
    await withdraw(line, fileId, about, stream);
    throw error;
  }
  source.used?.(data);
  return fileId;
}

async function storeBig(line: Line, making: Making, source: StoreSource, maxWriteBytes: number): Promise<Buffer> {
  const { create, info, stream, about } = making;
  const { gate } = line.link;
  await gate.enter(0, 'fresh');
  const { fileId } = await line.open(create, about).finally(() => gate.leave(0));
  try {
    await source.begin?.();
    await new Writing(line, fileId, source, about).run(maxWriteBytes);
    for (const answer of await line.exchange(finish(fileId, info), about)) mustSucceed(answer, about);
  } catch (error) {
    await withdraw(line, fileId, about, stream);
    throw error;
  }
  return fileId;
}

/** Times and attributes, then the flush, so that they are on the disk too. */
function finish(fileId: Buffer, info: BasicInfo): Part[] {
  return [setBasicRequest(fileId, info), flushRequest(PREVIOUS_FILE)];
}

function checkWritten(answer: Answer, length: number, about: About): void {
  const written = readWritten(mustSucceed(answer, about).part);
  if (written !== length) throw notAsWritten(about.subject, length, written);
}

/** Several WRITEs in flight on one open file. */
class Writing {
  readonly #line: Line;
  readonly #fileId: Buffer;
  readonly #source: StoreSource;
  readonly #about: About;
  #next = 0;
  #stopped = false;

  constructor(line: Line, fileId: Buffer, source: StoreSource, about: About) {
    this.#line = line;
    this.#fileId = fileId;
    this.#source = source;
    this.#about = about;
  }

  /** Settles only when nothing is in flight any more. */
  async run(maxWriteBytes: number): Promise<void> {
    const chunkBytes = this.#line.payload(Math.min(WRITE_BYTES, maxWriteBytes));
    const writers = Math.min(WRITES, Math.ceil(this.#source.size / chunkBytes));
    const outcomes = await Promise.allSettled(Array.from({ length: writers }, () => this.#writeChunks(chunkBytes)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #writeChunks(chunkBytes: number): Promise<void> {
    while (this.#next < this.#source.size && !this.#stopped) {
      const offset = this.#next;
      const length = Math.min(chunkBytes, this.#source.size - offset);
      this.#next = offset + length;
      try {
        await this.#writeOnce(offset, length);
      } catch (error) {
        this.#stopped = true;
        throw error;
      }
    }
  }

  /** The source is read behind the gate, so that only what is about to be sent is in memory. */
  async #writeOnce(offset: number, length: number): Promise<void> {
    const { gate } = this.#line.link;
    await gate.enter(length, 'continuing');
    try {
      const data = await wholeRead(this.#source, offset, length, this.#about.subject);
      const answers = await this.#line.exchange([writeRequest(this.#fileId, offset, data)], this.#about);
      checkWritten(answerAt(answers, 0), length, this.#about);
      this.#source.used?.(data);
    } finally {
      gate.leave(length);
    }
  }
}

function notAsWritten(path: string, wanted: number, found: number): Failure {
  return new Failure({
    code: 'nt-status',
    doing: 'store',
    subject: path,
    what: `the server holds ${found} bytes of ${wanted}`,
    hint: 'look at the free space and the log of the server',
    retry: true,
  });
}
