/** Metadata as Windows and hostile servers answer it and Samba does not: a scripted server. Whatever it says, every file is closed. */
import { afterEach, describe, expect, it } from 'vitest';
import { isFailure } from '../../base/failure.ts';
import type { Line } from '../link/line.ts';
import {
  type Asked,
  chain,
  FILE_ID,
  GOOD,
  good,
  type Said,
  type ScriptedLine,
  startLine,
} from '../scripted/signing.ts';
import { COMMAND } from '../wire/header.ts';
import { reparseBytes, targetBytes } from '../wire/reparse.ts';
import { extended, setExtended } from './extended.ts';
import { fileId, makeDirectory, readSecurity, writeSecurity } from './file.ts';
import { canonicalPath, link, linkCount, shortName } from './links.ts';
import { removeReparse, reparse, setReparse } from './reparse.ts';
import { Storer } from './store.ts';
import { removeStream, storeStream, streams } from './streams.ts';

const { create: CREATE, close: CLOSE, queryInfo: QUERY, setInfo: SET, ioctl: IOCTL, write: WRITE } = COMMAND;
const STATUS = {
  overflow: 0x8000_0005,
  badExtendedName: 0x8000_0013,
  denied: 0xc000_0022,
  tooSmall: 0xc000_0023,
  notFound: 0xc000_0034,
  noExtended: 0xc000_0052,
  notSupported: 0xc000_00bb,
  internal: 0xc000_00e5,
  noReparsePoint: 0xc000_0275,
  tagMismatch: 0xc000_0277,
} as const;

let scripted: ScriptedLine | undefined;
afterEach(() => scripted?.close());

/** A server that answers what is between CREATE and CLOSE with `answer`, and the rest well. */
async function lineTo(answer: (to: Asked, number: number) => Partial<Said>): Promise<ScriptedLine> {
  let number = 0;
  scripted = await startLine(200, (parts) => [
    chain(
      parts.map((to) => {
        if (to.command === CREATE || to.command === CLOSE) return good(to);
        number += 1;
        return { to, ...answer(to, number) };
      }),
    ),
  ]);
  return scripted;
}

const commands = (asked: Asked[][]): number[][] => asked.slice(1).map((parts) => parts.map((part) => part.command));

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
  return 'no failure';
}

/** The body of an answer to QUERY_INFO. */
function found(buffer: Buffer): { body: Buffer } {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(9, 0);
  head.writeUInt16LE(72, 2);
  head.writeUInt32LE(buffer.length, 4);
  return { body: Buffer.concat([head, buffer]) };
}

const output = (bytes: Buffer): { body: Buffer } => ({ body: GOOD.ioctl(bytes) });

/** FileNameInformation. */
function nameOf(name: string): { body: Buffer } {
  const bytes = Buffer.from(name, 'utf16le');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length, 0);
  return found(Buffer.concat([length, bytes]));
}

const done = { body: Buffer.from([2, 0]) };
const LINK = { kind: 'symlink', substitute: '..\\there', shown: '..\\there', relative: true } as const;

