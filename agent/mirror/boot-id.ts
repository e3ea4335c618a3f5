/**
 * Names the time in which the kernel keeps what was written to the mirror and not yet flushed: from one start of the machine
 * to the next, and from one mount of the disk to the next. A disk that was torn away and mounted again within one boot has
 * lost what it had not written, as in a power cut. Where the mount cannot be told from the next one, each call begins a time
 * of its own: then a kill costs a second copy of what was not flushed, and no more.
 */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** Kinds of file systems that show each of their mounts as a directory of sysfs, named after the device. */
const NAMED_AFTER_DEVICE = ['ext4', 'xfs', 'f2fs'];
/** statfs(2): BTRFS_SUPER_MAGIC. Its folders have devices of their own, so that none leads to the mount. */
const BTRFS = 0x9123683e;
/** TMPFS_MAGIC, RAMFS_MAGIC: what is torn away there is gone altogether, names and all. */
const IN_MEMORY = [0x01021994, 0x858458f6];

/** `mirrorPath` need not exist yet: then its nearest parent counts. */
export function readBootId(mirrorPath: string): string {
  const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const folder = nearest(mirrorPath);
  return `${boot} ${mountOf(fs.statfsSync(folder).type, fs.statSync(folder).dev)}`;
}

/** Exported for its test. `type` as in statfs(2), `dev` as in stat(2). */
export function mountOf(type: number, dev: number): string {
  if (IN_MEMORY.includes(type)) return '';
  return (type === BTRFS ? allOfBtrfs() : ofDevice(dev)) ?? randomUUID();
}

function nearest(folder: string): string {
  return fs.existsSync(folder) ? folder : nearest(path.dirname(folder));
}

/** The inode number of the mount's directory in sysfs: made with the mount, removed with it, and not given out again. */
function ofDevice(dev: number): string | undefined {
  // Major and minor number as stat(2) packs them into 32 bits.
  const device = `${(dev >>> 8) & 0xfff}:${(dev & 0xff) | ((dev >>> 12) & 0xfff00)}`;
  const link = `/sys/dev/block/${device}`;
  if (!fs.existsSync(link)) return undefined;
  const name = path.basename(fs.readlinkSync(link));
  for (const kind of NAMED_AFTER_DEVICE) {
    const stat = fs.statSync(`/sys/fs/${kind}/${name}`, { throwIfNoEntry: false });
    if (stat !== undefined) return `${kind} ${name} ${stat.ino}`;
  }
  return undefined;
}

/** Every mount of the kind counts: one of another disk costs a few copies, and no more. */
function allOfBtrfs(): string | undefined {
  const folder = '/sys/fs/btrfs';
  if (!fs.existsSync(folder)) return undefined;
  const mounts = fs.readdirSync(folder).filter((name) => name !== 'features');
  return mounts.map((name) => `${name} ${fs.statSync(path.join(folder, name)).ino}`).join(' ');
}
