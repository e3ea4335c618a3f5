/** What the specifications allow a server and Samba never does: nothing of it may cost a file, an event or a handle. */
import { afterEach, describe, expect, it } from 'vitest';
import { Fetcher } from '../files/fetch.ts';
import { removeFile, stat } from '../files/file.ts';
import { list } from '../files/list.ts';
import { Storer } from '../files/store.ts';
import { watch } from '../files/watch.ts';
import type { Line } from '../link/line.ts';
import type { Entry, StoreSource, WatchBatch } from '../types.ts';
import { COMMAND } from '../wire/header.ts';
import { echoRequest } from '../wire/simple.ts';
import { bufferAnswer, changesBuffer, entriesBuffer } from './buffers.ts';
import { contentOf, Folder } from './folder.ts';
import { type Asked, chain, GOOD, good, type Said, type ScriptedLine, startLine } from './signing.ts';

const MEBIBYTE = 1_048_576;
const PENDING = 0x103;
const NO_MORE_FILES = 0x8000_0006;
const INVALID_PARAMETER = 0xc000_000d;
const RELATED = 0x4;

let scripted: ScriptedLine | undefined;
afterEach(() => scripted?.close());

async function lineTo(reply: (parts: Asked[]) => Buffer[], credits = 100): Promise<ScriptedLine> {
  scripted = await startLine(credits, reply);
  return scripted;
}

/** Lists, reads many files at once and one piece by piece, looks, stores and removes. */
async function everything(line: Line): Promise<void> {
  expect((await listed(line)).map((entry) => entry.name)).toEqual(['entry 1', 'entry 2']);
  const names = Array.from({ length: 30 }, (_, index) => `file ${'x'.repeat(index)}`);
  const fetcher = new Fetcher(line, MEBIBYTE);
  const contents = await Promise.all(names.map((name) => content(fetcher, name, 100)));
  expect(contents).toEqual(names.map(contentOf));
  expect(await content(fetcher, 'file', 10 * MEBIBYTE)).toBe(contentOf('file'));
  expect(await stat(line, 'file')).toMatchObject({ size: contentOf('file').length });
  const source: StoreSource = { size: contentOf('new').length, read: () => Buffer.from(contentOf('new')) };
  expect(await new Storer(line, MEBIBYTE).store('new', source, { attributes: 0x20 })).toMatchObject({
    size: source.size,
  });
  await removeFile(line, 'file', undefined);
}

async function listed(line: Line): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const batch of list(line, 'dir', MEBIBYTE)) found.push(...batch.entries);
  return found;
}

async function content(fetcher: Fetcher, name: string, hint: number): Promise<string> {
  const chunks = new Map<number, string>();
  await fetcher.fetch(name, hint, { data: (chunk, offset) => void chunks.set(offset, chunk.toString()) });
  return [...chunks]
    .sort(([one], [other]) => one - other)
    .map(([, text]) => text)
    .join('');
}

/** How many handles CREATE gave and CLOSE took. */
function handles(asked: Asked[][]): { opened: number; closed: number } {
  const count = (command: number): number => asked.flat().filter((part) => part.command === command).length;
  return { opened: count(COMMAND.create), closed: count(COMMAND.close) };
}

/** What servers say to the parts behind a failed one (MS-SMB2 3.3.5.2.7.2). */
const BEHIND: [name: string, status: number][] = [
  ['the same', 0xc000_0022],
  ['INVALID_PARAMETER', INVALID_PARAMETER],
  ['FILE_CLOSED', 0xc000_0128],
  ['INTERNAL_ERROR', 0xc000_00e5],
];

