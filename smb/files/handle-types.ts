/** What the SMB client offers beyond whole files: open files, holes, snapshots, the file system. Part of the contract of types.ts. */
import type { BasicInfo, FetchSink, FileTime, Stat, Tree } from '../types.ts';

/** Bytes [from, to) of a file. */
export interface Range {
  from: number;
  to: number;
}

export interface OpenOptions {
  /** `write` alone may not ask for `ranges`; `read` alone may change nothing and not `flush`. */
  access: 'read' | 'write' | 'read-write';
  /** An alternate data stream by its name, without colons. */
  stream?: string;
  /**
   * `must-exist` unless told. `must-not-exist` throws `exists`, `either` makes an empty file where there is none. With `stream` it is
   * about the stream alone: of a file that is not there it throws `not-found`, and makes none.
   */
  create?: 'must-exist' | 'must-not-exist' | 'either';
  /** A directory instead of a file: for its `stat`, `setBasic` and `flush`. */
  directory?: boolean;
}

/**
 * A file that is open, shared with everybody for everything. Like `fetch` it is what the file system behind the share makes of a
 * reparse point. Whoever opened it closes it, best by `await using`.
 *
 * Offsets and lengths are bytes, integers, and their sum at most 2^53-1 (RangeError). Once the connection is gone everything throws
 * `disconnected`: the server closed the file then, and what was not flushed may be lost. After `close` everything throws `closed`.
 * Calls may run at the same time, and then in any order.
 */
export interface FileHandle extends AsyncDisposable {
  /** As of CREATE. */
  readonly stat: Stat;
  /** Bytes [offset, offset+length), several READs at once when it is long; shorter only at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>;
  /**
   * Writes at any place, several WRITEs at once when it is long; a file that is shorter goes on with zeros. When it throws, any
   * part of it may have been written. `data` must not change until it settles.
   */
  write(offset: number, data: Buffer): Promise<void>;
  /** Cuts the file off, or goes on with zeros. */
  setEnd(size: number): Promise<void>;
  /** From now on parts without content need no space. `not-supported` where the file system has no such files. */
  setSparse(): Promise<void>;
  /** Zeros in [from, to), which in a sparse file give their space back. Never moves the end of the file. */
  punch(from: number, to: number): Promise<void>;
  /**
   * What of [from, to) may hold anything but zeros, ascending, each range once, one answer of the server at a time; all of it when
   * the file is not sparse. `not-supported` where the server cannot tell.
   */
  ranges(from: number, to: number): AsyncGenerator<Range[], void, undefined>;
  setBasic(info: BasicInfo): Promise<void>;
  /** Resolves when what was written is on the disk of the server. */
  flush(): Promise<void>;
  /**
   * Waits for the calls that are under way, then closes. The stat is as of CLOSE; undefined when the server left it out. Once more
   * is the same once.
   */
  close(): Promise<Stat | undefined>;
  /** Closes it unless that was done, and throws never: a CLOSE that does not get through finds the file closed by the server. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Takes a file with its holes apart: each byte of it comes once, as data or within a hole. */
export interface RangeSink extends FetchSink {
  /** Zeros in [from, to), which were not fetched. Holes come in order, data beside them in any. A promise is back-pressure. */
  hole(from: number, to: number): void | Promise<void>;
}

/** A previous version of a share. */
export interface Snapshot {
  /** `@GMT-2024.02.29-12.00.00`, UTC. */
  token: string;
  /** The same moment. */
  moment: FileTime;
}

/** What of a Tree only reads, and is about files. */
type Reading =
  | 'list'
  | 'stat'
  | 'fetch'
  | 'fetchRanges'
  | 'readSecurity'
  | 'streams'
  | 'extended'
  | 'reparse'
  | 'fileId';

/** A share as it was in a snapshot. */
export interface TreeView extends Pick<Tree, 'share' | Reading> {
  open(path: string, options?: Pick<OpenOptions, 'stream' | 'directory'>): Promise<FileHandle>;
}

/** The file system behind a share, as the server describes it: a Samba server says NTFS of whatever it has. */
export interface FileSystem {
  name: string;
  /** The longest name of a file, in characters, as far as the server knows. */
  maxNameLength: number;
  /** What space is given out in. */
  clusterBytes: number;
  /** What the disk is addressed in. */
  sectorBytes: number;
  /** What the disk writes in one piece; undefined when the server does not tell. */
  physicalSectorBytes: number | undefined;
  /** 32 hex digits; undefined where the volume has none. */
  objectId: string | undefined;
  /** Names that differ in case only are different files. */
  caseSensitive: boolean;
  casePreserved: boolean;
  accessRules: boolean;
  sparse: boolean;
  reparsePoints: boolean;
  streams: boolean;
  extendedAttributes: boolean;
  readOnly: boolean;
}
