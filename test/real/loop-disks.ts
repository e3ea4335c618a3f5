/** File systems for tests: an image in a loop device, each on its own, gone with the namespace or before. Only inside `tryout/isolate`. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { mustRun } from '../../base/command.ts';

export type DiskKind = 'xfs' | 'btrfs' | 'ext4' | 'tmpfs';

/** Those that share blocks between files. */
export const REFLINK_DISKS: readonly DiskKind[] = ['xfs', 'btrfs'];

export interface Disk {
  readonly kind: DiskKind;
  /** Where it is mounted. */
  readonly folder: string;
  /** What the loop device reads; undefined without one. */
  readonly image: string | undefined;
  remove(): Promise<void>;
}

const SETTLE_MS = 20_000;

export async function makeDisk(kind: DiskKind, megabytes: number): Promise<Disk> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), `${kind}-`));
  fs.chmodSync(root, 0o755);
  const folder = path.join(root, 'disk');
  fs.mkdirSync(folder);
  const image = path.join(root, 'image');
  if (kind === 'tmpfs')
    await mustRun('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'disk', folder], { timeLimitMs: SETTLE_MS });
  else {
    fs.writeFileSync(image, '');
    fs.truncateSync(image, megabytes * 1_048_576);
    await mustRun(`mkfs.${kind}`, ['-q', image], { timeLimitMs: SETTLE_MS });
    await mustRun('mount', ['-o', 'loop', image, folder], { timeLimitMs: SETTLE_MS });
  }
  return {
    kind,
    folder,
    image: kind === 'tmpfs' ? undefined : image,
    remove: async () => {
      await mustRun('umount', [folder], { timeLimitMs: SETTLE_MS });
      fs.rmSync(root, { recursive: true });
    },
  };
}

/**
 * Lets bytes rot: flips one where this content lies on the disk, below the file system. Whoever has them in memory still sees them as
 * they were. Throws when they are not there.
 */
export async function rot(disk: Disk, content: Buffer): Promise<void> {
  if (disk.image === undefined) throw new Error('it has no image');
  await mustRun('sync', ['-f', disk.folder], { timeLimitMs: SETTLE_MS });
  const image = fs.openSync(disk.image, 'r+');
  try {
    const piece = Buffer.alloc(16 * 1_048_576);
    for (let at = 0; ; ) {
      const got = fs.readSync(image, piece, 0, piece.length, at);
      if (got < content.length) throw new Error('this content is nowhere on the disk');
      const found = piece.subarray(0, got).indexOf(content);
      if (found >= 0) {
        const flipped = (content[10] ?? 0) ^ 0x40;
        fs.writeSync(image, Buffer.from([flipped]), 0, 1, at + found + 10);
        return;
      }
      at += got - content.length + 1;
    }
  } finally {
    fs.closeSync(image);
  }
}
