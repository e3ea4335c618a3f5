/** What servers may do with chains, credits and asynchronous answers, and Samba does not: a scripted server that signs. */
import { afterEach, describe, expect, it } from 'vitest';
import { seal } from '../crypto/sealing.ts';
import { Fetcher } from '../files/fetch.ts';
import { stat } from '../files/file.ts';
import { list } from '../files/list.ts';
import { Storer } from '../files/store.ts';
import { framed } from '../scripted/server.ts';
import {
  type Asked,
  chain,
  FILE_ID,
  GOOD,
  good,
  KEY,
  type ScriptedLine,
  SESSION,
  startLine,
  written,
} from '../scripted/signing.ts';
import { PREVIOUS_FILE } from '../wire/create.ts';
import { COMMAND } from '../wire/header.ts';
import { readRequest } from '../wire/read-write.ts';
import { echoRequest } from '../wire/simple.ts';
import { type About, Line } from './line.ts';
import { Protection } from './protection.ts';

const ABOUT: About = { doing: 'test', subject: 'it', lane: 'bulk' };
const INTERNAL_ERROR = 0xc000_00e5;
const PENDING = 0x103;

let scripted: ScriptedLine | undefined;
afterEach(() => scripted?.close());

async function lineTo(credits: number, reply: (parts: Asked[]) => Buffer[]): Promise<ScriptedLine> {
  scripted = await startLine(credits, reply);
  return scripted;
}

async function text(line: Line): Promise<string> {
  const chunks: string[] = [];
  await new Fetcher(line, 1_048_576).fetch('file', 3, { data: (chunk) => void chunks.push(chunk.toString()) });
  return chunks.join('');
}

const commands = (asked: Asked[][]): number[][] => asked.slice(1).map((parts) => parts.map((part) => part.command));
const { create: CREATE, read: READ, close: CLOSE, cancel: CANCEL, echo: ECHO } = COMMAND;

describe('a chain', () => {
  it('is one message whose later parts are related, each with its own number', async () => {
    const { line, asked } = await lineTo(100, (parts) => [chain(parts.map(good))]);
    expect(await text(line)).toBe('abc');
    expect(commands(asked)).toEqual([[CREATE, READ, CLOSE]]);
    expect(asked[1]?.map((part) => part.flags)).toEqual([0x8, 0xc, 0xc]);
    expect(asked[1]?.map((part) => part.messageId)).toEqual([1n, 2n, 3n]);
  });

  it('may be answered in several messages, in any order', async () => {
    const { line } = await lineTo(100, (parts) => parts.map((to) => chain([good(to)])).reverse());
    expect(await text(line)).toBe('abc');
  });

  it('may go on later: interim answers to all of it, unsigned, are no answers', async () => {
    const { line } = await lineTo(100, (parts) => [
      ...parts.map((to, index) => chain([{ to, status: PENDING, asyncId: BigInt(index + 1), unsigned: true }])),
      chain(parts.map((to, index) => ({ ...good(to), credits: 0, asyncId: BigInt(index + 1) }))),
    ]);
    expect(await text(line)).toBe('abc');
  });

  it('that fails at CREATE leaves nothing to close', async () => {
    const { line, asked } = await lineTo(100, (parts) => [chain(parts.map((to) => ({ to, status: 0xc000_0034 })))]);
    await expect(stat(line, 'file')).rejects.toMatchObject({ code: 'not-found' });
    expect(commands(asked)).toEqual([[CREATE, CLOSE]]);
  });

  it.each([
    ['fails what follows a failed part', [0, INTERNAL_ERROR, INTERNAL_ERROR]],
    ['fails the CLOSE only', [0, 0, INTERNAL_ERROR]],
  ])('of a server that %s is closed by a CLOSE of its own', async (_remark, statuses) => {
    const { line, asked } = await lineTo(100, (parts) => [
      chain(
        parts.map((to, index) =>
          parts.length > 1 && statuses[index] !== 0 ? { to, status: statuses[index] ?? 0 } : good(to),
        ),
      ),
    ]);
    // The file is read all the same, where need be without a chain.
    expect(await text(line)).toBe('abc');
    const [, , closing] = asked;
    expect(closing?.map((part) => part.command)).toEqual([CLOSE]);
    expect(closing?.[0]?.body.subarray(8, 24).equals(FILE_ID)).toBe(true);
  });

  it('is sent part by part where the credits are too few for it', async () => {
    const { line, asked } = await lineTo(1, (parts) => [chain(parts.map(good))]);
    expect(await stat(line, 'file')).toMatchObject({ size: 3 });
    expect(commands(asked)).toEqual([[CREATE], [CLOSE]]);
    expect(asked[2]?.[0]?.flags).toBe(0x8);
    expect(asked[2]?.[0]?.body.subarray(8, 24).equals(FILE_ID)).toBe(true);
  });
});

