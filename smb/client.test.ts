/** The client against a real smbd, with the local disk and smbclient as the oracles. */
import { createCipheriv, createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { type Stand, startStand } from './scripted/stand.ts';
import type { Connection, Entry, FetchSink, Stat, StoreSource, Tree } from './types.ts';

let stand: Stand;
let connection: Connection;
let tree: Tree;

beforeAll(async () => {
  stand = await startStand({ share: ['vfs objects = acl_xattr', 'acl_xattr:ignore system acls = yes'] });
  ({ connection, tree } = await stand.tree());
});
afterAll(() => stand.stop());

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
}

/** Bytes that differ everywhere, so that a chunk at a wrong place shows. */
function pattern(size: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, size % 251), Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** A sink that puts the chunks where they belong. */
function collect(size: number): { sink: FetchSink; bytes: Buffer } {
  const bytes = Buffer.alloc(size);
  return { bytes, sink: { data: (chunk, offset) => void chunk.copy(bytes, offset) } };
}

function sourceOf(bytes: Buffer): StoreSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

const local = (...names: string[]): string => path.join(stand.folder, ...names);

async function listed(directory: string): Promise<Map<string, Entry>> {
  const found = new Map<string, Entry>();
  for await (const batch of tree.list(directory)) for (const entry of batch.entries) found.set(entry.name, entry);
  return found;
}

describe('listing', () => {
  it('gives every one of 3,000 names once, as the disk and smbclient have them', async () => {
    fs.mkdirSync(local('many'));
    const names = Array.from({ length: 3_000 }, (_, index) => `a rather long name, number ${index}, größer.txt`);
    for (const name of names) fs.writeFileSync(local('many', name), '');
    let count = 0;
    for await (const batch of tree.list('many')) count += batch.entries.length;
    expect(count).toBe(names.length);
    expect([...(await listed('many')).keys()].sort()).toEqual([...names].sort());
    const oracle = await stand.smbclient('ls many\\*');
    expect(oracle.match(/a rather long name/g)?.length).toBe(names.length);
  });

  it('tells size, kind and times of what is in it', async () => {
    fs.mkdirSync(local('few', 'inner'), { recursive: true });
    fs.writeFileSync(local('few', 'file'), pattern(1_234));
    fs.utimesSync(local('few', 'file'), 1_000_000_000, 1_100_000_000);
    const found = await listed('few');
    expect([...found.keys()].sort()).toEqual(['file', 'inner']);
    expect(found.get('inner')).toMatchObject({ directory: true, reparseTag: 0 });
    const written = (1_100_000_000n + 11_644_473_600n) * 10_000_000n;
    expect(found.get('file')).toMatchObject({ directory: false, size: 1_234, written });
    expect(found.get('file')?.fileId).not.toBe(0n);
  });

  it('of an empty directory ends without a batch', async () => {
    fs.mkdirSync(local('empty'));
    const batches = [];
    for await (const batch of tree.list('empty')) batches.push(batch);
    expect(batches).toEqual([]);
  });

  it('may be left early', async () => {
    for await (const batch of tree.list('many')) {
      expect(batch.entries.length).toBeGreaterThan(0);
      break;
    }
    expect(await tree.stat('many')).toMatchObject({ directory: true });
  });

  it('fails where there is no directory', async () => {
    expect(await codeOf(listed('nowhere'))).toBe('not-found');
    expect(await codeOf(listed('few/file'))).toBe('not-a-directory');
    expect(await codeOf(listed('../x'))).toBe('bad-name');
  });
});

