/** How much moved, for ever and for a day: across restarts, hours, clocks that jump, and an index that an earlier version made. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { IndexStore } from './index-store.ts';
import { Traffic } from './traffic.ts';

const HOUR_MS = 3_600_000;
let folder: string;
let index: IndexStore;
let traffic: Traffic;
let nowMs: number;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'traffic-'));
  nowMs = 480_000 * HOUR_MS;
  open();
});
afterEach(() => {
  index.close();
  fs.rmSync(folder, { recursive: true });
});

function open(): void {
  index = new IndexStore(folder, 'boot');
  traffic = new Traffic(index, () => nowMs);
}

function reopen(): void {
  index.close();
  open();
}

/** Read bytes stand for all: each of the others is another multiple. */
function note(readBytes: number, share = 1): void {
  traffic.note(share, {
    readBytes,
    writtenBytes: 2 * readBytes,
    changedBytes: 3 * readBytes,
    uncomparedBytes: 4 * readBytes,
  });
  traffic.save(true);
}

function read(share = 1): [ever: number, day: number] {
  const { ever, day } = traffic.of(share);
  for (const { readBytes, writtenBytes, changedBytes, uncomparedBytes } of [ever, day])
    expect([writtenBytes, changedBytes, uncomparedBytes]).toEqual([2 * readBytes, 3 * readBytes, 4 * readBytes]);
  return [ever.readBytes, day.readBytes];
}

const rows = (): number => index.all('SELECT hour FROM traffic').length;

it('sums up for ever and for the last 24 hours, share by share', () => {
  expect(read()).toEqual([0, 0]);
  note(10);
  note(7, 2);
  nowMs += 23 * HOUR_MS;
  note(1);
  expect(read()).toEqual([11, 11]);
  nowMs += HOUR_MS;
  expect(read()).toEqual([11, 1]);
  expect(read(2)).toEqual([7, 0]);
  reopen();
  expect(read()).toEqual([11, 1]);
});

it('tells at once what is not saved yet, and saves it once', () => {
  note(5);
  traffic.note(1, { readBytes: 1, writtenBytes: 2, changedBytes: 3, uncomparedBytes: 4 });
  traffic.save();
  expect(read()).toEqual([6, 6]);
  nowMs += 2_000;
  traffic.save();
  traffic.save(true);
  reopen();
  expect(read()).toEqual([6, 6]);
});

it('keeps 25 rows of a share, however long it lasts', () => {
  for (let hour = 0; hour < 500; hour += 1) {
    note(1);
    nowMs += HOUR_MS;
  }
  expect(rows()).toBe(25);
  expect(read()).toEqual([500, 23]);
});

it('does not count hours that have not come yet when the clock was set back, nor keep those of a clock that was ahead', () => {
  note(1);
  nowMs += 10_000 * HOUR_MS;
  note(2);
  nowMs -= 10_000 * HOUR_MS;
  expect(read()[0]).toBe(3);
  note(4);
  expect(read()).toEqual([7, 4]);
  expect(rows()).toBe(2);
});

it('counts nothing twice when the index cannot be written', () => {
  note(1);
  traffic.note(1, { readBytes: 1, writtenBytes: 2, changedBytes: 3, uncomparedBytes: 4 });
  index.change('ALTER TABLE traffic RENAME TO elsewhere');
  traffic.save(true);
  index.change('ALTER TABLE elsewhere RENAME TO traffic');
  traffic.save(true);
  reopen();
  expect(read()).toEqual([1, 1]);
});

it('begins in an index that an earlier version made', () => {
  index.close();
  const database = new DatabaseSync(path.join(folder, 'index.sqlite'));
  database.exec('DROP TABLE traffic');
  database.close();
  open();
  note(9);
  expect(read()).toEqual([9, 9]);
});