describe('a reparse point', () => {
  const REPARSE_POINT = 0x20_0000;

  it('is opened itself, and told with its target', async () => {
    const { line, asked } = await lineTo(() => output(reparseBytes(targetBytes(LINK))));
    expect(await reparse(line, 'link')).toMatchObject({ tag: 0xa000_000c, owner: undefined, target: LINK });
    expect(commands(asked)).toEqual([[CREATE, IOCTL, CLOSE]]);
    const [opened, ioctl] = asked[1] ?? [];
    expect((opened?.body.readUInt32LE(40) ?? 0) & REPARSE_POINT).toBe(REPARSE_POINT);
    expect(ioctl?.body.readUInt32LE(4)).toBe(0x0009_00a8);
  });

  it('is set and removed with its tag', async () => {
    const { line, asked } = await lineTo(() => output(Buffer.alloc(0)));
    await setReparse(line, 'link', LINK);
    await removeReparse(line, 'link', { tag: 0xa000_000c, owner: undefined });
    const sent = asked.slice(1).map((parts) => {
      const { body } = parts[1] ?? { body: Buffer.alloc(60) };
      return [body.readUInt32LE(4), body.toString('hex', 56, 56 + body.readUInt32LE(28))];
    });
    expect(sent).toEqual([
      [0x0009_00a4, reparseBytes(targetBytes(LINK)).toString('hex')],
      [0x0009_00ac, '0c0000a000000000'],
    ]);
  });

  it.each<[string, Partial<Said>, string]>([
    ['has another tag', { status: STATUS.tagMismatch }, 'not-supported'],
    ['may not be looked at', { status: STATUS.denied }, 'access-denied'],
    ['is cut short', output(Buffer.alloc(7)), 'malformed'],
    ['is larger than one may be', output(Buffer.alloc(16_385)), 'malformed'],
    ['has its target elsewhere', output(Buffer.from(`0c0000a00c000000${'ff'.repeat(12)}`, 'hex')), 'malformed'],
  ])('that %s is one Failure', async (_remark, said, code) => {
    const { line, asked } = await lineTo(() => said);
    expect(await codeOf(reparse(line, 'link'))).toBe(code);
    expect(commands(asked)).toEqual([[CREATE, IOCTL, CLOSE]]);
  });

  it('that is none is told from one that cannot be made', async () => {
    const { line } = await lineTo(() => ({ status: STATUS.noReparsePoint }));
    expect(await reparse(line, 'file')).toBeUndefined();
    const why: unknown = await setReparse(line, 'file', LINK).catch((error: unknown) => error);
    expect(isFailure(why, 'not-supported') && why.what).toContain('STATUS_NOT_A_REPARSE_POINT');
  });
});

describe('streams', () => {
  const one = Buffer.alloc(24 + 12);
  one.writeUInt32LE(12, 4);
  one.write(':a:$DA', 24, 'utf16le');

  it('that do not fit are asked for once more, with more room', async () => {
    const { line, asked } = await lineTo((_to, number) =>
      number === 1 ? { status: STATUS.overflow } : found(Buffer.alloc(0)),
    );
    expect(await streams(line, 'many', 1_048_576)).toEqual({ streams: [], refused: [] });
    expect(asked.slice(1).map((parts) => parts[1]?.body.readUInt32LE(4))).toEqual([65_536, 1_048_576]);
  });

  it('that never fit are no list, and no endless asking', async () => {
    const { line, asked } = await lineTo(() => ({ status: STATUS.overflow }));
    expect(await codeOf(streams(line, 'many', 1_048_576))).toBe('nt-status');
    expect(commands(asked)).toEqual([
      [CREATE, QUERY, CLOSE],
      [CREATE, QUERY, CLOSE],
    ]);
  });

  it('of a kind that holds no data are named apart', async () => {
    const { line } = await lineTo(() => found(one));
    expect(await streams(line, 'odd', 65_536)).toEqual({ streams: [], refused: [':a:$DA'] });
  });

  it('that cannot be written are taken away by their own handle, without a word about the file', async () => {
    const { line, asked } = await lineTo((to) => (to.command === WRITE ? { status: STATUS.denied } : done));
    const source = { size: 3, read: () => Buffer.from('abc') };
    expect(await codeOf(storeStream(line, new Storer(line, 65_536), 'file', 'note', source, {}))).toBe('access-denied');
    // The file itself is closed when the answer is there already.
    await expect.poll(() => commands(asked).map((each) => each[0])).toEqual([CREATE, CREATE, SET, CLOSE, CLOSE]);
    const [, , , deletion, closing] = asked;
    expect(deletion).toHaveLength(1);
    expect(deletion?.[0]?.body.readUInt8(3), 'FileDispositionInformation').toBe(13);
    expect(deletion?.[0]?.body.subarray(16, 32).equals(FILE_ID)).toBe(true);
    expect(closing?.[0]?.body.readUInt16LE(2), 'nothing is asked of what is gone').toBe(0);
  });

  it('of a file that is not there are not asked for', async () => {
    scripted = await startLine(100, (parts) => [chain(parts.map((to) => ({ to, status: STATUS.notFound })))]);
    const source = { size: 3, read: () => Buffer.from('abc') };
    expect(
      await codeOf(storeStream(scripted.line, new Storer(scripted.line, 65_536), 'file', 'note', source, {})),
    ).toBe('not-found');
    expect(commands(scripted.asked)).toEqual([[CREATE]]);
    const name = scripted.asked[1]?.[0]?.body.toString('utf16le', 56);
    expect(name).toBe('file');
  });
});