describe('everything works with a server that', () => {
  const rows: [remark: string, reply: (answers: Said[]) => Buffer[]][] = [
    ['answers a chain in a chain', (answers) => [chain(answers)]],
    ['answers each part by itself', (answers) => answers.map((each) => chain([each]))],
    ['answers each part by itself, the last one first', (answers) => answers.map((each) => chain([each])).reverse()],
    ['answers a chain in a chain, the last part first', (answers) => [chain([...answers].reverse())]],
    [
      'says «pending» to everything first, under its signature, and grants the credits with it',
      (answers) => [
        ...answers.map(({ to }) => chain([{ to, status: PENDING, asyncId: to.messageId + 9n }])),
        ...answers.map((each) => chain([{ ...each, asyncId: each.to.messageId + 9n, credits: 0 }])),
      ],
    ],
    [
      'says «pending» three times to everything',
      (answers) => [
        ...[1, 2, 3].flatMap(() =>
          answers.map(({ to }) => chain([{ to, status: PENDING, asyncId: 5n, unsigned: true, credits: 0 }])),
        ),
        chain(answers.map((each) => ({ ...each, asyncId: 5n }))),
      ],
    ],
    [
      'goes on with a chain by itself behind a part that waited',
      ([first, ...others]) =>
        first === undefined
          ? []
          : [
              chain([{ to: first.to, status: PENDING, asyncId: 7n, unsigned: true, credits: 0 }]),
              chain([{ ...first, asyncId: 7n }]),
              ...(others.length === 0 ? [] : [chain(others)]),
            ],
    ],
    [
      'grants 65,535 credits with every answer',
      (answers) => [chain(answers.map((to) => ({ ...to, credits: 65_535 })))],
    ],
    [
      'tells no attributes when it closes a file',
      (answers) => [
        chain(
          answers.map((each) => {
            if (each.to.command !== COMMAND.close) return each;
            const body = Buffer.alloc(60);
            body.writeUInt16LE(60, 0);
            return { ...each, body };
          }),
        ),
      ],
    ],
  ];
  it.each(rows)('%s', async (_remark, reply) => {
    const folder = new Folder();
    const { line, asked } = await lineTo((parts) => reply(folder.answers(parts)));
    await everything(line);
    await line.ask(echoRequest(), { doing: 'test', subject: 'it', lane: 'urgent' });
    const { opened, closed } = handles(asked);
    expect(closed).toBe(opened);
  });

  it('grants one credit at a time, so that nothing can be chained', async () => {
    const folder = new Folder();
    const { line, asked } = await lineTo((parts) => [chain(folder.answers(parts))], 1);
    await everything(line);
    expect(asked.slice(1).every((parts) => parts.length === 1)).toBe(true);
  });

  it('refuses chains of which some parts are related and some are not', async () => {
    const folder = new Folder();
    const { line, asked } = await lineTo((parts) => {
      const [first, ...others] = parts;
      const mixed =
        first === undefined || (first.flags & RELATED) !== 0 || others.some((part) => (part.flags & RELATED) === 0);
      return [chain(mixed ? parts.map((to) => ({ to, status: INVALID_PARAMETER })) : folder.answers(parts))];
    });
    await everything(line);
    // Among them are chains of several files.
    expect(asked.some((parts) => parts.filter((part) => part.command === COMMAND.create).length > 1)).toBe(true);
  });

  it('grants far more credits than anybody needs, and is asked for no more', async () => {
    const { line, asked } = await lineTo((parts) => [chain(parts.map((to) => ({ ...good(to), credits: 65_535 })))]);
    for (let round = 0; round < 50; round += 1) await stat(line, 'file');
    expect(line.link.credits.balance).toBeGreaterThan(3_000_000);
    for (const part of asked.at(-1) ?? []) expect(part.creditRequest).toBe(part.charge);
  });
});

describe('a chain of which a part fails', () => {
  it.each(BEHIND)('at CREATE, the others with %s, fails as CREATE did', async (_name, behind) => {
    const { line, asked } = await lineTo((parts) => [
      chain(parts.map((to, index) => ({ to, status: index === 0 ? 0xc000_0022 : behind }))),
    ]);
    for (const work of [
      () => stat(line, 'file'),
      () => listed(line),
      () => content(new Fetcher(line, MEBIBYTE), 'file', 3),
      () => removeFile(line, 'file', undefined),
      () => new Storer(line, MEBIBYTE).store('new', { size: 1, read: () => Buffer.from('x') }, {}),
    ])
      await expect(work()).rejects.toMatchObject({ code: 'access-denied' });
    expect(asked.slice(1).map((parts) => parts[0]?.command)).toEqual(Array.from({ length: 5 }, () => COMMAND.create));
  });

  it.each(BEHIND)('in the middle, the others with %s, tells why and closes the file', async (_name, behind) => {
    const { line, asked } = await lineTo((parts) => [
      chain(
        parts.map((to, index) => {
          if (index === 0) return good(to);
          return { to, status: index === 1 ? 0xc000_0022 : behind };
        }),
      ),
    ]);
    await expect(removeFile(line, 'file', undefined)).rejects.toMatchObject({ code: 'access-denied' });
    await expect(listed(line)).rejects.toMatchObject({ code: 'access-denied' });
    await line.ask(echoRequest(), { doing: 'test', subject: 'it', lane: 'urgent' });
    // The first CLOSE of the removal failed in its chain and was said again by itself.
    expect(handles(asked)).toEqual({ opened: 2, closed: 3 });
  });
});

describe('a chain of several files', () => {
  it.each(BEHIND)(
    'of which a server takes only the first, the others with %s, is asked for again',
    async (_name, behind) => {
      const folder = new Folder();
      const { line, asked } = await lineTo((parts) => {
        const first = parts.findIndex((part) => part.command === COMMAND.close);
        const answers = folder.answers(parts);
        return [chain(answers.map((each, index) => (index > first ? { to: each.to, status: behind } : each)))];
      });
      const fetcher = new Fetcher(line, MEBIBYTE);
      const names = Array.from({ length: 30 }, (_, index) => `file ${index}`);
      expect(await Promise.all(names.map((name) => content(fetcher, name, 100)))).toEqual(names.map(contentOf));
      expect(asked.some((parts) => parts.length > 3)).toBe(true);
    },
  );

  it.each(BEHIND)('in which one is missing, the others with %s, brings the others', async (_name, behind) => {
    const folder = new Folder();
    const { line, asked } = await lineTo((parts) => {
      const missing = parts.findIndex((part) => part.body.includes(Buffer.from('missing', 'utf16le')));
      return [
        chain(
          folder.answers(parts).map((each, index) => {
            if (missing < 0 || index < missing) return each;
            return { to: each.to, status: index === missing ? 0xc000_0034 : behind };
          }),
        ),
      ];
    });
    const fetcher = new Fetcher(line, MEBIBYTE);
    const names = Array.from({ length: 30 }, (_, index) => (index % 10 === 4 ? `missing ${index}` : `file ${index}`));
    const outcomes = await Promise.allSettled(names.map((name) => content(fetcher, name, 100)));
    expect(outcomes).toMatchObject(
      names.map((name) =>
        name.startsWith('missing') ? { reason: { code: 'not-found' } } : { value: contentOf(name) },
      ),
    );
    expect(asked.some((parts) => parts.length > 3)).toBe(true);
  });
});

