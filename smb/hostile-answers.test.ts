/**
 * Answers of a hostile server that are signed and well framed, and wrong in themselves: each ends what was asked in one clear Failure, in bounded
 * time and memory. The connection goes on, and no handle stays open.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { Fetcher } from './files/fetch.ts';
import { identity, readSecurity, removeFile, space, stat } from './files/file.ts';
import { list } from './files/list.ts';
import { Storer } from './files/store.ts';
import { watch } from './files/watch.ts';
import { failureOf } from './hostile.fake.ts';
import type { Line } from './link/line.ts';
import { bufferAnswer, changesBuffer, entriesBuffer } from './scripted/buffers.ts';
import { type Asked, chain, GOOD, good, type Said, type ScriptedLine, startLine } from './scripted/signing.ts';
import type { WatchBatch } from './types.ts';
import { COMMAND } from './wire/header.ts';
import { echoRequest } from './wire/simple.ts';

/** Twenty million entries take half a minute. */
const LONG = process.env['STANDBY_LONG'] !== undefined;
const MEBIBYTE = 1_048_576;
const PENDING = 0x103;
const NO_MORE_FILES = 0x8000_0006;
const BUFFER_TOO_SMALL = 0xc000_0023;
const { close: CLOSE, create: CREATE, queryDirectory: LIST, queryInfo: INFO, read: READ } = COMMAND;

let scripted: ScriptedLine | undefined;
afterEach(() => scripted?.close());

async function lineTo(reply: (parts: Asked[]) => Buffer[]): Promise<ScriptedLine> {
  scripted = await startLine(100, reply);
  return scripted;
}

const ask = (line: Line): Promise<unknown> => line.ask(echoRequest(), { doing: 'test', subject: 'it', lane: 'urgent' });

async function names(line: Line): Promise<{ names: string[]; refused: string[] }> {
  const found: { names: string[]; refused: string[] } = { names: [], refused: [] };
  for await (const batch of list(line, 'dir', MEBIBYTE)) {
    found.names.push(...batch.entries.map((entry) => entry.name));
    found.refused.push(...batch.refused);
  }
  return found;
}

const read = (line: Line, hint: number): Promise<unknown> =>
  new Fetcher(line, MEBIBYTE).fetch('file', hint, { data: () => {} });

describe('a listing from a hostile server', () => {
  /** Answers the queries one after the other with these, then with the last one for ever. */
  const listing =
    (...answers: ((to: Asked) => Said)[]): ((parts: Asked[]) => Buffer[]) =>
    (parts) => [
      chain(
        parts.map((to) =>
          to.command === LIST ? ((answers.length > 1 ? answers.shift() : answers[0]) ?? good)(to) : good(to),
        ),
      ),
    ];
  const end = (to: Asked): Said => ({ to, status: NO_MORE_FILES });
  const entries =
    (...list: Parameters<typeof entriesBuffer>): ((to: Asked) => Said) =>
    (to) =>
      bufferAnswer(to, entriesBuffer(...list));

  const rows: [remark: string, answers: ((to: Asked) => Said)[]][] = [
    ['goes round in itself', [entries({ name: 'a', next: 8 }, { name: 'b' })]],
    ['has its next entry behind the end', [entries({ name: 'a' }), entries({ name: 'a', next: 65_528 })]],
    ['tells a size of 2^63', [entries({ name: 'a' }, { name: 'b', size: 2n ** 63n })]],
    ['is longer than was asked for', [(to) => bufferAnswer(to, Buffer.alloc(to.body.readUInt32LE(28) + 8))]],
    ['succeeds with nothing', [entries({ name: 'a' }), (to) => bufferAnswer(to, Buffer.alloc(0))]],
    [
      'lies outside of its answer',
      [
        (to) => {
          const body = bufferAnswer(to, entriesBuffer({ name: 'a' })).body ?? Buffer.alloc(0);
          body.writeUInt16LE(60_000, 2);
          return { to, body };
        },
      ],
    ],
  ];
  it.each(rows)('that %s is malformed and is closed', async (_remark, answers) => {
    const { line, asked } = await lineTo(listing(...answers));
    expect(await failureOf(names(line))).toMatchObject({ code: 'malformed' });
    await ask(line);
    expect(asked.flat().filter((part) => part.command === CLOSE).length).toBe(1);
  });

  it.runIf(LONG)('that never ends is given up, without anything of it in memory', { timeout: 120_000 }, async () => {
    const dots = new Map<number, Buffer>();
    const { line } = await lineTo(
      listing((to) => {
        const bytes = to.body.readUInt32LE(28);
        const buffer =
          dots.get(bytes) ?? entriesBuffer(...Array.from({ length: Math.floor(bytes / 112) }, () => ({ name: '.' })));
        dots.set(bytes, buffer);
        return bufferAnswer(to, buffer);
      }),
    );
    expect(await failureOf(names(line))).toMatchObject({ code: 'malformed', what: 'a directory does not end' });
  });

  it('may hold names that nobody must use: they are told, escaped, and the others are listed', async () => {
    const bad = ['a\\b', 'a/b', 'nul\0', '..\\..\\x', '\ud800', 'a\udc00b', '\u001b[2J', '', 'x'.repeat(300)];
    const { line } = await lineTo(
      listing(entries({ name: '..' }, ...bad.map((name) => ({ name })), { name: 'good' }), end),
    );
    const found = await names(line);
    expect(found.names).toEqual(['good']);
    expect(found.refused.length).toBe(bad.length);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    for (const name of found.refused) expect(name).not.toMatch(/[\u0000-\u001f]/u);
  });
});