describe('extended attributes', () => {
  it('of a file without are none, and of an overflow no list', async () => {
    const { line } = await lineTo((_to, number) => ({ status: number === 1 ? STATUS.noExtended : STATUS.overflow }));
    expect(await extended(line, 'file')).toEqual([]);
    expect(await codeOf(extended(line, 'file'))).toBe('nt-status');
  });

  it('with a name that the server does not take are told so', async () => {
    const { line, asked } = await lineTo(() => ({ status: STATUS.badExtendedName }));
    const attribute = { name: 'a*b', value: Buffer.from('x'), needed: false };
    expect(await codeOf(setExtended(line, 'file', [attribute]))).toBe('bad-name');
    expect(commands(asked)).toEqual([[CREATE, SET, CLOSE]]);
  });

  it('take the rights for them and no others', async () => {
    const { line, asked } = await lineTo((to) => (to.command === SET ? done : found(Buffer.alloc(0))));
    await extended(line, 'file');
    await setExtended(line, 'file', [{ name: 'A', value: Buffer.from('x'), needed: false }]);
    expect(asked.slice(1).map((parts) => parts[0]?.body.readUInt32LE(24))).toEqual([0x10_0008, 0x10_0010]);
  });
});

describe('names', () => {
  it.each([
    ['Long Name.txt', 'Long Name.txt'],
    ['Folder\\Long Name.txt', 'Folder/Long Name.txt'],
    ['', ''],
  ])('«%s» is taken', async (said, path) => {
    const { line } = await lineTo(() => nameOf(said));
    expect(await canonicalPath(line, 'LONGNA~1.TXT')).toBe(path);
  });

  it.each(['..\\x', '\\absolute', 'a\\\\b', 'a\\', 'a/b', 'a\0', 'C:\\..', '\ud800'])(
    'the server may not say %j',
    async (said) => {
      const { line, asked } = await lineTo(() => nameOf(said));
      expect(await codeOf(canonicalPath(line, 'file'))).toBe('malformed');
      expect(await codeOf(shortName(line, 'file'))).toBe('malformed');
      expect(commands(asked)).toEqual([
        [CREATE, QUERY, CLOSE],
        [CREATE, QUERY, CLOSE],
      ]);
    },
  );

  it('may be out of the reach of a server, or not be there', async () => {
    const { line } = await lineTo((_to, number) => ({ status: number === 1 ? STATUS.notSupported : STATUS.notFound }));
    expect(await codeOf(canonicalPath(line, 'file'))).toBe('not-supported');
    expect(await shortName(line, 'file')).toBeUndefined();
  });

  it.each([false, true])('are added from the root of the share, replacing: %s', async (replace) => {
    const { line, asked } = await lineTo(() => done);
    await link(line, 'file', 'folder/new', replace);
    const { body } = asked[1]?.[1] ?? { body: Buffer.alloc(60) };
    expect([body.readUInt8(2), body.readUInt8(3), body.readUInt8(32)]).toEqual([1, 11, replace ? 1 : 0]);
    expect(body.toString('utf16le', 52, 52 + body.readUInt32LE(48))).toBe('folder\\new');
  });
});

