/** Listings of large and of deep directories from a real smbd, and from servers that know fewer classes of entries. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { chain, FILE_ID, good, type ScriptedLine, startLine } from '../scripted/signing.ts';
import { type Stand, startStand } from '../scripted/stand.ts';
import type { Entry, ListBatch, Tree } from '../types.ts';
import { COMMAND } from '../wire/header.ts';
import { list } from './list.ts';

const ENTRIES = (process.env['STANDBY_LONG'] ?? '') === '' ? 10_000 : 100_000;
const LEVELS = 200;
const LONG_MS = 120_000;

async function all(batches: AsyncGenerator<ListBatch, void, undefined>): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const batch of batches) {
    expect(batch.refused).toEqual([]);
    for (const entry of batch.entries) entries.push(entry);
  }
  return entries;
}

describe('a real server', () => {
  let stand: Stand;
  let tree: Tree;
  beforeAll(async () => {
    stand = await startStand();
    ({ tree } = await stand.tree());
  });
  afterAll(() => stand.stop());
  const local = (name: string): string => path.join(stand.folder, name);

  it(
    `lists ${ENTRIES} entries, each once, with its file id and change time`,
    async () => {
      fs.mkdirSync(local('large'));
      const names = Array.from({ length: ENTRIES }, (_, index) => `an entry of a large directory ${index}`);
      for (const name of names) fs.writeFileSync(path.join(local('large'), name), '');
      const entries = await all(tree.list('large'));
      expect(entries.map((entry) => entry.name).sort()).toEqual(names.sort());
      expect(new Set(entries.map((entry) => entry.fileId)).size).toBe(ENTRIES);
      expect(entries.every((entry) => entry.changed > 0n)).toBe(true);
      for (const entry of entries.slice(0, 100)) {
        const stat = fs.statSync(path.join(local('large'), entry.name), { bigint: true });
        expect(entry.fileId).toBe(stat.ino);
        expect(entry.changed).toBe(stat.ctimeNs / 100n + 116_444_736_000_000_000n);
      }
    },
    LONG_MS,
  );

  it(`reaches ${LEVELS} levels deep`, async () => {
    let at = '';
    for (let level = 0; level < LEVELS; level += 1) {
      at = at === '' ? 'level 0' : `${at}/level ${level}`;
      await tree.makeDirectory(at);
    }
    const bytes = Buffer.from('at the bottom');
    await tree.store(`${at}/file`, { size: bytes.length, read: () => bytes });
    const entries = await all(tree.list(at));
    expect(entries.map((entry) => [entry.name, entry.size])).toEqual([['file', bytes.length]]);
    expect(entries[0]?.fileId).toBe(fs.statSync(path.join(local(at), 'file'), { bigint: true }).ino);
    const chunks: Buffer[] = [];
    await tree.fetch(`${at}/file`, bytes.length, { data: (chunk) => void chunks.push(chunk) });
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    let depth = 0;
    for (let here = ''; ; depth += 1) {
      const below = (await all(tree.list(here))).find((entry) => entry.name.startsWith('level'));
      if (below === undefined) break;
      here = here === '' ? below.name : `${here}/${below.name}`;
    }
    expect(depth).toBe(LEVELS);
    expect(await stand.openFiles()).toEqual([]);
  });
});

describe('a server that does not know a class of entries', () => {
  let scripted: ScriptedLine | undefined;
  afterEach(() => scripted?.close());

  const NO_MORE_FILES = 0x8000_0006;
  const INVALID_INFO_CLASS = 0xc000_0003;
  const NAME_AT: Readonly<Record<number, number>> = { 37: 104, 38: 80, 60: 88, 2: 68 };

  /** One entry as the class has it, in the form of an answer. */
  function entry(infoClass: number): Buffer {
    const at = NAME_AT[infoClass] ?? 0;
    const body = Buffer.alloc(8 + at + 8);
    body.writeUInt16LE(9, 0);
    body.writeUInt16LE(72, 2);
    body.writeUInt32LE(at + 8, 4);
    body.writeUInt32LE(8, 8 + 60);
    body.write('name', 8 + at, 'utf16le');
    return body;
  }

  /** Knows only this class; tells one entry of it and then that there are no more. */
  async function knowing(known: number): Promise<ScriptedLine> {
    let told = false;
    scripted = await startLine(100, (parts) =>
      parts.map((to) => {
        if (to.command !== COMMAND.queryDirectory) return chain([good(to)]);
        const infoClass = to.body.readUInt8(2);
        if (infoClass !== known) return chain([{ to, status: INVALID_INFO_CLASS }]);
        if (told) return chain([{ to, status: NO_MORE_FILES }]);
        told = true;
        return chain([{ to, body: entry(infoClass) }]);
      }),
    );
    return scripted;
  }

  it.each([37, 38, 60, 2])('is asked for one that it knows: %d', async (known) => {
    const { line, asked } = await knowing(known);
    expect((await all(list(line, 'directory', 65_536))).map((each) => each.name)).toEqual(['name']);
    const classes = asked.slice(1).flatMap((parts) => parts.filter((part) => part.command === COMMAND.queryDirectory));
    expect([...new Set(classes.map((part) => part.body.readUInt8(2)))].at(-1)).toBe(known);
    expect(asked.flat().filter((part) => part.command === COMMAND.create).length).toBe(1);
  });

  it('and no other class either cannot be listed, and nothing stays open', async () => {
    const { line, asked } = await knowing(-1);
    const failure = await all(list(line, 'directory', 65_536)).catch((error: unknown) => error);
    expect(failure instanceof Failure ? failure.code : failure).toBe('not-supported');
    await expect.poll(() => asked.flat().some((part) => part.command === COMMAND.close)).toBe(true);
    const closing = asked.flat().find((part) => part.command === COMMAND.close);
    expect(closing?.body.subarray(8, 24).equals(FILE_ID)).toBe(true);
  });

  it('is not taken for one when it refuses anything else', async () => {
    scripted = await startLine(100, (parts) =>
      parts.map((to) => chain([to.command === COMMAND.queryDirectory ? { to, status: 0xc000_0022 } : good(to)])),
    );
    const failure = await all(list(scripted.line, 'directory', 65_536)).catch((error: unknown) => error);
    expect(failure instanceof Failure ? failure.code : failure).toBe('access-denied');
  });
});