describe('a chain that is sent part by part', () => {
  it('and stops in the middle for want of credits leaves no file open', async () => {
    let granting = 1;
    const { line, asked } = await lineTo(4, (parts) => [
      chain(parts.map((to) => ({ ...good(to), credits: granting }))),
    ]);
    // The answer to CREATE leaves fewer credits than the next part costs; there is enough for a CLOSE.
    granting = 0;
    const big = { ...readRequest(PREVIOUS_FILE, 0, 10), charge: 4 };
    const create = { name: Buffer.from('f\0'), access: 1, disposition: 1, options: 0 };
    await expect(line.onFile(create, [big], ABOUT)).rejects.toMatchObject({ code: 'nt-status' });
    granting = 1;
    await line.ask(echoRequest(), { ...ABOUT, lane: 'urgent' });
    expect(commands(asked)).toEqual([[CREATE], [CLOSE], [ECHO]]);
    expect(asked[2]?.[0]?.body.subarray(8, 24).equals(FILE_ID)).toBe(true);
  });
});

describe('a file', () => {
  it('is read again when the server gave less than there is', async () => {
    let reads = 0;
    const { line } = await lineTo(100, (parts) => [
      chain(
        parts.map((to) => {
          if (to.command !== READ) return good(to);
          reads += 1;
          const offset = to.body.readUInt32LE(8);
          return { to, body: GOOD.read(reads === 1 ? 'a' : ('abc'[offset] ?? '')) };
        }),
      ),
    ]);
    expect(await text(line)).toBe('abc');
  });

  it('whose data is longer than was asked for is malformed, and closed', async () => {
    const { line, asked } = await lineTo(100, (parts) => [
      chain(parts.map((to) => (to.command === READ ? { to, body: GOOD.read('x'.repeat(70_000)) } : good(to)))),
    ]);
    await expect(text(line)).rejects.toMatchObject({ code: 'malformed' });
    expect(commands(asked)).toEqual([[CREATE, READ, CLOSE]]);
  });
});

describe('a file of an impossible size', () => {
  it.each([
    ['in a chain', 3],
    ['by itself', 10_000_000],
  ])('opened %s is malformed and closed', async (_remark, hint) => {
    const impossible = GOOD.create();
    impossible.writeBigUInt64LE(2n ** 60n, 48);
    const { line, asked } = await lineTo(100, (parts) => [
      chain(parts.map((to) => (to.command === CREATE ? { to, body: impossible } : good(to)))),
    ]);
    await expect(new Fetcher(line, 1_048_576).fetch('file', hint, { data: () => undefined })).rejects.toMatchObject({
      code: 'malformed',
    });
    await line.ask(echoRequest(), { ...ABOUT, lane: 'urgent' });
    expect(
      commands(asked)
        .flat()
        .filter((command) => command === CLOSE).length,
    ).toBe(1);
  });
});

