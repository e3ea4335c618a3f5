/** Restore Files against a real smbd, through our own client. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { carryOut, planRestore } from '../../agent/handback/index.ts';
import { mustRun } from '../../base/command.ts';
import { Failure } from '../../base/failure.ts';
import { stampPath } from '../../base/libc.ts';
import { fileTimeOfNs } from '../../smb/file-time.ts';
import type { Tree } from '../../smb/types.ts';
import { HandbackWorld } from './handback-world.ts';

/** Neither alice nor root. */
const NOBODY = 65_534;

let world: HandbackWorld;

function temps(): string[] {
  return world.names().filter((name) => name.includes('~standby-'));
}

describe('a restore to a real main', () => {
  beforeEach(async () => {
    world = new HandbackWorld();
    await world.start();
    world.write('report.docx', 'base');
    world.write('Büro', undefined);
    world.write('Büro/Übersicht ß 漢字.txt', 'base');
    world.write('Büro/old.txt', 'base');
    world.write('other.txt', 'base');
    await world.copyAll();
  });

  afterEach(async () => {
    await world.stop();
  });

  it('brings what was changed, made, renamed and deleted on the standby, and keeps what it replaced', async () => {
    const { mirror } = world;
    const big = 'a line of a big file\n'.repeat(200_000);
    mirror.write('Büro/Übersicht ß 漢字.txt', 'changed here');
    mirror.write('big.bin', big);
    mirror.write('empty', '');
    mirror.write('new folder', undefined);
    mirror.write('new folder/Straße.txt', 'new here');
    fs.renameSync(path.join(mirror.root, 'other.txt'), path.join(mirror.root, 'renamed.txt'));
    mirror.erase('Büro/old.txt');
    const { plan, result } = await world.restore();
    expect(plan).toMatchObject({ send: 6, remove: 2, conflicts: 0, leave: 0 });
    expect(result).toMatchObject({ sent: 6, removed: 2, conflicts: 0, open: 0 });
    expect(world.textOf('Büro/Übersicht ß 漢字.txt')).toBe('changed here');
    expect(world.textOf('big.bin') === big).toBe(true);
    expect(world.textOf('empty')).toBe('');
    expect(world.names()).toEqual(
      [
        'Büro',
        'Büro/Übersicht ß 漢字.txt',
        'big.bin',
        'empty',
        'new folder',
        'new folder/Straße.txt',
        'renamed.txt',
        'report.docx',
      ].toSorted(),
    );
    expect(
      mirror
        .kept()
        .map((file) => [file.path, file.text])
        .toSorted(),
    ).toEqual(
      [
        ['d1/docs/Büro/Übersicht ß 漢字.txt', 'base'],
        ['d1/docs/Büro/old.txt', 'base'],
        ['d1/docs/other.txt', 'base'],
      ].toSorted(),
    );
    // Main and mirror have everything in common again: nothing is left to plan.
    expect(await planRestore(world.deps)).toMatchObject({ send: 0, remove: 0, conflicts: 0, leave: 0 });
  });

  it('overwrites nothing that is newer on the main: both stay, equal ones are recognised', async () => {
    const { mirror } = world;
    world.write('report.docx', 'written on the main');
    mirror.write('report.docx', 'written here');
    world.write('other.txt', 'the same');
    mirror.write('other.txt', 'the same');
    world.write('Büro/old.txt', 'newer on the main');
    mirror.erase('Büro/old.txt');
    world.write('new on both.txt', 'main');
    mirror.write('new on both.txt', 'here');
    const { plan, result } = await world.restore();
    expect(plan).toMatchObject({ send: 0, remove: 0, conflicts: 2, leave: 2 });
    expect(result).toMatchObject({ sent: 0, removed: 0, conflicts: 2, open: 0 });
    expect(world.textOf('report.docx')).toBe('written on the main');
    expect(world.textOf('new on both.txt')).toBe('main');
    expect(world.textOf('Büro/old.txt')).toBe('newer on the main');
    const beside = world.names().filter((name) => name.includes('(standby '));
    expect(beside.map((name) => world.textOf(name)).toSorted()).toEqual(['here', 'written here']);
    expect((await world.restore()).result).toMatchObject({ sent: 0, conflicts: 0, open: 0 });
  });

  it('changes files into folders and back', async () => {
    const { mirror } = world;
    mirror.erase('report.docx');
    mirror.write('report.docx', undefined);
    mirror.write('report.docx/inside.txt', 'new');
    mirror.erase('Büro');
    mirror.write('Büro', 'a file now');
    const { result } = await world.restore();
    expect(result).toMatchObject({ conflicts: 0, open: 0 });
    expect(world.textOf('report.docx/inside.txt')).toBe('new');
    expect(world.textOf('Büro')).toBe('a file now');
  });

  it('takes a name that only changed its case for the same file', async () => {
    const { mirror } = world;
    fs.renameSync(path.join(mirror.root, 'report.docx'), path.join(mirror.root, 'REPORT.docx'));
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 0, removed: 0, open: 0 });
    expect(world.textOf('report.docx')).toBe('base');
    expect(mirror.kindOf('report.docx')).toBe('file');
  });

  it('leaves open what another client of the main holds, and does it when that one lets go', async () => {
    const { mirror } = world;
    const holder = await world.hold('report.docx');
    mirror.write('report.docx', 'changed here');
    mirror.erase('other.txt');
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 0, removed: 1, open: 1 });
    expect(result.problems[0]).toMatchObject({ path: 'report.docx' });
    expect(world.textOf('report.docx')).toBe('base');
    expect(temps()).toEqual([]);
    await holder.release();
    expect((await world.restore()).result).toMatchObject({ sent: 1, open: 0 });
    expect(world.textOf('report.docx')).toBe('changed here');
  });

  it('replaces and removes read-only files when the standby’s users did', async () => {
    const { mirror, tree } = world;
    for (const name of ['report.docx', 'other.txt']) {
      await world.smbclient(`setmode ${name} +r`);
      mirror.learned('docs', name, await tree.stat(name), mirror.signatureOf(name));
    }
    mirror.marks = { attributes: 0x20, created: undefined };
    mirror.write('report.docx', 'changed');
    mirror.erase('other.txt');
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 1, removed: 1, open: 0 });
    expect(world.textOf('report.docx')).toBe('changed');
    expect(world.textOf('other.txt')).toBeUndefined();
  });

  it('replaces a file of another owner, lets nobody else read it, and tells of what it could not keep', async () => {
    const { mirror } = world;
    const file = path.join(world.shareFolder, 'report.docx');
    fs.chownSync(file, NOBODY, fs.statSync(file).gid);
    fs.chmodSync(file, 0o660);
    mirror.learned('docs', 'report.docx', await world.tree.stat('report.docx'), mirror.signatureOf('report.docx'));
    mirror.write('report.docx', 'changed');
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 1, open: 0 });
    expect(result.problems.map(({ path: at, why }) => `${at}: ${why}`)).toEqual([
      expect.stringMatching(/^report.docx: its (?:owner|access rules)/),
    ]);
    expect(world.textOf('report.docx')).toBe('changed');
    expect(fs.statSync(file).mode & 0o007).toBe(0);
  });

  it('shows old or new content, whole, when the connection dies before any request of a replacement', async () => {
    const { mirror } = world;
    let cut = 0;
    for (let finished = false; !finished; cut += 1) {
      await makeCommon('report.docx', `before ${cut}`);
      mirror.write('report.docx', `changed ${cut}, and longer`);
      const plan = await planRestore(world.deps);
      const tree = dyingAfter(world.tree, cut);
      const ended = await carryOut({ ...world.deps, treeOf: async () => tree }, plan.hash).catch(
        (error: unknown) => error,
      );
      finished = !(ended instanceof Error);
      expect([`before ${cut}`, `changed ${cut}, and longer`]).toContain(world.textOf('report.docx'));
      if (!finished) {
        expect(ended).toMatchObject({ code: 'disconnected' });
        await world.connect();
        expect((await world.restore()).result.open).toBe(0);
      }
      expect(world.textOf('report.docx')).toBe(`changed ${cut}, and longer`);
      expect(mirror.kept().map((file) => file.text)).toContain(`before ${cut}`);
      expect(temps()).toEqual([]);
    }
    expect(cut).toBeGreaterThan(8);
  });
});

