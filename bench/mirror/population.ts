/** Very many empty files, made on the main's own disk: what grows with the number of files must show, and content would only take time. */
import fs from 'node:fs';
import path from 'node:path';

/** Folders beside each other; the rest lie deeper. */
const SIDE_BY_SIDE = 100;
/** ext4 makes one inode for so many KiB of a disk (mke2fs.conf, inode_ratio 16384). */
const INODE_KIB = 16;

export function makePopulation(root: string, files: number, folders: number): void {
  for (let n = 0; n < folders; n += 1) {
    const folder = path.join(root, `group ${n % SIDE_BY_SIDE}`, `folder ${n}`);
    fs.mkdirSync(folder, { recursive: true });
    for (let m = n; m < files; m += folders) fs.closeSync(fs.openSync(path.join(folder, `file ${m}.dat`), 'wx'));
  }
}

/** MB of a disk that has inodes for so many files and their folders. It takes memory only for what is in use. */
export function inodesFor(files: number): number {
  return Math.ceil((files * 1.1 * INODE_KIB) / 1_024) + 500;
}