describe('a file that is stored', () => {
  it('and whose flush fails is deleted by its name, and when it fails alone too through its own handle', async () => {
    const { line, asked } = await lineTo(100, (parts) => [
      chain(
        parts.map((to) =>
          to.command === COMMAND.flush
            ? { to, status: 0xc000_007f }
            : to.command === COMMAND.write
              ? { to, body: written(3) }
              : good(to),
        ),
      ),
    ]);
    const source = { size: 3, read: () => Buffer.from('abc') };
    await expect(new Storer(line, 1_048_576).store('file', source, { attributes: 1 })).rejects.toMatchObject({
      code: 'no-space',
    });
    const { write: WRITE, setInfo: SET, flush: FLUSH } = COMMAND;
    const parts = [CREATE, WRITE, SET, FLUSH];
    const byName = [[CREATE], [SET], [CLOSE]];
    expect(commands(asked)).toEqual([[...parts, CLOSE], ...byName, parts, [SET, SET], [CLOSE]]);
    const [attributes, disposition] = asked.at(-2) ?? [];
    expect(attributes?.body.readUInt32LE(32 + 32)).toBe(0x80);
    expect(attributes?.body.subarray(16, 32).equals(FILE_ID)).toBe(true);
    expect(disposition?.body.readUInt8(3)).toBe(13);
  });
});

describe('a line that is encrypted', () => {
  /** A line whose every request is answered with these bytes. */
  async function sealedLine(answer: Buffer): Promise<Line> {
    const { line } = await lineTo(50, () => [answer]);
    const keys = { signing: KEY, encrypt: KEY, decrypt: KEY };
    const protection = new Protection(SESSION, { signing: 'aes-gmac', cipher: 'aes-128-gcm' }, keys);
    line.link.protect(protection);
    return new Line(line.link, protection, 5, true);
  }

  const to: Asked = {
    command: ECHO,
    messageId: 1n,
    charge: 1,
    creditRequest: 1,
    flags: 0,
    asyncId: 0n,
    body: Buffer.alloc(0),
  };
  const plain = chain([good(to)]);
  const sealed = (message: Buffer): Buffer => framed(Buffer.concat(seal('aes-128-gcm', KEY, SESSION, 1n, [message])));

  it('takes an encrypted answer', async () => {
    const line = await sealedLine(sealed(plain.subarray(4)));
    expect((await line.ask(echoRequest(), ABOUT)).status).toBe(0);
  });

  it('takes no answer in the clear, however well it is signed', async () => {
    const line = await sealedLine(plain);
    await expect(line.ask(echoRequest(), ABOUT)).rejects.toMatchObject({ code: 'bad-signature' });
  });

  it('takes no answer of another session out of an encrypted message', async () => {
    const other = Buffer.from(plain.subarray(4));
    other.writeBigUInt64LE(SESSION + 1n, 40);
    const line = await sealedLine(sealed(other));
    await expect(line.ask(echoRequest(), ABOUT)).rejects.toMatchObject({ code: 'malformed' });
  });
});

