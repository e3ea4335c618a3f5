/** Open files against a real smbd: ranges, holes, cuts, streams, and what becomes of them when the connection ends. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { type Stand, type StandOptions, startStand } from '../scripted/stand.ts';
import type { Connection, Tree } from '../types.ts';
import type { FileHandle, Range } from './handle-types.ts';

const MIB = 1_048_576;
/** FILE_ATTRIBUTE_HIDDEN and _SYSTEM (MS-FSCC 2.6). */
const HIDDEN = 0x2;
const SYSTEM = 0x4;

let stand: Stand;
let connection: Connection;
let tree: Tree;

beforeAll(async () => {
  stand = await startStand({ share: ['vfs objects = streams_xattr'] });
  ({ connection, tree } = await stand.tree());
});
afterAll(() => stand.stop());

const local = (name: string): string => path.join(stand.folder, name);

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
}

async function rangesOf(file: FileHandle, from: number, to: number): Promise<Range[]> {
  const found: Range[] = [];
  for await (const batch of file.ranges(from, to)) found.push(...batch);
  return found;
}

describe('an open file', () => {
  it('reads any range, short only at the end', async () => {
    const content = randomBytes(5 * MIB + 12_345);
    fs.writeFileSync(local('ranges'), content);
    await using file = await tree.open('ranges', { access: 'read' });
    expect(file.stat.size).toBe(content.length);
    const read = async (offset: number, length: number): Promise<void> => {
      const got = await file.read(offset, length);
      expect(got.equals(content.subarray(offset, offset + length)), `${length} at ${offset}`).toBe(true);
    };
    await read(0, 0);
    await read(3, 1);
    await read(0, content.length);
    await read(777, 3 * MIB + 5);
    await read(content.length - 10, 100);
    await read(5 * MIB, 40 * MIB);
    await read(content.length, 10);
    await read(100 * MIB, 20 * MIB);
    await Promise.all(Array.from({ length: 20 }, (_, index) => read(index * 250_000, 2 * MIB)));
  });

  it('does what a file in memory does, whatever is written, cut and punched', async () => {
    const at = fc.nat(3 * MIB);
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('write' as const),
        at,
        length: fc.nat(2 * MIB),
        byte: fc.integer({ min: 1, max: 255 }),
      }),
      fc.record({ kind: fc.constant('end' as const), at }),
      fc.record({ kind: fc.constant('punch' as const), at, length: fc.nat(2 * MIB) }),
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), fc.boolean(), async (steps, sparse) => {
        run += 1;
        await using file = await tree.open(`model ${run}`, { access: 'read-write', create: 'must-not-exist' });
        if (sparse) await file.setSparse();
        let model = Buffer.alloc(0);
        const grow = (size: number): void => {
          if (size > model.length) model = Buffer.concat([model, Buffer.alloc(size - model.length)]);
        };
        for (const each of steps) {
          if (each.kind === 'write') {
            await file.write(each.at, Buffer.alloc(each.length, each.byte));
            if (each.length === 0) continue;
            grow(each.at + each.length);
            model.fill(each.byte, each.at, each.at + each.length);
          } else if (each.kind === 'end') {
            await file.setEnd(each.at);
            grow(each.at);
            model = model.subarray(0, each.at);
          } else {
            await file.punch(each.at, each.at + each.length);
            model.fill(0, Math.min(each.at, model.length), Math.min(each.at + each.length, model.length));
          }
        }
        const whole = await file.read(0, 8 * MIB);
        expect(whole.length).toBe(model.length);
        expect(whole.equals(model)).toBe(true);
        // What is said to be a hole reads as zeros.
        let hole = 0;
        for (const range of [...(await rangesOf(file, 0, model.length)), { from: model.length, to: model.length }]) {
          expect(range.from).toBeGreaterThanOrEqual(hole);
          expect(model.subarray(hole, range.from).every((byte) => byte === 0)).toBe(true);
          hole = range.to;
        }
        expect((await file.close())?.size).toBe(model.length);
        expect(fs.readFileSync(local(`model ${run}`)).equals(model)).toBe(true);
      }),
      { seed: 7, numRuns: 25 },
    );
  });

  it('tells the holes of a sparse file, also when one answer does not hold them', async () => {
    const pieces = 5_000;
    const every = 65_536;
    await using file = await tree.open('comb', { access: 'read-write', create: 'must-not-exist' });
    await file.setSparse();
    await file.setEnd(pieces * every);
    const comb = fs.openSync(local('comb'), 'r+');
    for (let at = 0; at < pieces; at += 1) fs.writeSync(comb, 'data', at * every);
    fs.closeSync(comb);
    const batches: Range[][] = [];
    for await (const batch of file.ranges(0, pieces * every)) batches.push(batch);
    expect(batches.length).toBeGreaterThan(1);
    const found = batches.flat();
    expect(found.map((range) => range.from)).toEqual(Array.from({ length: pieces }, (_, index) => index * every));
    expect(found.every((range) => range.to - range.from === 4_096)).toBe(true);
    expect(await rangesOf(file, every + 1_000, every + 2_000)).toEqual([{ from: every + 1_000, to: every + 2_000 }]);
    expect(await rangesOf(file, every + 5_000, every + 6_000)).toEqual([]);
    expect(await rangesOf(file, 5, 5)).toEqual([]);
  });

  it('gives the space of a hole back', async () => {
    fs.writeFileSync(local('punched'), Buffer.alloc(4 * MIB, 1));
    await using file = await tree.open('punched', { access: 'read-write' });
    await file.setSparse();
    await file.punch(MIB, 3 * MIB);
    await file.flush();
    expect(fs.statSync(local('punched')).blocks * 512).toBe(2 * MIB);
    expect(await rangesOf(file, 0, 4 * MIB)).toEqual([
      { from: 0, to: MIB },
      { from: 3 * MIB, to: 4 * MIB },
    ]);
  });

  it('keeps times that were set on it', async () => {
    fs.writeFileSync(local('times'), 'x');
    const written = 130_000_000_000_000_000n;
    const file = await tree.open('times', { access: 'write' });
    await file.write(0, Buffer.from('changed'));
    await file.setBasic({ written });
    expect(await file.close()).toMatchObject({ written, size: 7 });
  });

  it.each(['must-not-exist', 'either'] as const)(
    'makes a stream, and never its file, nor changes it (%s)',
    async (create) => {
      const missing = `no file ${create}`;
      expect(await codeOf(tree.open(missing, { access: 'write', stream: 'note', create }))).toBe('not-found');
      expect(fs.existsSync(local(missing))).toBe(false);
      const name = `hidden ${create}`;
      fs.writeFileSync(local(name), 'main');
      await tree.setBasic(name, { attributes: HIDDEN | SYSTEM });
      const made = await tree.open(name, { access: 'write', stream: 'note', create });
      await made.close();
      expect((await tree.stat(name)).attributes & (HIDDEN | SYSTEM)).toBe(HIDDEN | SYSTEM);
      const again = await codeOf(
        tree.open(name, { access: 'read', stream: 'note', create }).then((file) => file.close()),
      );
      expect(again).toBe(create === 'either' ? 'no failure' : 'exists');
      await expect.poll(() => stand.openFiles()).toEqual([]);
    },
  );

  it('may be a stream of a file, or a directory', async () => {
    fs.writeFileSync(local('streamed'), 'main');
    const made = await tree.open('streamed', { access: 'write', stream: 'note', create: 'must-not-exist' });
    await made.write(0, Buffer.from('beside'));
    await made.close();
    await using read = await tree.open('streamed', { access: 'read', stream: 'note' });
    expect((await read.read(0, 100)).toString()).toBe('beside');
    expect(fs.readFileSync(local('streamed'), 'utf8')).toBe('main');
    expect(await codeOf(tree.open('streamed', { access: 'read', stream: 'none' }))).toBe('not-found');
    for (const stream of ['', 'a:b', 'a/b', 'a\\b', 'a\0', '\ud800'])
      expect(await codeOf(tree.open('streamed', { access: 'write', stream, create: 'either' })), stream).toBe(
        'bad-name',
      );
    fs.mkdirSync(local('folder'));
    await using folder = await tree.open('folder', { access: 'write', directory: true });
    expect(folder.stat.directory).toBe(true);
    await folder.setBasic({ written: 130_000_000_000_000_000n });
    expect((await tree.stat('folder')).written).toBe(130_000_000_000_000_000n);
  });

  it('is opened and made as told', async () => {
    fs.writeFileSync(local('there'), 'content');
    fs.mkdirSync(local('a folder'));
    expect(await codeOf(tree.open('there', { access: 'write', create: 'must-not-exist' }))).toBe('exists');
    expect(await codeOf(tree.open('missing', { access: 'write' }))).toBe('not-found');
    expect(await codeOf(tree.open('a folder', { access: 'read' }))).toBe('is-a-directory');
    expect(await codeOf(tree.open('there', { access: 'read', directory: true }))).toBe('not-a-directory');
    expect((await (await tree.open('there', { access: 'write', create: 'either' })).close())?.size).toBe(7);
    expect((await (await tree.open('made', { access: 'write', create: 'either' })).close())?.size).toBe(0);
  });

  it('that was opened for reading changes nothing, and one for writing reads nothing', async () => {
    fs.writeFileSync(local('rights'), 'content');
    await using reading = await tree.open('rights', { access: 'read' });
    expect(await codeOf(reading.write(0, Buffer.from('x')))).toBe('access-denied');
    expect(await codeOf(reading.setEnd(0))).toBe('access-denied');
    expect(await codeOf(reading.punch(0, 5))).toBe('access-denied');
    await using writing = await tree.open('rights', { access: 'write' });
    expect(await codeOf(writing.read(0, 5))).toBe('access-denied');
    expect(fs.readFileSync(local('rights'), 'utf8')).toBe('content');
  });

  it('refuses ranges that are none, and anything once it is closed', async () => {
    fs.writeFileSync(local('closed'), 'content');
    const file = await tree.open('closed', { access: 'read-write' });
    await expect(file.read(-1, 5)).rejects.toThrow(RangeError);
    await expect(file.read(0, 1.5)).rejects.toThrow(RangeError);
    await expect(file.read(Number.MAX_SAFE_INTEGER, 1)).rejects.toThrow(RangeError);
    await expect(file.punch(5, 4)).rejects.toThrow(RangeError);
    // What is under way ends before the file closes, and the CLOSE does not overtake it.
    const writes = Promise.all(Array.from({ length: 12 }, (_, index) => file.write(index * MIB, Buffer.alloc(MIB, 9))));
    const first = file.close();
    expect(await codeOf(file.read(0, 5))).toBe('closed');
    await writes;
    expect((await first)?.size).toBe(12 * MIB);
    expect(await file.close()).toBe(await first);
  });

  it('is never left open by us', async () => {
    await expect(
      (async () => {
        await using file = await tree.open('closed', { access: 'read' });
        await file.read(0, 1);
        throw new Error('whoever uses it fails');
      })(),
    ).rejects.toThrow('whoever uses it fails');
    expect(await stand.openFiles()).toEqual([]);
  });

  it('says that the connection is gone', async () => {
    const other = await stand.tree();
    const file = await other.tree.open('closed', { access: 'read' });
    const reading = codeOf(file.read(0, 12 * MIB));
    other.connection.close();
    expect(await reading).toBe('disconnected');
    expect(await codeOf(file.read(0, 1))).toBe('disconnected');
    expect(await codeOf(file.close())).toBe('disconnected');
    await file[Symbol.asyncDispose]();
    expect(await connection.echo(2_000)).toBeGreaterThan(0);
  });
});

