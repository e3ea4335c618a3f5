/** Previous versions of a share against a real smbd that keeps them as folders (shadow_copy2). */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustRun } from '../../base/command.ts';
import { Failure } from '../../base/failure.ts';
import { type Stand, startStand } from '../scripted/stand.ts';
import type { Snapshot, Tree, TreeView } from '../types.ts';

const OLD = '@GMT-2023.12.31-23.59.59';
const NEWER = '@GMT-2024.02.29-12.00.00';

let stand: Stand;
let tree: Tree;
let kept: Snapshot[];

beforeAll(async () => {
  stand = await startStand({
    share: [
      'vfs objects = shadow_copy2 streams_xattr acl_xattr',
      'shadow:snapdir = .snapshots',
      'shadow:snapdirseverywhere = yes',
      'shadow:sort = desc',
      'acl_xattr:ignore system acls = yes',
    ],
  });
  ({ tree } = await stand.tree());
});
afterAll(() => stand.stop());

const local = (name: string): string => path.join(stand.folder, name);

/** A snapshot, made as the file system below a server would. */
function keep(token: string, content: Record<string, Buffer | string>): void {
  for (const [name, bytes] of Object.entries(content)) {
    const at = path.join(local('.snapshots'), token, name);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, bytes);
  }
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

async function contentOf(view: Pick<TreeView, 'fetch'>, name: string, hint: number): Promise<Buffer> {
  const chunks: { at: number; data: Buffer }[] = [];
  await view.fetch(name, hint, { data: (data, at) => void chunks.push({ at, data }) });
  return Buffer.concat(chunks.sort((a, b) => a.at - b.at).map((chunk) => chunk.data));
}

async function namesIn(view: Pick<TreeView, 'list'>, directory: string): Promise<string[]> {
  const names: string[] = [];
  for await (const batch of view.list(directory)) names.push(...batch.entries.map((entry) => entry.name));
  return names.sort();
}

function at(index: number): Promise<TreeView> {
  const snapshot = kept[index];
  if (snapshot === undefined) throw new Error('there is no such snapshot');
  return tree.at(snapshot);
}

const BIG = randomBytes(3_000_000);

describe('snapshots', () => {
  it('are none where none are kept', async () => {
    fs.mkdirSync(local('.snapshots'));
    expect(await tree.snapshots()).toEqual([]);
  });

  it('are listed with their moments, oldest first', async () => {
    keep(OLD, { 'report.txt': 'the first words', 'folder/gone.txt': 'removed since', 'folder/deep/er': 'x', big: BIG });
    keep(NEWER, { 'report.txt': 'better words', 'folder/deep/er': 'x' });
    fs.writeFileSync(local('report.txt'), 'the words of today');
    fs.writeFileSync(local('today.txt'), 'new');
    fs.mkdirSync(local('folder'));
    kept = await tree.snapshots();
    expect(kept.map((snapshot) => snapshot.token)).toEqual([OLD, NEWER]);
    const unixMs = kept.map(({ moment }) => Number((moment - 116_444_736_000_000_000n) / 10_000n));
    expect(unixMs).toEqual([Date.UTC(2023, 11, 31, 23, 59, 59), Date.UTC(2024, 1, 29, 12)]);
  });

  it('are many', async () => {
    const other = await startStand({
      share: ['vfs objects = shadow_copy2', 'shadow:snapdir = .snapshots', 'shadow:snapdirseverywhere = yes'],
    });
    try {
      const tokens = Array.from({ length: 400 }, (_, index) => {
        const [month, day] = [1 + (Math.floor(index / 28) % 12), 1 + (index % 28)];
        return `@GMT-20${10 + Math.floor(index / 336)}.${String(month).padStart(2, '0')}.${String(day).padStart(2, '0')}-01.02.03`;
      });
      for (const token of tokens) fs.mkdirSync(path.join(other.folder, '.snapshots', token), { recursive: true });
      const many = await (await other.tree()).tree.snapshots();
      expect(many.map((snapshot) => snapshot.token)).toEqual(tokens.sort());
    } finally {
      await other.stop();
    }
  });

  it('show files and folders as they were, and the share beside them as it is', async () => {
    expect((await contentOf(await at(0), 'report.txt', 10)).toString()).toBe('the first words');
    expect((await contentOf(await at(1), 'report.txt', 10)).toString()).toBe('better words');
    expect((await contentOf(tree, 'report.txt', 10)).toString()).toBe('the words of today');
    expect((await contentOf(await at(0), 'big', BIG.length)).equals(BIG)).toBe(true);
    expect(await namesIn(await at(0), '')).toEqual(['big', 'folder', 'report.txt']);
    expect(await namesIn(await at(0), 'folder')).toEqual(['deep', 'gone.txt']);
    expect(await namesIn(await at(1), 'folder')).toEqual(['deep']);
    expect((await (await at(0)).stat('folder/gone.txt')).size).toBe(13);
    expect(await codeOf((await at(1)).stat('folder/gone.txt'))).toBe('not-found');
    expect(await codeOf((await at(0)).stat('today.txt'))).toBe('not-found');
    expect((await (await at(0)).readSecurity('report.txt')).length).toBeGreaterThan(20);
    expect(await (await at(0)).fileId('report.txt')).toBe(
      fs.statSync(path.join(local('.snapshots'), OLD, 'report.txt'), { bigint: true }).ino,
    );
    const parts: Buffer[] = [];
    await (await at(0)).fetchRanges('report.txt', { data: (data) => void parts.push(data), hole: () => {} });
    expect(Buffer.concat(parts).toString()).toBe('the first words');
  });

  it('open files for several looks, and change nothing', async () => {
    const view = await at(0);
    await using file = await view.open('big');
    expect((await file.read(2_500_000, 1_000_000)).equals(BIG.subarray(2_500_000))).toBe(true);
    expect(await codeOf(file.write(0, Buffer.from('x')))).toBe('access-denied');
    expect(fs.readFileSync(path.join(local('.snapshots'), OLD, 'big')).equals(BIG)).toBe(true);
  });

  it('keep the streams of files', async () => {
    fs.writeFileSync(local('streamed'), 'content');
    const note = async (text: string, create: 'either' | 'must-exist'): Promise<void> => {
      await using stream = await tree.open('streamed', { access: 'write', stream: 'note', create });
      await stream.write(0, Buffer.from(text));
    };
    await note('then', 'either');
    await mustRun('cp', ['-a', local('streamed'), path.join(local('.snapshots'), OLD)], { timeLimitMs: 5_000 });
    await note('now!', 'must-exist');
    const view = await at(0);
    expect((await view.streams('streamed')).streams).toMatchObject([{ name: 'note', size: 4 }]);
    await using then = await view.open('streamed', { stream: 'note' });
    expect((await then.read(0, 10)).toString()).toBe('then');
    await using now = await tree.open('streamed', { access: 'read', stream: 'note' });
    expect((await now.read(0, 10)).toString()).toBe('now!');
  });

  it('are only those that the server keeps', async () => {
    const never = { token: '@GMT-2001.01.01-00.00.00', moment: 126_227_808_000_000_000n };
    expect(await codeOf(tree.at(never))).toBe('not-found');
    const view = await at(1);
    fs.renameSync(path.join(local('.snapshots'), NEWER), local('moved away'));
    expect(await codeOf(view.stat('report.txt'))).toBe('not-found');
    expect(await codeOf(at(1))).toBe('not-found');
  });

  it('leave nothing open', async () => {
    expect(await stand.openFiles()).toEqual([]);
  });
});

