/** Streams, extended attributes, links, names and attributes at creation, against a real smbd with the local disk as the oracle. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { type Stand, startStand } from '../scripted/stand.ts';
import type { ExtendedAttribute, StoreSource, Tree } from '../types.ts';

let stand: Stand;
let tree: Tree;

beforeAll(async () => {
  stand = await startStand({ share: ['vfs objects = streams_xattr', 'mangled names = yes', 'ea support = yes'] });
  ({ tree } = await stand.tree());
});
afterAll(() => stand.stop());

const [HIDDEN, SYSTEM, READ_ONLY] = [0x2, 0x4, 0x1];
/** Every change of a file sets it. */
const ARCHIVE = 0x20;
const local = (name: string): string => path.join(stand.folder, name);
const sourceOf = (text: string): StoreSource => {
  const bytes = Buffer.from(text);
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
};

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
}

async function text(name: string, stream?: string, hint = 0): Promise<string> {
  const chunks = new Map<number, Buffer>();
  const options = stream === undefined ? {} : { stream };
  const take = (chunk: Buffer, offset: number): void => void chunks.set(offset, chunk);
  const { bytes } = await tree.fetch(name, hint, { data: take }, options);
  const whole = Buffer.concat([...chunks].sort(([a], [b]) => a - b).map(([, chunk]) => chunk));
  expect(whole.length).toBe(bytes);
  return whole.toString();
}

const names = async (name: string): Promise<string[]> =>
  (await tree.streams(name)).streams.map((stream) => stream.name).sort();

