/**
 * The few system calls that Node has no function for, through koffi (prebuilt FFI). Every call here is short and does
 * not block, except where its comment says so. A failed call throws an Error whose `code` is the errno name, like Node's own.
 */
import fs from 'node:fs';
import os from 'node:os';
import koffi from 'koffi';

const libc = koffi.load('libc.so.6');

const ERRNO_NAMES = new Map(Object.entries(os.constants.errno).map(([name, value]) => [value, name]));

/** Throws what Node would throw for the current errno. */
export function throwErrno(call: string, subject = ''): never {
  const errno = koffi.errno();
  const code = ERRNO_NAMES.get(errno) ?? `E${errno}`;
  const error = new Error(`${call}${subject === '' ? '' : ` ${subject}`}: ${code}`);
  throw Object.assign(error, { code, errno, syscall: call });
}

const c = {
  linkat: libc.func('int linkat(int olddirfd, const char *oldpath, int newdirfd, const char *newpath, int flags)'),
  futimens: libc.func('int futimens(int fd, const void *times)'),
  utimensat: libc.func('int utimensat(int dirfd, const char *path, const void *times, int flags)'),
  setxattr: libc.func('int setxattr(const char *path, const char *name, const void *value, size_t size, int flags)'),
  fsetxattr: libc.func('int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)'),
  getxattr: libc.func('intptr_t getxattr(const char *path, const char *name, _Out_ void *value, size_t size)'),
  socket: libc.func('int socket(int domain, int type, int protocol)'),
  bind: libc.func('int bind(int fd, const void *address, uint32_t length)'),
  setsockopt: libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
  if_nametoindex: libc.func('uint32_t if_nametoindex(const char *name)'),
  syncfs: libc.func('int syncfs(int fd)'),
  lseek: libc.func('int64_t lseek(int fd, int64_t offset, int whence)'),
  fallocate: libc.func('int fallocate(int fd, int mode, int64_t offset, int64_t length)'),
  posix_fadvise: libc.func('int posix_fadvise(int fd, int64_t offset, int64_t length, int advice)'),
};

const AT_FDCWD = -100;
const AT_SYMLINK_FOLLOW = 0x400;
const AT_SYMLINK_NOFOLLOW = 0x100;

/** open(2): a file without a name. Node's fs.constants lack it; it is __O_TMPFILE (the same on x86_64 and arm64) and O_DIRECTORY. */
export const O_TMPFILE = 0o20000000 | fs.constants.O_DIRECTORY;

/** Gives the nameless file behind an O_TMPFILE descriptor its name. Fails with EEXIST when the name is taken: nothing is replaced. */
export function linkDescriptor(fd: number, path: string): void {
  if (c.linkat(AT_FDCWD, `/proc/self/fd/${fd}`, AT_FDCWD, path, AT_SYMLINK_FOLLOW) !== 0) throwErrno('linkat', path);
}

/** A moment for a file stamp, in nanoseconds since 1970; may be negative. */
export interface Stamp {
  accessedNs: bigint;
  writtenNs: bigint;
}

/** Two struct timespec (access, then write) as the kernel reads them on 64-bit Linux: seconds and nanoseconds, 8 bytes each. */
function timespecs(stamp: Stamp): Buffer {
  const bytes = Buffer.alloc(32);
  writeTimespec(bytes, 0, stamp.accessedNs);
  writeTimespec(bytes, 16, stamp.writtenNs);
  return bytes;
}

function writeTimespec(bytes: Buffer, at: number, ns: bigint): void {
  const nanoseconds = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  bytes.writeBigInt64LE((ns - nanoseconds) / 1_000_000_000n, at);
  bytes.writeBigInt64LE(nanoseconds, at + 8);
}

/** Sets times to the nanosecond; Node's own futimes goes through a double and loses about 200 ns. */
export function stampDescriptor(fd: number, stamp: Stamp): void {
  if (c.futimens(fd, timespecs(stamp)) !== 0) throwErrno('futimens', String(fd));
}

/** Like stampDescriptor, by path; a symbolic link is stamped itself, never what it points to. */
export function stampPath(path: string, stamp: Stamp): void {
  if (c.utimensat(AT_FDCWD, path, timespecs(stamp), AT_SYMLINK_NOFOLLOW) !== 0) throwErrno('utimensat', path);
}

export function setXattr(path: string, name: string, value: Uint8Array): void {
  if (c.setxattr(path, name, value, value.length, 0) !== 0) throwErrno('setxattr', path);
}

export function setXattrDescriptor(fd: number, name: string, value: Uint8Array): void {
  if (c.fsetxattr(fd, name, value, value.length, 0) !== 0) throwErrno('fsetxattr', String(fd));
}

/** The most that the kernel lets a value have (XATTR_SIZE_MAX); one for all calls, which are synchronous. */
const room = Buffer.alloc(65_536);

/** The value of an extended attribute, or undefined when the file has none of that name. */
export function getXattr(path: string, name: string): Buffer | undefined {
  const length = Number(c.getxattr(path, name, room, room.length));
  if (length < 0) {
    if (ERRNO_NAMES.get(koffi.errno()) === 'ENODATA') return undefined;
    throwErrno('getxattr', path);
  }
  return Buffer.from(room.subarray(0, length));
}

/** Flushes the file system that holds an open file; blocks until the disk has it. */
export function syncFileSystem(fd: number): void {
  if (c.syncfs(fd) !== 0) throwErrno('syncfs', String(fd));
}

const FALLOC_FL_KEEP_SIZE = 0x01;
const FALLOC_FL_PUNCH_HOLE = 0x02;

/** Makes bytes [from, to) of an open file zeros that take no room; those of blocks that lie only partly in it are written. */
export function punchHole(fd: number, from: number, to: number): void {
  if (c.fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, from, to - from) !== 0)
    throwErrno('fallocate', String(fd));
}

const SEEK_DATA = 3;

/** Where the data of an open file goes on at or behind an offset; undefined when there is none any more. Moves the descriptor's offset. */
export function nextData(fd: number, from: number): number | undefined {
  const at = Number(c.lseek(fd, from, SEEK_DATA));
  if (at >= 0) return at;
  if (ERRNO_NAMES.get(koffi.errno()) === 'ENXIO') return undefined;
  throwErrno('lseek', String(fd));
}

/** posix_fadvise(2), the same number on x86_64 and arm64. */
const POSIX_FADV_DONTNEED = 4;

/**
 * Lets go of what the kernel holds of an open file in memory, so that the next read asks the disk. Advice only: pages that are
 * not written yet stay, and a file system without such a thing (tmpfs) keeps all of them.
 */
export function dropCached(fd: number): void {
  c.posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

/** socket(2): a raw descriptor, for protocols that Node's net and dgram do not speak (AF_PACKET, AF_NETLINK). */
export function openSocket(domain: number, type: number, protocol: number): number {
  const fd: number = c.socket(domain, type, protocol);
  if (fd < 0) throwErrno('socket', `${domain}/${type}/${protocol}`);
  return fd;
}

export function bindSocket(fd: number, address: Uint8Array): void {
  if (c.bind(fd, address, address.length) !== 0) throwErrno('bind', String(fd));
}

export function setSocketOption(fd: number, level: number, name: number, value: Uint8Array): void {
  if (c.setsockopt(fd, level, name, value, value.length) !== 0) throwErrno('setsockopt', `${level}/${name}`);
}

/** The kernel's index of an interface, or undefined when there is none of that name. */
export function interfaceIndex(name: string): number | undefined {
  const index: number = c.if_nametoindex(name);
  return index === 0 ? undefined : index;
}
