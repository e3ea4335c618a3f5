/**
 * Samba's own client library, libsmbclient, through koffi: what file managers and backup programs on Linux use. The client of the play is not ours,
 * so that what it sees is what users see. Every call blocks; it belongs into a process of its own.
 */
import koffi from 'koffi';

export interface SmbClientLibrary {
  /** Reads a whole file of at most 64 KiB. Like every call here it throws an Error with the number in `errno`. */
  read(url: string): Buffer;
  /** Creates a file; fails when it exists. */
  create(url: string, content: Buffer): void;
  /** Replaces the content of a file. */
  overwrite(url: string, content: Buffer): void;
  rename(from: string, to: string): void;
  remove(url: string): void;
}

const O_WRONLY = 1;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_TRUNC = 0o1000;
const READ_LIMIT_BYTES = 65_536;

export interface Account {
  workgroup: string;
  user: string;
  password: string;
}

/** The library itself, logging on with this account wherever it connects. */
export function loadSmbClientLibrary(account: Account): ReturnType<typeof koffi.load> {
  const library = koffi.load('libsmbclient.so.0');
  koffi.proto(
    'void smbc_auth(void *server, void *share, void *workgroup, int wglen, void *user, int unlen, void *password, int pwlen)',
  );
  const put = (pointer: unknown, text: string, room: number): void => {
    const bytes = Buffer.from(`${text}\0`);
    if (bytes.length > room) throw new Error('the account does not fit');
    koffi.encode(pointer, koffi.array('uint8_t', bytes.length), [...bytes]);
  };
  const authenticate = koffi.register(
    (
      _server: unknown,
      _share: unknown,
      workgroup: unknown,
      wglen: number,
      user: unknown,
      unlen: number,
      password: unknown,
      pwlen: number,
    ) => {
      put(workgroup, account.workgroup, wglen);
      put(user, account.user, unlen);
      put(password, account.password, pwlen);
    },
    koffi.pointer('smbc_auth'),
  );
  const init = library.func('int smbc_init(smbc_auth *fn, int debug)');
  check(init(authenticate, 0), 'smbc_init');
  return library;
}

function check(result: number, call: string): number {
  if (result < 0) throw Object.assign(new Error(`${call}: errno ${koffi.errno()}`), { errno: koffi.errno() });
  return result;
}

export function openSmbClientLibrary(account: Account): SmbClientLibrary {
  const library = loadSmbClientLibrary(account);
  const c = {
    open: library.func('int smbc_open(const char *url, int flags, uint32_t mode)'),
    read: library.func('intptr_t smbc_read(int fd, _Out_ void *buffer, size_t size)'),
    write: library.func('intptr_t smbc_write(int fd, const void *buffer, size_t size)'),
    close: library.func('int smbc_close(int fd)'),
    rename: library.func('int smbc_rename(const char *from, const char *to)'),
    unlink: library.func('int smbc_unlink(const char *url)'),
  };
  const write = (url: string, content: Buffer, flags: number): void => {
    const fd = check(c.open(url, O_WRONLY | O_CREAT | flags, 0o644), 'smbc_open');
    try {
      if (check(Number(c.write(fd, content, content.length)), 'smbc_write') !== content.length)
        throw new Error('smbc_write: short');
    } catch (error) {
      c.close(fd);
      throw error;
    }
    check(c.close(fd), 'smbc_close');
  };
  return {
    read(url) {
      const fd = check(c.open(url, 0, 0), 'smbc_open');
      try {
        const room = Buffer.alloc(READ_LIMIT_BYTES);
        return room.subarray(0, check(Number(c.read(fd, room, room.length)), 'smbc_read'));
      } finally {
        c.close(fd);
      }
    },
    create: (url, content) => write(url, content, O_EXCL),
    overwrite: (url, content) => write(url, content, O_TRUNC),
    rename: (from, to) => void check(c.rename(from, to), 'smbc_rename'),
    remove: (url) => void check(c.unlink(url), 'smbc_unlink'),
  };
}
