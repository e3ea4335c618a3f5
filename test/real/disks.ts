/**
 * Disks of a test's own: loop devices with ext4, XFS or btrfs, whose power can be cut. There is no device-mapper in a
 * container, so the cut is the file system's own: ext4 and XFS have an ioctl that stops everything on the spot and throws
 * away what only memory holds, the journal's tail included; of a btrfs disk, whose image lies on an XFS one, a reflink copy
 * is taken while it is mounted, which is what the disk would hold at that moment.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import koffi from 'koffi';
import { mustRun } from '../../base/command.ts';

export type Kind = 'ext4' | 'xfs' | 'btrfs';

const LIMIT_MS = 30_000;
/** Images are sparse. */
const DISK_BYTES = 2_000 * 1_048_576;
const BTRFS_BYTES = 1_500 * 1_048_576;
/** EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN: _IOR('X', 125, __u32). */
const SHUTDOWN = 0x8004587d;
/** EXT4_GOING_FLAGS_NOLOGFLUSH, XFS_FSOP_GOING_FLAGS_NOLOGFLUSH. */
const WITHOUT_LOG_FLUSH = 2;

const ioctl = koffi
  .load('libc.so.6')
  .func('int ioctl(int fd, unsigned long request, const uint32_t *argument)') as unknown as (
  fd: number,
  request: number,
  argument: Uint32Array,
) => number;

/** Its tools are no package that the product needs. */
export function canMake(kind: Kind): boolean {
  const needed: Kind[] = kind === 'btrfs' ? ['xfs', 'btrfs'] : [kind];
  return needed.every((each) => fs.existsSync(`/usr/sbin/mkfs.${each}`));
}

/** Further words for mkfs and mount. */
export interface DiskOptions {
  mkfs?: string[];
  mount?: string[];
  bytes?: number;
}

export class Disk {
  readonly kind: Kind;
  /** Where it is mounted. */
  readonly at: string;
  readonly image: string;
  readonly #folder: string;
  readonly #host: Disk | undefined;
  readonly #options: DiskOptions;
  #isMounted = false;

  private constructor(kind: Kind, host: Disk | undefined, options: DiskOptions) {
    this.kind = kind;
    this.#host = host;
    this.#options = options;
    this.#folder = fs.mkdtempSync(path.join(host?.at ?? os.tmpdir(), `disk-${kind}-`));
    fs.chmodSync(this.#folder, 0o755);
    this.image = path.join(this.#folder, 'image');
    this.at = path.join(this.#folder, 'disk');
    fs.mkdirSync(this.at);
  }

  /** Made and mounted. */
  static async make(kind: Kind, options: DiskOptions = {}): Promise<Disk> {
    const host = kind === 'btrfs' ? await Disk.make('xfs') : undefined;
    const disk = new Disk(kind, host, options);
    fs.writeFileSync(disk.image, '');
    fs.truncateSync(disk.image, options.bytes ?? (kind === 'btrfs' ? BTRFS_BYTES : DISK_BYTES));
    await mustRun(`mkfs.${kind}`, ['-q', ...(options.mkfs ?? []), disk.image], { timeLimitMs: LIMIT_MS });
    await disk.mount();
    return disk;
  }

  async mount(): Promise<void> {
    const words = ['loop', ...(this.#options.mount ?? [])].join(',');
    await mustRun('mount', ['-t', this.kind, '-o', words, this.image, this.at], { timeLimitMs: LIMIT_MS });
    this.#isMounted = true;
    fs.chmodSync(this.at, 0o755);
  }

  async unmount(): Promise<void> {
    if (!this.#isMounted) return;
    await mustRun('umount', [this.at], { timeLimitMs: LIMIT_MS });
    this.#isMounted = false;
  }

  async remount(words: string): Promise<void> {
    await mustRun('mount', ['-o', `remount,${words}`, this.at], { timeLimitMs: LIMIT_MS });
  }

  /**
   * The power goes. What was not on the disk is lost when it is mounted again; until then ext4 and XFS answer with EIO.
   * A btrfs disk goes on, but what it writes from now on is lost as well: whoever uses it must be stopped before.
   */
  cut(): void {
    if (this.#host !== undefined) {
      fs.copyFileSync(this.image, `${this.image}.cut`, fs.constants.COPYFILE_FICLONE_FORCE);
      return;
    }
    const fd = fs.openSync(this.at, fs.constants.O_RDONLY);
    try {
      if (ioctl(fd, SHUTDOWN, Uint32Array.of(WITHOUT_LOG_FLUSH)) !== 0) throw new Error('the file system did not stop');
    } finally {
      fs.closeSync(fd);
    }
  }

  /** The power is back. Nobody may have anything open on it. */
  async back(): Promise<void> {
    await this.unmount();
    if (this.#host !== undefined) fs.renameSync(`${this.image}.cut`, this.image);
    await this.mount();
  }

  async destroy(): Promise<void> {
    await this.unmount();
    fs.rmSync(this.#folder, { recursive: true, force: true });
    await this.#host?.destroy();
  }
}
