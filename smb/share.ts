/** One share, from connect to close, for whoever only wants to list, read, write and watch; everything else is behind `tree`. */
import { Failure } from '../base/failure.ts';
import type {
  BasicInfo,
  Connection,
  ConnectOptions,
  Credentials,
  Entry,
  Fetched,
  LogonTurn,
  Session,
  Stat,
  Tree,
  Watch,
} from './types.ts';

/** What `read` takes into memory unless told. */
const READ_LIMIT_BYTES = 64 * 1_048_576;

export interface ShareOptions extends ConnectOptions {
  share: string;
  credentials: Credentials;
  /** Through which every log-on goes, as in Connection.logon; at once unless told. */
  turn?: LogonTurn | undefined;
}

export interface Share {
  /** What NEGOTIATE told is in `connection.server` (MS-SMB2 2.2.4). */
  readonly connection: Connection;
  readonly session: Session;
  /** Every operation that there is. */
  readonly tree: Tree;
  /**
   * The entries of a directory, «.» and «..» left out (QUERY_DIRECTORY, MS-SMB2 2.2.33). It returns only when the server has said
   * that there are no more. Names that are not safe to use are left out, and told at the end by throwing `bad-name`.
   */
  list(directory: string): AsyncGenerator<Entry, void, undefined>;
  /**
   * The whole content of a file (READ, MS-SMB2 2.2.19). Throws `too-large` beyond `limitBytes` (64 MiB unless told), and
   * `changed` when it was written to meanwhile: SMB gives no snapshot, so the bytes may be of two versions.
   */
  read(path: string, limitBytes?: number): Promise<Buffer>;
  /** Makes a new file (FILE_CREATE, MS-SMB2 2.2.13). Throws `exists` when the name is taken: nothing is ever overwritten. */
  write(path: string, content: Buffer, info?: BasicInfo): Promise<Stat>;
  /**
   * What changes in a directory from now on (CHANGE_NOTIFY, MS-SMB2 2.2.35), until `close`. It tells where to look, not the truth:
   * events may be lost (`overflow`), and of a file that is written in place Samba tells nothing below the directory itself.
   */
  watch(directory: string, options: { recursive: boolean }): Promise<Watch>;
  /** TREE_DISCONNECT, LOGOFF (MS-SMB2 2.2.11, 2.2.7), and the connection. Never throws: what is gone is closed. */
  close(): Promise<void>;
}

/** Logs on over a connection and connects to the share; when that fails, the connection is closed. */
export async function openShare(
  connection: Connection,
  credentials: Credentials,
  share: string,
  turn?: LogonTurn,
): Promise<Share> {
  try {
    const session = await connection.logon(credentials, turn);
    return new OpenShare(connection, session, await session.tree(share));
  } catch (error) {
    connection.close();
    throw error;
  }
}

class OpenShare implements Share {
  readonly connection: Connection;
  readonly session: Session;
  readonly tree: Tree;

  constructor(connection: Connection, session: Session, tree: Tree) {
    this.connection = connection;
    this.session = session;
    this.tree = tree;
  }

  async *list(directory: string): AsyncGenerator<Entry, void, undefined> {
    const refused: string[] = [];
    for await (const batch of this.tree.list(directory)) {
      yield* batch.entries;
      refused.push(...batch.refused);
    }
    if (refused.length > 0) throw unsafeNames(directory, refused);
  }

  async read(path: string, limitBytes = READ_LIMIT_BYTES): Promise<Buffer> {
    let content = Buffer.alloc(0);
    const fetched = await this.tree.fetch(path, 0, {
      begin: ({ size }) => {
        if (size > limitBytes) throw tooLarge(path, size, limitBytes);
        content = Buffer.alloc(size);
      },
      data: (chunk, offset) => void chunk.copy(content, offset),
    });
    if (hasMoved(fetched)) throw changedMeanwhile(path);
    return content;
  }

  write(path: string, content: Buffer, info?: BasicInfo): Promise<Stat> {
    const read = (offset: number, length: number): Buffer => content.subarray(offset, offset + length);
    return this.tree.store(path, { size: content.length, read }, info);
  }

  watch(directory: string, options: { recursive: boolean }): Promise<Watch> {
    return this.tree.watch(directory, options);
  }

  async close(): Promise<void> {
    try {
      await this.tree.disconnect();
      await this.session.logoff();
    } catch {
      // The server ends both with the connection.
    }
    this.connection.close();
  }
}

/** Whether what `fetch` or `fetchRanges` read may be of two versions (MS-SMB2 2.2.16: the attributes that CLOSE tells). */
export function hasMoved({ before, after, bytes, holeBytes = 0 }: Fetched): boolean {
  return (
    bytes + holeBytes !== before.size ||
    before.size !== after.size ||
    before.written !== after.written ||
    before.changed !== after.changed
  );
}

/** What is thrown about a file that was written to while it was read. */
export function changedMeanwhile(path: string): Failure {
  return new Failure({
    code: 'changed',
    doing: 'read',
    subject: path,
    what: 'it was written to while it was read',
    hint: 'read it again when nobody writes to it',
    retry: true,
  });
}

function tooLarge(path: string, bytes: number, limitBytes: number): Failure {
  return new Failure({
    code: 'too-large',
    doing: 'read',
    subject: path,
    what: `it has ${bytes} bytes, and at most ${limitBytes} are taken into memory`,
    hint: 'read it piece by piece with tree.fetch',
  });
}

function unsafeNames(directory: string, refused: readonly string[]): Failure {
  return new Failure({
    code: 'bad-name',
    doing: 'list',
    subject: directory === '' ? 'the root of the share' : directory,
    what: `names that are not safe to use: ${refused.slice(0, 10).join(', ')}${refused.length > 10 ? ', …' : ''}`,
    hint: 'rename them on the server',
  });
}
