/** Tests of the journal: numbers over restarts, torn lines, the file's limit, and a disk that takes nothing. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openJournal } from './journal.ts';

const EVENT = { atMs: 1, level: 'info', code: 'idle', what: 'it happened', why: '', next: '' } as const;
const FULL_BYTES = 5_000_001;

let folder: string;
let problems: string[];

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'journal-'));
  problems = [];
});

const open = () => openJournal(folder, (what) => problems.push(what));
const file = () => path.join(folder, 'events.jsonl');

describe('the journal', () => {
  it('numbers events on over restarts', () => {
    open().add(EVENT);
    open().add(EVENT);
    expect(open().after(0)).toMatchObject({ events: [{ id: 1 }, { id: 2 }], last: 2 });
  });

  it('loses nothing but the line that was cut short', () => {
    const journal = open();
    journal.add({ ...EVENT, what: 'first' });
    journal.add({ ...EVENT, what: 'cut short' });
    fs.truncateSync(file(), fs.statSync(file()).size - 10);
    const after = open();
    expect(after.add({ ...EVENT, what: 'after the power failure' }).id).toBe(2);
    after.add({ ...EVENT, what: 'last' });
    const words = open()
      .after(0)
      .events.map((event) => event.what);
    expect(words).toEqual(['first', 'after the power failure', 'last']);
  });

  it('puts a full file aside, and numbers on', () => {
    open().add(EVENT);
    fs.appendFileSync(file(), `${' '.repeat(FULL_BYTES)}\n`);
    const journal = open();
    journal.add(EVENT);
    expect(fs.existsSync(`${file()}.1`)).toBe(true);
    expect(fs.statSync(file()).size).toBeLessThan(1_000);
    expect(open().add(EVENT).id).toBe(3);
  });

  it('keeps an event in memory when the disk takes nothing, and says so', () => {
    const journal = open();
    fs.mkdirSync(file());
    journal.add(EVENT);
    expect(problems).toHaveLength(1);
    fs.rmdirSync(file());
    journal.add(EVENT);
    expect(journal.after(0).events).toHaveLength(2);
    expect(problems).toHaveLength(1);
  });

  it('shows what came from outside in one line', () => {
    open().add({ ...EVENT, what: 'a\nb' });
    expect(open().after(0).events[0]?.what).not.toContain('\n');
  });
});