describe('a file from a hostile server', () => {
  const say =
    (odd: (to: Asked) => Said | undefined): ((parts: Asked[]) => Buffer[]) =>
    (parts) => [chain(parts.map((to) => odd(to) ?? good(to)))];
  const created = (sizeAt: number, value: bigint): Buffer => {
    const body = GOOD.create(2 * MEBIBYTE);
    body.writeBigUInt64LE(value, sizeAt);
    return body;
  };

  it.each<[remark: string, odd: (to: Asked) => Said | undefined]>([
    ['tells a size of 2^63 at the end', (to) => (to.command === CLOSE ? { to, body: impossibleClose() } : undefined)],
    ['tells an allocation of 2^63', (to) => (to.command === CREATE ? { to, body: created(40, 2n ** 63n) } : undefined)],
    ['has its data outside', (to) => (to.command === READ ? { to, body: shifted(GOOD.read('abc'), 200) } : undefined)],
    [
      'has its data in the header',
      (to) => (to.command === READ ? { to, body: shifted(GOOD.read('abc'), 3) } : undefined),
    ],
    ['has more data than was asked for', (to) => (to.command === READ ? { to, body: longRead() } : undefined)],
  ])('that %s is malformed, and the file is closed', async (_remark, odd) => {
    const { line, asked } = await lineTo(say(odd));
    expect(await failureOf(read(line, 3))).toMatchObject({ code: 'malformed' });
    expect(await failureOf(read(line, 5 * MEBIBYTE))).toMatchObject({ code: 'malformed' });
    await ask(line);
    const count = (command: number): number => asked.flat().filter((part) => part.command === command).length;
    expect(count(CLOSE)).toBe(count(CREATE));
  });

  it('that comes byte by byte is given up', async () => {
    const { line, asked } = await lineTo(
      say((to) => {
        if (to.command === CREATE) return { to, body: GOOD.create(2 * MEBIBYTE) };
        return to.command === READ ? { to, body: GOOD.read('x') } : undefined;
      }),
    );
    expect(await failureOf(read(line, 2 * MEBIBYTE))).toMatchObject({ code: 'malformed' });
    await ask(line);
    expect(asked.length).toBeLessThan(1_100);
    expect(asked.flat().filter((part) => part.command === CLOSE).length).toBe(1);
  });

  it('that is said to be written by more or fewer bytes than were sent is taken away again', async () => {
    for (const bytes of [0, 2, 4, 0xffff_ffff]) {
      const { line, asked } = await lineTo(
        say((to) => {
          const body = Buffer.alloc(16);
          body.writeUInt16LE(17, 0);
          body.writeUInt32LE(bytes, 4);
          return to.command === COMMAND.write ? { to, body } : undefined;
        }),
      );
      const source = { size: 3, read: () => Buffer.from('abc') };
      expect(await failureOf(new Storer(line, MEBIBYTE).store('new', source, {}))).toMatchObject({ code: 'nt-status' });
      const commands = asked.slice(2).map((parts) => parts.map((part) => part.command));
      const { write, setInfo, flush } = COMMAND;
      // By its name, for its handle is closed; then once more alone, and that one by its handle.
      const first = [[CREATE], [setInfo], [CLOSE]];
      expect(commands).toEqual([...first, [CREATE, write, setInfo, flush], [setInfo, setInfo], [CLOSE]]);
      scripted?.close();
    }
  });
});

