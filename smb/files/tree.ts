/** A share that is connected: every operation of the Tree, each in a file of its own. */

import type { Line } from '../link/line.ts';
import type {
  BasicInfo,
  ExtendedAttribute,
  Fetched,
  FetchSink,
  FileHandle,
  FileSystem,
  ListBatch,
  OpenOptions,
  RangeSink,
  ReparsePoint,
  ReparseTarget,
  ServerInfo,
  Snapshot,
  Stat,
  Still,
  StoreSource,
  StreamChoice,
  Streams,
  Tree,
  TreeView,
  Watch,
} from '../types.ts';
import { treeDisconnectRequest } from '../wire/simple.ts';
import { extended, setExtended } from './extended.ts';
import { Fetcher } from './fetch.ts';
import { fetchRanges } from './fetch-ranges.ts';
import {
  alone,
  fileId,
  identity,
  makeDirectory,
  readSecurity,
  removeDirectory,
  removeFile,
  rename,
  setBasic,
  space,
  stat,
  writeSecurity,
} from './file.ts';
import { openFile } from './handle.ts';
import { canonicalPath, link, linkCount, shortName } from './links.ts';
import { list } from './list.ts';
import { removeReparse, reparse, setReparse } from './reparse.ts';
import { copy } from './server-copy.ts';
import { SnapshotView } from './snapshot-view.ts';
import { mustBeKept, snapshots } from './snapshots.ts';
import { Storer } from './store.ts';
import { removeStream, storeStream, streams } from './streams.ts';
import { fileSystem } from './volume.ts';
import { watch } from './watch.ts';

export class SmbTree implements Tree {
  readonly share: string;
  readonly #line: Line;
  readonly #server: ServerInfo;
  readonly #fetcher: Fetcher;
  readonly #storer: Storer;

  constructor(share: string, line: Line, server: ServerInfo) {
    this.share = share;
    this.#line = line;
    this.#server = server;
    this.#fetcher = new Fetcher(line, server.maxReadBytes);
    this.#storer = new Storer(line, server.maxWriteBytes);
  }

  list(directory: string): AsyncGenerator<ListBatch, void, undefined> {
    return list(this.#line, directory, this.#server.maxTransactBytes);
  }

  stat(path: string): Promise<Stat> {
    return stat(this.#line, path);
  }

  alone(path: string): Promise<Stat> {
    return alone(this.#line, path);
  }

  fetch(path: string, sizeHint: number, sink: FetchSink, { stream }: StreamChoice = {}): Promise<Fetched> {
    return this.#fetcher.fetch(path, sizeHint, sink, stream);
  }

  fetchRanges(path: string, sink: RangeSink): Promise<Fetched> {
    return fetchRanges(this.#line, path, sink, this.#server.maxReadBytes);
  }

  open(path: string, options: OpenOptions): Promise<FileHandle> {
    return openFile(this.#line, path, options, this.#server);
  }

  store(path: string, source: StoreSource, info: BasicInfo = {}, { stream }: StreamChoice = {}): Promise<Stat> {
    return stream === undefined
      ? this.#storer.store(path, source, info)
      : storeStream(this.#line, this.#storer, path, stream, source, info);
  }

  copy(from: string, to: string): Promise<Stat> {
    return copy(this.#line, from, to);
  }

  makeDirectory(path: string, options: { attributes?: number } = {}): Promise<void> {
    return makeDirectory(this.#line, path, options.attributes);
  }

  rename(from: string, to: string, options: { replace: boolean }): Promise<void> {
    return rename(this.#line, from, to, options.replace);
  }

  removeFile(path: string, still?: Still): Promise<void> {
    return removeFile(this.#line, path, still);
  }

  removeDirectory(path: string): Promise<void> {
    return removeDirectory(this.#line, path);
  }

  setBasic(path: string, info: BasicInfo, still?: Still): Promise<void> {
    return setBasic(this.#line, path, info, still);
  }

  readSecurity(path: string, options = { sacl: false }): Promise<Buffer> {
    return readSecurity(this.#line, path, options.sacl);
  }

  writeSecurity(path: string, descriptor: Buffer, options = { sacl: false }): Promise<void> {
    return writeSecurity(this.#line, path, descriptor, options.sacl);
  }

  streams(path: string): Promise<Streams> {
    return streams(this.#line, path, this.#server.maxTransactBytes);
  }

  removeStream(path: string, stream: string): Promise<void> {
    return removeStream(this.#line, path, stream);
  }

  extended(path: string): Promise<ExtendedAttribute[]> {
    return extended(this.#line, path);
  }

  setExtended(path: string, attributes: readonly ExtendedAttribute[]): Promise<void> {
    return setExtended(this.#line, path, attributes);
  }

  reparse(path: string): Promise<ReparsePoint | undefined> {
    return reparse(this.#line, path);
  }

  setReparse(path: string, point: Omit<ReparsePoint, 'target'> | ReparseTarget): Promise<void> {
    return setReparse(this.#line, path, point);
  }

  removeReparse(path: string, point: Pick<ReparsePoint, 'tag' | 'owner'>): Promise<void> {
    return removeReparse(this.#line, path, point);
  }

  link(path: string, name: string, options: { replace: boolean }): Promise<void> {
    return link(this.#line, path, name, options.replace);
  }

  linkCount(path: string): Promise<number> {
    return linkCount(this.#line, path);
  }

  canonicalPath(path: string): Promise<string> {
    return canonicalPath(this.#line, path);
  }

  shortName(path: string): Promise<string | undefined> {
    return shortName(this.#line, path);
  }

  fileId(path: string): Promise<bigint> {
    return fileId(this.#line, path);
  }

  watch(directory: string, options: { recursive: boolean }): Promise<Watch> {
    return watch(this.#line, directory, options.recursive, this.#server.maxTransactBytes);
  }

  space(): Promise<{ totalBytes: number; freeBytes: number }> {
    return space(this.#line);
  }

  identity(): Promise<{ volumeSerial: number; rootFileId: bigint }> {
    return identity(this.#line);
  }

  fileSystem(): Promise<FileSystem> {
    return fileSystem(this.#line);
  }

  snapshots(): Promise<Snapshot[]> {
    return snapshots(this.#line, this.#server.maxTransactBytes);
  }

  async at(snapshot: Snapshot): Promise<TreeView> {
    mustBeKept(snapshot, await this.snapshots());
    return new SnapshotView(this.share, this.#line.at(snapshot.moment), this.#server);
  }

  async disconnect(): Promise<void> {
    const about = { doing: 'disconnect from', subject: this.share, lane: 'urgent' } as const;
    await this.#line.ask(treeDisconnectRequest(), about);
  }
}
