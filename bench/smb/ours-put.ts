/** Copies a folder into a share with our client, with written times, many files at once: bench/smb-write.ts runs it. */
import fs from 'node:fs';
import path from 'node:path';
import type { StoreSource } from '../../smb/types.ts';
import { fileTimeOf, withShare } from './ours.ts';

/** Files in hand; the connection itself admits as many as it can use. */
const WIDTH = 64;

function sourceOf(fd: number, size: number): StoreSource {
  return {
    size,
    read(offset, length) {
      const bytes = Buffer.allocUnsafe(length);
      return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, offset));
    },
  };
}

await withShare(async (tree, folder) => {
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
  const pathOf = (entry: fs.Dirent): string => path.join(path.relative(folder, entry.parentPath), entry.name);
  // readdir tells a folder before what is in it.
  for (const entry of entries) if (entry.isDirectory()) await tree.makeDirectory(pathOf(entry));
  const files = entries.filter((entry) => entry.isFile()).values();
  const worker = async (): Promise<void> => {
    for (const entry of files) {
      const fd = fs.openSync(path.join(entry.parentPath, entry.name), 'r');
      const { size, mtimeMs } = fs.fstatSync(fd);
      await tree.store(pathOf(entry), sourceOf(fd, size), { written: fileTimeOf(mtimeMs) });
      fs.closeSync(fd);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
});