describe('access rules', () => {
  it('that are kept do not keep the message that they came in', async () => {
    const descriptor = Buffer.alloc(60_000, 7);
    const needed = Buffer.alloc(12);
    needed.writeUInt16LE(9, 0);
    needed.writeUInt32LE(4, 4);
    needed.writeUInt32LE(descriptor.length, 8);
    const { line } = await lineTo((_to, number) =>
      number === 1 ? { status: STATUS.tooSmall, body: needed } : found(descriptor),
    );
    const read = await readSecurity(line, 'file');
    expect(read.equals(descriptor)).toBe(true);
    expect(read.buffer.byteLength).toBe(descriptor.length);
  });
});

describe('audit rules', () => {
  it('are asked for with the right to them, and only when wanted', async () => {
    const { line, asked } = await lineTo((to) => (to.command === SET ? done : found(Buffer.alloc(20))));
    await readSecurity(line, 'file', true);
    await readSecurity(line, 'file', false);
    const seen = asked.slice(1).map(([opened, query]) => [opened?.body.readUInt32LE(24), query?.body.readUInt32LE(16)]);
    expect(seen).toEqual([
      [0x112_0000, 0xf],
      [0x12_0000, 0x7],
    ]);
  });
});

describe('every operation', () => {
  const descriptor = Buffer.alloc(40);
  descriptor.writeUInt32LE(20, 4);
  const OPERATIONS: [name: string, run: (line: Line) => Promise<unknown>][] = [
    ['streams', (line) => streams(line, 'file', 1_048_576)],
    ['removeStream', (line) => removeStream(line, 'file', 'note')],
    ['extended', (line) => extended(line, 'file')],
    ['setExtended', (line) => setExtended(line, 'file', [{ name: 'A', value: Buffer.alloc(1), needed: false }])],
    ['reparse', (line) => reparse(line, 'file')],
    ['setReparse', (line) => setReparse(line, 'file', LINK)],
    ['removeReparse', (line) => removeReparse(line, 'file', { tag: 0xa000_000c, owner: undefined })],
    ['link', (line) => link(line, 'file', 'new', false)],
    ['linkCount', (line) => linkCount(line, 'file')],
    ['canonicalPath', (line) => canonicalPath(line, 'file')],
    ['shortName', (line) => shortName(line, 'file')],
    ['fileId', (line) => fileId(line, 'file')],
    ['writeSecurity', (line) => writeSecurity(line, 'file', descriptor)],
  ];

  it.each(OPERATIONS)(
    '%s closes its file by a CLOSE of its own when the server fails the rest of a chain',
    async (_name, run) => {
      scripted = await startLine(200, (parts) => [
        chain(
          parts.map((to) => (to.command === CREATE || parts.length === 1 ? good(to) : { to, status: STATUS.internal })),
        ),
      ]);
      expect(await codeOf(run(scripted.line))).toBe('nt-status');
      const closing = scripted.asked.at(-1)?.[0];
      expect([closing?.command, closing?.body.subarray(8, 24).equals(FILE_ID)]).toEqual([CLOSE, true]);
      expect(scripted.asked).toHaveLength(3);
    },
  );

  it.each(OPERATIONS)('%s leaves nothing to close where there is no such file', async (_name, run) => {
    scripted = await startLine(200, (parts) => [chain(parts.map((to) => ({ to, status: STATUS.notFound })))]);
    expect(await codeOf(run(scripted.line))).toBe('not-found');
    expect(scripted.asked).toHaveLength(2);
  });

  it('makeDirectory gives its attributes with CREATE', async () => {
    const { line, asked } = await lineTo(() => done);
    await makeDirectory(line, 'folder', 0x2);
    await makeDirectory(line, 'folder');
    expect(asked.slice(1).map(([opened]) => opened?.body.readUInt32LE(28))).toEqual([2, 0]);
  });
});
