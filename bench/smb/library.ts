/**
 * Copies, lists or fills a share through libsmbclient, as file managers and backup programs do: one context, one call after the other. The library
 * crashes with two contexts in two threads (4.17). The job comes by standard input.
 */
import fs from 'node:fs';
import path from 'node:path';
import koffi from 'koffi';
import { loadSmbClientLibrary } from '../../tryout/libsmbclient.ts';
import type { Job } from './run.ts';

interface LibraryJob extends Job {
  work: 'copy' | 'list' | 'put';
  /** Where the copy or the file `listing` goes, or what is put. */
  folder: string;
}

/** Large reads and writes let the library keep several requests in flight. */
const CHUNK_BYTES = 4 * 1_048_576;
const O_WRONLY = 1;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
/** FILE_ATTRIBUTE_DIRECTORY. */
const DIRECTORY = 0x10;

const job = JSON.parse(fs.readFileSync(0, 'utf8')) as LibraryJob;
const library = loadSmbClientLibrary({ workgroup: 'OFFICE', user: job.user, password: job.password });
const timespec = koffi.struct({ seconds: 'int64_t', nanoseconds: 'int64_t' });
const fileInfo = koffi.struct({
  size: 'uint64_t',
  attributes: 'uint16_t',
  uid: 'uint32_t',
  gid: 'uint32_t',
  created: timespec,
  written: timespec,
  accessed: timespec,
  changed: timespec,
  name: 'const char *',
  shortName: 'const char *',
});
const c = {
  opendir: library.func('int smbc_opendir(const char *url)'),
  readdirplus: library.func('smbc_readdirplus', koffi.pointer(fileInfo), ['uint32_t']),
  closedir: library.func('int smbc_closedir(int fd)'),
  open: library.func('int smbc_open(const char *url, int flags, uint32_t mode)'),
  read: library.func('intptr_t smbc_read(int fd, _Out_ void *buffer, size_t size)'),
  write: library.func('intptr_t smbc_write(int fd, const void *buffer, size_t size)'),
  close: library.func('int smbc_close(int fd)'),
  mkdir: library.func('int smbc_mkdir(const char *url, uint32_t mode)'),
};

const url = `smb://${job.host}:${job.port}/${job.share}`;
const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);

function must(result: number, call: string): number {
  if (result < 0) throw new Error(`${call}: errno ${koffi.errno()}`);
  return result;
}

interface Found {
  /** Relative to the share. */
  path: string;
  directory: boolean;
  size: number;
  writtenS: number;
}

function* list(directory: string): Generator<Found> {
  const fd = must(c.opendir(`${url}/${directory}`), 'smbc_opendir');
  const below: string[] = [];
  for (let each = c.readdirplus(fd); each !== null; each = c.readdirplus(fd)) {
    const { name, size, attributes, written } = koffi.decode(each, fileInfo) as {
      name: string;
      size: number;
      attributes: number;
      written: { seconds: number; nanoseconds: number };
    };
    if (name === '.' || name === '..') continue;
    const found = {
      path: path.join(directory, name),
      directory: (attributes & DIRECTORY) !== 0,
      size,
      writtenS: written.seconds + written.nanoseconds / 1e9,
    };
    if (found.directory) below.push(found.path);
    yield found;
  }
  must(c.closedir(fd), 'smbc_closedir');
  for (const each of below) yield* list(each);
}

function copy({ path: file, directory, writtenS }: Found): void {
  const target = path.join(job.folder, file);
  if (directory) {
    fs.mkdirSync(target);
    return;
  }
  const from = must(c.open(`${url}/${file}`, 0, 0), 'smbc_open');
  const to = fs.openSync(target, 'wx');
  for (;;) {
    const length = must(Number(c.read(from, buffer, buffer.length)), 'smbc_read');
    if (length === 0) break;
    fs.writeSync(to, buffer, 0, length);
  }
  must(c.close(from), 'smbc_close');
  fs.futimesSync(to, writtenS, writtenS);
  fs.closeSync(to);
}

function put(file: string): void {
  const from = fs.openSync(path.join(job.folder, file), 'r');
  const to = must(c.open(`${url}/${file}`, O_WRONLY | O_CREAT | O_EXCL, 0o644), 'smbc_open');
  for (;;) {
    const length = fs.readSync(from, buffer);
    if (length === 0) break;
    const written = must(Number(c.write(to, buffer, length)), 'smbc_write');
    if (written !== length) throw new Error(`smbc_write: ${written} of ${length} bytes`);
  }
  must(c.close(to), 'smbc_close');
  fs.closeSync(from);
}

switch (job.work) {
  case 'copy':
    for (const found of list('')) copy(found);
    break;
  case 'list': {
    const lines: string[] = [];
    for (const { path: file, directory, size, writtenS } of list(''))
      if (!directory) lines.push(`${file};${size};${writtenS}\n`);
    fs.writeFileSync(path.join(job.folder, 'listing'), lines.join(''));
    break;
  }
  case 'put':
    for (const entry of fs.readdirSync(job.folder, { recursive: true, withFileTypes: true })) {
      const file = path.relative(job.folder, path.join(entry.parentPath, entry.name));
      if (entry.isDirectory()) must(c.mkdir(`${url}/${file}`, 0o755), 'smbc_mkdir');
      else put(file);
    }
    break;
}
process.exit(0);
