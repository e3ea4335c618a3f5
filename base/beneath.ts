/**
 * Opens a directory below another one without ever leaving it: openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, so
 * that a symbolic link or a «..» anywhere in the path is an error (ELOOP, EXDEV) and never a way out. Linux 5.6 or newer.
 */
import fs from 'node:fs';
import koffi from 'koffi';
import { throwErrno } from './libc.ts';

const libc = koffi.load('libc.so.6');
const syscall = libc.func('long syscall(long number, int dirfd, const char *path, const void *how, size_t size)');

/** The same number on x86_64 and arm64, as for every call added since Linux 5.1. */
const SYS_OPENAT2 = 437;
const RESOLVE_NO_SYMLINKS = 0x04n;
const RESOLVE_BENEATH = 0x08n;
const O_CLOEXEC = 0o2000000;

/** struct open_how: flags, mode, resolve, 64 bits each. */
const OPEN_DIRECTORY = Buffer.alloc(24);
OPEN_DIRECTORY.writeBigUInt64LE(BigInt(fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | O_CLOEXEC), 0);
OPEN_DIRECTORY.writeBigUInt64LE(RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH, 16);

/**
 * A descriptor of the directory `path` («a/b», '' for the folder itself) below the open folder. Throws an Error with the
 * errno's name as `code`: ENOENT, ENOTDIR, ELOOP (a symbolic link is in the way), EXDEV (it leads out).
 */
export function openDirectoryBeneath(folderFd: number, path: string): number {
  const fd = Number(syscall(SYS_OPENAT2, folderFd, path === '' ? '.' : path, OPEN_DIRECTORY, OPEN_DIRECTORY.length));
  if (fd < 0) throwErrno('openat2', path);
  return fd;
}