/** Main and mirror hold the same, as after a pass. */
async function makeCommon(name: string, content: string): Promise<void> {
  const { mirror } = world;
  world.write(name, content);
  mirror.erase(name);
  mirror.write(name, content);
  mirror.learned('docs', name, await world.tree.stat(name), mirror.signatureOf(name));
}

/** A connection that is gone before the request with this number. */
function dyingAfter(tree: Tree, requests: number): Tree {
  let count = 0;
  const ask = <T>(act: () => Promise<T>): Promise<T> => {
    if (count >= requests)
      return Promise.reject(new Failure({ code: 'disconnected', doing: 'ask the main', what: 'the cable is cut' }));
    count += 1;
    return act();
  };
  return {
    share: tree.share,
    list: (at) => tree.list(at),
    stat: (at) => ask(() => tree.stat(at)),
    alone: (at) => ask(() => tree.alone(at)),
    fetch: (at, hint, sink) => ask(() => tree.fetch(at, hint, sink)),
    store: (at, source, info) => ask(() => tree.store(at, source, info)),
    makeDirectory: (at) => ask(() => tree.makeDirectory(at)),
    rename: (from, to, options) => ask(() => tree.rename(from, to, options)),
    removeFile: (at, still) => ask(() => tree.removeFile(at, still)),
    removeDirectory: (at) => ask(() => tree.removeDirectory(at)),
    setBasic: (at, info, still) => ask(() => tree.setBasic(at, info, still)),
    readSecurity: (at) => ask(() => tree.readSecurity(at)),
    writeSecurity: (at, descriptor) => ask(() => tree.writeSecurity(at, descriptor)),
    watch: (at, options) => tree.watch(at, options),
    space: () => tree.space(),
    identity: () => tree.identity(),
    fetchRanges: (at, sink) => ask(() => tree.fetchRanges(at, sink)),
    open: (at, options) => ask(() => tree.open(at, options)),
    copy: (from, to) => ask(() => tree.copy(from, to)),
    fileSystem: () => ask(() => tree.fileSystem()),
    snapshots: () => ask(() => tree.snapshots()),
    at: (snapshot) => ask(() => tree.at(snapshot)),
    streams: (at) => ask(() => tree.streams(at)),
    removeStream: (at, stream) => ask(() => tree.removeStream(at, stream)),
    extended: (at) => ask(() => tree.extended(at)),
    setExtended: (at, attributes) => ask(() => tree.setExtended(at, attributes)),
    reparse: (at) => ask(() => tree.reparse(at)),
    setReparse: (at, point) => ask(() => tree.setReparse(at, point)),
    removeReparse: (at, point) => ask(() => tree.removeReparse(at, point)),
    link: (at, name, options) => ask(() => tree.link(at, name, options)),
    linkCount: (at) => ask(() => tree.linkCount(at)),
    canonicalPath: (at) => ask(() => tree.canonicalPath(at)),
    shortName: (at) => ask(() => tree.shortName(at)),
    fileId: (at) => ask(() => tree.fileId(at)),
    disconnect: () => tree.disconnect(),
  };
}