describe('fetching', () => {
  it('brings 200 small files byte for byte, all asked for at once', async () => {
    fs.mkdirSync(local('small'));
    const sizes = Array.from(
      { length: 200 },
      (_, index) => [0, 1, 65_535, 65_536, 65_537, 4_096][index] ?? index * 331,
    );
    sizes.forEach((size, index) => {
      fs.writeFileSync(local('small', String(index)), pattern(size));
    });
    await Promise.all(
      sizes.map(async (size, index) => {
        const { sink, bytes } = collect(size);
        const begun: Stat[] = [];
        const fetched = await tree.fetch(`small/${index}`, size, {
          ...sink,
          begin: (before) => void begun.push(before),
        });
        expect(fetched.bytes).toBe(size);
        expect(fetched.before.size).toBe(size);
        expect(begun).toEqual([fetched.before]);
        // Where the disk keeps no creation time Samba makes one up from the others, and reading moves the access time.
        const { written, changed } = fetched.before;
        expect(fetched.after).toMatchObject({ size, written, changed });
        expect(bytes.equals(pattern(size))).toBe(true);
      }),
    );
  });

  it.each([
    ['far too small', 300_000, 0],
    ['a little too small', 65_537, 65_536],
    ['too large', 10, 200_000],
    ['enormous', 10, 10 ** 12],
  ])('does not need the right size: a hint that is %s', async (_remark, size, hint) => {
    fs.writeFileSync(local('hinted'), pattern(size));
    const { sink, bytes } = collect(size);
    expect((await tree.fetch('hinted', hint, sink)).bytes).toBe(size);
    expect(bytes.equals(pattern(size))).toBe(true);
  });

  it('brings 20 MiB byte for byte, each byte once', async () => {
    const content = pattern(20 * 1_048_576 + 77);
    fs.writeFileSync(local('big'), content);
    const { sink, bytes } = collect(content.length);
    const fetched = await tree.fetch('big', content.length, sink);
    expect(fetched.bytes).toBe(content.length);
    const digest = (of: Buffer): string => createHash('sha256').update(of).digest('hex');
    expect(digest(bytes)).toBe(digest(content));
  });

  it('shows in `after` that a file was cut while it was read', async () => {
    fs.writeFileSync(local('cut'), pattern(9 * 1_048_576));
    let cut = false;
    const fetched = await tree.fetch('cut', 9 * 1_048_576, {
      data: () => {
        if (!cut) fs.truncateSync(local('cut'), 1_000_000);
        cut = true;
      },
    });
    expect(fetched.before.size).toBe(9 * 1_048_576);
    expect(fetched.after.size).toBe(1_000_000);
  });

  it('has only so many files at a slow sink at once', async () => {
    let busy = 0;
    let most = 0;
    const sink: FetchSink = {
      data: async () => {
        busy += 1;
        most = Math.max(most, busy);
        await new Promise((resolve) => setImmediate(resolve));
        busy -= 1;
      },
    };
    await Promise.all(
      Array.from({ length: 400 }, (_, index) => tree.fetch(`small/${10 + (index % 100)}`, 10_000, sink)),
    );
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(192);
  });

  it.each([
    ['at the begin of a small file', 'small/100', 40_000, 'begin'],
    ['at the data of a small file', 'small/100', 40_000, 'data'],
    ['at the begin of a big file', 'big', 20_000_000, 'begin'],
    ['at the data of a big file', 'big', 20_000_000, 'data'],
  ])('stops when the sink throws %s', async (_remark, name, size, where) => {
    const stop = (): never => {
      throw new Failure({ code: 'enough', doing: 'test', what: 'enough' });
    };
    const sink: FetchSink = where === 'begin' ? { begin: stop, data: () => undefined } : { data: stop };
    expect(await codeOf(tree.fetch(name, size, sink))).toBe('enough');
  });

  it('never leaves the share through a link that the server resolves', async () => {
    fs.symlinkSync('/etc/passwd', local('out'));
    fs.symlinkSync('/etc', local('away'));
    for (const name of ['out', 'away/passwd']) {
      const sink: FetchSink = { data: () => expect.fail('content from outside of the share') };
      expect(['access-denied', 'not-found', 'nt-status']).toContain(await codeOf(tree.fetch(name, 10, sink)));
    }
    for (const name of ['out', 'away']) fs.unlinkSync(local(name));
  });

  it('fails where there is no file', async () => {
    const sink: FetchSink = { data: () => undefined };
    expect(await codeOf(tree.fetch('small/nothing', 1, sink))).toBe('not-found');
    expect(await codeOf(tree.fetch('small', 1, sink))).toBe('is-a-directory');
    expect(await codeOf(tree.fetch('a//b', 1, sink))).toBe('bad-name');
  });
});