describe('everything that an open file can works with', () => {
  it.each<[string, StandOptions]>([
    ['2.1', { global: ['server max protocol = SMB2_10'] }],
    ['an encrypted share', { share: ['smb encrypt = required'] }],
    ['1 credit', { global: ['smb2 max credits = 1'] }],
    ['sizes of 64 KiB', { global: ['smb2 max read = 65536', 'smb2 max write = 65536', 'smb2 max trans = 65536'] }],
  ])('%s', async (_remark, options) => {
    const other = await startStand(options);
    try {
      const at = await other.tree();
      const content = randomBytes(2 * MIB + 3);
      await using file = await at.tree.open('file', { access: 'read-write', create: 'must-not-exist' });
      await file.setSparse();
      await file.write(4 * MIB, content);
      await file.flush();
      expect((await file.read(0, 8 * MIB)).equals(Buffer.concat([Buffer.alloc(4 * MIB), content]))).toBe(true);
      expect((await rangesOf(file, 0, 6 * MIB + 3)).at(0)?.from).toBe(4 * MIB);
      expect((await file.close())?.size).toBe(6 * MIB + 3);
      expect((await at.tree.copy('file', 'copy')).size).toBe(6 * MIB + 3);
      const whole = Buffer.alloc(6 * MIB + 3);
      const sink = { data: (data: Buffer, place: number) => void data.copy(whole, place), hole: () => {} };
      expect((await at.tree.fetchRanges('file', sink)).bytes).toBe(content.length);
      expect(whole.subarray(4 * MIB).equals(content)).toBe(true);
      expect((await at.tree.fileSystem()).sparse).toBe(true);
      expect(await other.openFiles()).toEqual([]);
    } finally {
      await other.stop();
    }
  });
});
