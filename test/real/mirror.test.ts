/** The mirror follows a real smbd: first pass, then everything that users do on it, and a restart that copies nothing again. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { getXattr } from '../../base/libc.ts';
import { makeFiles } from '../../tryout/files.ts';
import { startSamba } from '../../tryout/samba.ts';
import { ALICE, type Engine, until, World } from './mirror-world.ts';

const SERVED_PORT = 4472;
let world: World;
let engine: Engine;

beforeAll(async () => {
  world = await World.make({ port: 4471 });
  makeFiles(world.mainFolder, ALICE, Date.now());
  await world.client('setmode Templates +h; mkdir Letters/attributes; mkdir Letters/empty');
  const local = `${world.folder}/local`;
  fs.writeFileSync(local, 'read only and hidden');
  await world.client(`put ${local} Letters/attributes/a.txt; setmode Letters/attributes/a.txt +rhs`);
  world.put('Letters/cafe\u0301.txt', 'decomposed');
  world.put('Letters/caf\u00e9.txt', 'composed');
  world.put('Letters/small.txt', 'inside a directory', 1_500_000_000.1234567);
  engine = world.engine();
  await world.live(engine);
});

afterAll(async () => {
  await world.close();
});

/** Writes a file through SMB. */
async function put(file: string, content: string | Buffer): Promise<void> {
  const local = `${world.folder}/local`;
  fs.writeFileSync(local, content);
  await world.client(`put ${local} "${file}"`);
}

it('has every byte, time and attribute after the first pass', async () => {
  await world.same();
  const share = engine.share('Office');
  expect(share?.files).toBe(244);
  expect(share?.skipped).toBe(0);
  expect(fs.statSync(world.mirror('Letters/attributes/a.txt')).mode & 0o777).toBe(0o600);
  expect(fs.readdirSync(world.mirror('Letters/empty'))).toEqual([]);
});

it('shows the same attributes and creation times when a real smbd serves the mirror', async () => {
  const served = await startSamba({
    folder: `${world.folder}/served`,
    netbiosName: 'SPARE',
    users: { alice: 'alice-1' },
    shares: [{ name: 'Office', path: world.mirror(''), lines: ['force user = standby'] }],
    port: SERVED_PORT,
  });
  fs.chmodSync(world.mirrorPath, 0o755);
  for (const file of ['Letters/attributes/a.txt', 'Templates', 'Letters/attributes']) {
    const onMain = await world.client(`allinfo "${file}"`);
    const other = new Proxy(world, { get: (of, key) => (key === 'port' ? SERVED_PORT : Reflect.get(of, key)) });
    const onMirror = await other.client(`allinfo "${file}"`);
    for (const line of [/create_time:.*/, /write_time:.*/, /attributes:.*/])
      expect(line.exec(onMirror)?.[0]).toBe(line.exec(onMain)?.[0]);
  }
  expect(getXattr(world.mirror('Letters/attributes/a.txt'), 'user.DOSATTRIB')).toEqual(
    getXattr(world.main('Letters/attributes/a.txt'), 'user.DOSATTRIB'),
  );
  await served.stop();
});

it('names an old small file whose reading proves that the main serves', () => {
  const known = engine.last('known');
  expect(known?.share).toBe('Office');
  expect(fs.statSync(world.main(known?.path ?? '')).size).toBe(known?.size);
});

it('follows a new file', async () => {
  await put('Letters/new.txt', 'new');
  await until('the file is there', () => fs.existsSync(world.mirror('Letters/new.txt')));
  await world.same();
});

it('follows a file that is written in place below the watched directory, of which notify says nothing', async () => {
  // An active directory: something else happened in it.
  await put('Letters/beside.txt', 'active');
  await until('the file is there', () => fs.existsSync(world.mirror('Letters/beside.txt')));
  fs.writeFileSync(world.main('Letters/small.txt'), 'written locally, unseen by notify');
  await world.same();
});

it('follows a rename of a file without copying it again', async () => {
  const before = fs.statSync(world.mirror('Letters/new.txt')).ino;
  await world.client('rename Letters/new.txt Letters/renamed.txt');
  await until('the new name is there', () => fs.existsSync(world.mirror('Letters/renamed.txt')));
  expect(fs.statSync(world.mirror('Letters/renamed.txt')).ino).toBe(before);
  await world.same();
});

it('follows a rename that changes only the case', async () => {
  await world.client('rename Letters/renamed.txt Letters/Renamed.TXT');
  await until('the new spelling is there', () => fs.existsSync(world.mirror('Letters/Renamed.TXT')));
  await world.same();
});

it('follows a directory that moves elsewhere, with all its files and without copying one', async () => {
  const file = fs.readdirSync(world.mirror('Minutes/2025'))[0] ?? '';
  const before = fs.statSync(world.mirror(`Minutes/2025/${file}`)).ino;
  await world.client('rename Minutes/2025 Orders/2025');
  await until('it is there', () => fs.existsSync(world.mirror(`Orders/2025/${file}`)));
  expect(fs.statSync(world.mirror(`Orders/2025/${file}`)).ino).toBe(before);
  await world.same();
});

