/** «Only one of us»: a lock on a file that ends with the process that holds it, however that ends (flock(2)). */
import fs from 'node:fs';
import koffi from 'koffi';
import { Failure, failureOf } from './failure.ts';

const flock = koffi.load('libc.so.6').func('int flock(int fd, int operation)');
const LOCK_EX = 2;
const LOCK_NB = 4;

export interface FileLock {
  release(): void;
}

/**
 * Takes the lock, or returns undefined when somebody else has it. Makes the file (0600) when it is not there; it stays, and
 * holds the id of the last process that had the lock.
 */
export function lockFile(file: string): FileLock | undefined {
  const fd = open(file);
  if (!tryLock(fd, file)) {
    fs.closeSync(fd);
    return undefined;
  }
  fs.ftruncateSync(fd);
  fs.writeSync(fd, `${process.pid}\n`, 0);
  return { release: () => fs.closeSync(fd) };
}

/** The id of the process that holds the lock now, or undefined when nobody does. */
export function lockHolder(file: string): number | undefined {
  const fd = open(file);
  try {
    if (tryLock(fd, file)) return undefined;
    const pid = Number(fs.readFileSync(fd, 'utf8'));
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } finally {
    fs.closeSync(fd);
  }
}

function open(file: string): number {
  try {
    return fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw failureOf(error, 'open lock', file);
  }
}

function tryLock(fd: number, file: string): boolean {
  if (flock(fd, LOCK_EX | LOCK_NB) === 0) return true;
  if (koffi.errno() === koffi.os.errno['EAGAIN']) return false;
  throw new Failure({ code: 'lock', doing: 'lock', subject: file, what: 'the file system refuses locks' });
}