describe('a listing that is stale', () => {
  it('of a file that somebody has open does not cut what is read of it', async () => {
    const bytes = 300_000;
    const text = 'x'.repeat(bytes);
    let queries = 0;
    const { line } = await lineTo((parts) => [
      chain(
        parts.map((to): Said => {
          if (to.command === COMMAND.create) return { to, body: GOOD.create(bytes) };
          if (to.command === COMMAND.close) return { to, body: GOOD.close(bytes) };
          if (to.command === COMMAND.read) {
            const offset = Number(to.body.readBigUInt64LE(8));
            return { to, body: GOOD.read(text.slice(offset, offset + to.body.readUInt32LE(4))) };
          }
          if (to.command !== COMMAND.queryDirectory) return good(to);
          queries += 1;
          return queries > 1
            ? { to, status: NO_MORE_FILES }
            : bufferAnswer(to, entriesBuffer({ name: 'log', size: 0n }));
        }),
      ),
    ]);
    const [entry] = await listed(line);
    expect(entry?.size).toBe(0);
    expect((await stat(line, 'log')).size).toBe(bytes);
    expect((await content(new Fetcher(line, MEBIBYTE), 'log', entry?.size ?? -1)).length).toBe(bytes);
  });
});

describe('a watch', () => {
  /** Answers each CHANGE_NOTIFY with the next of these, and the one behind the last with nothing. */
  async function watching(
    ...answers: ((to: Asked) => Said)[]
  ): Promise<{ batches: AsyncIterator<WatchBatch>; asked: Asked[][] }> {
    const left = [...answers];
    const { line, asked } = await lineTo((parts) => {
      if (parts[0]?.command !== COMMAND.changeNotify) return [chain(parts.map(good))];
      return parts.flatMap((to) => {
        const say = left.shift();
        return say === undefined
          ? []
          : [chain([{ to, status: PENDING, asyncId: 3n, unsigned: true }]), chain([{ ...say(to), asyncId: 3n }])];
      });
    });
    const { batches } = await watch(line, 'dir', true, MEBIBYTE);
    return { batches: batches[Symbol.asyncIterator](), asked };
  }

  it('gives a renaming whose two halves come in two answers in order, and waits again before the first is looked at', async () => {
    const { batches, asked } = await watching(
      (to) => bufferAnswer(to, changesBuffer([1, 'dir\\a'], [4, 'old'])),
      (to) => bufferAnswer(to, changesBuffer([5, 'new'], [3, 'dir\\a'])),
    );
    const first = await batches.next();
    const second = await batches.next();
    expect([first.value, second.value]).toEqual([
      {
        kind: 'changes',
        changes: [
          { action: 'added', path: 'dir/a' },
          { action: 'renamed-from', path: 'old' },
        ],
        refused: [],
      },
      {
        kind: 'changes',
        changes: [
          { action: 'renamed-to', path: 'new' },
          { action: 'modified', path: 'dir/a' },
        ],
        refused: [],
      },
    ]);
    const armed = asked.flat().filter((part) => part.command === COMMAND.changeNotify);
    expect(armed.length).toBeGreaterThanOrEqual(2);
    expect(new Set(armed.map((part) => part.body.subarray(8, 24).toString('hex'))).size).toBe(1);
  });

  it('gives 8.3 names as they came', async () => {
    const { batches } = await watching((to) =>
      bufferAnswer(to, changesBuffer([3, 'LONGNA~1\\REPORT~2.DOC'], [2, 'A~1'])),
    );
    expect((await batches.next()).value).toEqual({
      kind: 'changes',
      changes: [
        { action: 'modified', path: 'LONGNA~1/REPORT~2.DOC' },
        { action: 'removed', path: 'A~1' },
      ],
      refused: [],
    });
  });

  it('takes a success without a change for an overflow, and so NOTIFY_ENUM_DIR', async () => {
    const { batches } = await watching(
      (to) => bufferAnswer(to, Buffer.alloc(0)),
      (to) => ({ to, status: 0x10c }),
      (to) => bufferAnswer(to, changesBuffer([1, 'behind'])),
    );
    const found = [await batches.next(), await batches.next(), await batches.next()];
    expect(found.map(({ value }) => value?.kind)).toEqual(['overflow', 'overflow', 'changes']);
  });
});
