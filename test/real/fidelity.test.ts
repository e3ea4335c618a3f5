/**
 * What a mirror keeps beside content: access rules, streams, extended attributes, DOS attributes and times of files and directories,
 * made over SMB on a real main, mirrored by a real engine, and read back over SMB from our own smbd: equal, byte for byte. Nobody
 * is locked out by rules that were made for accounts of the main.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { ntAcl } from '../../agent/mirror/nt-acl.ts';
import { accountIds, OWNER_ACCOUNT } from '../../agent/takeover/accounts.ts';
import { openSambaServer, type SambaServer, setSambaPassword } from '../../agent/takeover/samba.ts';
import { mustRun } from '../../base/command.ts';
import { setXattr } from '../../base/libc.ts';
import { buildDescriptor, connect, fromSddl } from '../../smb/index.ts';
import type { Connection, Tree } from '../../smb/types.ts';
import { seeded } from '../../tryout/files.ts';
import { silentLog } from '../fakes/log.ts';
import { type Made, makeObjects, tellAll } from './fidelity-objects.ts';
import { type Engine, until, World } from './mirror-world.ts';

const LONG = process.env['STANDBY_LONG'] !== undefined;
const OBJECTS = LONG ? 1_000 : 60;
const SEED = 4711;
const MAIN_PORT = 4471;
const OUR_PORT = 4472;
/** What a main keeps that is set up for Windows clients. */
const FULL = ['vfs objects = acl_xattr streams_xattr', 'acl_xattr:ignore system acls = yes', 'ea support = yes'];
const FOREIGN = 'S-1-5-21-1-2-3';

let world: World | undefined;
let server: SambaServer | undefined;
const connections: Connection[] = [];
const disks: string[] = [];

afterEach(async () => {
  for (const each of connections.splice(0)) each.close();
  await server?.stop();
  server = undefined;
  await world?.close();
  world = undefined;
  for (const disk of disks.splice(0)) {
    await mustRun('umount', [disk], { timeLimitMs: 20_000 });
    fs.rmSync(path.dirname(disk), { recursive: true });
  }
});

async function diskOf(program: string, megabytes: number): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fidelity-disk-'));
  fs.chmodSync(folder, 0o755);
  const [image, disk] = [path.join(folder, 'image'), path.join(folder, 'disk')];
  fs.mkdirSync(disk);
  fs.writeFileSync(image, '');
  fs.truncateSync(image, megabytes * 1_048_576);
  await mustRun(program, ['-q', image], { timeLimitMs: 60_000 });
  await mustRun('mount', ['-o', 'loop', image, disk], { timeLimitMs: 20_000 });
  disks.push(disk);
  return path.join(disk, 'mirror');
}

async function treeAt(port: number, share = 'Office', user = 'alice'): Promise<Tree> {
  const connection = await connect({ host: '127.0.0.1', port, connectTimeoutMs: 5_000, requestTimeoutMs: 20_000 });
  connections.push(connection);
  return (await connection.logon({ user, domain: '', password: `${user}-1` })).tree(share);
}

/** Our own smbd over the mirror, as it is after a takeover. */
async function serve(made: World, writable = true): Promise<Tree> {
  const ids = await accountIds(OWNER_ACCOUNT);
  if (ids === undefined) throw new Error('run this inside tryout/isolate');
  const folder = path.join(made.folder, 'own');
  fs.mkdirSync(folder);
  server = openSambaServer(folder, ids, silentLog);
  const shares = made.samba.options.shares.map(({ name }) => ({
    name,
    path: path.join(made.mirrorPath, name),
    comment: '',
  }));
  await server.start({
    folder,
    name: 'MAIN',
    workgroup: 'OFFICE',
    port: OUR_PORT,
    shares,
    users: ['alice', 'bob'],
    owner: OWNER_ACCOUNT,
    writable,
  });
  for (const user of ['alice', 'bob']) await setSambaPassword(folder, user, `${user}-1`);
  return treeAt(OUR_PORT);
}

async function makeWorld(lines: string[], mirrorPath?: string): Promise<World> {
  world = await World.make({
    port: MAIN_PORT,
    shares: [{ name: 'Office', lines: [...lines] }],
    ...(mirrorPath === undefined ? {} : { mirrorPath }),
  });
  return world;
}

const problemOf = (engine: Engine, file: string): string | undefined =>
  engine.last('problems')?.problems.find((problem) => problem.path === file)?.why;