describe('information from a hostile server', () => {
  it('that grows each time it is asked for is given up after a few times', async () => {
    const { line, asked } = await lineTo((parts) => [
      chain(
        parts.map((to): Said => {
          if (to.command !== INFO) return good(to);
          const body = Buffer.alloc(12);
          body.writeUInt16LE(9, 0);
          body.writeUInt32LE(4, 4);
          body.writeUInt32LE(to.body.readUInt32LE(4) + 1, 8);
          return { to, status: BUFFER_TOO_SMALL, body };
        }),
      ),
    ]);
    expect(await failureOf(readSecurity(line, 'file'))).toMatchObject({ code: 'malformed' });
    expect(asked.length).toBeLessThan(10);
  });

  it.each<[string, (line: Line) => Promise<unknown>]>([
    ['space', space],
    ['identity', identity],
  ])('about the volume that is cut short is malformed: %s', async (_remark, work) => {
    const { line, asked } = await lineTo((parts) => [
      chain(parts.map((to) => (to.command === INFO ? bufferAnswer(to, Buffer.alloc(5, 1)) : good(to)))),
    ]);
    expect(await failureOf(work(line))).toMatchObject({ code: 'malformed' });
    await ask(line);
    expect(asked.flat().filter((part) => part.command === CLOSE).length).toBe(1);
  });

  it('whose success has the body of an error is malformed', async () => {
    const { line } = await lineTo((parts) => [chain(parts.map((to) => ({ to })))]);
    for (const work of [stat(line, 'file'), read(line, 3), names(line)])
      expect(await failureOf(work)).toMatchObject({ code: 'malformed' });
    expect(await failureOf(removeFile(line, 'file', undefined))).toMatchObject({ code: 'malformed' });
  });
});

describe('a watch on a hostile server', () => {
  /** Answers of which the last one shows that it has come, for a server that has much to say. */
  const CHANGES = 1_000;
  const LAST = 'the last';

  /** Answers every CHANGE_NOTIFY at once with this, until there were many. */
  async function watching(
    answer: (to: Asked, left: number) => Said,
  ): Promise<{ batches: AsyncIterable<WatchBatch>; line: Line; asked: Asked[][] }> {
    let left = CHANGES;
    const { line, asked } = await lineTo((parts) => {
      // CANCEL has no answer of its own.
      if (parts[0]?.command === COMMAND.cancel) return [];
      const answers = parts.flatMap((to) => {
        if (to.command !== COMMAND.changeNotify) return [good(to)];
        left -= 1;
        return left < 0 ? [{ to, status: PENDING, asyncId: 1n }] : [answer(to, left)];
      });
      return [chain(answers)];
    });
    const { batches } = await watch(line, 'dir', true, MEBIBYTE);
    return { batches, line, asked };
  }

  it('that tells changes without end keeps few of them and says overflow', async () => {
    const { batches, asked } = await watching((to, left) =>
      bufferAnswer(to, changesBuffer([1, 'a'], [2, left === 0 ? LAST : 'b'])),
    );
    await expect.poll(() => asked.length, { timeout: 10_000 }).toBeGreaterThan(CHANGES);
    const kinds: string[] = [];
    for await (const batch of batches) {
      kinds.push(batch.kind);
      if (batch.kind === 'changes' && batch.changes.some(({ path }) => path === LAST)) break;
    }
    expect(kinds).toContain('overflow');
    expect(kinds.length).toBeLessThan(100);
  });

  it('that tells paths out of the directory refuses them and goes on', async () => {
    const bad = ['..\\x', 'a\\..\\..\\x', '\\a', 'a/b', 'c:\\\\x', 'a\0', '\ud800'];
    const { batches } = await watching((to) =>
      bufferAnswer(to, changesBuffer([1, 'good'], ...bad.map((path): [number, string] => [3, path]))),
    );
    for await (const batch of batches) {
      if (batch.kind !== 'changes') throw new Error('an overflow');
      expect(batch.changes).toEqual([{ action: 'added', path: 'good' }]);
      expect(batch.refused.length).toBe(bad.length);
      break;
    }
  });

  it.each<[remark: string, answer: (to: Asked) => Said]>([
    ['whose changes go round', (to) => bufferAnswer(to, Buffer.from('0400000001000000020000006100', 'hex'))],
    ['of an unknown kind', (to) => bufferAnswer(to, changesBuffer([77, 'a']))],
    ['larger than was asked for', (to) => bufferAnswer(to, Buffer.alloc(to.body.readUInt32LE(4) + 4))],
  ])('ends with malformed for an answer %s, and is closed', async (_remark, answer) => {
    const { batches, line, asked } = await watching(answer);
    const taking = async (): Promise<void> => {
      for await (const batch of batches) expect(batch.kind).toBe('none');
    };
    expect(await failureOf(taking())).toMatchObject({ code: 'malformed' });
    await ask(line);
    expect(asked.flat().filter((part) => part.command === CLOSE).length).toBe(1);
  });
});

function impossibleClose(): Buffer {
  const body = GOOD.close();
  body.writeBigUInt64LE(2n ** 63n, 48);
  return body;
}

/** The answer to READ with another DataOffset. */
function shifted(body: Buffer, dataAt: number): Buffer {
  body.writeUInt8(dataAt, 2);
  return body;
}

function longRead(): Buffer {
  return GOOD.read('x'.repeat(1_200_000));
}