it('follows a deletion, and keeps what was deleted in the attic', async () => {
  await world.client('del Letters/Renamed.TXT');
  await until('it is gone', () => !fs.existsSync(world.mirror('Letters/Renamed.TXT')));
  expect(world.attic()).toContain('Office/Letters/Renamed.TXT');
  await world.same();
});

it('follows a whole tree that is deleted', async () => {
  await world.client('deltree Orders/2025');
  await until('it is gone', () => !fs.existsSync(world.mirror('Orders/2025')));
  await world.same();
});

it('follows new attributes without copying the content', async () => {
  const before = fs.statSync(world.mirror('Letters/small.txt')).ino;
  await world.client('setmode Letters/small.txt +r');
  await world.same();
  expect(fs.statSync(world.mirror('Letters/small.txt')).ino).toBe(before);
});

it('follows a file that becomes a directory and back', async () => {
  await put('Letters/thing', 'a file');
  await until('a file', () => fs.statSync(world.mirror('Letters/thing'), { throwIfNoEntry: false })?.isFile());
  await world.client('del Letters/thing; mkdir Letters/thing');
  await until('a directory', () => fs.statSync(world.mirror('Letters/thing')).isDirectory());
  await world.client('rmdir Letters/thing');
  await put('Letters/thing', 'a file again');
  await until('a file', () => fs.statSync(world.mirror('Letters/thing')).isFile());
  await world.same();
});

it('copies nothing again after a restart', async () => {
  const inodes = inodesOf(world);
  await engine.end();
  const beganMs = Date.now();
  engine = world.engine();
  await until('the pass is over', () => (engine.share('Office')?.lastPassMs ?? 0) >= beganMs);
  await world.same();
  expect(inodesOf(world)).toEqual(inodes);
});

it('finds after a restart what happened meanwhile, and copies only that', async () => {
  const inodes = inodesOf(world);
  await engine.end();
  world.put('Templates/meanwhile.txt', 'made while nobody looked');
  fs.rmSync(world.main('Letters/beside.txt'));
  engine = world.engine();
  await world.live(engine);
  await world.same();
  inodes.delete('Letters/beside.txt');
  const now = inodesOf(world);
  now.delete('Templates/meanwhile.txt');
  expect(now).toEqual(inodes);
});

it('puts right what somebody changed in the mirror, and keeps the change in the attic', async () => {
  await engine.end();
  fs.appendFileSync(world.mirror('Letters/small.txt'), ' and tampered with');
  fs.writeFileSync(world.mirror('Letters/stray.txt'), 'not from the main');
  fs.rmSync(world.mirror('Letters/empty'), { recursive: true });
  engine = world.engine();
  await world.live(engine);
  await world.same();
  expect(world.attic()).toEqual(expect.arrayContaining(['Office/Letters/small.txt', 'Office/Letters/stray.txt']));
});

it('reconnects after the main was restarted, and goes on', async () => {
  await world.samba.stop();
  await until('it is unreachable', () => engine.share('Office')?.state === 'unreachable');
  world.put('Letters/after.txt', 'written while the server was down');
  world.samba = await startSamba(world.samba.options);
  await world.live(engine);
  await world.same();
});

it('stops at once when asked, and refuses to mirror while frozen, also after a restart', async () => {
  await engine.order({ kind: 'stop' }, 'stopped');
  await engine.order({ kind: 'freeze', decision: 'd-1' }, 'frozen');
  expect((await engine.order({ kind: 'mirror' }, 'failed')).code).toBe('frozen');
  expect((await engine.order({ kind: 'thaw', decision: 'd-2' }, 'failed')).code).toBe('frozen');
  await engine.kill();
  engine = world.engine();
  expect((await until('an answer', () => engine.last('failed'))).code).toBe('frozen');
  await until('the state is told', () => engine.last('mirror'));
  expect(engine.last('mirror')?.frozenFor).toBe('d-1');
  await engine.order({ kind: 'thaw', decision: 'd-1' }, 'thawed');
  engine.send({ kind: 'mirror' });
  await world.live(engine);
});

it('ends when standbyd is gone', async () => {
  await engine.end();
  expect(engine.running).toBe(false);
});

/** Inode of each file of the mirror: a file that was copied again has another one. */
function inodesOf(of: World): Map<string, number> {
  const found = new Map<string, number>();
  for (const entry of fs.readdirSync(of.mirror(''), { recursive: true, withFileTypes: true })) {
    const at = `${entry.parentPath}/${entry.name}`;
    if (entry.isFile()) found.set(path.relative(of.mirror(''), at), fs.statSync(at).ino);
  }
  return found;
}
