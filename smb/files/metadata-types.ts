/** What the SMB client offers about a file beyond content, times and rules. Part of the contract of types.ts. */

/** Which stream of a file is meant. */
export interface StreamChoice {
  /** A named stream (MS-FSCC 2.1.5.3) by its name alone; the file's content unless told. Times and attributes are those of the file. */
  stream?: string;
}

/** A named stream. */
export interface StreamInfo {
  name: string;
  size: number;
  allocatedBytes: number;
}

export interface Streams {
  streams: StreamInfo[];
  /** Streams that hold no data, and names that are not safe to use, escaped for people. Who copies by this list has not all of the file. */
  refused: string[];
}

/** MS-FSCC 2.4.16. */
export interface ExtendedAttribute {
  /** 1 to 255 characters of one byte each. Windows makes capitals of them, and both Windows and Samba compare without case. */
  name: string;
  value: Buffer;
  /** FILE_NEED_EA: who does not understand it must not use the file. */
  needed: boolean;
}

/** Where a symbolic link or a mount point leads (MS-FSCC 2.1.2.4, 2.1.2.5). Untrusted text: never a path to use as it is. */
export type ReparseTarget =
  | { kind: 'symlink'; substitute: string; shown: string /** From the folder that it is in. */; relative: boolean }
  | { kind: 'mount-point'; substitute: string; shown: string };

/** What a link, a junction or a placeholder holds (MS-FSCC 2.1.2). */
export interface ReparsePoint {
  /** Tags of Microsoft have the highest bit set. */
  tag: number;
  /** The GUID of whoever made it, 32 hex digits as on the wire; undefined for tags of Microsoft. */
  owner: string | undefined;
  /** All behind the head, at most 16,376 bytes. */
  data: Buffer;
  /** What `data` says, for the tags of which we know it. */
  target: ReparseTarget | undefined;
}

/** The part of Tree that is about one file's metadata. A path that ends in a reparse point means the reparse point itself. */
export interface TreeMetadata {
  /** The named streams of a file or directory; none where the file system has no such thing. */
  streams(path: string): Promise<Streams>;
  /** Removes a named stream; the file and its content stay. */
  removeStream(path: string, stream: string): Promise<void>;
  /** All extended attributes (FileFullEaInformation, MS-FSCC 2.4.16). */
  extended(path: string): Promise<ExtendedAttribute[]>;
  /**
   * Sets these and leaves the others; one with an empty value goes. `bad-name` for a name that the server does not take, `no-space`
   * when they take more than 65,535 bytes. A server may set some of them and then fail.
   */
  setExtended(path: string, attributes: readonly ExtendedAttribute[]): Promise<void>;
  /** Undefined for what is no reparse point (FSCTL_GET_REPARSE_POINT, MS-FSCC 2.3.29). */
  reparse(path: string): Promise<ReparsePoint | undefined>;
  /**
   * Makes a reparse point of an empty file or directory, or changes one of the same tag and owner (FSCTL_SET_REPARSE_POINT). Of
   * `target`, where it is there, the data is made. `not-supported` where the file system has none.
   */
  setReparse(path: string, point: Omit<ReparsePoint, 'target'> | ReparseTarget): Promise<void>;
  /** Makes an ordinary file or directory of it, if it has this tag and owner (FSCTL_DELETE_REPARSE_POINT). */
  removeReparse(path: string, point: Pick<ReparsePoint, 'tag' | 'owner'>): Promise<void>;
  /** Gives a file one more name (FileLinkInformation, MS-FSCC 2.4.28.2); `exists` when it is taken, unless `replace`. */
  link(path: string, name: string, options: { replace: boolean }): Promise<void>;
  /** How many names a file has. Their list does not go over the wire (MS-SMB2 2.2.37). */
  linkCount(path: string): Promise<number>;
  /**
   * The path as the server spells it: right case, long names for 8.3 ones (FileNormalizedNameInformation, MS-FSCC 2.4).
   * `not-supported` below SMB 3.1.1. Throws `malformed` for a name that is not safe to use.
   */
  canonicalPath(path: string): Promise<string>;
  /** The 8.3 name of the last component (FileAlternateNameInformation, MS-FSCC 2.4.5); undefined when it has none. */
  shortName(path: string): Promise<string | undefined>;
  /** 64-bit file id of the volume (MS-FSCC 2.1.9); 0n where the server has none. */
  fileId(path: string): Promise<bigint>;
}