describe('named streams', () => {
  it('are made, listed, read and removed, and the content stays what it is', async () => {
    await tree.store('letter', sourceOf('the content'));
    expect(await tree.streams('letter')).toEqual({ streams: [], refused: [] });
    const made = await tree.store('letter', sourceOf('from the internet'), {}, { stream: 'Zone.Identifier' });
    expect(made.size).toBe(17);
    // Mac and Windows themselves have streams whose names begin with a control character.
    await tree.store('letter', sourceOf('ü'), {}, { stream: '\u0005Größe' });
    expect(await names('letter')).toEqual(['\u0005Größe', 'Zone.Identifier']);
    const { streams, refused } = await tree.streams('letter');
    expect(streams.find(({ name }) => name === 'Zone.Identifier')).toMatchObject({ size: 17 });
    expect(refused).toEqual([]);
    expect(await stand.smbclient('allinfo letter')).toContain('[:Zone.Identifier:$DATA], 17 bytes');
    expect([
      await text('letter'),
      await text('letter', 'zone.IDENTIFIER'),
      await text('letter', '\u0005Größe'),
    ]).toEqual(['the content', 'from the internet', 'ü']);
    await tree.removeStream('letter', 'Zone.Identifier');
    expect(await names('letter')).toEqual(['\u0005Größe']);
    expect(await codeOf(tree.removeStream('letter', 'Zone.Identifier'))).toBe('not-found');
    expect(fs.readFileSync(local('letter'), 'utf8')).toBe('the content');
  });

  it('of an empty stream and of one that is larger than the hint are read whole', async () => {
    fs.writeFileSync(local('sizes'), 'short');
    const big = 'big '.repeat(10_000);
    await tree.store('sizes', sourceOf(''), {}, { stream: 'empty' });
    await tree.store('sizes', sourceOf(big), {}, { stream: 'big' });
    expect(await text('sizes', 'empty')).toBe('');
    for (const hint of [0, big.length, 10 ** 9]) expect(await text('sizes', 'big', hint)).toBe(big);
  });

  it('may be many', async () => {
    fs.writeFileSync(local('many'), '');
    const wanted = Array.from(
      { length: 40 },
      (_, index) => `stream ${String(index).padStart(2, '0')} ${'x'.repeat(60)}`,
    );
    for (const stream of wanted) await tree.store('many', sourceOf(stream), {}, { stream });
    expect(await names('many')).toEqual(wanted);
  });

  it('are there for directories too', async () => {
    await tree.makeDirectory('folder');
    expect(await tree.streams('folder')).toEqual({ streams: [], refused: [] });
    await tree.store('folder', sourceOf('of a folder'), {}, { stream: 'note' });
    expect(await names('folder')).toEqual(['note']);
    expect(await text('folder', 'note')).toBe('of a folder');
    await tree.removeStream('folder', 'note');
    expect(fs.statSync(local('folder')).isDirectory()).toBe(true);
  });

  it('never overwrite one, and never make a file that is not there', async () => {
    fs.writeFileSync(local('taken'), 'x');
    await tree.store('taken', sourceOf('mine'), {}, { stream: 'note' });
    expect(await codeOf(tree.store('taken', sourceOf('yours'), {}, { stream: 'NOTE' }))).toBe('exists');
    expect(await text('taken', 'note')).toBe('mine');
    expect(await codeOf(tree.store('nobody', sourceOf('x'), {}, { stream: 'note' }))).toBe('not-found');
    expect(await codeOf(tree.streams('nobody'))).toBe('not-found');
    expect(await codeOf(text('nobody', 'note'))).toBe('not-found');
    expect(await codeOf(text('taken', 'nothing'))).toBe('not-found');
    expect(fs.existsSync(local('nobody'))).toBe(false);
  });

  it('that are made change nothing of the file but its times', async () => {
    fs.writeFileSync(local('whole'), 'the content');
    await tree.setBasic('whole', { attributes: HIDDEN | SYSTEM | READ_ONLY, created: 130_000_000_000_000_001n });
    const before = await tree.stat('whole');
    await tree.setBasic('whole', { attributes: HIDDEN | SYSTEM });
    await tree.store('whole', sourceOf('x'), {}, { stream: 'note' });
    const { attributes, created, size } = await tree.stat('whole');
    expect({ attributes: attributes & ~ARCHIVE, created, size }).toEqual({
      attributes: HIDDEN | SYSTEM,
      created: before.created,
      size: before.size,
    });
    await tree.store('whole', sourceOf('x'), { attributes: READ_ONLY, written: 9_000_000_000n }, { stream: 'last' });
    expect(await tree.stat('whole')).toMatchObject({ attributes: READ_ONLY, written: 9_000_000_000n });
    await tree.setBasic('whole', { attributes: 0 });
  });

  const broken = (size: number): StoreSource => ({
    size,
    begin: () => Promise.resolve(),
    read: () => {
      throw new Failure({ code: 'source', doing: 'test', what: 'the disk is gone' });
    },
  });
  // One of 65,536 bytes is one more than this file system can hold, and goes out in one chain.
  it.each<[string, StoreSource, string]>([
    ['whose source fails', broken(10), 'source'],
    ['that the server cannot hold', sourceOf('x'.repeat(65_536)), 'nt-status'],
    ['that the server cannot hold by far', sourceOf('x'.repeat(3_000_000)), 'nt-status'],
  ])('%s are taken away again, and the file stays as it is', async (_remark, source, code) => {
    fs.writeFileSync(local('kept'), 'the content');
    await tree.setBasic('kept', { attributes: HIDDEN | SYSTEM });
    expect(await codeOf(tree.store('kept', source, {}, { stream: 'note' }))).toBe(code);
    expect(await names('kept')).toEqual([]);
    expect((await tree.stat('kept')).attributes & ~ARCHIVE).toBe(HIDDEN | SYSTEM);
    expect(fs.readFileSync(local('kept'), 'utf8')).toBe('the content');
    await tree.removeFile('kept');
  });

  it.each(['', 'a:b', 'a:$DATA', ':', 'a/b', 'a\\b', 'a\0', 'x'.repeat(256), '\ud800'])(
    'may not be called %j',
    async (stream) => {
      fs.writeFileSync(local('named'), 'the content');
      expect(await codeOf(tree.removeStream('named', stream))).toBe('bad-name');
      expect(await codeOf(text('named', stream))).toBe('bad-name');
      expect(await codeOf(tree.store('named', sourceOf('x'), {}, { stream }))).toBe('bad-name');
      expect(fs.readFileSync(local('named'), 'utf8')).toBe('the content');
    },
  );
});