describe('a restore by an account that may do everything', () => {
  it('keeps written times to 100 ns, the creation time, attributes, owner and access rules', async () => {
    const admin = new HandbackWorld();
    await admin.start(['admin users = alice', 'vfs objects = acl_xattr', 'acl_xattr:ignore system acls = yes']);
    try {
      const { mirror, tree } = admin;
      admin.write('report.docx', 'base');
      fs.chmodSync(path.join(admin.shareFolder, 'report.docx'), 0o640);
      await admin.smbclient('setmode report.docx +h');
      await admin.copyAll();
      const before = await tree.stat('report.docx');
      const security = await tree.readSecurity('report.docx');
      mirror.write('report.docx', 'changed');
      stampPath(path.join(mirror.root, 'report.docx'), { accessedNs: 0n, writtenNs: 1_700_000_000_123_456_700n });
      const { result } = await admin.restore();
      expect(result).toMatchObject({ sent: 1, open: 0, problems: [] });
      const after = await tree.stat('report.docx');
      expect(after.written).toBe(fileTimeOfNs(1_700_000_000_123_456_700n));
      expect(after.created).toBe(before.created);
      expect(after.attributes & 0x2).toBe(0x2);
      expect((await tree.readSecurity('report.docx')).equals(security)).toBe(true);
    } finally {
      await admin.stop();
    }
  });
});

describe('a main without room', () => {
  it('stops the restore with the old content whole and nothing of ours left', async () => {
    const full = new HandbackWorld();
    await full.start();
    try {
      const disk = path.join(full.mirror.folder, 'main', 'docs');
      await mustRun('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=777', 'tmpfs', disk], { timeLimitMs: 5_000 });
      await full.connect();
      full.write('report.docx', 'base');
      await full.copyAll();
      full.mirror.write('report.docx', 'x'.repeat(2_000_000));
      const plan = await planRestore(full.deps);
      await expect(carryOut(full.deps, plan.hash)).rejects.toMatchObject({ code: 'no-space' });
      expect(full.textOf('report.docx')).toBe('base');
      expect(full.names()).toEqual(['report.docx']);
    } finally {
      await mustRun('umount', ['--lazy', full.shareFolder], { timeLimitMs: 5_000 });
      await full.stop();
    }
  });
});
