/**
 * Names and shapes of trees as users have them, over real SMB: mirrored byte for byte and found again under the very same name,
 * or refused aloud with the path; never shortened, folded or replaced.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openDirectoryBeneath } from '../../base/beneath.ts';
import { connect } from '../../smb/index.ts';
import { ALICE, type Engine, until, World } from './mirror-world.ts';

const LONG = process.env['STANDBY_LONG'] !== undefined;
const CROWD = LONG ? 100_000 : 3_000;
const MOVED = LONG ? 10_000 : 1_000;
const PORT = 4_507;
let world: World;

afterEach(async () => {
  await world.close();
});

/** Names that Windows, or a Mac, may make, as they lie on the main. */
const NAMES = [
  'plain.txt',
  '漢'.repeat(85),
  '😀'.repeat(63),
  '𠮷野家.txt',
  '\u00e9 composed.txt',
  'e\u0301 decomposed.txt',
  'Twin.txt',
  'ﬁ ligature.txt',
  'İstanbul ıssız.txt',
  'Straße STRASSE.txt',
  ' leading space.txt',
  'semi;colon, comma & percent %41 #.txt',
  "quote ' apostrophe.txt",
  'tilde~1.txt',
  'ABCDEF~1.TXT',
  '-rf.txt',
  '.hidden',
  '~$owner.docx',
  '$RECYCLE.BIN copy',
  'עברית ‏rtl‎.txt',
  'zero\u200bwidth.txt',
  '.standby-attic',
  '.standby-mirror',
  'x'.repeat(255),
];

/** Names on the main's disk that SMB cannot say as they are: Samba shows an 8.3 name instead (mangled names). */
const MANGLED = [
  'trailing dot.',
  'trailing space ',
  'CON',
  'aux.txt',
  'colon:colon',
  'star*',
  'quest?ion',
  'back\\slash',
  'tab\tname',
];

/** Everything that the main shows of a folder, as our client sees it. */
async function shown(folder: string): Promise<string[]> {
  const connection = await connect({
    host: '127.0.0.1',
    port: PORT,
    connectTimeoutMs: 5_000,
    requestTimeoutMs: 60_000,
  });
  try {
    const session = await connection.logon({ user: 'alice', domain: '', password: 'alice-1' });
    const tree = await session.tree('Office');
    const names: string[] = [];
    for await (const batch of tree.list(folder)) names.push(...batch.entries.map(({ name }) => name));
    return names.sort();
  } finally {
    connection.close();
  }
}

/** Each name's content is its own name. */
function put(folder: string, names: readonly string[]): void {
  fs.mkdirSync(world.main(folder), { recursive: true });
  for (const name of names) fs.writeFileSync(path.join(world.main(folder), name), name);
  world.own();
}

it('keeps every name as it is', async () => {
  world = await World.make({ port: PORT });
  put('names', NAMES);
  const engine = world.engine();
  await world.live(engine);
  await until('all are there', () => fs.readdirSync(world.mirror('names')).length === NAMES.length);
  expect(fs.readdirSync(world.mirror('names')).sort()).toEqual(NAMES.toSorted());
  for (const name of NAMES) expect(fs.readFileSync(path.join(world.mirror('names'), name), 'utf8')).toBe(name);
  expect(engine.share('Office')?.skipped).toBe(0);
});

it('keeps case twins of a server that has them', async () => {
  world = await World.make({ port: PORT, shares: [{ name: 'Office', lines: ['case sensitive = yes'] }] });
  put('names', ['Twin.txt', 'twin.txt', 'TWIN.TXT']);
  const engine = world.engine();
  await world.live(engine);
  await world.same();
});

it('keeps what SMB cannot say under the name that it shows, and nothing twice', async () => {
  world = await World.make({ port: PORT });
  put('names', MANGLED);
  const engine = world.engine();
  await world.live(engine);
  const names = await shown('names');
  await until('all are there', () => fs.readdirSync(world.mirror('names')).length === names.length);
  expect(fs.readdirSync(world.mirror('names')).sort()).toEqual(names);
  const contents = names.map((name) => fs.readFileSync(path.join(world.mirror('names'), name), 'utf8'));
  console.log(`names: ${MANGLED.length} on the main's disk, ${names.length} shown: ${JSON.stringify(names)}`);
  // Each is the content of one, and no two are of the same.
  expect(new Set(contents).size).toBe(names.length);
  const { skipped = 0 } = engine.share('Office') ?? {};
  expect(names.length + skipped).toBe(MANGLED.length);
});

