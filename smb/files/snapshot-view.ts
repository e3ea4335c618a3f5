/** A share as it was in a snapshot: the operations that read, over a line that opens everything at that moment. */

import type { Line } from '../link/line.ts';
import type {
  ExtendedAttribute,
  Fetched,
  FetchSink,
  FileHandle,
  ListBatch,
  OpenOptions,
  RangeSink,
  ReparsePoint,
  ServerInfo,
  Stat,
  StreamChoice,
  Streams,
  TreeView,
} from '../types.ts';
import { extended } from './extended.ts';
import { Fetcher } from './fetch.ts';
import { fetchRanges } from './fetch-ranges.ts';
import { fileId, readSecurity, stat } from './file.ts';
import { openFile } from './handle.ts';
import { list } from './list.ts';
import { reparse } from './reparse.ts';
import { streams } from './streams.ts';

export class SnapshotView implements TreeView {
  readonly share: string;
  readonly #line: Line;
  readonly #server: ServerInfo;
  readonly #fetcher: Fetcher;

  /** @param line one that is at the snapshot */
  constructor(share: string, line: Line, server: ServerInfo) {
    this.share = share;
    this.#line = line;
    this.#server = server;
    this.#fetcher = new Fetcher(line, server.maxReadBytes);
  }

  list(directory: string): AsyncGenerator<ListBatch, void, undefined> {
    return list(this.#line, directory, this.#server.maxTransactBytes);
  }

  stat(path: string): Promise<Stat> {
    return stat(this.#line, path);
  }

  fetch(path: string, sizeHint: number, sink: FetchSink, { stream }: StreamChoice = {}): Promise<Fetched> {
    return this.#fetcher.fetch(path, sizeHint, sink, stream);
  }

  fetchRanges(path: string, sink: RangeSink): Promise<Fetched> {
    return fetchRanges(this.#line, path, sink, this.#server.maxReadBytes);
  }

  readSecurity(path: string, options = { sacl: false }): Promise<Buffer> {
    return readSecurity(this.#line, path, options.sacl);
  }

  streams(path: string): Promise<Streams> {
    return streams(this.#line, path, this.#server.maxTransactBytes);
  }

  extended(path: string): Promise<ExtendedAttribute[]> {
    return extended(this.#line, path);
  }

  reparse(path: string): Promise<ReparsePoint | undefined> {
    return reparse(this.#line, path);
  }

  fileId(path: string): Promise<bigint> {
    return fileId(this.#line, path);
  }

  open(path: string, options: Pick<OpenOptions, 'stream' | 'directory'> = {}): Promise<FileHandle> {
    return openFile(this.#line, path, { ...options, access: 'read' }, this.#server);
  }
}
