/** After a kill nothing that was placed is read again, and nothing that is not provably our own whole copy is taken over. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { setXattr, stampPath } from '../../base/libc.ts';
import { foldCase } from '../handback/local.ts';
import { adoptPlaced } from './adopt.ts';
import { fetchFile } from './fetch.ts';
import { followById } from './follow.ts';
import { FakeShare } from './ground.fake.ts';
import { toldOf } from './ground.ts';
import { DOS_ATTRIBUTE_NAME, dosAttribute } from './metadata.ts';

const FILES = ['a', 'b', 'deep/er/c'];

let share: FakeShare;

beforeEach(async () => {
  share = new FakeShare();
  share.main.write('deep', undefined);
  share.main.write('deep/er', undefined);
  await share.pass();
  for (const file of FILES) share.main.write(file, `content of ${file}`);
});

afterEach(() => share.clear());

/** Copies a file as a pass does. Waits for nothing, so that no commit of the index comes between it and a kill. */
async function place(file: string): Promise<void> {
  const node = share.main.statNow(file);
  const job = { path: file, size: node?.size ?? 0, fileId: idOf(file) };
  expect(await fetchFile(share.ground, share.main.tree(), job, new AbortController().signal)).toMatchObject({
    kind: 'placed',
  });
}

function idOf(file: string): bigint {
  return share.main.nodes.get(foldCase(file))?.id ?? 0n;
}

async function placeAll(): Promise<void> {
  for (const file of FILES) await place(file);
}

/** Files that a pass reads from the main; afterwards the mirror is right. */
async function readAgain(): Promise<string[]> {
  share.outcomes.length = 0;
  share.main.requests.length = 0;
  await share.pass();
  expect(share.visible()).toEqual(share.wanted());
  return share.main.requests.filter((request) => request.startsWith('fetch ')).map((request) => request.slice(6));
}

/** Content and time as before, in another inode: what a copying tool leaves. */
function replaceByTwin(file: string): void {
  const stat = fs.statSync(file, { bigint: true });
  fs.writeFileSync(`${file}.twin`, Buffer.alloc(Number(stat.size)));
  setXattr(`${file}.twin`, DOS_ATTRIBUTE_NAME, dosAttribute(0x20, share.main.statNow('a')?.created ?? 0n));
  stampPath(`${file}.twin`, { accessedNs: stat.mtimeNs, writtenNs: stat.mtimeNs });
  fs.renameSync(`${file}.twin`, file);
}

it('reads nothing again', async () => {
  await placeAll();
  share.kill();
  expect(await readAgain()).toEqual([]);
});

it('reads nothing again after a second kill right after the first', async () => {
  await placeAll();
  share.kill();
  share.kill();
  expect(await readAgain()).toEqual([]);
});

it('adopts a version that replaced another', async () => {
  await placeAll();
  share.ground.index.commit();
  share.main.write('a', 'a newer content');
  await place('a');
  share.kill();
  expect(await readAgain()).toEqual([]);
});

it('adopts a file in a folder whose own row was still on its way', async () => {
  share.ground.index.commit();
  const { ground } = share;
  share.main.write('new', undefined);
  fs.mkdirSync(share.at('new'));
  const told = toldOf(await share.main.tree().stat('new'), idOf('new'));
  ground.index.put(ground.shareId, ground.rootId, 'new', 'directory', told, undefined);
  share.main.write('new/file', 'content');
  await place('new/file');
  share.kill();
  expect((await readAgain()).sort()).toEqual(FILES);
});

it('adopts what was renamed, and what was dressed in its place', async () => {
  await placeAll();
  share.ground.index.commit();
  share.moveFolder('a', 'deep/a moved');
  const id = idOf('deep/a moved');
  expect(await followById(share.ground, share.main.tree(), 'deep/a moved', id, 'file')).toBe(true);
  // New access rights: the content is the same, only ChangeTime moved.
  share.main.touch('b');
  await place('b');
  share.kill();
  expect(await readAgain()).toEqual([]);
});

