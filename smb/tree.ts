/** A share that is connected: every operation of the Tree, each in a file of its own. */
import { fetch } from './fetch.ts';
import {
  alone,
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
import type { Line } from './line.ts';
import { list } from './list.ts';
import { store } from './store.ts';
import type {
  BasicInfo,
  Fetched,
  FetchSink,
  ListBatch,
  ServerInfo,
  Stat,
  Still,
  StoreSource,
  Tree,
  Watch,
} from './types.ts';
import { watch } from './watch.ts';
import { treeDisconnectRequest } from './wire/simple.ts';

export class SmbTree implements Tree {
  readonly share: string;
  readonly #line: Line;
  readonly #server: ServerInfo;

  constructor(share: string, line: Line, server: ServerInfo) {
    this.share = share;
    this.#line = line;
    this.#server = server;
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

  fetch(path: string, sizeHint: number, sink: FetchSink): Promise<Fetched> {
    return fetch(this.#line, path, sizeHint, sink, this.#server.maxReadBytes);
  }

  store(path: string, source: StoreSource, info: BasicInfo = {}): Promise<Stat> {
    return store(this.#line, path, source, info, this.#server.maxWriteBytes);
  }

  makeDirectory(path: string): Promise<void> {
    return makeDirectory(this.#line, path);
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

  readSecurity(path: string): Promise<Buffer> {
    return readSecurity(this.#line, path);
  }

  writeSecurity(path: string, descriptor: Buffer): Promise<void> {
    return writeSecurity(this.#line, path, descriptor);
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

  async disconnect(): Promise<void> {
    const about = { doing: 'disconnect from', subject: this.share, lane: 'urgent' } as const;
    await this.#line.ask(treeDisconnectRequest(), about);
  }
}
