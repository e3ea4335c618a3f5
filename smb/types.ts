/**
 * What the SMB client offers, as interfaces: whoever mirrors, restores or checks knows these and not the wire.
 *
 * Paths are relative to the share, components joined by «/», no leading or trailing «/»; the share's root is ''.
 * The client turns them into the wire's form (MS-SMB2 2.2.13) and refuses a component that is empty, «.», «..», or holds
 * «/», «\», NUL, a control character or a lone surrogate (code `bad-name`). Names that the server sends are judged by
 * the same rule before anyone sees them.
 *
 * Everything that fails throws a Failure. Codes callers may rely on:
 *   unreachable (no route, no answer to TCP), refused (a living host answers RST), timeout (connected, and no answer in time),
 *   smb1-only, no-signing, guest-only, wrong-password, account-locked, account-disabled, password-expired, logon-denied,
 *   bad-share, access-denied, not-found, exists, not-a-directory, is-a-directory, not-empty, sharing-violation, locked,
 *   delete-pending, changed (what was read or is to be changed is not what it was), no-space, bad-name, disconnected,
 *   bad-signature, malformed, session-expired, not-supported, nt-status (any other).
 * The message holds the NT status by name, what was tried, and a hint.
 */

/** 100 ns units since 1601-01-01 UTC (MS-DTYP 2.3.3); 0 means «not known». */
export type FileTime = bigint;

export interface Credentials {
  user: string;
  /** NetBIOS or DNS domain as typed; '' for a workgroup server. */
  domain: string;
  /** Never logged, never part of a message. */
  password: string;
}

export interface ConnectOptions {
  host: string;
  /** TCP port, 445 unless told. */
  port?: number;
  /** Milliseconds for TCP connect and for NEGOTIATE, each. */
  connectTimeoutMs: number;
  /**
   * Milliseconds for every later answer (CHANGE_NOTIFY excepted); a request that exceeds it closes the connection (timeout).
   * Once the server has said that it works on a request (STATUS_PENDING), that one has 60,000 ms from there, where this is less:
   * a server waits up to 35 s for a client that holds an oplock on the file.
   */
  requestTimeoutMs: number;
}

/** What NEGOTIATE told (MS-SMB2 2.2.4). */
export interface ServerInfo {
  /** ServerGuid, 32 hex digits: the identity of the server process. */
  guid: string;
  dialect: 0x0311 | 0x0302 | 0x0300 | 0x0210;
  maxReadBytes: number;
  maxWriteBytes: number;
  maxTransactBytes: number;
  /** The server's clock at NEGOTIATE. */
  systemTime: FileTime;
  signing: 'aes-gmac' | 'aes-cmac' | 'hmac-sha256';
  cipher: 'aes-128-gcm' | 'aes-128-ccm' | 'aes-256-gcm' | 'aes-256-ccm' | undefined;
}

export interface Connection {
  readonly server: ServerInfo;
  /** SMB2 ECHO (MS-SMB2 2.2.28); milliseconds it took. A missed one does not close the connection: the caller judges. */
  echo(timeoutMs: number): Promise<number>;
  /** Logs on with NTLMv2 in SPNEGO. Guest and anonymous sessions are refused (guest-only). */
  logon(credentials: Credentials): Promise<Session>;
  close(): void;
  /** Resolves once, with why the connection ended. */
  readonly closed: Promise<Error>;
}

export interface ShareInfo {
  name: string;
  comment: string;
  kind: 'disk' | 'printer' | 'pipe' | 'device';
  /** Hidden or administrative (STYPE_SPECIAL, or a name that ends with $). */
  special: boolean;
}

export interface Session {
  readonly connection: Connection;
  /** NetrShareEnum over \srvsvc (MS-SRVS 3.1.4.8). */
  shares(): Promise<ShareInfo[]>;
  /** TREE_CONNECT (MS-SMB2 2.2.9). Throws bad-share when there is none of that name. */
  tree(share: string): Promise<Tree>;
  logoff(): Promise<void>;
}

export interface Stat {
  directory: boolean;
  /** EndOfFile. Throws `malformed` beyond 2^53-1 rather than lose digits. */
  size: number;
  allocatedBytes: number;
  /** FILE_ATTRIBUTE_* bits (MS-FSCC 2.6). */
  attributes: number;
  created: FileTime;
  accessed: FileTime;
  written: FileTime;
  /** ChangeTime: moves with metadata too. */
  changed: FileTime;
}

export interface Entry extends Stat {
  name: string;
  /** 64-bit file id of the volume; 0n where the server has none. Not unique on every server: never the only key. */
  fileId: bigint;
  /** Reparse tag when attribute 0x400 is set, else 0. */
  reparseTag: number;
}

/** One answer's worth of a directory, «.» and «..» left out. */
export interface ListBatch {
  entries: Entry[];
  /** Names that were not safe to use, escaped for people. Whoever deletes by absence must treat the directory as not fully listed. */
  refused: string[];
}

export interface FetchSink {
  /** Once, before any data, with what CREATE told. May throw to stop: `fetch` closes the file and throws the same. */
  begin?(before: Stat): void;
  /**
   * In any order of offsets, each byte once. A returned promise is back-pressure. The chunk belongs to the sink from now on.
   * May throw, or reject, to stop, as `begin` may; calls that are under way by then still end.
   */
  data(chunk: Buffer, offset: number): void | Promise<void>;
}

