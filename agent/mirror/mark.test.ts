/** The freeze, and the proof that mirror and index belong together. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { IndexStore } from './index-store.ts';
import { openFreeze } from './mark.ts';

let folder: string;
let index: IndexStore;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mark-'));
  index = new IndexStore(path.join(folder, 'state'), 'boot');
});

afterEach(() => {
  index.close();
  fs.rmSync(folder, { recursive: true });
});

const mirror = (): string => path.join(folder, 'mirror');

it('freezes for one decision and thaws for no other', () => {
  const freeze = openFreeze(mirror(), index);
  freeze.freeze('one');
  freeze.freeze('one');
  expect(() => freeze.freeze('two')).toThrow(expect.objectContaining({ code: 'frozen' }));
  expect(() => freeze.thaw('two')).toThrow(expect.objectContaining({ code: 'frozen' }));
  expect(openFreeze(mirror(), index).frozenFor).toBe('one');
  freeze.thaw('one');
  expect(openFreeze(mirror(), index).frozenFor).toBe('');
});

it('stays frozen when the index is lost', () => {
  openFreeze(mirror(), index).freeze('one');
  const other = new IndexStore(path.join(folder, 'state-2'), 'boot');
  expect(openFreeze(mirror(), other).frozenFor).toBe('one');
  other.close();
});

it('stays frozen when the mark says nothing but the index does', () => {
  openFreeze(mirror(), index).freeze('one');
  const file = path.join(mirror(), '.standby-mirror');
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('one', ''));
  expect(openFreeze(mirror(), index).frozenFor).toBe('one');
});

it('refuses a mirror that is another one, or not there', () => {
  openFreeze(mirror(), index);
  fs.renameSync(mirror(), path.join(folder, 'away'));
  expect(() => openFreeze(mirror(), index)).toThrow(expect.objectContaining({ code: 'mirror-missing' }));
  const other = new IndexStore(path.join(folder, 'state-2'), 'boot');
  openFreeze(mirror(), other);
  other.close();
  expect(() => openFreeze(mirror(), index)).toThrow(expect.objectContaining({ code: 'mirror-missing' }));
});
