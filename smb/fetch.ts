/**
 * Reads a whole file. A small one is one round trip, or a part of one (small-reads.ts). Of a big one many READs are in flight at once;
 * Samba answers those from several threads, a chain from one.
 * What CREATE and CLOSE tell lets the caller see that the file moved while it was read: SMB gives no snapshot.
 */
import { stat } from './file.ts';
import { type About, answerAt, type Line } from './line.ts';
import { wirePath } from './name.ts';
import { dataOf, SmallReads } from './small-reads.ts';
import type { Fetched, FetchSink, Stat } from './types.ts';
import { badAnswer } from './wire/bytes.ts';
import { ACCESS, type Create, DISPOSITION, OPTION } from './wire/create.ts';
import { readRequest } from './wire/read-write.ts';

/** Up to this size a file is read in one chain. */
const ONE_TRIP_BYTES = 262_144;
const UNIT_BYTES = 65_536;
/** One READ of a big file, and how many of one file are in flight. */
const READ_BYTES = 1_048_576;
const READS = 8;
/** Answers of one file that may be shorter than asked although the file goes on. */
const SHORT_LIMIT = 1_000;

/** Whole files of one share. */
export class Fetcher {
  readonly #line: Line;
  readonly #maxReadBytes: number;
  readonly #small: SmallReads;

  constructor(line: Line, maxReadBytes: number) {
    this.#line = line;
    this.#maxReadBytes = maxReadBytes;
    this.#small = new SmallReads(line);
  }

  /**
   * @param sizeHint the size that is expected; a wrong one costs a round trip
   * @param stream to be read instead of the content
   */
  async fetch(path: string, sizeHint: number, sink: FetchSink, stream?: string): Promise<Fetched> {
    const line = this.#line;
    const about: About = { doing: 'read', subject: path, lane: 'bulk' };
    const create: Create = {
      name: wirePath(path, stream),
      access: ACCESS.readData | ACCESS.readAttributes | ACCESS.synchronize,
      disposition: DISPOSITION.open,
      // Not the reparse point itself: of a deduplicated or archived file that would be a hole instead of its content.
      // A symbolic link is still not followed: the server answers STOPPED_ON_SYMLINK and leaves that to us (MS-SMB2 2.2.2.2.1).
      options: OPTION.nonDirectory,
    };
    const look = (): Promise<Stat> => stat(line, path, stream);
    const bytes = Math.max(1, Math.ceil(sizeHint / UNIT_BYTES)) * UNIT_BYTES;
    if (bytes <= Math.min(ONE_TRIP_BYTES, line.payload(this.#maxReadBytes))) {
      const fetched = await this.#small.read({ create, bytes, sink, about, look });
      if (fetched !== undefined) return fetched;
    }
    return fetchBig(line, look, create, sink, this.#maxReadBytes, about);
  }
}

async function fetchBig(
  line: Line,
  look: () => Promise<Stat>,
  create: Create,
  sink: FetchSink,
  maxReadBytes: number,
  about: About,
): Promise<Fetched> {
  const { gate } = line.link;
  await gate.enter(0, 'fresh');
  const created = await line.open(create, about).finally(() => gate.leave(0));
  const { fileId, stat: before } = created;
  let bytes: number;
  try {
    sink.begin?.(before);
    bytes = await new BigRead(line, fileId, before.size, sink, about).run(maxReadBytes);
  } catch (error) {
    line.closeLater(fileId, about);
    throw error;
  }
  const after = (await line.close(fileId, about)) ?? (await look());
  return { before, after, bytes };
}

/** Several READs in flight on one open file. */
class BigRead {
  readonly #line: Line;
  readonly #fileId: Buffer;
  readonly #sink: FetchSink;
  readonly #about: About;
  /** Where the file ends: as CREATE told, or earlier when it was cut meanwhile. */
  #end: number;
  #next = 0;
  #bytes = 0;
  #short = 0;
  #stopped = false;

  constructor(line: Line, fileId: Buffer, size: number, sink: FetchSink, about: About) {
    this.#line = line;
    this.#fileId = fileId;
    this.#end = size;
    this.#sink = sink;
    this.#about = about;
  }

  /** Returns the bytes that were handed out. Settles only when nothing is in flight any more. */
  async run(maxReadBytes: number): Promise<number> {
    const chunkBytes = this.#line.payload(Math.min(READ_BYTES, maxReadBytes));
    const readers = Math.min(READS, Math.ceil(this.#end / chunkBytes));
    const outcomes = await Promise.allSettled(Array.from({ length: readers }, () => this.#readChunks(chunkBytes)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return this.#bytes;
  }

  async #readChunks(chunkBytes: number): Promise<void> {
    while (this.#next < this.#end && !this.#stopped) {
      const from = this.#next;
      const to = Math.min(from + chunkBytes, this.#end);
      this.#next = to;
      try {
        await this.#readRange(from, to);
      } catch (error) {
        this.#stopped = true;
        throw error;
      }
    }
  }

  async #readRange(from: number, to: number): Promise<void> {
    for (let at = from; at < to && !this.#stopped; ) {
      const got = await this.#readOnce(at, to - at);
      if (got === 0) {
        this.#end = Math.min(this.#end, at);
        return;
      }
      at += got;
      if (at < to) this.#short += 1;
      if (this.#short > SHORT_LIMIT)
        throw badAnswer('the server answers nearly every READ with less than was asked for');
    }
  }

  /** The gate is held until the sink has taken the data: a slow sink slows the reading down, not the memory up. */
  async #readOnce(offset: number, length: number): Promise<number> {
    const { gate } = this.#line.link;
    await gate.enter(length, 'continuing');
    try {
      const answer = answerAt(await this.#line.exchange([readRequest(this.#fileId, offset, length)], this.#about), 0);
      const data = dataOf(answer, length, this.#about);
      if (data.length > 0 && !this.#stopped) {
        await this.#sink.data(data, offset);
        this.#bytes += data.length;
      }
      return data.length;
    } finally {
      gate.leave(length);
    }
  }
}
