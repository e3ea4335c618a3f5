/** For tests: a day's work on a share, with the server's own disk, smbclient, smbcacls and smbstatus as the oracles. */
import { createCipheriv } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { mustRun } from '../../base/command.ts';
import { Failure } from '../../base/failure.ts';
import type { Entry, Session, StoreSource, Tree } from '../types.ts';
import type { Row } from './matrix.ts';
import { ACCOUNT, SHARE, type Stand } from './stand.ts';

const SMALL_BYTES = 30_001;
const BIG_BYTES = 3_000_001;
/** More than two answers of QUERY_DIRECTORY hold. */
const NAMES = Array.from({ length: 800 }, (_, index) => `a rather long name, number ${index}, größer.txt`);
const WRITTEN = 130_000_000_000_000_000n;
/** The same as `touch` and smbclient have it. */
const WRITTEN_MS = 1_355_526_400_000;
const WRITTEN_TEXT = 'Fri Dec 14 23:06:40 2012 UTC';
const RULES = 'REVISION:1,ACL:S-1-1-0:ALLOWED/0x0/READ,ACL:S-1-22-1-0:ALLOWED/0x0/FULL,ACL:S-1-5-32-546:DENIED/0x0/0x2';

/** Bytes that differ everywhere, so that a chunk at a wrong place shows. */
export function pattern(bytes: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, bytes % 251), Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
}

/** All of it, on a server that was started with the settings of the row. */
export async function workADay(stand: Stand, row: Row): Promise<void> {
  const connection = await stand.connect();
  expect(connection.server).toMatchObject(row.expected);
  const session = await connection.logon(ACCOUNT);
  const tree = await session.tree(SHARE);
  await shareList(session);
  await listing(stand, tree);
  await toldByServer(stand, row);
  await reading(stand, tree);
  await writing(stand, tree);
  await timesAndAttributes(stand, tree);
  await accessRules(stand, tree);
  await watching(stand, tree);
  await renaming(stand, tree);
  expect(await stand.openFiles()).toEqual([]);
  await tree.disconnect();
  await session.logoff();
  connection.close();
}

async function toldByServer(stand: Stand, row: Row): Promise<void> {
  const lines = (await mustRun('smbstatus', ['-s', stand.samba.configFile, '-p'], { timeLimitMs: 20_000 })).split('\n');
  const ours = lines.find((line) => line.includes(ACCOUNT.user)) ?? '';
  const [protocol, encryption, signing] = ours.trim().split(/ +/).slice(-3);
  expect({ protocol, encryption, signing }).toEqual(row.told);
}

async function shareList(session: Session): Promise<void> {
  const shares = await session.shares();
  expect(shares.map((share) => [share.name, share.kind]).sort()).toEqual([
    ['IPC$', 'pipe'],
    [SHARE, 'disk'],
  ]);
}

async function listing(stand: Stand, tree: Tree): Promise<void> {
  const folder = path.join(stand.folder, 'many');
  fs.mkdirSync(folder);
  NAMES.forEach((name, index) => {
    fs.writeFileSync(path.join(folder, name), 'x'.repeat(index % 7));
  });
  const found: Entry[] = [];
  for await (const batch of tree.list('many')) {
    expect(batch.refused).toEqual([]);
    found.push(...batch.entries);
  }
  const sizes = Object.fromEntries(found.map((entry) => [entry.name, entry.size]));
  expect(found.length).toBe(NAMES.length);
  expect(sizes).toEqual(Object.fromEntries(NAMES.map((name, index) => [name, index % 7])));
  expect((await stand.smbclient('ls many\\*')).match(/a rather long name/g)?.length).toBe(found.length);
}

/** A whole file, put together from its chunks. */
async function contentOf(tree: Tree, name: string, hint: number): Promise<Buffer> {
  const chunks = new Map<number, Buffer>();
  const { before, after, bytes } = await tree.fetch(name, hint, {
    data: (chunk, offset) => void chunks.set(offset, chunk),
  });
  expect(after.size).toBe(before.size);
  expect(bytes).toBe(before.size);
  return Buffer.concat([...chunks].sort(([one], [other]) => one - other).map(([, chunk]) => chunk));
}

async function reading(stand: Stand, tree: Tree): Promise<void> {
  const small = Array.from({ length: 12 }, (_, index) => `small ${index}`);
  for (const [index, name] of small.entries())
    fs.writeFileSync(path.join(stand.folder, name), pattern(SMALL_BYTES + index));
  fs.writeFileSync(path.join(stand.folder, 'big'), pattern(BIG_BYTES));
  const copies = await Promise.all([
    ...small.map((name, index) => contentOf(tree, name, SMALL_BYTES + index)),
    contentOf(tree, 'big', BIG_BYTES),
  ]);
  for (const copy of copies) expect(copy.equals(pattern(copy.length))).toBe(true);
  expect(copies.map((copy) => copy.length)).toEqual([...small.map((_, index) => SMALL_BYTES + index), BIG_BYTES]);
}