/** What is lost of an object, in the words of the list of problems; taken out of what the main tells, so that the rest can be compared. */
function withoutLost(told: Awaited<ReturnType<typeof tellAll>>, why: string | undefined): typeof told {
  if (why === undefined) return told;
  const keep = (record: Record<string, string>, kind: string): Record<string, string> =>
    Object.fromEntries(Object.entries(record).filter(([name]) => !why.includes(`the ${kind} ${name}:`)));
  return { ...told, streams: keep(told.streams, 'stream'), extended: keep(told.extended, 'extended attribute') };
}

/** All of them: a message of the engine has only the first. */
function problemsOf(made: World): Map<string, string> {
  const index = new DatabaseSync(path.join(made.statePath, 'index.sqlite'), { readOnly: true, timeout: 5_000 });
  const rows = index.prepare('SELECT path, why FROM problems').all();
  index.close();
  return new Map(rows.map((row) => [String(row['path']), String(row['why'])]));
}

/** Returns how many of the objects have lost something. */
async function compareAll(main: Tree, ours: Tree, objects: readonly Made[], made: World): Promise<number> {
  const problems = problemsOf(made);
  for (const object of objects) {
    const wanted = withoutLost(await tellAll(main, object), problems.get(object.path));
    expect(await tellAll(ours, object), object.path).toEqual(wanted);
  }
  return problems.size;
}

interface Disk {
  name: string;
  program?: string;
  megabytes?: number;
  /** Largest stream that is made. */
  streamBytes: number;
  /** Whether everything fits there, by what the file system allows. */
  holdsAll: boolean;
}

const DISKS: Disk[] = [
  { name: 'tmpfs', streamBytes: 65_000, holdsAll: true },
  { name: 'ext4', program: 'mkfs.ext4', megabytes: 200, streamBytes: 20_000, holdsAll: false },
  { name: 'XFS', program: 'mkfs.xfs', megabytes: 400, streamBytes: 65_000, holdsAll: true },
  { name: 'btrfs', program: 'mkfs.btrfs', megabytes: 300, streamBytes: 65_000, holdsAll: false },
];
const isThere = ({ program }: Disk): boolean => program === undefined || fs.existsSync(`/usr/sbin/${program}`);

describe.each(DISKS.filter(isThere))('on $name', (disk) => {
  it(`every object of ${OBJECTS} is told the same by main and standby, and what is lost is told (seed ${SEED})`, {
    timeout: LONG ? 600_000 : 90_000,
  }, async () => {
    const mirrorPath = disk.program === undefined ? undefined : await diskOf(disk.program, disk.megabytes ?? 0);
    const made = await makeWorld(['force user = root', ...FULL], mirrorPath);
    const main = await treeAt(MAIN_PORT);
    const objects = await makeObjects(main, OBJECTS, seeded(SEED), disk.streamBytes);
    const engine = made.engine();
    await made.live(engine);
    const ours = await serve(made);
    const lost = await compareAll(main, ours, objects, made);
    if (disk.holdsAll) expect(lost).toBe(0);
    else expect(lost).toBeGreaterThan(0);
  });
});

