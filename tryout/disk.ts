/** A disk of its own for each box of the play: an ext4 image in memory, mounted through a loop device; both go with the namespace. */
import fs from 'node:fs';
import path from 'node:path';
import { mustRun } from '../base/command.ts';

/** Makes and mounts a file system of `megabytes`; returns the mount point. */
export async function makeDisk(name: string, megabytes: number): Promise<string> {
  const image = path.join('/run', `${name}.img`);
  const mountPoint = path.join('/run', `disk-${name}`);
  const fd = fs.openSync(image, 'w');
  fs.ftruncateSync(fd, megabytes * 1_048_576);
  fs.closeSync(fd);
  await mustRun('mkfs.ext4', ['-q', '-E', 'lazy_itable_init=1,lazy_journal_init=1', image], { timeLimitMs: 30_000 });
  fs.mkdirSync(mountPoint);
  await mustRun('mount', ['-o', 'loop,user_xattr', image, mountPoint], { timeLimitMs: 30_000 });
  return mountPoint;
}

/** Unmounts a disk that makeDisk made and removes its image. */
export async function removeDisk(name: string): Promise<void> {
  const mountPoint = path.join('/run', `disk-${name}`);
  await mustRun('umount', [mountPoint], { timeLimitMs: 30_000 });
  fs.rmdirSync(mountPoint);
  fs.rmSync(path.join('/run', `${name}.img`));
}
