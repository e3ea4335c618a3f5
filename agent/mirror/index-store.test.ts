/** The index: places, counts, batches, and what survives whom. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Told } from './index-row.ts';
import { IndexStore } from './index-store.ts';

let folder: string;
let index: IndexStore;
const signature = { size: 5n, mtimeNs: 1n, ctimeNs: 2n, ino: 3n };

const told = (size: number, fileId = 0n): Told => ({
  size,
  written: 10n,
  created: 10n,
  changed: 10n,
  attributes: 0x20,
  fileId,
});

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'index-'));
  index = new IndexStore(folder, 'boot-1');
});

afterEach(() => {
  index.close();
  fs.rmSync(folder, { recursive: true });
});

it('finds what was put, by path and back', () => {
  const share = index.share('docs');
  const a = index.put(share.id, share.root, 'a', 'directory', told(0), undefined);
  const file = index.put(share.id, a, 'f', 'file', told(5), signature);
  expect(index.find(share.root, 'a/f')?.local).toEqual(signature);
  expect(index.path(file)).toBe('a/f');
  expect(index.path(share.root)).toBe('');
  expect(index.find(share.root, 'a/none')).toBeUndefined();
});

it('moves a directory with everything below it by one row', () => {
  const share = index.share('docs');
  const a = index.put(share.id, share.root, 'a', 'directory', told(0), undefined);
  const b = index.put(share.id, share.root, 'b', 'directory', told(0), undefined);
  const file = index.put(share.id, a, 'f', 'file', told(5), signature);
  index.move(a, b, 'moved');
  expect(index.path(file)).toBe('b/moved/f');
});

it('forgets a removed tree at once, and its rows little by little', () => {
  const share = index.share('docs');
  const a = index.put(share.id, share.root, 'a', 'directory', told(0), undefined);
  const b = index.put(share.id, a, 'b', 'directory', told(0), undefined);
  const file = index.put(share.id, b, 'f', 'file', told(5, 77n), signature);
  const row = index.row(a);
  if (row !== undefined) index.remove(row);
  expect(index.find(share.root, 'a')).toBeUndefined();
  expect(index.path(file)).toBeUndefined();
  index.put(share.id, share.root, 'a', 'directory', told(0), undefined);
  let turns = 0;
  while (index.sweep(1) && turns < 20) turns += 1;
  expect(index.row(file)).toBeUndefined();
  expect(index.share('docs').files).toBe(0);
  expect(index.find(share.root, 'a')?.kind).toBe('directory');
});

it('trusts what waits for a flush until the machine restarts, and what was flushed for ever', () => {
  const share = index.share('docs');
  index.put(share.id, share.root, 'flushed', 'file', told(5), signature);
  index.completeBatch(index.closeBatch(), 100);
  index.put(share.id, share.root, 'waiting', 'file', told(5), signature);
  const reopened = (bootId: string): (bigint | undefined)[] => {
    index.close();
    index = new IndexStore(folder, bootId);
    return ['flushed', 'waiting'].map((name) => index.find(share.root, name)?.local.size);
  };
  expect(reopened('boot-1')).toEqual([5n, 5n]);
  expect(reopened('boot-2')).toEqual([5n, -1n]);
});

it('completes only the batch that was flushed', () => {
  const share = index.share('docs');
  index.put(share.id, share.root, 'first', 'file', told(5), signature);
  const batch = index.closeBatch();
  index.put(share.id, share.root, 'second', 'file', told(5), signature);
  index.completeBatch(batch, 100);
  index.close();
  index = new IndexStore(folder, 'boot-2');
  expect(index.find(share.root, 'first')?.local.size).toBe(5n);
  expect(index.find(share.root, 'second')?.local.size).toBe(-1n);
});

it('distrusts after a failed flush also what was noted while it flushed, and at once', () => {
  const share = index.share('docs');
  index.put(share.id, share.root, 'flushed', 'file', told(5), signature);
  index.completeBatch(index.closeBatch(), 100);
  index.put(share.id, share.root, 'first', 'file', told(5), signature);
  index.closeBatch();
  index.put(share.id, share.root, 'meanwhile', 'file', told(5), signature);
  index.distrustWaiting();
  // As a process sees it that is started after a kill.
  const next = new IndexStore(folder, 'boot-1');
  const sizes = ['flushed', 'first', 'meanwhile'].map((name) => next.find(share.root, name)?.local.size);
  next.close();
  expect(sizes).toEqual([5n, -1n, -1n]);
});

it('refuses an index that is damaged', () => {
  index.close();
  fs.writeFileSync(path.join(folder, 'index.sqlite'), 'this is no database, not even a small one'.repeat(200));
  expect(() => new IndexStore(folder, 'boot-1')).toThrow(expect.objectContaining({ code: 'index-damaged' }));
  fs.rmSync(path.join(folder, 'index.sqlite'));
  index = new IndexStore(folder, 'boot-1');
});

it('counts files and bytes right after any history', () => {
  const change = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    inside: fc.boolean(),
    kind: fc.constantFrom('put', 'directory', 'remove'),
    size: fc.nat(100),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      index.close();
      for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name));
      index = new IndexStore(folder, 'boot-1');
      const { id, root } = index.share('docs');
      for (const { name, inside, kind, size } of changes) {
        const parent = inside ? index.child(root, 'd') : index.row(root);
        if (parent?.kind !== 'directory') continue;
        const row = index.child(parent.id, name);
        if (kind === 'put') index.put(id, parent.id, name, 'file', told(size), signature);
        else if (kind === 'directory') index.put(id, parent.id, name, 'directory', told(0), undefined);
        else if (row !== undefined) index.remove(row);
      }
      while (index.sweep(3));
      const all = index.files(id, 0, 1_000);
      const { files, bytes } = index.share('docs');
      expect(files).toBe(all.length);
      expect(bytes).toBe(all.reduce((sum, row) => sum + row.size, 0));
      expect(all.every((row) => index.path(row.id) !== undefined)).toBe(true);
    }),
    { numRuns: 60, seed: 11 },
  );
});
