/** The index's log stays short while somebody writes without a pause, and nobody is kept waiting for ever. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { Flusher } from './flusher.ts';
import { FakeShare } from './ground.fake.ts';
import { IndexStore } from './index-store.ts';
import { LogRelief } from './log-relief.ts';

const NOTHING = { size: 1, written: 0n, created: 0n, changed: 0n, attributes: 32, fileId: 0n };

function world() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'log-'));
  const index = new IndexStore(folder, 'boot');
  const { id, root } = index.share('docs');
  let files = 0;
  return {
    index,
    folder,
    logBytes: () => fs.statSync(`${index.file}-wal`).size,
    /** As a pass does: some rows, a commit, and on. */
    write(count: number): void {
      for (let n = 0; n < count; n += 1) {
        files += 1;
        index.put(id, root, `file ${files}`, 'file', NOTHING, undefined);
        if (files % 8 === 0) index.commit();
      }
      index.commit();
    },
    rows: () => index.share('docs').files,
    clear(): void {
      index.close();
      fs.rmSync(folder, { recursive: true });
    },
  };
}

it('lets a long log begin anew, and no row is lost', () => {
  const { index, write, logBytes, rows, clear } = world();
  const other = new DatabaseSync(index.file);
  const long = 1_000_000;
  let longest = 0;
  let nowMs = 0;
  const relief = new LogRelief(
    index,
    () => {
      const done = other.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
      relief.tried(done?.['log'] === done?.['checkpointed'], nowMs);
    },
    long,
  );
  for (let round = 0; round < 60; round += 1) {
    write(100);
    nowMs += 11_000;
    longest = Math.max(longest, logBytes());
    relief.look(nowMs);
    expect(index.room.wait).toBeUndefined();
  }
  expect(longest).toBeLessThan(2 * long);
  expect(rows()).toBe(6_000);
  other.close();
  clear();
});

it('is cut on the disk as well', () => {
  const { index, write, logBytes, clear } = world();
  write(8_000);
  const limit = 16 * 1_048_576;
  expect(logBytes()).toBeGreaterThan(limit * 1.2);
  const other = new DatabaseSync(index.file);
  other.exec('PRAGMA wal_checkpoint(PASSIVE)');
  write(8);
  expect(logBytes()).toBeLessThanOrEqual(limit);
  other.close();
  clear();
});

it('keeps passes out while it tries, tries again while somebody writes, and gives up in time', async () => {
  const { index, write, clear } = world();
  write(200);
  let tries = 0;
  const relief = new LogRelief(index, () => (tries += 1), 1);
  relief.look(0);
  const room = index.room.wait;
  expect(room).toBeInstanceOf(Promise);
  relief.tried(false, 5_000);
  expect(tries).toBe(2);
  expect(index.room.wait).toBe(room);
  relief.tried(false, 10_001);
  await room;
  expect(index.room.wait).toBeUndefined();
  relief.look(20_000);
  expect(tries).toBe(2);
  relief.look(71_000);
  expect(tries).toBe(3);
  relief.tried(true, 71_500);
  expect(index.room.wait).toBeUndefined();
  // A thread that answers no more.
  relief.look(82_000);
  relief.look(92_000);
  expect(index.room.wait).toBeInstanceOf(Promise);
  relief.look(92_001);
  expect(index.room.wait).toBeUndefined();
  clear();
});

it('is obeyed by a pass, in its walk and in its fetching, which go on where they were', async () => {
  const share = new FakeShare();
  const { room } = share.ground.index;
  for (let n = 0; n < 3; n += 1) share.main.write(`folder ${n}`, undefined);
  for (let n = 0; n < 1_500; n += 1) share.main.write(`folder ${n % 3}/${n}.txt`, `${n}`);
  let begun = 0;
  let ended = 0;
  share.disguise = (tree) => ({
    ...tree,
    fetch: async (...args) => {
      begun += 1;
      if (begun === 300) room.close();
      return tree.fetch(...args).finally(() => {
        ended += 1;
      });
    },
  });
  room.close();
  const passing = share.pass();
  const quiet = async (): Promise<void> => {
    for (let turns = 0; turns < 50; turns += 1) {
      const before = begun;
      await new Promise((resolve) => setImmediate(resolve));
      if (begun !== before || begun !== ended) turns = 0;
    }
  };
  await quiet();
  expect(share.main.requests.filter((request) => request.startsWith('list'))).toEqual([]);
  room.open();
  await until(() => begun >= 300);
  await quiet();
  // What was under way, and not all that there is.
  expect(begun).toBeLessThan(700);
  room.open();
  await passing;
  expect(share.visible()).toEqual(share.wanted());
  share.clear();
});

async function until(ask: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!ask()) {
    if (performance.now() > deadlineMs) throw new Error('not within 20 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('lets everybody in when the flusher ends in the middle', async () => {
  const { index, folder, clear } = world();
  const flusher = new Flusher({ mirrorPath: folder, index, failed: () => {} });
  index.room.close();
  const room = index.room.wait;
  await flusher.close();
  await room;
  expect(index.room.wait).toBeUndefined();
  clear();
});
