/** Every mount of the mirror's disk has a name of its own: what the kernel had not written when a disk was torn away is lost. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readBootId } from '../../agent/mirror/boot-id.ts';
import { mustRun } from '../../base/command.ts';

const MEGABYTES = 130;
let folder: string;
let disk: string;
let image: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mount-'));
  disk = path.join(folder, 'disk');
  image = path.join(folder, 'image');
  fs.mkdirSync(disk);
  fs.writeFileSync(image, '');
  fs.truncateSync(image, MEGABYTES * 1_048_576);
});

afterEach(() => fs.rmSync(folder, { recursive: true }));

const mount = (): Promise<unknown> => mustRun('mount', ['-o', 'loop', image, disk], { timeLimitMs: 10_000 });
const unmount = (): Promise<unknown> => mustRun('umount', [disk], { timeLimitMs: 10_000 });

async function tellsMountsApart(program: string): Promise<void> {
  await mustRun(program, ['-q', image], { timeLimitMs: 20_000 });
  const ids: string[] = [];
  for (let n = 0; n < 2; n += 1) {
    await mount();
    try {
      const id = readBootId(path.join(disk, 'not', 'there'));
      expect(readBootId(disk)).toBe(id);
      ids.push(id);
    } finally {
      await unmount();
    }
  }
  expect(ids[0]).not.toBe(ids[1]);
  const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  for (const id of ids) expect(id).toContain(boot);
}

it('tells two mounts of one disk apart: ext4', () => tellsMountsApart('mkfs.ext4'));

// Its tools are no package that the product needs.
it.runIf(fs.existsSync('/usr/sbin/mkfs.btrfs'))('tells two mounts of one disk apart: btrfs', () =>
  tellsMountsApart('mkfs.btrfs'),
);
