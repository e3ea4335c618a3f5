/** Compares two folders byte by byte: what is on the main with what is on the mirror. Reads the disks themselves, past both servers. */
import fs from 'node:fs';
import path from 'node:path';
import { getXattr } from '../base/libc.ts';

export interface Difference {
  path: string;
  what: string;
}

export interface Comparison {
  files: number;
  bytes: number;
  differences: Difference[];
}

/** The mirror's own names, which are nobody's data. */
const OURS = /^\.~?standby-/;

const CHUNK_BYTES = 1_048_576;

/** Content, kind, written time to 100 ns, and the DOS attributes and creation time where the main keeps them. */
export function compareFolders(main: string, mirror: string): Comparison {
  const result: Comparison = { files: 0, bytes: 0, differences: [] };
  compareFolder(main, mirror, '', result);
  return result;
}

function compareFolder(main: string, mirror: string, relative: string, result: Comparison): void {
  const here = namesIn(path.join(main, relative));
  const there = namesIn(path.join(mirror, relative));
  for (const name of new Set([...here, ...there])) {
    const each = path.join(relative, name);
    if (!there.has(name)) result.differences.push({ path: each, what: 'missing on the standby' });
    else if (!here.has(name)) result.differences.push({ path: each, what: 'not on the main' });
    else compareObject(main, mirror, each, result);
  }
}

function compareObject(main: string, mirror: string, relative: string, result: Comparison): void {
  const a = fs.lstatSync(path.join(main, relative), { bigint: true });
  const b = fs.lstatSync(path.join(mirror, relative), { bigint: true });
  if (a.isDirectory() !== b.isDirectory()) {
    result.differences.push({ path: relative, what: 'a folder on one side, a file on the other' });
    return;
  }
  if (a.mtimeNs / 100n !== b.mtimeNs / 100n)
    result.differences.push({ path: relative, what: `written ${a.mtimeNs} and ${b.mtimeNs} ns` });
  if (a.isDirectory()) {
    compareFolder(main, mirror, relative, result);
    return;
  }
  result.files += 1;
  result.bytes += Number(a.size);
  if (!sameContent(path.join(main, relative), path.join(mirror, relative)))
    result.differences.push({ path: relative, what: 'content' });
  if (attributesOf(path.join(main, relative)) !== attributesOf(path.join(mirror, relative)))
    result.differences.push({ path: relative, what: 'DOS attributes' });
}

function namesIn(folder: string): Set<string> {
  return new Set(fs.readdirSync(folder).filter((name) => !OURS.test(name)));
}

function sameContent(a: string, b: string): boolean {
  const left = fs.openSync(a, 'r');
  const right = fs.openSync(b, 'r');
  try {
    const one = Buffer.alloc(CHUNK_BYTES);
    const two = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const n = fs.readSync(left, one);
      const m = fs.readSync(right, two);
      if (n !== m || !one.subarray(0, n).equals(two.subarray(0, m))) return false;
      if (n === 0) return true;
    }
  } finally {
    fs.closeSync(left);
    fs.closeSync(right);
  }
}

/** Read-only, hidden, system: the attributes a user sets. A file without any has no record on the main, or one that says «archive» or «normal». */
function attributesOf(file: string): number {
  const value = getXattr(file, 'user.DOSATTRIB');
  if (value === undefined) return 0;
  // xattr_DOSATTRIB version 5 (Samba librpc/idl/xattr.idl): an empty string (2 bytes), version (2), version again (4), valid flags (4), attributes (4).
  return value.length < 16 ? 0 : value.readUInt32LE(12) & 0x7;
}