export interface Fetched {
  /** As of CREATE. */
  before: Stat;
  /** As of CLOSE with post-query (MS-SMB2 2.2.15): differs from `before` when the file moved while it was read. */
  after: Stat;
  bytes: number;
}

export interface StoreSource {
  size: number;
  /**
   * Once, when the file is there and still empty: the moment to give it access rules. May throw, or reject, to stop; the file goes
   * away then. Without it a small file takes fewer round trips.
   */
  begin?(): Promise<void>;
  /** Bytes [offset, offset+length); shorter only at the end. */
  read(offset: number, length: number): Buffer | Promise<Buffer>;
}

export interface BasicInfo {
  created?: FileTime;
  accessed?: FileTime;
  written?: FileTime;
  changed?: FileTime;
  attributes?: number;
}

/** MS-FSCC 2.7.1 actions in words; renames come as a pair `renamed-from`, `renamed-to`, perhaps in two batches. */
export type ChangeAction = 'added' | 'removed' | 'modified' | 'renamed-from' | 'renamed-to' | 'stream';

export type WatchBatch =
  | { kind: 'changes'; changes: { action: ChangeAction; path: string }[]; refused: string[] }
  /** The server lost events: everything below must be looked at again. */
  | { kind: 'overflow' };

export interface Watch {
  /** Ends when the watch is closed; throws when the connection or the directory is gone. Re-armed before a batch is handed out. */
  readonly batches: AsyncIterable<WatchBatch>;
  close(): void;
}

/** Whether a file, as its own opening shows it, still is what the caller means. */
export type Still = (now: Stat) => boolean;

/**
 * A share that is connected. Unless told otherwise everything is opened with share mode read|write|delete, and a path that ends
 * in a reparse point means the reparse point itself.
 *
 * `fetch` is the exception: it opens what the file system behind the share makes of the reparse point, since that is where the
 * content of deduplicated, compressed and tiered files is. It cannot leave the share by it: of a symbolic link a server does not
 * open the target, it leaves that to the client (STATUS_STOPPED_ON_SYMLINK, MS-SMB2 2.2.2.2.1), and we do not follow
 * (`not-supported`); a junction or mount point is a directory, which a file's opening refuses (`is-a-directory`). Links in the
 * middle of a path are the server's own: it resolves junctions there by itself. A Samba server resolves its symbolic links itself,
 * and keeps them inside the share unless its administrator has set `wide links`.
 */
export interface Tree {
  readonly share: string;
  /**
   * Lists a directory, batch by batch. The generator returns only after STATUS_NO_MORE_FILES: a listing that ends any other
   * way throws, so «it returned» is the proof that the list is complete.
   */
  list(directory: string): AsyncGenerator<ListBatch, void, undefined>;
  /** By an attribute-only open: works on files that others hold exclusively, and is fresh where listings are stale. */
  stat(path: string): Promise<Stat>;
  /**
   * Stat of a file that nobody else has open for reading, writing or deleting, and that this account may read and delete;
   * `sharing-violation` when somebody has. Nothing is held when it returns.
   */
  alone(path: string): Promise<Stat>;
  /** Reads a whole file: one compound round trip when `sizeHint` is small, pipelined reads when big. Many calls may run at once. */
  fetch(path: string, sizeHint: number, sink: FetchSink): Promise<Fetched>;
  /** Creates a new file with this content; `exists` when the name is taken: nothing is ever overwritten by it. */
  store(path: string, source: StoreSource, info?: BasicInfo): Promise<Stat>;
  makeDirectory(path: string): Promise<void>;
  /** FileRenameInformation (MS-FSCC 2.4.42.2). With `replace`, an existing file is replaced in one step. */
  rename(from: string, to: string, options: { replace: boolean }): Promise<void>;
  /**
   * With `still`, the file is opened without sharing it (`sharing-violation` when somebody has it open), and stays, with the code
   * `changed`, unless that opening shows what is meant: nobody can write to it in between.
   */
  removeFile(path: string, still?: Still): Promise<void>;
  /** `not-empty` when it is not. */
  removeDirectory(path: string): Promise<void>;
  /** `still` as for removeFile. */
  setBasic(path: string, info: BasicInfo, still?: Still): Promise<void>;
  /** Owner, group and DACL as a self-relative security descriptor (MS-DTYP 2.4.6). */
  readSecurity(path: string): Promise<Buffer>;
  /**
   * Sets the parts that the descriptor holds and leaves the others: owner and group when their offsets are not 0, the DACL, with its
   * protection from inheritance, when SE_DACL_PRESENT is set. Takes WRITE_OWNER and WRITE_DAC accordingly. `malformed` when it
   * holds none of them.
   */
  writeSecurity(path: string, descriptor: Buffer): Promise<void>;
  /** CHANGE_NOTIFY on a directory (MS-SMB2 2.2.35), with everything below it when `recursive`. */
  watch(directory: string, options: { recursive: boolean }): Promise<Watch>;
  /** FileFsFullSizeInformation. */
  space(): Promise<{ totalBytes: number; freeBytes: number }>;
  /** FileFsVolumeInformation, and the root's file id: the identity of what is behind the name. */
  identity(): Promise<{ volumeSerial: number; rootFileId: bigint }>;
  disconnect(): Promise<void>;
}