describe('a listing', () => {
  const QUERY = COMMAND.queryDirectory;

  async function names(line: Line): Promise<string[]> {
    const found: string[] = [];
    for await (const batch of list(line, 'dir', 1_048_576)) found.push(...batch.entries.map((entry) => entry.name));
    return found;
  }

  /** Answers the queries one after the other with these. */
  function listing(...answers: (string[] | number)[]): (parts: Asked[]) => Buffer[] {
    const left = [...answers];
    return (parts) => [
      chain(
        parts.map((to) => {
          if (to.command !== QUERY) return good(to);
          const next = left.shift() ?? 0x8000_0006;
          return typeof next === 'number' ? { to, status: next } : { to, body: GOOD.listing(...next) };
        }),
      ),
    ];
  }

  it('ends only with NO_MORE_FILES, however small the answers are', async () => {
    const { line } = await lineTo(100, listing(['.', '..', 'a'], ['b'], ['c'], ['d', 'e'], ['f']));
    expect(await names(line)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('of a directory without even «.» is empty', async () => {
    const { line } = await lineTo(100, listing(0xc000_000f));
    expect(await names(line)).toEqual([]);
  });

  it.each<[string, string, (string[] | number)[]]>([
    ['access is denied in the middle', 'access-denied', [['a'], ['b'], 0xc000_0022]],
    ['it says «no such file» in the middle', 'not-found', [['a'], 0xc000_000f]],
    ['it succeeds with nothing', 'malformed', [['a'], []]],
  ])('fails when %s', async (_remark, code, answers) => {
    const { line, asked } = await lineTo(100, listing(...answers));
    await expect(names(line)).rejects.toMatchObject({ code });
    await line.ask(echoRequest(), { ...ABOUT, lane: 'urgent' });
    expect(commands(asked).flat()).toContain(CLOSE);
  });
});

describe('credits', () => {
  it('are left for urgent work: bulk waits for its answers, urgent work goes at once', async () => {
    let arrived: () => void = () => undefined;
    const first = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { line, asked } = await lineTo(6, (parts) => {
      if (parts[0]?.command === ECHO) return [chain(parts.map(good))];
      arrived();
      return [];
    });
    for (const work of [text(line), text(line)]) work.catch(() => undefined);
    await first;
    // Three credits are in flight; the second file would leave none of the other three.
    await line.ask(echoRequest(), { ...ABOUT, lane: 'urgent' });
    expect(commands(asked)).toEqual([[CREATE, READ, CLOSE], [ECHO]]);
  });

  it('that the server takes back fail what needs them, and nothing else', async () => {
    const { line } = await lineTo(6, (parts) => [
      chain(parts.map((to) => ({ ...good(to), credits: to.command === ECHO ? 0 : 1 }))),
    ]);
    await Promise.all([1, 2, 3].map(() => line.ask(echoRequest(), { ...ABOUT, lane: 'urgent' })));
    const wanted = line.send([echoRequest(), echoRequest(), echoRequest(), echoRequest()], ABOUT, 1_000);
    await expect(wanted.done).rejects.toMatchObject({ code: 'nt-status', retry: true });
    expect(await stat(line, 'file')).toMatchObject({ size: 3 });
  });

  it('are asked for with every request until there are enough', async () => {
    const { line, asked } = await lineTo(100, (parts) => [chain(parts.map(good))]);
    await stat(line, 'file');
    for (const part of asked[1] ?? []) expect(part.creditRequest).toBeGreaterThan(part.charge);
  });
});

describe('a request that is cancelled', () => {
  it.each([
    ['by its asynchronous id when it has one', 42n],
    ['by its message id when it has none', undefined],
  ])('is named %s', async (_remark, asyncId) => {
    let interim: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      interim = resolve;
    });
    let waiting: Asked | undefined;
    const { line, asked } = await lineTo(50, (parts) => {
      const [first] = parts;
      if (first === undefined) return [];
      if (first.command === CANCEL && waiting !== undefined) return [chain([{ to: waiting, status: 0xc000_0120 }])];
      if (first.command !== COMMAND.changeNotify) return [chain(parts.map(good))];
      waiting = first;
      interim();
      return asyncId === undefined ? [] : [chain([{ to: first, status: PENDING, asyncId, unsigned: true }])];
    });
    const exchange = line.send(
      [{ command: COMMAND.changeNotify, body: Buffer.alloc(32), charge: 1 }],
      ABOUT,
      undefined,
    );
    await arrived;
    // Its answer comes behind the interim one.
    await line.ask(echoRequest(), { ...ABOUT, lane: 'urgent' });
    line.link.cancel(exchange);
    const [answer] = await exchange.done;
    expect(answer?.status).toBe(0xc000_0120);
    const cancel = asked.flat().find((part) => part.command === CANCEL);
    expect(cancel?.messageId).toBe(waiting?.messageId);
    expect(cancel?.flags).toBe(asyncId === undefined ? 0x8 : 0xa);
    if (asyncId !== undefined) expect(cancel?.asyncId).toBe(asyncId);
  });
});
