/** Bringing content to the disk, alone and together; one file that the disk refuses is no trouble of the others. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ContentSync } from './content-sync.ts';

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sync-'));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

it.each([1, 8, 9, 40])('syncs %i files, and tells of the one that cannot be', async (count) => {
  const sync = new ContentSync();
  const open = Array.from({ length: count }, (_, n) => fs.openSync(path.join(folder, `${n}`), 'w'));
  // A descriptor of nothing: EBADF, where a failing disk would say EIO.
  const refused = 1_000_000;
  const all = await Promise.allSettled([sync.sync(refused), ...open.map((fd) => sync.sync(fd))]);
  expect(all[0]).toMatchObject({ status: 'rejected', reason: { code: 'EBADF' } });
  expect(all.slice(1).every(({ status }) => status === 'fulfilled')).toBe(true);
  for (const fd of open) fs.closeSync(fd);
});
