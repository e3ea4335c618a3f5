/**
 * The client against real servers of special kinds: few credits, small sizes, large lists, those that it must refuse, and those that go away.
 * Dialects and algorithms: matrix.test.ts.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { ACCOUNT, type Stand, type StandOptions, startStand } from './scripted/stand.ts';
import type { Connection, ServerInfo, Tree } from './types.ts';

let stand: Stand | undefined;
afterEach(() => stand?.stop());

async function start(options: StandOptions): Promise<Stand> {
  stand = await startStand(options);
  return stand;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
}

/** Several of them in one chain are more than the largest answer of a server that says only 64 KiB at a time. */
const SMALL = Buffer.alloc(60_000, 'small ');
const BIG = Buffer.alloc(3_000_001, 'big content ');

/** A bit of everything. */
async function work(at: Stand, tree: Tree): Promise<void> {
  const read = async (name: string, hint: number): Promise<Buffer> => {
    const chunks = new Map<number, Buffer>();
    await tree.fetch(name, hint, { data: (chunk, offset) => void chunks.set(offset, chunk) });
    return Buffer.concat([...chunks].sort(([a], [b]) => a - b).map(([, chunk]) => chunk));
  };
  const source = (bytes: Buffer) => ({
    size: bytes.length,
    read: (offset: number, length: number) => bytes.subarray(offset, offset + length),
  });
  await tree.makeDirectory('dir');
  await Promise.all(Array.from({ length: 20 }, (_, index) => tree.store(`dir/${index}`, source(SMALL))));
  await tree.store('dir/big', source(BIG), { attributes: 0x20 });
  const names: string[] = [];
  for await (const batch of tree.list('dir')) names.push(...batch.entries.map((entry) => entry.name));
  expect(names.length).toBe(21);
  const copies = await Promise.all(Array.from({ length: 20 }, (_, index) => read(`dir/${index}`, SMALL.length)));
  expect(copies.every((copy) => copy.equals(SMALL))).toBe(true);
  expect((await read('dir/big', BIG.length)).equals(BIG)).toBe(true);
  expect(fs.readFileSync(path.join(at.folder, 'dir', 'big')).equals(BIG)).toBe(true);
  expect(await codeOf(tree.stat('dir/none'))).toBe('not-found');
  await tree.rename('dir/big', 'dir/0', { replace: true });
  await tree.removeFile('dir/0');
  expect(await codeOf(tree.removeDirectory('dir'))).toBe('not-empty');
  expect((await tree.readSecurity('dir')).length).toBeGreaterThan(20);
  expect((await tree.identity()).rootFileId).toBe(BigInt(fs.statSync(at.folder).ino));
}

async function everything(options: StandOptions): Promise<ServerInfo> {
  const at = await start(options);
  const connection = await at.connect();
  const session = await connection.logon(ACCOUNT);
  const tree = await session.tree('docs');
  await work(at, tree);
  expect(await connection.echo(2_000)).toBeGreaterThan(0);
  expect(await at.openFiles()).toEqual([]);
  await tree.disconnect();
  await session.logoff();
  return connection.server;
}

describe('everything works with', () => {
  const sizes = (bytes: number): string[] => ['read', 'write', 'trans'].map((what) => `smb2 max ${what} = ${bytes}`);
  const rows: [remark: string, expected: Partial<ServerInfo>, options: StandOptions][] = [
    ['16 credits', {}, { global: ['smb2 max credits = 16'] }],
    ['4 credits', {}, { global: ['smb2 max credits = 4'] }],
    ['1 credit', {}, { global: ['smb2 max credits = 1'] }],
    ['1 credit, everything encrypted', {}, { global: ['smb2 max credits = 1', 'smb encrypt = required'] }],
    ['sizes of 64 KiB', { maxReadBytes: 65_536 }, { global: sizes(65_536) }],
    ['sizes of 64 KiB and 4 credits', {}, { global: [...sizes(65_536), 'smb2 max credits = 4'] }],
  ];
  it.each(rows)('%s', async (_remark, expected, options) => {
    expect(await everything(options)).toMatchObject(expected);
  });
});