describe('a share without snapshots', () => {
  it('says so, and never shows its files of today as those of another day', async () => {
    const other = await startStand();
    try {
      fs.writeFileSync(path.join(other.folder, 'report.txt'), 'today');
      const { tree: plain } = await other.tree();
      expect(await codeOf(plain.snapshots())).toBe('not-supported');
      // Samba takes no notice of the moment there: a view would show «today».
      expect(await codeOf(plain.at({ token: OLD, moment: 133_485_407_990_000_000n }))).toBe('not-supported');
    } finally {
      await other.stop();
    }
  });
});

describe('a share on a file system of its own', () => {
  it('shows a folder that is gone today, and as little below it as smbclient', async () => {
    const other = await startStand({ share: ['vfs objects = shadow_copy2', 'shadow:snapdir = .snapshots'] });
    await mustRun('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=777', 'tmpfs', other.folder], { timeLimitMs: 5_000 });
    try {
      const gone = path.join(other.folder, '.snapshots', OLD, 'gone', 'deep');
      fs.mkdirSync(gone, { recursive: true });
      fs.writeFileSync(path.join(gone, 'file'), 'kept');
      const { tree: today } = await other.tree();
      const [snapshot] = await today.snapshots();
      if (snapshot === undefined) throw new Error('there is no snapshot');
      const view = await today.at(snapshot);
      expect(await codeOf(today.stat('gone'))).toBe('not-found');
      expect(await namesIn(view, 'gone')).toEqual(['deep']);
      // Samba 4.17 looks for the folder of what is opened among those of today.
      expect(other.smbclientNow(`ls ${OLD}/gone/deep/*`)).toContain('NT_STATUS_OBJECT_PATH_NOT_FOUND');
      expect(await codeOf(view.stat('gone/deep'))).toBe('not-found');
      fs.mkdirSync(path.join(other.folder, 'gone', 'deep'), { recursive: true });
      expect((await contentOf(view, 'gone/deep/file', 4)).toString()).toBe('kept');
    } finally {
      await other.samba.stop();
      await mustRun('umount', [other.folder], { timeLimitMs: 5_000 });
      await other.stop();
    }
  });
});