describe('extended attributes', () => {
  const attribute = (name: string, value: string): ExtendedAttribute => ({
    name,
    value: Buffer.from(value),
    needed: false,
  });
  const onDisk = (file: string): string[] =>
    execFileSync('getfattr', ['-d', '--absolute-names', local(file)], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.startsWith('user.') && !line.startsWith('user.DOSATTRIB'));

  it('are set, read, changed and removed, each by itself', async () => {
    fs.writeFileSync(local('marked'), 'x');
    expect(await tree.extended('marked')).toEqual([]);
    await tree.setExtended('marked', []);
    await tree.setExtended('marked', [attribute('First', 'one'), attribute('Second', '\0\u00ff two')]);
    const sorted = async (): Promise<ExtendedAttribute[]> =>
      (await tree.extended('marked')).sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(await sorted()).toEqual([attribute('First', 'one'), attribute('Second', '\0\u00ff two')]);
    await tree.setExtended('marked', [attribute('First', '1'), attribute('Second', '')]);
    expect(await sorted()).toEqual([attribute('First', '1')]);
    expect(onDisk('marked')).toEqual(['user.First="1"']);
  });

  it('may be 40,000 bytes, and of a directory', async () => {
    await tree.makeDirectory('marked folder');
    const large = [attribute('a', 'x'.repeat(40_000)), attribute('b', 'y'.repeat(20_000))];
    await tree.setExtended('marked folder', large);
    const read = await tree.extended('marked folder');
    expect(read.map(({ name, value }) => [name, value.length]).sort()).toEqual([
      ['a', 40_000],
      ['b', 20_000],
    ]);
  });

  it('are refused when they are too large or cannot be sent, and nothing is set then', async () => {
    fs.writeFileSync(local('plain'), 'x');
    const tooLarge = [attribute('a', 'x'), attribute('b', 'x'.repeat(65_530))];
    expect(await codeOf(tree.setExtended('plain', tooLarge))).toBe('no-space');
    for (const name of ['', 'x'.repeat(256), 'a\0b', 'Ωmega'])
      expect(await codeOf(tree.setExtended('plain', [attribute('good', 'x'), attribute(name, 'x')]))).toBe('bad-name');
    expect(await tree.extended('plain')).toEqual([]);
    expect(await codeOf(tree.extended('nobody'))).toBe('not-found');
  });
});

describe('names of a file', () => {
  it('may be several, which never take the place of another file unasked', async () => {
    fs.writeFileSync(local('one'), 'linked');
    fs.writeFileSync(local('other'), 'somebody else');
    fs.mkdirSync(local('deep'));
    expect(await tree.linkCount('one')).toBe(1);
    await tree.link('one', 'deep/two', { replace: false });
    expect(await tree.linkCount('one')).toBe(2);
    expect(fs.statSync(local('deep/two')).ino).toBe(fs.statSync(local('one')).ino);
    expect(await tree.fileId('deep/two')).toBe(await tree.fileId('one'));
    expect(await codeOf(tree.link('one', 'other', { replace: false }))).toBe('exists');
    expect(fs.readFileSync(local('other'), 'utf8')).toBe('somebody else');
    await tree.removeFile('deep/two');
    expect(await tree.linkCount('one')).toBe(1);
    await tree.link('one', 'other', { replace: true });
    expect(fs.readFileSync(local('other'), 'utf8')).toBe('linked');
    expect(await tree.linkCount('one')).toBe(2);
    expect(await codeOf(tree.link('nobody', 'new', { replace: false }))).toBe('not-found');
    expect(await codeOf(tree.link('deep', 'new', { replace: false }))).toBe('is-a-directory');
    expect(await codeOf(tree.link('one', 'nowhere/new', { replace: false }))).toBe('not-found');
    expect(await codeOf(tree.link('one', 'a:b', { replace: false }))).toBe('bad-name');
  });

  it('are told as the server spells them', async () => {
    fs.mkdirSync(local('Großer Ordner'));
    fs.writeFileSync(local('Großer Ordner/A Long Name.Txt'), 'x');
    expect(await tree.canonicalPath('großer ordner/a long NAME.txt')).toBe('Großer Ordner/A Long Name.Txt');
    expect(await tree.canonicalPath('')).toBe('');
    const short = await tree.shortName('Großer Ordner/A Long Name.Txt');
    expect(short).toMatch(/^[^.]{8}\.[^.]{3}$/u);
    expect(await tree.canonicalPath(`GROßER ORDNER/${short}`)).toBe('Großer Ordner/A Long Name.Txt');
    expect(await codeOf(tree.canonicalPath('nobody'))).toBe('not-found');
    expect(await codeOf(tree.shortName('nobody'))).toBe('not-found');
  });

  it('have a file id that is the one of the disk', async () => {
    fs.writeFileSync(local('counted'), 'x');
    expect(await tree.fileId('counted')).toBe(BigInt(fs.statSync(local('counted')).ino));
    expect(await codeOf(tree.fileId('nobody'))).toBe('not-found');
  });
});