describe('storing', () => {
  it.each([0, 1, 65_536, 65_537, 5_000_001])('puts %d bytes there as they are', async (size) => {
    const name = `stored-${size}`;
    const info = { created: 131_111_111_111_111_111n, written: 132_222_222_222_222_222n, attributes: 0x21 };
    const stat = await tree.store(name, sourceOf(pattern(size)), info);
    expect(stat).toMatchObject({ size, directory: false, ...info });
    expect(await tree.stat(name)).toMatchObject({ size, ...info });
    expect(fs.readFileSync(local(name)).equals(pattern(size))).toBe(true);
  });

  it.each([0, 1_000, 300_000])('tells when the file is there and empty, before %d bytes are written', async (size) => {
    let found = -1;
    const begin = async (): Promise<void> => {
      found = fs.statSync(local('begun')).size;
    };
    await tree.store('begun', { ...sourceOf(pattern(size)), begin });
    expect(found).toBe(0);
    expect(fs.readFileSync(local('begun')).equals(pattern(size))).toBe(true);
    const refuse = (): Promise<void> =>
      Promise.reject(new Failure({ code: 'enough', doing: 'test', what: 'not like this' }));
    expect(await codeOf(tree.store('refused', { ...sourceOf(pattern(size)), begin: refuse }))).toBe('enough');
    expect(fs.existsSync(local('refused'))).toBe(false);
    fs.unlinkSync(local('begun'));
  });

  it('never touches what is there', async () => {
    fs.writeFileSync(local('taken'), 'mine');
    for (const size of [10, 100_000]) expect(await codeOf(tree.store('taken', sourceOf(pattern(size))))).toBe('exists');
    expect(fs.readFileSync(local('taken'), 'utf8')).toBe('mine');
  });

  it.each([
    ['small', 1_000],
    ['big', 9_000_000],
  ])('leaves nothing of a %s file whose source fails', async (_remark, size) => {
    const broken: StoreSource = {
      size,
      read: (offset) => {
        if (offset + 1_048_576 < size) return pattern(Math.min(1_048_576, size - offset));
        throw new Failure({ code: 'source', doing: 'test', what: 'the disk is gone' });
      },
    };
    expect(await codeOf(tree.store('half', broken, { attributes: 1 }))).toBe('source');
    expect(fs.existsSync(local('half'))).toBe(false);
  });

  it('leaves nothing of a file whose source became shorter', async () => {
    const shorter: StoreSource = { size: 2_000_000, read: () => pattern(10) };
    expect(await codeOf(tree.store('half', shorter))).toBe('changed');
    expect(fs.existsSync(local('half'))).toBe(false);
  });
});

describe('changing', () => {
  it('makes, renames and removes files and directories', async () => {
    await tree.makeDirectory('made');
    expect(await codeOf(tree.makeDirectory('made'))).toBe('exists');
    await tree.store('made/one', sourceOf(pattern(100)));
    await tree.store('made/two', sourceOf(pattern(200)));
    expect(await codeOf(tree.rename('made/one', 'made/two', { replace: false }))).toBe('exists');
    expect(fs.statSync(local('made', 'two')).size).toBe(200);
    await tree.rename('made/one', 'made/two', { replace: true });
    expect(fs.readdirSync(local('made'))).toEqual(['two']);
    expect(fs.statSync(local('made', 'two')).size).toBe(100);
    expect(await codeOf(tree.removeDirectory('made'))).toBe('not-empty');
    expect(await codeOf(tree.removeFile('made'))).toBe('is-a-directory');
    expect(await codeOf(tree.removeDirectory('made/two'))).toBe('not-a-directory');
    await tree.removeFile('made/two');
    expect(await codeOf(tree.removeFile('made/two'))).toBe('not-found');
    await tree.rename('made', 'remade', { replace: false });
    await tree.removeDirectory('remade');
    expect(fs.existsSync(local('remade'))).toBe(false);
  });

  it('sets times to 100 ns and attributes, one without the other', async () => {
    fs.writeFileSync(local('timed'), 'x');
    const info = {
      created: 130_000_000_000_000_001n,
      accessed: 130_000_000_000_000_002n,
      written: 130_000_000_000_000_003n,
      attributes: 0x22,
    };
    await tree.setBasic('timed', info);
    expect(await tree.stat('timed')).toMatchObject(info);
    await tree.setBasic('timed', { written: 130_000_000_000_000_009n });
    expect(await tree.stat('timed')).toMatchObject({ ...info, written: 130_000_000_000_000_009n });
    await tree.setBasic('timed', { attributes: 0 });
    expect((await tree.stat('timed')).attributes & 0x27).toBe(0);
    expect(await stand.smbclient('allinfo timed')).toContain('write_time');
  });

  it('meets a file that another program holds', async () => {
    fs.writeFileSync(local('held'), pattern(1_000));
    const holder = await stand.hold('held');
    expect(await codeOf(tree.removeFile('held'))).toBe('sharing-violation');
    const { sink, bytes } = collect(1_000);
    await tree.fetch('held', 1_000, sink);
    expect(bytes.equals(pattern(1_000))).toBe(true);
    await holder.release();
    await tree.removeFile('held');
  });

  it('knows the volume', async () => {
    const { totalBytes, freeBytes } = await tree.space();
    expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
    expect(freeBytes).toBeGreaterThan(0);
    expect(await tree.identity()).toEqual(await tree.identity());
    expect((await tree.identity()).rootFileId).toBe(BigInt(fs.statSync(local()).ino));
  });
});

describe('after all that', () => {
  it('the server holds no file open for us', async () => {
    await connection.echo(5_000);
    expect(await stand.openFiles()).toEqual([]);
  });
});
