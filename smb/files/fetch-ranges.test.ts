/** Sparse files over the wire: what is moved, and that every byte is told once, against a real smbd. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stand, startStand } from '../scripted/stand.ts';
import { hasMoved } from '../share.ts';
import type { Stat, Tree } from '../types.ts';
import type { Range, RangeSink } from './handle-types.ts';

const MIB = 1_048_576;
const GIB = 1_024 * MIB;

let stand: Stand;
let tree: Tree;

beforeAll(async () => {
  stand = await startStand();
  ({ tree } = await stand.tree());
});
afterAll(() => stand.stop());

const local = (name: string): string => path.join(stand.folder, name);

class Parts implements RangeSink {
  before: Stat | undefined;
  readonly chunks: { at: number; data: Buffer }[] = [];
  readonly holes: Range[] = [];

  begin(before: Stat): void {
    this.before = before;
  }

  data(data: Buffer, at: number): void {
    this.chunks.push({ at, data });
  }

  hole(from: number, to: number): void {
    this.holes.push({ from, to });
  }

  /** Data and holes, in the order of the file: they must meet without a gap and without lying over one another. */
  covered(): number {
    const all = [...this.holes, ...this.chunks.map(({ at, data }) => ({ from: at, to: at + data.length }))];
    let end = 0;
    for (const range of all.sort((a, b) => a.from - b.from)) {
      expect(range.from).toBe(end);
      end = range.to;
    }
    return end;
  }
}

/** A file that is marked as sparse, of this size, with these pieces in it. */
async function sparse(name: string, size: number, pieces: { at: number; data: Buffer }[]): Promise<void> {
  await using file = await tree.open(name, { access: 'read-write', create: 'must-not-exist' });
  await file.setSparse();
  await file.setEnd(size);
  for (const { at, data } of pieces) await file.write(at, data);
}

describe('a sparse file', () => {
  it('comes without its holes', async () => {
    const pieces = [0, 3 * GIB, 9 * GIB + 4_096].map((at) => ({ at, data: randomBytes(3 * MIB) }));
    await sparse('image', 10 * GIB, pieces);
    const parts = new Parts();
    const fetched = await tree.fetchRanges('image', parts);
    expect(parts.before?.size).toBe(10 * GIB);
    expect(fetched.bytes).toBe(9 * MIB);
    expect(parts.covered()).toBe(10 * GIB);
    for (const { at, data } of pieces) {
      const inside = parts.chunks.filter((chunk) => chunk.at >= at && chunk.at < at + data.length);
      expect(Buffer.concat(inside.sort((a, b) => a.at - b.at).map((chunk) => chunk.data)).equals(data)).toBe(true);
    }
    expect(fetched.after).toMatchObject({ size: 10 * GIB, written: fetched.before.written });
  });

  it('may be one hole, or begin and end with one, or be empty', async () => {
    await sparse('one hole', 5 * GIB, []);
    const nothing = new Parts();
    expect((await tree.fetchRanges('one hole', nothing)).bytes).toBe(0);
    expect(nothing.holes).toEqual([{ from: 0, to: 5 * GIB }]);
    await sparse('middle', 8 * MIB, [{ at: 4 * MIB, data: Buffer.alloc(4_096, 7) }]);
    const middle = new Parts();
    await tree.fetchRanges('middle', middle);
    expect(middle.covered()).toBe(8 * MIB);
    expect(middle.holes.length).toBe(2);
    fs.writeFileSync(local('empty'), '');
    const empty = new Parts();
    expect((await tree.fetchRanges('empty', empty)).bytes).toBe(0);
    expect(empty.before?.size).toBe(0);
    expect(empty.covered()).toBe(0);
  });
});

describe('a sink of `fetch` that takes holes', () => {
  it('is told them of a sparse file, and the sum tells that nothing is missing', async () => {
    const content = randomBytes(MIB);
    await sparse('by fetch', 3 * GIB, [{ at: GIB, data: content }]);
    const parts = new Parts();
    const fetched = await tree.fetch('by fetch', 3 * GIB, parts);
    expect([fetched.bytes, fetched.holeBytes]).toEqual([MIB, 3 * GIB - MIB]);
    expect(parts.covered()).toBe(3 * GIB);
    expect(hasMoved(fetched)).toBe(false);
    expect(hasMoved({ ...fetched, holeBytes: 0 })).toBe(true);
  });

  it('gets a file that is not marked whole, wherever its zeros are', async () => {
    fs.writeFileSync(local('unmarked'), 'x');
    fs.truncateSync(local('unmarked'), 5 * MIB);
    const parts = new Parts();
    expect((await tree.fetch('unmarked', 5 * MIB, parts)).bytes).toBe(5 * MIB);
    expect(parts.covered()).toBe(5 * MIB);
  });

  it('that has no `hole` gets every byte', async () => {
    let bytes = 0;
    await sparse('every byte', 9 * MIB, [{ at: 2 * MIB, data: Buffer.alloc(5, 1) }]);
    const count = (data: Buffer): void => {
      bytes += data.length;
    };
    expect((await tree.fetch('every byte', 9 * MIB, { data: count })).bytes).toBe(9 * MIB);
    expect(bytes).toBe(9 * MIB);
  });
});

describe('any other file', () => {
  it('is all data', async () => {
    const content = randomBytes(2 * MIB + 5);
    fs.writeFileSync(local('dense'), content);
    const parts = new Parts();
    expect((await tree.fetchRanges('dense', parts)).bytes).toBe(content.length);
    expect(parts.covered()).toBe(content.length);
    expect(parts.holes).toEqual([]);
  });
});

describe('a sink that fails', () => {
  it.each(['begin', 'data', 'hole'] as const)(
    'in %s ends it with its own error, and nothing stays open',
    async (where) => {
      const fail = (): never => {
        throw new Error('the sink is full');
      };
      await expect(tree.fetchRanges('middle', Object.assign(new Parts(), { [where]: fail }))).rejects.toThrow(
        'the sink is full',
      );
      await tree.stat('middle');
      expect(await stand.openFiles()).toEqual([]);
    },
  );
});
