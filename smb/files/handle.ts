/**
 * An open file: reads and writes anywhere in it, cuts it, makes and finds its holes. CREATE and CLOSE are round trips of their own,
 * so that whoever looks at one file several times looks at the same one.
 */
import { Failure } from '../../base/failure.ts';
import { printable } from '../../base/human.ts';
import type { Lane } from '../link/exchange.ts';
import type { About, Line } from '../link/line.ts';
import { wirePath } from '../name.ts';
import type { BasicInfo, Stat } from '../types.ts';
import { ACCESS, type Create, type Created, closeRequest, DISPOSITION, OPTION, readClosed } from '../wire/create.ts';
import { setBasicRequest, setEndRequest } from '../wire/info.ts';
import { setSparseRequest, setZeroRequest } from '../wire/ranges.ts';
import { flushRequest } from '../wire/simple.ts';
import type { FileHandle, OpenOptions, Range } from './handle-types.ts';
import { readRange, writeRange } from './range-io.ts';
import { allocatedRanges } from './ranges.ts';
import { besideFile } from './streams.ts';

/** What one READ or WRITE may carry, as NEGOTIATE told. */
export interface Sizes {
  maxReadBytes: number;
  maxWriteBytes: number;
}

const READING = ACCESS.readData | ACCESS.readAttributes | ACCESS.synchronize;
const WRITING = ACCESS.writeData | ACCESS.readAttributes | ACCESS.writeAttributes | ACCESS.synchronize;
const RIGHTS = { read: READING, write: WRITING, 'read-write': READING | WRITING } as const;
const DISPOSITIONS = {
  'must-exist': DISPOSITION.open,
  'must-not-exist': DISPOSITION.create,
  either: DISPOSITION.openIf,
} as const;

/** The caller owes the `close`. */
export async function openFile(line: Line, path: string, options: OpenOptions, sizes: Sizes): Promise<FileHandle> {
  const subject = options.stream === undefined ? path : printable(`${path}:${options.stream}`);
  const create: Create = {
    name: wirePath(path, options.stream),
    access: RIGHTS[options.access],
    disposition: DISPOSITIONS[options.create ?? 'must-exist'],
    // Of a file what stands behind its reparse point, as in `fetch`; of a directory the reparse point itself, as everywhere.
    options: options.directory === true ? OPTION.directory | OPTION.reparsePoint : OPTION.nonDirectory,
  };
  const about: About = { doing: 'open', subject, lane: 'urgent' };
  const mayMakeStream = options.stream !== undefined && create.disposition !== DISPOSITION.open;
  const created = mayMakeStream
    ? await besideFile(line, path, about, (attributes) => line.open({ ...create, attributes }, about))
    : await line.open(create, about);
  return new Handle(line, created, subject, sizes);
}

class Handle implements FileHandle {
  readonly stat: Stat;
  readonly #line: Line;
  readonly #fileId: Buffer;
  readonly #subject: string;
  readonly #sizes: Sizes;
  /** What CLOSE has to wait for: it goes out at once and would overtake WRITEs that wait for their turn. */
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<Stat | undefined> | undefined;

  constructor(line: Line, created: Created, subject: string, sizes: Sizes) {
    this.stat = created.stat;
    this.#line = line;
    this.#fileId = created.fileId;
    this.#subject = subject;
    this.#sizes = sizes;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const range = rangeOf(offset, offset + length);
    if (length === 0) return Buffer.alloc(0);
    return this.#during('read', 'bulk', (about) =>
      readRange(this.#line, this.#fileId, range, this.#sizes.maxReadBytes, about),
    );
  }

  async write(offset: number, data: Buffer): Promise<void> {
    rangeOf(offset, offset + data.length);
    await this.#during('write', 'bulk', (about) =>
      writeRange(this.#line, this.#fileId, offset, data, this.#sizes.maxWriteBytes, about),
    );
  }

  async setEnd(size: number): Promise<void> {
    rangeOf(0, size);
    const part = setEndRequest(this.#fileId, size);
    await this.#during('set the size of', 'urgent', (about) => this.#line.ask(part, about));
  }

  async setSparse(): Promise<void> {
    const part = setSparseRequest(this.#fileId);
    await this.#during('make sparse', 'urgent', (about) => this.#line.ask(part, about));
  }

  async punch(from: number, to: number): Promise<void> {
    const part = setZeroRequest(this.#fileId, rangeOf(from, to));
    await this.#during('make a hole in', 'urgent', (about) => this.#line.ask(part, about));
  }

  async *ranges(from: number, to: number): AsyncGenerator<Range[], void, undefined> {
    const about: About = { doing: 'ask for the holes of', subject: this.#subject, lane: 'urgent' };
    const answers = allocatedRanges(this.#line, this.#fileId, rangeOf(from, to), about);
    for (;;) {
      const next = await this.#during(about.doing, about.lane, () => answers.next());
      if (next.done === true) return;
      yield next.value;
    }
  }

  async setBasic(info: BasicInfo): Promise<void> {
    const part = setBasicRequest(this.#fileId, info);
    await this.#during('set times of', 'urgent', (about) => this.#line.ask(part, about));
  }

  async flush(): Promise<void> {
    await this.#during('flush', 'urgent', (about) => this.#line.ask(flushRequest(this.#fileId), about));
  }

  close(): Promise<Stat | undefined> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => undefined);
  }

  async #close(): Promise<Stat | undefined> {
    await Promise.allSettled(this.#underWay);
    const about: About = { doing: 'close', subject: this.#subject, lane: 'urgent' };
    this.#mustBeConnected(about.doing);
    const { part } = await this.#line.ask(closeRequest(this.#fileId, true), about);
    return readClosed(part);
  }

  async #during<T>(doing: string, lane: Lane, work: (about: About) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw closed(doing, this.#subject);
    this.#mustBeConnected(doing);
    const running = work({ doing, subject: this.#subject, lane });
    this.#underWay.add(running);
    try {
      return await running;
    } finally {
      this.#underWay.delete(running);
    }
  }

  #mustBeConnected(doing: string): void {
    const why = this.#line.link.failure;
    if (why !== undefined) throw gone(doing, this.#subject, why);
  }
}

/** @throws RangeError when these are no places of a file */
function rangeOf(from: number, to: number): Range {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to < from)
    throw new RangeError(`not a range of bytes: ${from} to ${to}`);
  return { from, to };
}

function closed(doing: string, subject: string): Failure {
  return new Failure({
    code: 'closed',
    doing,
    subject,
    what: 'it was closed before',
    hint: 'open it again',
  });
}

function gone(doing: string, subject: string, why: Failure): Failure {
  return new Failure({
    code: 'disconnected',
    doing,
    subject,
    what: `the connection that it was opened on has ended: ${why.what}`,
    hint: 'connect and open it again; what was not flushed may be missing',
    retry: true,
    cause: why,
  });
}
