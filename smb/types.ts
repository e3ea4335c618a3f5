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
 *   smb1-only, no-signing, too-weak (it cannot meet what ConnectOptions require), guest-only, wrong-password, account-locked, account-disabled, password-expired, logon-denied,
 *   bad-share, access-denied, not-found, exists, not-a-directory, is-a-directory, not-empty, sharing-violation, locked,
 *   delete-pending, changed (what was read or is to be changed is not what it was), no-space, bad-name, disconnected,
 *   bad-signature, malformed, session-expired, not-supported, nt-status (any other).
 * Three more say nothing about the server or the way to it, so that no action belongs to them: closed (an open file was used after its
 * `close`), too-large (`Share.read` was to take more into memory than it may), and unanswered (log-ons before had no answer, so the
 * next one waits for a while: logon/lock-out.ts).
 * The message holds the NT status by name, what was tried, and a hint. What to do about it (try again, skip, connect anew, stop) is
 * what `actionOf` (status.ts) says; docs/nt-status.md has it for every status.
 */

import type { FileHandle, FileSystem, OpenOptions, RangeSink, Snapshot, TreeView } from './files/handle-types.ts';
import type { StreamChoice, TreeMetadata } from './files/metadata-types.ts';

export type {
  FileHandle,
  FileSystem,
  OpenOptions,
  Range,
  RangeSink,
  Snapshot,
  TreeView,
} from './files/handle-types.ts';

export type {
  ExtendedAttribute,
  ReparsePoint,
  ReparseTarget,
  StreamChoice,
  StreamInfo,
  Streams,
  TreeMetadata,
} from './files/metadata-types.ts';

/** 100 ns units since 1601-01-01 UTC (MS-DTYP 2.3.3); 0 means «not known». */
export type FileTime = bigint;

export interface Credentials {
  user: string;
  /** NetBIOS or DNS domain as typed; '' for a workgroup server. */
  domain: string;
  /** Never logged, never part of a message. */
  password: string;
}

/** SMB dialects as MS-SMB2 2.2.3 numbers them: 2.1, 3.0, 3.0.2, 3.1.1. */
export type Dialect = 0x0210 | 0x0300 | 0x0302 | 0x0311;
export type SigningAlgorithm = 'aes-gmac' | 'aes-cmac' | 'hmac-sha256';
export type CipherName = 'aes-128-gcm' | 'aes-128-ccm' | 'aes-256-gcm' | 'aes-256-ccm';

/** What a server must do, or it is refused (`too-weak`). Signing is not among it: every session is signed, whatever is said here. */
export interface Requirements {
  /** The least dialect; 2.1 unless told. */
  dialect?: Dialect;
  /** Everything that is said in a session is encrypted, also where the server does not demand it. When false, only what it demands. */
  encryption?: boolean;
}

/** What NEGOTIATE offers, in the order of preference; what is left out is everything that the client knows. */
export interface Offer {
  dialects?: readonly Dialect[];
  /** Of 3.1.1. Servers of 3.0 and 3.0.2 take AES-128-CCM where it is among them. */
  ciphers?: readonly CipherName[];
  /** Of 3.1.1; the others have no choice. */
  signings?: readonly SigningAlgorithm[];
}

/**
 * Holds bulk work (fetching) of connections back, for whoever must not take all that a server or a line can give; one may stand before several
 * connections. What is urgent (stat, watch, CLOSE) passes by it. None of its functions throws.
 */
export interface BulkLimit {
  /** Listings are held back as well. */
  readonly holdsLists: boolean;
  /** Whether one more bulk operation may begin on a connection that has so many in flight. When not, `again` is called once it may have changed. */
  admits(inFlight: number): boolean;
  /** One begins, which asks for so many bytes. */
  began(bytes: number): void;
  /** It has ended; the number is the same. */
  ended(bytes: number): void;
  /** So many bytes came over the wire, whatever they belong to. */
  arrived(bytes: number): void;
  /** Calls `again` whenever there may be room, until the returned function is called. */
  onRoom(again: () => void): () => void;
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
  require?: Requirements | undefined;
  /** Nothing is held back unless told. */
  bulk?: BulkLimit | undefined;
  /** To be set apart from everything only where one combination is to be tried. */
  offer?: Offer;
}

