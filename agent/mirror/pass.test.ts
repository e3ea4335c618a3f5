/** Passes against a main in memory that lies, fails and changes at the worst moment. */
import fs from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { getXattr } from '../../base/libc.ts';
import type { Entry, ListBatch, Tree } from '../../smb/types.ts';
import { fault } from '../handback/fake-main.ts';
import { FakeShare } from './ground.fake.ts';
import { DOS_ATTRIBUTE_NAME, readDosAttribute } from './metadata.ts';

let share: FakeShare;

beforeEach(() => {
  share = new FakeShare();
});

afterEach(() => {
  share.clear();
});

function fill(): void {
  share.main.write('a', undefined);
  share.main.write('a/one.txt', 'one');
  share.main.write('a/two.txt', 'two');
  share.main.write('a/b', undefined);
  share.main.write('a/b/three.txt', 'three');
  share.main.write('top.txt', 'top');
}

/** Every listing goes through `change`, which may throw. */
function listing(change: (directory: string, entries: Entry[]) => ListBatch): void {
  share.disguise = (tree): Tree => ({
    ...tree,
    async *list(directory) {
      for await (const batch of tree.list(directory)) yield change(directory, batch.entries);
    },
  });
}

it('copies everything, and nothing twice', async () => {
  fill();
  await share.pass();
  expect(share.visible()).toEqual(share.wanted());
  expect(share.outcomes).toHaveLength(4);
  await share.pass();
  share.restart();
  await share.pass();
  expect(share.outcomes).toHaveLength(4);
});

it('reads again after a power cut what no flush had made durable, and trusts what one had', async () => {
  fill();
  await share.pass();
  share.ground.index.completeBatch(share.ground.index.closeBatch(), 100);
  share.main.write('a/late.txt', 'late');
  await share.pass();
  share.outcomes.length = 0;
  share.restart('boot-2');
  await share.pass();
  expect(share.outcomes).toEqual(['placed a/late.txt']);
});

it('removes what is gone, into the attic', async () => {
  fill();
  await share.pass();
  share.main.erase('a/b');
  share.main.erase('top.txt');
  await share.pass();
  expect(share.visible()).toEqual(share.wanted());
  const day = fs.readdirSync(`${share.mirrorPath}/.standby-attic`)[0] ?? '';
  expect(fs.readFileSync(`${share.mirrorPath}/.standby-attic/${day}/docs/a/b/three.txt`, 'utf8')).toBe('three');
});

for (const { remark, change } of [
  {
    remark: 'the listing breaks off',
    change: (directory: string, entries: Entry[]): ListBatch => {
      if (directory === 'a') throw fault('access-denied', directory);
      return { entries, refused: [] };
    },
  },
  {
    remark: 'the listing is empty though the files are there',
    change: (): ListBatch => ({ entries: [], refused: [] }),
  },
  {
    remark: 'a name had to be refused',
    change: (_directory: string, entries: Entry[]): ListBatch => ({
      entries: entries.filter((entry) => entry.name !== 'one.txt'),
      refused: ['..\\\\one.txt'],
    }),
  },
])
  it(`removes nothing when ${remark}`, async () => {
    fill();
    await share.pass();
    listing(change);
    await share.pass();
    expect(share.visible()).toEqual(share.wanted());
  });

it('removes nothing of what is gone when a name had to be refused in the same directory', async () => {
  fill();
  await share.pass();
  const before = share.visible();
  share.main.erase('a/one.txt');
  listing((directory, entries) => ({ entries, refused: directory === 'a' ? ['bad\\u0000name'] : [] }));
  await share.pass();
  expect(share.visible()).toEqual(before);
});

it('removes nothing when the share became another one between the listing and the deed', async () => {
  fill();
  await share.pass();
  const before = share.visible();
  for (const path of ['a', 'top.txt']) share.main.erase(path);
  let asked = 0;
  share.disguise = (tree) => ({
    ...tree,
    identity: async () => ({ volumeSerial: 7, rootFileId: asked++ === 0 ? 1n : 99n }),
  });
  await share.pass();
  expect(asked).toBeGreaterThan(1);
  expect(share.visible()).toEqual(before);
});

it('removes nothing when the main does not say that it is gone', async () => {
  fill();
  await share.pass();
  const before = share.visible();
  share.main.erase('a/one.txt');
  share.main.before = (request, path) => {
    if (request === 'stat' && path === 'a/one.txt') throw fault('access-denied', path);
  };
  await share.pass();
  expect(share.visible()).toEqual(before);
});

it('keeps the good copy and says why when a file changes while it is read', async () => {
  fill();
  await share.pass();
  share.main.write('a/one.txt', 'a new version that is longer');
  let turn = 0;
  share.main.before = (request, path) => {
    turn += 1;
    if (request === 'fetch' && path === 'a/one.txt') share.main.write('a/one.txt', `torn ${turn} ${'x'.repeat(turn)}`);
  };
  await share.pass();
  expect(fs.readFileSync(share.at('a/one.txt'), 'utf8')).toBe('one');
  expect(share.problems()).toEqual(['a/one.txt: it changes while it is read']);
  share.main.before = () => {};
  await share.pass();
  expect(share.visible()).toEqual(share.wanted());
  expect(share.problems()).toEqual([]);
});

it('keeps the good copy of a file that somebody holds', async () => {
  fill();
  await share.pass();
  share.main.write('a/one.txt', 'newer');
  share.main.held.add('A/ONE.TXT');
  share.main.held.add('a/one.txt');
  await share.pass();
  expect(fs.readFileSync(share.at('a/one.txt'), 'utf8')).toBe('one');
  expect(share.problems()).toHaveLength(1);
});