const sourceOf = (bytes: Buffer): StoreSource => ({
  size: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
});

async function writing(stand: Stand, tree: Tree): Promise<void> {
  await tree.makeDirectory('written');
  const sizes = [0, 1, SMALL_BYTES, 65_536, 65_537, BIG_BYTES];
  await Promise.all(sizes.map((size) => tree.store(`written/${size}`, sourceOf(pattern(size)), { written: WRITTEN })));
  for (const size of sizes) {
    const local = path.join(stand.folder, 'written', String(size));
    expect(fs.readFileSync(local).equals(pattern(size)), local).toBe(true);
    expect(fs.statSync(local).mtimeMs).toBe(WRITTEN_MS);
  }
  const copy = path.join(path.dirname(stand.folder), 'copy');
  await stand.smbclient(`get written\\${BIG_BYTES} ${copy}`);
  expect(fs.readFileSync(copy).equals(pattern(BIG_BYTES))).toBe(true);
  expect(await codeOf(tree.store('written/1', sourceOf(pattern(5))))).toBe('exists');
  expect(fs.statSync(path.join(stand.folder, 'written', '1')).size).toBe(1);
}

async function timesAndAttributes(stand: Stand, tree: Tree): Promise<void> {
  const created = WRITTEN - 864_000_000_000n;
  await tree.setBasic('small 0', { written: WRITTEN, created, attributes: 0x23 });
  expect(await tree.stat('small 0')).toMatchObject({ written: WRITTEN, created, attributes: 0x23 });
  expect(fs.statSync(path.join(stand.folder, 'small 0')).mtimeMs).toBe(WRITTEN_MS);
  const told = await stand.smbclient('allinfo "small 0"');
  expect(told).toContain(`write_time:     ${WRITTEN_TEXT}`);
  expect(told).toContain('create_time:    Thu Dec 13 23:06:40 2012 UTC');
  expect(told).toContain('attributes: RHA (23)');
}

async function accessRules(stand: Stand, tree: Tree): Promise<void> {
  const before = await stand.smbcacls('small 1');
  const other = await stand.smbcacls('small 2', RULES);
  expect(other).toBe('');
  const rules = await stand.smbcacls('small 2');
  expect(rules).toContain('S-1-5-32-546');
  expect(rules).not.toBe(before);
  const descriptor = await tree.readSecurity('small 2');
  await tree.writeSecurity('small 1', descriptor);
  expect(await stand.smbcacls('small 1')).toBe(rules);
  expect((await tree.readSecurity('small 1')).toString('hex')).toBe(descriptor.toString('hex'));
}

async function watching(stand: Stand, tree: Tree): Promise<void> {
  const watch = await tree.watch('', { recursive: true });
  await stand.smbclient('mkdir written\\deep; rename written\\65536 written\\deep\\moved');
  const wanted = ['added written/deep', 'written/65536', 'written/deep/moved'];
  const seen = new Set<string>();
  for await (const batch of watch.batches) {
    expect(batch.kind).toBe('changes');
    if (batch.kind !== 'changes') break;
    expect(batch.refused).toEqual([]);
    for (const { action, path } of batch.changes) seen.add(path).add(`${action} ${path}`);
    if (wanted.every((each) => seen.has(each))) break;
  }
  watch.close();
}

async function renaming(stand: Stand, tree: Tree): Promise<void> {
  const at = (name: string): string => path.join(stand.folder, name);
  expect(await codeOf(tree.rename('small 3', 'small 4', { replace: false }))).toBe('exists');
  await tree.rename('small 3', 'small 4', { replace: true });
  expect(fs.existsSync(at('small 3'))).toBe(false);
  expect(fs.readFileSync(at('small 4')).equals(pattern(SMALL_BYTES + 3))).toBe(true);
  await tree.rename('written', 'moved', { replace: false });
  expect(await codeOf(tree.removeDirectory('moved'))).toBe('not-empty');
  await tree.removeFile('moved/deep/moved');
  await tree.removeDirectory('moved/deep');
  expect(fs.readdirSync(at('moved')).sort()).toEqual(
    ['0', '1', String(SMALL_BYTES), '65537', String(BIG_BYTES)].sort(),
  );
  expect(await codeOf(tree.stat('written'))).toBe('not-found');
  expect((await tree.identity()).rootFileId).toBe(BigInt(fs.statSync(stand.folder).ino));
}