describe('a directory', () => {
  it.each([65_536, 131_072, 1_048_576])('is listed whole by a server that says %i bytes at a time', async (bytes) => {
    const at = await start({ global: ['read', 'write', 'trans'].map((what) => `smb2 max ${what} = ${bytes}`) });
    // With these names each of two queries in one chain is answered with as much as was asked for.
    const names = Array.from({ length: 7_000 }, (_, index) => `${'a long name '.repeat(15)}${index}`);
    for (const name of names) fs.writeFileSync(path.join(at.folder, name), '');
    const { tree, connection } = await at.tree();
    expect(connection.server.maxTransactBytes).toBe(bytes);
    const found = new Set<string>();
    for await (const batch of tree.list('')) for (const entry of batch.entries) found.add(entry.name);
    expect(found).toEqual(new Set(names));
  });
});

describe('the list of shares', () => {
  it('is whole, also when it needs many pieces and everything is encrypted', async () => {
    const comment = 'a comment that takes room '.repeat(7);
    const sections = Array.from({ length: 300 }, (_, index) => `[share ${index}]\npath = /tmp\ncomment = ${comment}`);
    const at = await start({ global: ['smb encrypt = required'], share: sections });
    const session = await (await at.connect()).logon(ACCOUNT);
    const shares = await session.shares();
    expect(shares.length).toBe(302);
    expect(shares.find((share) => share.name === 'docs')).toMatchObject({ kind: 'disk', special: false });
    expect(shares.find((share) => share.name === 'IPC$')).toMatchObject({ kind: 'pipe', special: true });
    expect(shares.find((share) => share.name === 'share 299')?.comment.trim()).toBe(comment.trim());
    expect(await at.openFiles()).toEqual([]);
  });
});

describe('a server or an account that cannot be used is told apart:', () => {
  it('a wrong password', async () => {
    const connection = await (await start({})).connect();
    expect(await codeOf(connection.logon({ ...ACCOUNT, password: 'wrong' }))).toBe('wrong-password');
    expect(await codeOf(connection.logon({ ...ACCOUNT, user: 'nobody at all' }))).toBe('wrong-password');
    // The connection is still good.
    const session = await connection.logon(ACCOUNT);
    expect(await codeOf(session.tree('nothing'))).toBe('bad-share');
    expect(await codeOf(session.tree('IPC$'))).toBe('bad-share');
    expect(await codeOf(session.tree('a\\b'))).toBe('bad-name');
  });

  it('only guests', async () => {
    const at = await start({ global: ['map to guest = bad user', 'guest account = nobody', 'server signing = auto'] });
    const connection = await at.connect();
    expect(await codeOf(connection.logon({ ...ACCOUNT, user: 'stranger' }))).toBe('guest-only');
  });

  it('only SMB 1', async () => {
    const at = await start({ global: ['server max protocol = NT1', 'server min protocol = NT1'] });
    expect(await codeOf(at.connect())).toBe('smb1-only');
  });
});

describe('a server that goes away', () => {
  async function busy(): Promise<{ connection: Connection; tree: Tree; outcomes: Promise<string[]> }> {
    const at = await start({ requestTimeoutMs: 400 });
    fs.writeFileSync(path.join(at.folder, 'file'), SMALL);
    const { connection, tree } = await at.tree();
    await tree.stat('file');
    return {
      connection,
      tree,
      get outcomes() {
        const work = Array.from({ length: 500 }, () =>
          codeOf(tree.fetch('file', SMALL.length, { data: () => undefined })),
        );
        return Promise.all(work);
      },
    };
  }

  it('by dying ends everything that waits, also what was not even sent', async () => {
    const { connection, tree, outcomes } = await busy();
    stand?.samba.freeze();
    stand?.samba.kill();
    const codes = new Set(await outcomes);
    codes.delete('no failure');
    expect([...codes]).toEqual(['disconnected']);
    expect(await connection.closed).toMatchObject({ code: 'disconnected' });
    expect(await codeOf(tree.stat('file'))).toBe('disconnected');
  });

  it('by freezing is found by the time limit and by ECHO', async () => {
    const { connection, tree } = await busy();
    stand?.samba.freeze();
    expect(await codeOf(connection.echo(50))).toBe('timeout');
    expect(await codeOf(tree.stat('file'))).toBe('timeout');
    expect(await connection.closed).toMatchObject({ code: 'timeout' });
    stand?.samba.thaw();
  });
});