for (const { remark, attributes } of [
  { remark: 'a junction', attributes: 0x410 },
  { remark: 'a file on tape', attributes: 0x1020 },
  { remark: 'a file in a cloud', attributes: 0x400020 },
])
  it(`neither follows nor reads ${remark}, keeps what it had, and says so`, async () => {
    fill();
    await share.pass();
    listing((_directory, entries) => ({
      entries: entries.map((entry) => (entry.name === 'two.txt' ? { ...entry, attributes, size: 999 } : entry)),
      refused: [],
    }));
    share.main.requests.length = 0;
    await share.pass();
    expect(share.main.requests.filter((request) => request.startsWith('fetch'))).toEqual([]);
    expect(fs.readFileSync(share.at('a/two.txt'), 'utf8')).toBe('two');
    expect(share.problems()).toHaveLength(1);
  });

it('refuses a name that is too long for the disk, and mirrors the rest', async () => {
  fill();
  share.main.write('見'.repeat(100), 'too long');
  await share.pass();
  expect(share.visible()).toEqual(share.wanted().filter((line) => !line.startsWith('見')));
  expect(share.problems()).toEqual([`${'見'.repeat(100)}: the name needs 300 bytes, the disk here holds 255`]);
});

it('copies again what changed with its old time and size kept', async () => {
  fill();
  await share.pass();
  const node = [...share.main.nodes.values()].find((one) => one.path === 'top.txt');
  if (node === undefined) throw new Error('no node');
  node.content = Buffer.from('TOP');
  node.changed += 1n;
  await share.pass();
  expect(fs.readFileSync(share.at('top.txt'), 'utf8')).toBe('TOP');
});

it('follows a moved directory without reading anything', async () => {
  fill();
  await share.pass();
  const inode = fs.statSync(share.at('a/b/three.txt')).ino;
  share.moveFolder('a/b', 'moved');
  share.main.requests.length = 0;
  await share.pass();
  expect(share.visible()).toEqual(share.wanted());
  expect(fs.statSync(share.at('moved/three.txt')).ino).toBe(inode);
  expect(share.main.requests.filter((request) => request.startsWith('fetch'))).toEqual([]);
});

for (const moved of ['a/one.txt', 'a'])
  it(`follows ${moved} with the attributes that it got before it was renamed`, async () => {
    fill();
    await share.pass();
    const node = [...share.main.nodes.values()].find((one) => one.path === moved);
    if (node === undefined) throw new Error('no node');
    node.attributes |= 0x2;
    share.moveFolder(moved, 'moved');
    await share.pass();
    expect(share.visible()).toEqual(share.wanted());
    const mark = getXattr(share.at('moved'), DOS_ATTRIBUTE_NAME) ?? Buffer.alloc(0);
    expect(readDosAttribute(mark)?.attributes).toBe(node.attributes);
  });

it('equals the main after any storm of changes, whatever was cut off in between', async () => {
  const name = fc.constantFrom('a', 'b', 'A', 'c/d', 'c', 'c/e', 'c/d/f', 'x');
  const change = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), path: name, content: fc.stringMatching(/^[a-z]{0,6}$/) }),
    fc.record({ kind: fc.constant('folder' as const), path: name }),
    fc.record({ kind: fc.constant('erase' as const), path: name }),
    fc.record({ kind: fc.constant('move' as const), path: name, to: name }),
    fc.record({ kind: fc.constant('cut' as const), after: fc.nat(25) }),
    fc.record({ kind: fc.constant('pass' as const) }),
    fc.record({ kind: fc.constant('restart' as const), boot: fc.constantFrom('boot-1', 'boot-2') }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 30 }), async (changes) => {
      share.clear();
      share = new FakeShare();
      for (const one of changes) {
        share.main.before = () => {};
        if (one.kind === 'write') share.main.write(one.path, one.content);
        else if (one.kind === 'folder') share.main.write(one.path, undefined);
        else if (one.kind === 'erase') share.main.erase(one.path);
        else if (one.kind === 'move') await moveOnMain(one.path, one.to);
        else if (one.kind === 'pass') await share.pass();
        else if (one.kind === 'restart') share.restart(one.boot);
        else await cutPass(one.after);
      }
      share.main.before = () => {};
      await share.pass();
      // Names that changed their spelling or kind may need a second look.
      await share.pass();
      expect(share.visible()).toEqual(share.wanted());
      expect(share.ground.index.share('docs').files).toBe(share.wanted().filter((line) => !line.endsWith('/')).length);
    }),
    { numRuns: 150, seed: 7 },
  );
}, 60_000);

async function moveOnMain(from: string, to: string): Promise<void> {
  const folded = (path: string): string => path.toLowerCase();
  const isIn = folded(to).startsWith(`${folded(from)}/`);
  const node = share.main.statNow(from);
  if (isIn || node === undefined) return;
  const spelled = [...share.main.nodes.values()].find((one) => folded(one.path) === folded(from))?.path ?? from;
  const above = share.main.statNow(to.slice(0, Math.max(0, to.lastIndexOf('/'))));
  const isFree = share.main.statNow(to) === undefined || folded(from) === folded(to);
  if (node.directory && isFree && above?.directory === true) share.moveFolder(spelled, to);
  else if (!node.directory)
    await share.main
      .tree()
      .rename(from, to, { replace: false })
      .catch(() => {});
}

/** A pass whose connection is lost after some requests. */
async function cutPass(after: number): Promise<void> {
  let left = after;
  share.main.before = (_request, path) => {
    left -= 1;
    if (left < 0) throw fault('disconnected', path);
  };
  await share.pass().catch((error: unknown) => {
    expect(String(error)).toContain('disconnected');
  });
}