it('tells the index what the main said then, so that a later change is seen', async () => {
  await placeAll();
  share.kill({ meanwhile: () => share.main.write('b', 'content of B', share.main.statNow('b')?.written) });
  expect(await readAgain()).toEqual(['b']);
});

it('survives a line that was cut off', async () => {
  await placeAll();
  const intents = path.join(share.statePath, 'intents');
  share.kill({ meanwhile: () => fs.truncateSync(intents, fs.statSync(intents).size - 10) });
  expect(await readAgain()).toEqual(['deep/er/c']);
});

it('lets nobody down whose disk cannot be read: those files are copied again', async () => {
  await placeAll();
  share.kill();
  const { index, shareId } = share.ground;
  const within = (): never => {
    throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
  };
  expect(index.intended.length).toBe(FILES.length);
  expect(adoptPlaced(index, '', { within }, shareId)).toBe(0);
});

it('leaves no intent behind once the index has committed', async () => {
  await placeAll();
  const intents = path.join(share.statePath, 'intents');
  expect(fs.statSync(intents).size).toBeGreaterThan(0);
  share.ground.index.commit();
  expect(fs.statSync(intents).size).toBe(0);
  expect(fs.statSync(intents).mode & 0o777).toBe(0o600);
});

it('adopts nothing after a restart of the machine or another mount of the disk', async () => {
  await placeAll();
  share.kill({ bootId: 'boot-2' });
  expect((await readAgain()).sort()).toEqual(FILES);
});

it('adopts nothing in a frozen mirror', async () => {
  await placeAll();
  const mark = path.join(share.mirrorPath, '.standby-mirror');
  share.kill({
    meanwhile: () =>
      fs.writeFileSync(mark, fs.readFileSync(mark, 'utf8').replace('"frozenFor":""', '"frozenFor":"one"')),
  });
  expect(share.ground.index.find(share.ground.rootId, 'a')).toBeUndefined();
});

const CHANGES: [string, (file: string) => void][] = [
  [
    'another size',
    (file) => {
      const { atimeNs, mtimeNs } = fs.statSync(file, { bigint: true });
      fs.appendFileSync(file, '+');
      stampPath(file, { accessedNs: atimeNs, writtenNs: mtimeNs });
    },
  ],
  ['another time', (file) => stampPath(file, { accessedNs: 0n, writtenNs: 1_000_000_000n })],
  ['content that a user wrote', (file) => fs.writeFileSync(file, fs.readFileSync(file).fill('x'))],
  ['attributes that a user set', (file) => setXattr(file, DOS_ATTRIBUTE_NAME, dosAttribute(0x27, 5n))],
  ['half-written content of somebody else, as long and as old', replaceByTwin],
  [
    'a folder in its place',
    (file) => {
      fs.rmSync(file);
      fs.mkdirSync(file);
    },
  ],
  [
    'a symbolic link in its place',
    (file) => {
      fs.renameSync(file, `${file}.away`);
      fs.symlinkSync(`${file}.away`, file);
    },
  ],
  ['nothing in its place', (file) => fs.rmSync(file)],
];

it.each(CHANGES)('reads again instead of adopting: %s', async (_, change) => {
  await placeAll();
  share.kill({ meanwhile: () => change(share.at('a')) });
  expect(await readAgain()).toEqual(['a']);
});

it('reads again what was touched later, although size and time were set back', async () => {
  // Placed long ago by the clock of the intents: it is the touch that is recent.
  const { clock } = share.ground;
  share.ground = { ...share.ground, clock: { ...clock, wallMs: () => clock.wallMs() - 5_000 } };
  await placeAll();
  share.kill({ meanwhile: () => fs.chmodSync(share.at('a'), 0o600) });
  expect((await readAgain()).sort()).toEqual(FILES);
});