it('refuses aloud, with the path, what the disk here cannot name', async () => {
  world = await World.make({ port: PORT });
  // 256 bytes in 86 characters: no Linux main has such a name, so the mirror's own reserve stands for it.
  put('names', ['.~standby-1-1.tmp', 'good.txt']);
  const engine = world.engine();
  await world.live(engine);
  await until('it is told', () => engine.share('Office')?.skipped === 1);
  expect(engine.last('problems')?.problems).toMatchObject([
    { share: 'Office', path: 'names/.~standby-1-1.tmp', why: expect.stringContaining('reserved') },
  ]);
  expect(fs.readdirSync(world.mirror('names'))).toEqual(['good.txt']);
});

it('goes down 200 levels', async () => {
  world = await World.make({ port: PORT });
  const deep = Array.from({ length: 200 }, (_, n) => `level ${n}`).join('/');
  world.put(`${deep}/bottom.txt`, 'bottom');
  const engine = world.engine();
  await world.live(engine);
  await world.same();
  const root = fs.openSync(world.mirror(''), fs.constants.O_RDONLY);
  const fd = openDirectoryBeneath(root, deep);
  expect(fs.readdirSync(`/proc/self/fd/${fd}`)).toEqual(['bottom.txt']);
  fs.closeSync(fd);
  fs.closeSync(root);
});

it(`takes ${CROWD} entries of one directory`, { timeout: 600_000 }, async () => {
  world = await World.make({ port: PORT });
  const folder = world.main('crowd');
  fs.mkdirSync(folder);
  for (let n = 0; n < CROWD; n += 1) fs.writeFileSync(path.join(folder, `entry ${n}`), `${n}`);
  world.own();
  const engine = world.engine();
  await patient(engine);
  expect(fs.readdirSync(world.mirror('crowd')).length).toBe(CROWD);
  expect(world.differences()).toEqual([]);
});

async function patient(engine: Engine): Promise<void> {
  const deadline = performance.now() + 300_000;
  const isDone = (): boolean => {
    const state = engine.share('Office');
    return state?.state === 'live' && state.complete && state.filesToDo === 0;
  };
  while (!isDone()) {
    if (performance.now() > deadline) throw new Error('it is not live');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Path to inode of the files in a folder of the mirror. */
function inodes(folder: string): Set<number> {
  const at = world.mirror(folder);
  if (!fs.existsSync(at)) return new Set();
  return new Set(
    fs
      .readdirSync(at, { recursive: true, withFileTypes: true })
      .flatMap((entry) => (entry.isFile() ? [fs.statSync(path.join(entry.parentPath, entry.name)).ino] : [])),
  );
}

for (const how of ['while we watch', 'while we are away'] as const)
  it(`follows a directory of ${MOVED} files that is renamed ${how}, and into another one`, {
    timeout: 600_000,
  }, async () => {
    world = await World.make({ port: PORT });
    for (let n = 0; n < MOVED; n += 1) {
      const at = world.main(`old/sub ${n % 10}/file ${n}`);
      fs.mkdirSync(path.dirname(at), { recursive: true });
      fs.writeFileSync(at, `file ${n} `.repeat(20));
    }
    fs.mkdirSync(world.main('other'));
    world.own();
    let engine = world.engine();
    await patient(engine);
    await world.same();
    const before = inodes('old');
    expect(before.size).toBe(MOVED);
    for (const [from, to] of [
      ['old', 'new'],
      ['new', 'other/moved'],
    ] as const) {
      if (how === 'while we are away') await engine.end();
      await world.client(`rename "${from.replace('/', '\\')}" "${to.replace('/', '\\')}"`);
      if (how === 'while we are away') engine = world.engine();
      await until(`${to} is there`, () => inodes(to).size === MOVED);
      await world.same();
      // A copy has an inode of its own: of those that stayed nothing was read again.
      const again = [...inodes(to)].filter((inode) => !before.has(inode)).length;
      expect(again, `${from} to ${to}`).toBeLessThan(MOVED / 100);
    }
  });

it('keeps the content of hard links, of a file that becomes a directory, and of one that becomes a file again', async () => {
  world = await World.make({ port: PORT });
  world.put('a/one.txt', 'linked');
  fs.mkdirSync(world.main('b'));
  fs.linkSync(world.main('a/one.txt'), world.main('b/two.txt'));
  world.put('turns', 'file');
  world.own();
  let engine = world.engine();
  await world.live(engine);
  await world.same();
  for (const content of [undefined, 'file again', undefined]) {
    await engine.end();
    fs.rmSync(world.main('turns'), { recursive: true });
    if (content === undefined) world.put('turns/inside.txt', 'inside');
    else world.put('turns', content);
    // One of two names of a file goes, and is made again: the other must not be taken for its new place.
    fs.rmSync(world.main('b/two.txt'));
    fs.linkSync(world.main('a/one.txt'), world.main('b/two.txt'));
    fs.chownSync(world.main('a/one.txt'), ALICE.uid, ALICE.gid);
    engine = world.engine();
    await world.live(engine);
    await world.same();
  }
});