/** What NEGOTIATE told (MS-SMB2 2.2.4). */
export interface ServerInfo {
  /** ServerGuid, 32 hex digits: the identity of the server process. */
  guid: string;
  dialect: Dialect;
  maxReadBytes: number;
  maxWriteBytes: number;
  maxTransactBytes: number;
  /** The server's clock at NEGOTIATE. */
  systemTime: FileTime;
  signing: SigningAlgorithm;
  cipher: CipherName | undefined;
}

/**
 * Lets a log-on through when it may be tried, else throws why not; whatever the log-on throws, it throws. The log-on calls `proving` right
 * before the proof of the password goes out, and waits for it: from there on the server may count it, whether its answer comes or not. What `proving`
 * throws keeps the proof from going out.
 */
export type LogonTurn = <T>(logOn: (proving: () => void | Promise<void>) => Promise<T>) => Promise<T>;

export interface Connection {
  readonly server: ServerInfo;
  /** SMB2 ECHO (MS-SMB2 2.2.28); milliseconds it took. A missed one does not close the connection: the caller judges. */
  echo(timeoutMs: number): Promise<number>;
  /**
   * Logs on with NTLMv2 in SPNEGO. Guest and anonymous sessions are refused (guest-only).
   * @param turn through which every log-on of the session goes, its renewals too; at once unless told
   */
  logon(credentials: Credentials, turn?: LogonTurn): Promise<Session>;
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

/** A client of the server, as the server tells of it; all texts are escaped for people. */
export interface ClientSession {
  /** Its name or its address. */
  client: string;
  user: string;
  /** Files, devices and pipes it has open; undefined when the server does not tell. */
  openFiles: number | undefined;
  activeSeconds: number;
  idleSeconds: number;
}

/** Something that a client has open; all texts are escaped for people. */
export interface HeldFile {
  /** The server's own number for it; it means nothing later. */
  id: number;
  /** As the server sees it, not relative to a share: `D:\Data\july.xlsx`. Samba shows its path as one of drive `C:`. */
  path: string;
  user: string;
  access: { read: boolean; write: boolean; create: boolean };
  /** Byte-range locks. */
  locks: number;
}

export interface Session {
  readonly connection: Connection;
  /** NetrShareEnum over \srvsvc (MS-SRVS 3.1.4.8). */
  shares(): Promise<ShareInfo[]>;
  /**
   * Who is connected, at most `limit` rows (NetrSessionEnum, MS-SRVS 3.1.4.5); `more` when there are others. `access-denied` unless
   * the account is an administrator or operator of the server, `not-supported` where the server knows no such list.
   */
  sessions(limit: number): Promise<{ sessions: ClientSession[]; more: boolean }>;
  /** What is open, whoever opened it, ourselves too (NetrFileEnum, MS-SRVS 3.1.4.2); otherwise as `sessions`. */
  openFiles(limit: number): Promise<{ files: HeldFile[]; more: boolean }>;
  /** TREE_CONNECT (MS-SMB2 2.2.9). Throws bad-share when there is none of that name. */
  tree(share: string): Promise<Tree>;
  /**
   * Logs on anew under the same session (MS-SMB2 3.2.4.2.3.1); what is open stays open, and requests wait meanwhile. Happens by itself
   * when the server lets the session expire. Where it fails the connection ends with `session-expired`, and this throws it.
   */
  renew(): Promise<void>;
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

/** What a sink says of a chunk: nothing when it keeps it. */
export type Taken = void | 'used' | Promise<void>;

export interface FetchSink {
  /** Once, before any data, with what CREATE told. May throw to stop: `fetch` closes the file and throws the same. */
  begin?(before: Stat): void;
  /**
   * In any order of offsets, each byte once. A returned promise is back-pressure; it must not wait for other fetching or storing over
   * the same connection, which may be waiting for the room that this chunk takes. Where the call returns nothing the chunk belongs to the
   * sink from now on. Where it returns a promise, or 'used', the chunk is lent until that settles, or the call returns: afterwards its
   * memory is read into again, or gone.
   * May throw, or reject, to stop, as `begin` may; calls that are under way by then still end.
   */
  data(chunk: Buffer, offset: number): Taken;
  /** Where it is there, `fetch` leaves out the holes of a sparse file that takes more than one round trip, and tells them as RangeSink says. */
  hole?(from: number, to: number): void | Promise<void>;
}

export interface Fetched {
  /** As of CREATE. */
  before: Stat;
  /** As of CLOSE with post-query (MS-SMB2 2.2.15): differs from `before` when the file moved while it was read. */
  after: Stat;
  /** That were moved. */
  bytes: number;
  /** Bytes in holes that were told to the sink instead; absent: none. */
  holeBytes?: number;
}

export interface StoreSource {
  size: number;
  /**
   * Once, when the file is there and still empty: the moment to give it access rules. May throw, or reject, to stop; the file goes
   * away then. Without it a small file takes fewer round trips.
   */
  begin?(): Promise<void>;
  /** Bytes [offset, offset+length); shorter only at the end. They go out from where they lie: the buffer is not used for anything else. */
  read(offset: number, length: number): Buffer | Promise<Buffer>;
  /** What `read` gave has arrived: its memory may be filled anew. Not called for what failed, which may still be on its way. */
  used?(bytes: Buffer): void;
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
  /**
   * Ends when the watch is closed, after what had come by then; throws when the connection or the directory is gone. Re-armed before
   * a batch is handed out. Each batch goes to one loop; leaving a loop does not close the watch.
   */
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
export interface Tree extends TreeMetadata {
  readonly share: string;
  /**
   * Lists a directory, batch by batch. The generator returns only after STATUS_NO_MORE_FILES: a listing that ends any other
   * way throws, so «it returned» is the proof that the list is complete. It holds the directory open until it has returned, or was
   * made to, as leaving a `for await` does.
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
  fetch(path: string, sizeHint: number, sink: FetchSink, options?: StreamChoice): Promise<Fetched>;
  /** The same without the holes of a sparse file, which are not moved over the wire. Where the server cannot tell them, all is data. */
  fetchRanges(path: string, sink: RangeSink): Promise<Fetched>;
  /** Opens a file, or a directory, for several operations on the very same one. */
  open(path: string, options: OpenOptions): Promise<FileHandle>;
  /**
   * Creates a new file with this content; `exists` when the name is taken: nothing is ever overwritten by it. Hidden and system files
   * are so from their first moment on. With `stream` it creates that stream of a file that is there, or throws `not-found`.
   */
  store(path: string, source: StoreSource, info?: BasicInfo, options?: StreamChoice): Promise<Stat>;
  /**
   * Has the server copy a file, with its times and attributes, to a name that is not taken (`exists`). Content only: streams and
   * extended attributes stay behind, holes are filled, access rules are those of the folder. `changed` when the file moved meanwhile,
   * `not-supported` where the server cannot. What fails is removed again, as long as the connection lasts.
   */
  copy(from: string, to: string): Promise<Stat>;
  /** @param options.attributes which it has from its first moment on */
  makeDirectory(path: string, options?: { attributes?: number }): Promise<void>;
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
  /**
   * Owner, group and DACL as a self-relative security descriptor (MS-DTYP 2.4.6), which parseDescriptor takes apart. With `sacl` the
   * audit rules too: `access-denied` for an account without SeSecurityPrivilege.
   */
  readSecurity(path: string, options?: { sacl: boolean }): Promise<Buffer>;
  /**
   * Sets the parts that the descriptor holds and leaves the others: owner and group when their offsets are not 0, the DACL, with its
   * protection from inheritance, when SE_DACL_PRESENT is set. Takes WRITE_OWNER and WRITE_DAC accordingly. With `sacl` the audit
   * rules, when SE_SACL_PRESENT is set; they take SeSecurityPrivilege (`access-denied`). `malformed` when it holds nothing to set.
   */
  writeSecurity(path: string, descriptor: Buffer, options?: { sacl: boolean }): Promise<void>;
  /** CHANGE_NOTIFY on a directory (MS-SMB2 2.2.35), with everything below it when `recursive`. */
  watch(directory: string, options: { recursive: boolean }): Promise<Watch>;
  /** FileFsFullSizeInformation. */
  space(): Promise<{ totalBytes: number; freeBytes: number }>;
  /** FileFsVolumeInformation, and the root's file id: the identity of what is behind the name. */
  identity(): Promise<{ volumeSerial: number; rootFileId: bigint }>;
  fileSystem(): Promise<FileSystem>;
  /** The previous versions that the server keeps, oldest first; none, or `not-supported`, where it keeps none. */
  snapshots(): Promise<Snapshot[]>;
  /**
   * The share as it was in one of `snapshots`, read-only; it lives as long as the tree. `not-found` when the server does not list it
   * (any more): servers without snapshots take no notice of the moment and show the files of today. Samba 4.17 reaches in
   * a snapshot only what lies in folders that are there today as well.
   */
  at(snapshot: Snapshot): Promise<TreeView>;
  disconnect(): Promise<void>;
}
