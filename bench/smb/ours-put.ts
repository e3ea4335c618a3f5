/** Copies a folder into a share with our client, with written times, many files at once: bench/smb-write.ts runs it. */
import fs from 'node:fs';
import path from 'node:path';
import type { StoreSource, Tree } from '../../smb/types.ts';
import { fileTimeOf, withShares } from './ours.ts';

/** Files in hand for each connection; the connection itself admits as many as it can use. */
const WIDTH = 64;
/** Creating a file is the server's work, of one process for each connection; one large file gains nothing by a second one. */
const CONNECTIONS = 2;

/** Memory that has been sent, by its length in steps. */
const free = new Map<number, Buffer[]>();
const STEP_BYTES = 4_096;

function sourceOf(fd: number, size: number): StoreSource {
  return {
    size,
    read(offset, length) {
      const room = Math.ceil(length / STEP_BYTES) * STEP_BYTES;
      const bytes = free.get(room)?.pop() ?? Buffer.allocUnsafeSlow(room);
      return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, offset));
    },
    used(bytes) {
      const whole = Buffer.from(bytes.buffer);
      const same = free.get(whole.length);
      if (same === undefined) free.set(whole.length, [whole]);
      else same.push(whole);
    },
  };
}

await withShares(CONNECTIONS, async (trees, folder) => {
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
  const pathOf = (entry: fs.Dirent): string => path.join(path.relative(folder, entry.parentPath), entry.name);
  // readdir tells a folder before what is in it.
  for (const entry of entries) if (entry.isDirectory()) await trees[0].makeDirectory(pathOf(entry));
  const files = entries.filter((entry) => entry.isFile()).values();
  const worker = async (tree: Tree): Promise<void> => {
    for (const entry of files) {
      const fd = fs.openSync(path.join(entry.parentPath, entry.name), 'r');
      const { size, mtimeMs } = fs.fstatSync(fd);
      await tree.store(pathOf(entry), sourceOf(fd, size), { written: fileTimeOf(mtimeMs) });
      fs.closeSync(fd);
    }
  };
  await Promise.all(trees.flatMap((tree) => Array.from({ length: WIDTH }, () => worker(tree))));
});