describe('something new', () => {
  it.each([0, 10, 100_000])('of %d bytes is hidden before it has content', async (size) => {
    let seen = 0;
    const source = {
      ...sourceOf('x'.repeat(size)),
      begin: async () => {
        seen = (await tree.stat('shy')).attributes;
      },
    };
    const stat = await tree.store('shy', source, { attributes: HIDDEN | SYSTEM | READ_ONLY });
    expect(seen & (HIDDEN | SYSTEM)).toBe(HIDDEN | SYSTEM);
    expect(stat.attributes & (HIDDEN | SYSTEM | READ_ONLY)).toBe(HIDDEN | SYSTEM | READ_ONLY);
    await tree.setBasic('shy', { attributes: 0 });
    await tree.removeFile('shy');
  });

  it('may be a hidden directory', async () => {
    await tree.makeDirectory('hidden', { attributes: HIDDEN });
    expect(await tree.stat('hidden')).toMatchObject({ directory: true, attributes: HIDDEN | 0x10 });
    await tree.makeDirectory('seen');
    expect((await tree.stat('seen')).attributes & HIDDEN).toBe(0);
    expect(await codeOf(tree.makeDirectory('hidden', { attributes: 0 }))).toBe('exists');
  });
});

describe('reparse points', () => {
  it('are none on Samba, which says so', async () => {
    fs.writeFileSync(local('ordinary'), 'x');
    expect(await tree.reparse('ordinary')).toBeUndefined();
    const link = { kind: 'symlink', substitute: 'one', shown: 'one', relative: true } as const;
    expect(await codeOf(tree.setReparse('ordinary', link))).toBe('not-supported');
    expect(await codeOf(tree.removeReparse('ordinary', { tag: 0xa000_000c, owner: undefined }))).toBe('not-supported');
    expect(await codeOf(tree.reparse('nobody'))).toBe('not-found');
    expect(fs.readFileSync(local('ordinary'), 'utf8')).toBe('x');
  });
});

describe('a server that has none of it', () => {
  it('says so, and nothing is made', async () => {
    const plain = await startStand({ share: ['ea support = no'], global: ['server max protocol = SMB3_02'] });
    try {
      const { tree: bare } = await plain.tree();
      fs.writeFileSync(path.join(plain.folder, 'file'), 'x');
      expect(await bare.streams('file')).toEqual({ streams: [], refused: [] });
      expect(await codeOf(bare.store('file', sourceOf('x'), {}, { stream: 'note' }))).toBe('bad-name');
      expect(await codeOf(bare.removeStream('file', 'note'))).toBe('bad-name');
      const attribute = { name: 'a', value: Buffer.from('x'), needed: false };
      expect(await codeOf(bare.setExtended('file', [attribute]))).toBe('not-supported');
      expect(await bare.extended('file')).toEqual([]);
      expect(await codeOf(bare.canonicalPath('file'))).toBe('not-supported');
      expect(fs.readdirSync(plain.folder)).toEqual(['file']);
      expect(fs.readFileSync(path.join(plain.folder, 'file'), 'utf8')).toBe('x');
    } finally {
      await plain.stop();
    }
  });
});

describe('after all that', () => {
  it('the server holds no file open for us', async () => {
    expect(await stand.openFiles()).toEqual([]);
  });
});