it('changes of rules, streams and extended attributes alone arrive, of files and of directories', async () => {
  const made = await makeWorld(['force user = root', ...FULL]);
  const main = await treeAt(MAIN_PORT);
  await main.makeDirectory('folder');
  const names = ['rules', 'stream', 'gone', 'extended'];
  for (const name of names) await main.store(`folder/${name}`, { size: 4, read: () => Buffer.from('text') });
  await storeStream(main, 'folder/gone', 'Zone.Identifier', 'ZoneId=3');
  await main.setExtended('folder/gone', [{ name: 'OLD', value: Buffer.from('old'), needed: false }]);
  const engine = made.engine({ passEveryMs: 1_000 });
  await made.live(engine);
  const ours = await serve(made);
  const objects = [
    { path: 'folder', directory: true },
    ...names.map((name) => ({ path: `folder/${name}`, directory: false })),
  ];
  await compareAll(main, ours, objects, made);

  const rules = buildDescriptor(fromSddl(`O:${FOREIGN}-1107G:${FOREIGN}-513D:P(D;;0x2;;;${FOREIGN}-1108)(A;;FA;;;WD)`));
  await main.writeSecurity('folder/rules', rules);
  await main.writeSecurity('folder', buildDescriptor(fromSddl(`O:${FOREIGN}-1107D:PAI(A;OICI;FA;;;WD)`)));
  await storeStream(main, 'folder', 'of the folder', 'x');
  await storeStream(main, 'folder/stream', 'Zone.Identifier', 'ZoneId=3');
  await main.removeStream('folder/gone', 'Zone.Identifier');
  await main.setExtended('folder/gone', [{ name: 'OLD', value: Buffer.alloc(0), needed: false }]);
  await main.setExtended('folder/extended', [{ name: 'NEW', value: Buffer.from('value'), needed: false }]);
  // Samba tells of hardly any of this, by neither notify nor ChangeTime: what was read long ago is read again by the next pass.
  const index = new DatabaseSync(path.join(made.statePath, 'index.sqlite'), { timeout: 5_000 });
  index.exec('UPDATE extras SET read_ms = 0');
  index.close();
  for (const object of objects) {
    const wanted = await tellAll(main, object);
    await until(`${object.path} is told the same by both`, async () =>
      isDeepStrictEqual(await tellAll(ours, object), wanted),
    );
  }
  expect((await ours.readSecurity('folder/rules')).equals(rules)).toBe(true);
  expect(await ours.streams('folder/gone')).toMatchObject({ streams: [] });
  expect(engine.last('problems')?.problems ?? []).toEqual([]);
});

it('nobody is locked out by rules of the main, what users make belongs to the owner, and what they change stays', async () => {
  const made = await makeWorld(['force user = root', ...FULL]);
  const main = await treeAt(MAIN_PORT);
  const nobody = buildDescriptor(
    fromSddl(`O:${FOREIGN}-1107G:${FOREIGN}-513D:PAI(D;OICI;FA;;;WD)(A;OICI;FA;;;${FOREIGN}-1108)`),
  );
  await main.makeDirectory('closed');
  for (const name of ['closed/one', 'closed/two', 'read-only'])
    await main.store(name, { size: 4, read: () => Buffer.from('text') });
  for (const name of ['closed/one', 'closed']) await main.writeSecurity(name, nobody);
  await main.setBasic('read-only', { attributes: 0x21 });
  const engine = made.engine();
  await made.live(engine);
  await engine.kill();
  const alice = await serve(made);
  const bob = await treeAt(OUR_PORT, 'Office', 'bob');
  for (const tree of [alice, bob]) {
    expect((await tree.readSecurity('closed')).equals(nobody)).toBe(true);
    await overwrite(tree, 'closed/one', 'ours');
    await tree.rename('closed/two', 'closed/2', { replace: false });
    await tree.rename('closed/2', 'closed/two', { replace: false });
    await expect(overwrite(tree, 'read-only', 'ours')).rejects.toMatchObject({ code: 'access-denied' });
  }
  await bob.makeDirectory('closed/new');
  await bob.store('closed/new/file', { size: 2, read: () => Buffer.from('by') });
  await storeStream(bob, 'closed/new/file', 'stream', 'by bob');
  // Another owner too: without more smbd would give the file to root.
  const own = buildDescriptor(fromSddl(`O:${FOREIGN}-1110G:${FOREIGN}-513D:P(A;;FR;;;${FOREIGN}-1109)`));
  await bob.writeSecurity('closed/one', own);
  expect((await alice.readSecurity('closed/one')).equals(own)).toBe(true);
  await overwrite(alice, 'closed/one', 'again');
  expect((await alice.readSecurity('closed/one')).equals(own)).toBe(true);
  expect((await alice.streams('closed/new/file')).streams.map(({ name }) => name)).toEqual(['stream']);
  const ids = await accountIds(OWNER_ACCOUNT);
  for (const name of ['closed/one', 'closed/new', 'closed/new/file']) {
    const { uid, gid } = fs.statSync(made.mirror(name));
    expect({ uid, gid }, name).toEqual(ids);
  }
  // Nobody but the owner passes through the folder of the share.
  expect(fs.statSync(made.mirror('')).mode & 0o007).toBe(0);
  await alice.removeFile('closed/one');
});

