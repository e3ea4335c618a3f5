/** Big files that change: what is written, what stays, and that what lies here is the main's, on real file systems from a real smbd. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Signature, signatureOf } from '../../agent/mirror/folder.ts';
import type { Tree } from '../../smb/types.ts';
import { allocated, BigShare, digest, fill, MIB } from './big-share.ts';
import { type DiskKind, REFLINK_DISKS, rot } from './loop-disks.ts';

const LONG = process.env['STANDBY_LONG'] !== undefined;
const BIG_BYTES = (LONG ? 1_024 : 256) * MIB;
const TIME_LIMIT = { timeout: LONG ? 600_000 : 120_000 };

let big: BigShare;
afterEach(async () => {
  vi.restoreAllMocks();
  await big.close();
});

const lookAt = (file: string): Signature => signatureOf(fs.lstatSync(file, { bigint: true }));

describe.each<DiskKind>(['xfs', 'btrfs', 'ext4', 'tmpfs'])('on %s', (kind) => {
  const canShare = REFLINK_DISKS.includes(kind);

  it(`1 MiB changed inside ${BIG_BYTES / MIB} MiB costs ${canShare ? '1 MiB' : 'all of it'}`, TIME_LIMIT, async () => {
    big = await BigShare.make(kind, (BIG_BYTES / MIB) * 3);
    fill(big.main('big.bin'), BIG_BYTES);
    const first = await big.pass();
    expect(first).toEqual({
      readBytes: BIG_BYTES,
      writtenBytes: BIG_BYTES,
      changedBytes: BIG_BYTES,
      uncomparedBytes: 0,
    });
    const old = digest(big.mirror('big.bin'));
    big.overwrite('big.bin', 77 * MIB + 4_096, crypto.randomBytes(MIB));
    const next = await big.pass();
    expect(digest(big.mirror('big.bin'))).toBe(digest(big.main('big.bin')));
    expect(next.readBytes).toBe(BIG_BYTES);
    if (canShare) {
      expect(next).toMatchObject({ writtenBytes: MIB, changedBytes: MIB, uncomparedBytes: 0 });
      expect(big.attic().map(digest)).toEqual([old]);
    } else expect(next).toMatchObject({ writtenBytes: BIG_BYTES, changedBytes: 0, uncomparedBytes: BIG_BYTES });
    expect(big.share.problems()).toEqual([]);
  });

  it('a sparse file of 100 GiB comes without its holes, though the disk could not hold it', TIME_LIMIT, async () => {
    big = await BigShare.make(kind, 400);
    const size = 100 * 1_024 * MIB;
    const at = 61 * 1_024 * MIB + 8_192;
    const content = crypto.randomBytes(MIB);
    const file = await big.tree.open('image', { access: 'read-write', create: 'must-not-exist' });
    await file.setSparse();
    await file.setEnd(size);
    await file.write(at, content);
    await file.close();
    const first = await big.pass();
    expect(big.share.problems()).toEqual([]);
    expect(fs.statSync(big.mirror('image')).size).toBe(size);
    expect(allocated(big.mirror('image'))).toBeLessThanOrEqual(2 * MIB);
    expect(first.readBytes).toBeLessThanOrEqual(2 * MIB);
    const seen = (): Buffer => {
      const fd = fs.openSync(big.mirror('image'), 'r');
      const bytes = Buffer.alloc(3 * MIB);
      fs.readSync(fd, bytes, 0, bytes.length, at - MIB);
      fs.closeSync(fd);
      return bytes;
    };
    expect(seen().equals(Buffer.concat([Buffer.alloc(MIB), content, Buffer.alloc(MIB)]))).toBe(true);
    // What was data becomes a hole, and what was a hole data.
    const again = await big.tree.open('image', { access: 'read-write' });
    await again.punch(at, at + MIB / 2);
    await again.write(5 * 1_024 * MIB, content);
    await again.close();
    const next = await big.pass();
    content.fill(0, 0, MIB / 2);
    expect(seen().equals(Buffer.concat([Buffer.alloc(MIB), content, Buffer.alloc(MIB)]))).toBe(true);
    expect(allocated(big.mirror('image'))).toBeLessThanOrEqual(2 * MIB);
    expect(next.readBytes).toBeLessThanOrEqual(2 * MIB);
    if (canShare) expect(next.writtenBytes).toBe(MIB);
  });
});

describe.each(REFLINK_DISKS)('our copy on %s', (kind) => {
  const SIZE = 24 * MIB;

  async function mirrored(): Promise<void> {
    big = await BigShare.make(kind, 400);
    fill(big.main('big.bin'), SIZE);
    await big.pass();
    expect(digest(big.mirror('big.bin'))).toBe(digest(big.main('big.bin')));
  }

  it('that has rotted on the disk is healed, although the kernel still remembers it well', TIME_LIMIT, async () => {
    await mirrored();
    const content = fs.readFileSync(big.mirror('big.bin')).subarray(9 * MIB, 9 * MIB + 4_096);
    await rot(big.disk, content);
    expect(digest(big.mirror('big.bin'))).toBe(digest(big.main('big.bin')));
    big.overwrite('big.bin', 0, crypto.randomBytes(4_096));
    const { writtenBytes } = await big.pass();
    expect(digest(big.mirror('big.bin'))).toBe(digest(big.main('big.bin')));
    // XFS does not know of it, and one block more differs; btrfs cannot read it, and all is copied.
    if (kind === 'xfs') expect(writtenBytes).toBe(8_192);
    else expect(writtenBytes).toBeGreaterThanOrEqual(SIZE);
    expect(big.share.problems()).toEqual([]);
  });

  it('that somebody changed is no beginning, and is put away', TIME_LIMIT, async () => {
    await mirrored();
    fs.appendFileSync(big.mirror('big.bin'), 'a note of somebody');
    const theirs = digest(big.mirror('big.bin'));
    big.overwrite('big.bin', MIB, crypto.randomBytes(4_096));
    expect(await big.pass()).toMatchObject({ writtenBytes: SIZE, uncomparedBytes: SIZE });
    expect(digest(big.mirror('big.bin'))).toBe(digest(big.main('big.bin')));
    expect(big.attic().map(digest)).toEqual([theirs]);
  });

  it('that somebody changes between the look and the clone is none either', TIME_LIMIT, async () => {
    await mirrored();
    const { copyFile } = fs.promises;
    vi.spyOn(fs.promises, 'copyFile').mockImplementation(async (...args) => {
      fs.appendFileSync(big.mirror('big.bin'), 'a note of somebody');
      await copyFile(...args);
    });
    big.overwrite('big.bin', MIB, crypto.randomBytes(4_096));
    expect(await big.pass()).toMatchObject({ writtenBytes: SIZE, uncomparedBytes: SIZE });
    expect(digest(big.mirror('big.bin'))).toBe(digest(big.main('big.bin')));
    expect(big.attic().length).toBe(1);
  });

  it('that the index does not trust any more is none', TIME_LIMIT, async () => {
    await mirrored();
    big.share.ground.index.distrustWaiting();
    big.overwrite('big.bin', MIB, crypto.randomBytes(4_096));
    expect(await big.pass()).toMatchObject({ writtenBytes: SIZE, uncomparedBytes: SIZE });
  });

  it('stays where it is found to be the same, as after new access rights on Windows', TIME_LIMIT, async () => {
    await mirrored();
    const { ino } = fs.statSync(big.mirror('big.bin'));
    const read = await big.moved(() => big.fetch('big.bin'));
    expect(read).toEqual({ readBytes: SIZE, writtenBytes: 0, changedBytes: 0, uncomparedBytes: 0 });
    expect(fs.statSync(big.mirror('big.bin')).ino).toBe(ino);
    expect(big.attic()).toEqual([]);
  });

  it.each(['written', 'punched'])('is replaced where it was %s although size and time are the same', async (how) => {
    await mirrored();
    const { atimeMs, mtimeMs } = fs.statSync(big.main('big.bin'));
    if (how === 'written') big.overwrite('big.bin', 7 * MIB, crypto.randomBytes(10));
    else {
      await using file = await big.tree.open('big.bin', { access: 'read-write' });
      await file.setSparse();
      await file.punch(4 * MIB, 5 * MIB);
    }
    // Node’s times are not exact enough: the row gets what came of it, so that nothing but the content tells.
    fs.utimesSync(big.main('big.bin'), atimeMs / 1_000, mtimeMs / 1_000);
    const { index, rootId, shareId } = big.share.ground;
    const row = index.find(rootId, 'big.bin');
    const { written } = await big.tree.stat('big.bin');
    if (row !== undefined) index.put(shareId, row.parent, row.name, 'file', { ...row, written }, row.local);
    const { writtenBytes } = await big.moved(() => big.fetch('big.bin'));
    expect(writtenBytes).toBe(how === 'written' ? 4_096 : 0);
    expect(digest(big.mirror('big.bin'))).toBe(digest(big.main('big.bin')));
  });

  it('is told from another of its size and time that took its place during the reading', async () => {
    await mirrored();
    const { index, rootId, shareId } = big.share.ground;
    const replace = (): void => {
      const row = index.find(rootId, 'big.bin');
      if (row === undefined) return;
      fs.renameSync(big.mirror('big.bin'), big.mirror('moved.bin'));
      fill(big.mirror('big.bin'), SIZE);
      const local = lookAt(big.mirror('big.bin'));
      index.put(shareId, row.parent, row.name, 'file', row, local);
    };
    const tree: Tree = {
      ...treeOf(big.tree),
      fetch: async (path, hint, sink) => {
        const fetched = await big.tree.fetch(path, hint, sink);
        replace();
        return fetched;
      },
    };
    expect(await big.fetch('big.bin', tree)).toMatchObject({ kind: 'placed' });
    expect(digest(big.mirror('big.bin'))).toBe(digest(big.main('big.bin')));
  });

  it('stays untouched while the main’s file is written to during the reading', TIME_LIMIT, async () => {
    await mirrored();
    const old = digest(big.mirror('big.bin'));
    const before = lookAt(big.mirror('big.bin'));
    big.overwrite('big.bin', MIB, crypto.randomBytes(MIB));
    const tree: Tree = {
      ...treeOf(big.tree),
      fetch: (path, hint, sink) =>
        big.tree.fetch(path, hint, {
          begin: (stat) => sink.begin?.(stat),
          data: (chunk, offset) => {
            if (offset === 0) big.overwrite('big.bin', 20 * MIB, crypto.randomBytes(4_096));
            return sink.data(chunk, offset);
          },
        }),
    };
    expect(await big.fetch('big.bin', tree)).toMatchObject({ kind: 'problem', problem: { code: 'changing' } });
    expect(lookAt(big.mirror('big.bin'))).toEqual(before);
    expect(digest(big.mirror('big.bin'))).toBe(old);
    expect(await big.fetch('big.bin')).toMatchObject({ kind: 'placed' });
    expect(digest(big.mirror('big.bin'))).toBe(digest(big.main('big.bin')));
  });
});

const treeOf = (tree: Tree): Tree =>
  new Proxy(tree, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

describe('a disk that fills up while a copy is patched', () => {
  it('keeps the old version, and takes the new one when there is room', TIME_LIMIT, async () => {
    big = await BigShare.make('xfs', 400);
    const { share } = big;
    fill(big.main('big.bin'), 128 * MIB);
    await big.pass();
    const old = digest(big.mirror('big.bin'));
    const { bavail, bsize } = fs.statfsSync(share.mirrorPath);
    const ballast = `${big.disk.folder}/ballast`;
    fill(ballast, bavail * bsize - 60 * MIB);
    big.overwrite('big.bin', 8 * MIB, crypto.randomBytes(100 * MIB));
    const outcome = await big.fetch('big.bin');
    // Before the disk itself had to say so: the reserve is for others.
    expect(outcome).toMatchObject({ kind: 'full', bytes: expect.any(Number) });
    expect(outcome.kind === 'full' && outcome.bytes).toBeLessThan(128 * MIB);
    expect(digest(big.mirror('big.bin'))).toBe(old);
    // What changed a little fits, although the whole would not.
    fs.rmSync(big.main('big.bin'));
    fs.copyFileSync(big.mirror('big.bin'), big.main('big.bin'));
    big.overwrite('big.bin', 8 * MIB, crypto.randomBytes(MIB));
    expect(await big.fetch('big.bin')).toMatchObject({ kind: 'placed' });
    expect(digest(big.mirror('big.bin'))).toBe(digest(big.main('big.bin')));
    fs.rmSync(ballast);
  });
});
