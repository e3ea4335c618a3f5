/** The small files that the SMB benches move: 1–64 KiB, the same at every run, a hundred to a folder. */
import fs from 'node:fs';
import path from 'node:path';
import { seeded } from '../../tryout/files.ts';

export interface Content {
  files: number;
  bytes: number;
}

const FILES_PER_FOLDER = 100;
const LEAST_BYTES = 1_024;
const MOST_BYTES = 65_536;
const MIB = 1_048_576;

export function makeSmallFiles(folder: string, files: number): Content {
  const chance = seeded(1);
  const noise = makeNoise(2 * MOST_BYTES, chance);
  const folders = Math.ceil(files / FILES_PER_FOLDER);
  let bytes = 0;
  for (let n = 0; n < files; n += 1) {
    const sub = path.join(folder, `folder ${n % folders}`);
    if (n < folders) fs.mkdirSync(sub, { recursive: true });
    const size = LEAST_BYTES + Math.floor(chance() * (MOST_BYTES - LEAST_BYTES));
    const from = Math.floor(chance() * MOST_BYTES);
    fs.writeFileSync(path.join(sub, `file ${n}.dat`), noise.subarray(from, from + size));
    bytes += size;
  }
  return { files, bytes };
}

/** One file of whole MiB, none like the other. */
export function makeBigFile(file: string, mebibytes: number): Content {
  const noise = makeNoise(MIB, seeded(2));
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const fd = fs.openSync(file, 'w');
  for (let n = 0; n < mebibytes; n += 1) {
    noise.writeUInt32LE(n, 0);
    fs.writeSync(fd, noise);
  }
  fs.closeSync(fd);
  return { files: 1, bytes: mebibytes * MIB };
}

function makeNoise(bytes: number, chance: () => number): Buffer {
  const noise = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 4) noise.writeUInt32LE(Math.floor(chance() * 4_294_967_296), at);
  return noise;
}

/** Throws unless the folder holds just that many files and bytes: a fast wrong copy counts nothing. */
export function checkContent(whose: string, folder: string, expected: Content): void {
  const found: Content = { files: 0, bytes: 0 };
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    found.files += 1;
    found.bytes += fs.statSync(path.join(entry.parentPath, entry.name)).size;
  }
  if (found.files !== expected.files || found.bytes !== expected.bytes)
    throw new Error(
      `${whose} made ${found.files} files and ${found.bytes} bytes, not ${expected.files} and ${expected.bytes}`,
    );
}