it('what users gave a directory during a takeover is what the main has again when that is over', async () => {
  const made = await makeWorld(['force user = root', ...FULL]);
  const main = await treeAt(MAIN_PORT);
  await main.makeDirectory('folder');
  const engine = made.engine();
  await made.live(engine);
  const wanted = await main.readSecurity('folder');
  await engine.order({ kind: 'freeze', decision: 'one' }, 'frozen');
  const ours = await serve(made);
  await ours.writeSecurity('folder', buildDescriptor(fromSddl('D:P(A;;FR;;;WD)')));
  await engine.order({ kind: 'thaw', decision: 'one' }, 'thawed');
  engine.send({ kind: 'mirror' });
  await until('its rules are those of the main', async () => (await ours.readSecurity('folder')).equals(wanted));
});

it('a standby that is not serving writable lets nobody write, whoever passes by the rules', async () => {
  const made = await makeWorld(['force user = root', ...FULL]);
  made.put('file', 'text');
  await made.live(made.engine());
  const ours = await serve(made, false);
  await expect(overwrite(ours, 'file', 'ours')).rejects.toMatchObject({ code: 'access-denied' });
  const rules = buildDescriptor(fromSddl('D:P(A;;FR;;;WD)'));
  await expect(ours.writeSecurity('file', rules)).rejects.toMatchObject({ code: 'access-denied' });
  await expect(storeStream(ours, 'file', 'stream', 'x')).rejects.toMatchObject({ code: 'access-denied' });
});

it('a file whose rules may not be read is mirrored, and told; its rules come when they may', async () => {
  const made = await makeWorld(['force user = alice', ...FULL]);
  const file = made.main('secret');
  made.put('secret', 'text');
  // The account may read content and attributes, and nothing else; the owner, who always may, is somebody else.
  const denied = ntAcl(buildDescriptor(fromSddl(`O:${FOREIGN}-1107G:${FOREIGN}-513D:P(A;;0x100081;;;WD)`)));
  setXattr(file, 'security.NTACL', denied);
  const engine = made.engine();
  await made.live(engine);
  expect(fs.readFileSync(made.mirror('secret'), 'utf8')).toBe('text');
  expect(problemOf(engine, 'secret')).toContain('its access rules could not be read');
  const rules = buildDescriptor(fromSddl(`O:${FOREIGN}-1107G:${FOREIGN}-513D:P(A;;0x1301bf;;;WD)`));
  setXattr(file, 'security.NTACL', ntAcl(rules));
  const ours = await serve(made);
  const main = await treeAt(MAIN_PORT);
  expect((await main.readSecurity('secret')).equals(rules)).toBe(true);
  // Of the rules nobody tells; of this the main does.
  await main.setBasic('secret', { attributes: 0x22 });
  await until('its rules are there', async () => (await ours.readSecurity('secret')).equals(rules));
  await until('the problem is gone', () => problemOf(engine, 'secret') === undefined);
});

it('a stream that no file here can hold is told, and costs neither the content nor the other streams', async () => {
  const depot = fs.mkdtempSync(path.join(os.tmpdir(), 'depot-'));
  fs.chmodSync(depot, 0o777);
  const lines = ['vfs objects = acl_xattr streams_depot', `streams_depot:directory = ${depot}`, 'ea support = yes'];
  const made = await makeWorld(['force user = root', ...lines, 'acl_xattr:ignore system acls = yes']);
  const main = await treeAt(MAIN_PORT);
  await main.store('file', { size: 4, read: () => Buffer.from('text') });
  await main.store('file', { size: 100_000, read: (_at, length) => Buffer.alloc(length, 1) }, {}, { stream: 'large' });
  await storeStream(main, 'file', 'small', 'fits');
  const engine = made.engine();
  await made.live(engine);
  expect(fs.readFileSync(made.mirror('file'), 'utf8')).toBe('text');
  expect(problemOf(engine, 'file')).toMatch(/not the stream large: it has 100000 bytes/u);
  const ours = await serve(made);
  expect((await ours.streams('file')).streams.map(({ name }) => name)).toEqual(['small']);
  fs.rmSync(depot, { recursive: true });
});

async function storeStream(tree: Tree, file: string, stream: string, text: string): Promise<void> {
  const data = Buffer.from(text);
  await tree.store(file, { size: data.length, read: (at, length) => data.subarray(at, at + length) }, {}, { stream });
}

async function overwrite(tree: Tree, file: string, text: string): Promise<void> {
  const open = await tree.open(file, { access: 'read-write' });
  await open.write(0, Buffer.from(text));
  await open.close();
}
