/** CHANGE_NOTIFY against a scripted server: answers that come split, late, empty or wrong, and what goes out when a watch is closed. */
import { afterEach, describe, expect, it } from 'vitest';
import { isFailure } from '../../base/failure.ts';
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
import { actionOf, STATUS } from '../status/status.ts';
import type { Watch, WatchBatch } from '../types.ts';
import { COMMAND } from '../wire/header.ts';
import { echoRequest } from '../wire/simple.ts';
import { watch } from './watch.ts';

const ASYNC_ID = 4_711n;

let server: ScriptedLine;
/** The watch's requests that wait, in order. */
let armed: Asked[];
/** What the server says before it answers the next ECHO. */
let news: (() => Said)[];

afterEach(() => server.close());

/** @param interim whether the server says at once that it works on it */
async function start(recursive = true, interim = true): Promise<Watch> {
  armed = [];
  news = [];
  server = await startLine(512, (parts) =>
    parts.flatMap((to) => {
      if (to.command === COMMAND.changeNotify) {
        armed.push(to);
        return interim ? [chain([{ to, status: STATUS.PENDING, asyncId: ASYNC_ID, unsigned: true }])] : [];
      }
      if (to.command === COMMAND.cancel) return [];
      const told = news.map((each) => chain([each()]));
      news = [];
      return [...told, chain([to.command === COMMAND.close ? { to, body: GOOD.close() } : good(to)])];
    }),
  );
  return watch(server.line, 'a', recursive, 1_048_576);
}

/** Has the server say these, and returns when they have been heard. */
async function hear(...said: ((to: Asked) => Said)[]): Promise<void> {
  for (const each of said) {
    news.push(() => {
      const to = armed.shift();
      if (to === undefined) throw new Error('nothing is armed');
      return { asyncId: ASYNC_ID, credits: 8, ...each(to) };
    });
    // One after the other: each is answered only when the client has armed again.
    await round();
  }
}

/** What was sent before has arrived when this returns. */
async function round(): Promise<void> {
  await server.line.ask(echoRequest(), { doing: 'test', subject: 'it', lane: 'urgent' });
}

/** FILE_NOTIFY_INFORMATION (MS-FSCC 2.7.1). */
function changes(...all: [action: number, name: string][]): (to: Asked) => Said {
  const records = all.map(([action, name], index) => {
    const record = Buffer.alloc(12 + Math.ceil((name.length * 2) / 4) * 4);
    record.writeUInt32LE(index === all.length - 1 ? 0 : record.length, 0);
    record.writeUInt32LE(action, 4);
    record.writeUInt32LE(name.length * 2, 8);
    record.write(name, 12, 'utf16le');
    return record;
  });
  return notified(Buffer.concat(records));
}

function notified(buffer: Buffer): (to: Asked) => Said {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(9, 0);
  body.writeUInt16LE(72, 2);
  body.writeUInt32LE(buffer.length, 4);
  return (to) => ({ to, body: Buffer.concat([body, buffer]) });
}

const refused =
  (status: number) =>
  (to: Asked): Said => ({ to, status });

async function taken(from: Watch, count: number): Promise<WatchBatch[]> {
  const batches: WatchBatch[] = [];
  for await (const batch of from.batches) {
    batches.push(batch);
    if (batches.length === count) break;
  }
  return batches;
}

const sent = (command: number): Asked[] => server.asked.flat().filter((part) => part.command === command);
const OVERFLOW: WatchBatch = { kind: 'overflow' };

describe('a watch', () => {
  it.each([true, false])('asks for the tree or not: %s', async (recursive) => {
    await start(recursive);
    await expect.poll(() => armed.length).toBe(1);
    expect(armed[0]?.body.readUInt16LE(2)).toBe(recursive ? 1 : 0);
    expect(armed[0]?.body.subarray(8, 24)).toEqual(FILE_ID);
  });

  it('hands a rename out that is split over two answers, armed again between them on the same handle', async () => {
    const watching = await start();
    await hear(changes([3, 'x'], [4, 'old\\name']), changes([5, 'new\\name'], [1, 'y']));
    expect(await taken(watching, 2)).toEqual([
      {
        kind: 'changes',
        refused: [],
        changes: [
          { action: 'modified', path: 'x' },
          { action: 'renamed-from', path: 'old/name' },
        ],
      },
      {
        kind: 'changes',
        refused: [],
        changes: [
          { action: 'renamed-to', path: 'new/name' },
          { action: 'added', path: 'y' },
        ],
      },
    ]);
    await round();
    const handles = sent(COMMAND.changeNotify).map(({ body }) => body.subarray(8, 24));
    expect(handles).toEqual([FILE_ID, FILE_ID, FILE_ID]);
    // The size of the first request is what the server keeps: later ones ask for the same.
    expect(new Set(sent(COMMAND.changeNotify).map(({ body }) => body.readUInt32LE(4))).size).toBe(1);
  });

  it('takes changes of object ids for places to look at', async () => {
    const watching = await start();
    await hear(changes([9, 'a'], [10, 'b'], [11, 'c']));
    const paths = ['a', 'b', 'c'];
    expect(await taken(watching, 1)).toEqual([
      { kind: 'changes', refused: [], changes: paths.map((path) => ({ action: 'modified', path })) },
    ]);
  });

  it('keeps names that are not safe to use apart, with what came with them', async () => {
    const watching = await start();
    await hear(changes([1, '..\\x'], [1, 'fine'], [2, 'a\\\\b'], [3, 'c/d']));
    expect(await taken(watching, 1)).toEqual([
      { kind: 'changes', refused: ['..\\x', 'a\\\\b', 'c/d'], changes: [{ action: 'added', path: 'fine' }] },
    ]);
  });

  it('says overflow for ENUM_DIR and for an answer without a change, once for many in a row', async () => {
    const watching = await start();
    const many = Array.from({ length: 100 }, (_, index) =>
      index % 2 === 0 ? refused(STATUS.NOTIFY_ENUM_DIR) : notified(Buffer.alloc(0)),
    );
    await hear(changes([1, 'before']), ...many, changes([1, 'after']), refused(STATUS.NOTIFY_ENUM_DIR));
    const [before, first, after, last] = await taken(watching, 4);
    expect([before?.kind, first, after?.kind, last]).toEqual(['changes', OVERFLOW, 'changes', OVERFLOW]);
    // And again, when the one before was taken.
    await hear(refused(STATUS.NOTIFY_ENUM_DIR));
    expect(await taken(watching, 1)).toEqual([OVERFLOW]);
  });

  it('puts an overflow in the place of what nobody takes, and keeps what is newest', async () => {
    const watching = await start();
    await hear(...Array.from({ length: 65 }, (_, index) => changes([1, `n${index}`])));
    watching.close();
    expect(await taken(watching, 99)).toEqual([
      OVERFLOW,
      { kind: 'changes', refused: [], changes: [{ action: 'added', path: 'n64' }] },
    ]);
  });

  it('wakes every loop that waits, and gives each batch to one', async () => {
    const watching = await start();
    const both = Promise.all([taken(watching, 1), taken(watching, 1)]);
    await hear(changes([1, 'one']), changes([1, 'two']));
    const names = (await both).flat().flatMap((batch) => (batch.kind === 'changes' ? batch.changes : []));
    expect(names.map(({ path }) => path).sort()).toEqual(['one', 'two']);
  });

  it('lets both loops end when it is closed', async () => {
    const watching = await start();
    const both = Promise.all([taken(watching, 9), taken(watching, 9)]);
    watching.close();
    expect(await both).toEqual([[], []]);
  });
});

describe('closing a watch', () => {
  it.each([
    ['by its asynchronous id, when the server works on it', true],
    ['by its message id, when the server has not said anything', false],
  ])('cancels the request %s, and then closes the handle', async (_remark, works) => {
    const watching = await start(true, works);
    await hear(changes([1, 'x']));
    await expect.poll(() => armed.length).toBe(1);
    watching.close();
    watching.close();
    await expect.poll(() => sent(COMMAND.close)).toHaveLength(1);
    const [cancel, ...others] = sent(COMMAND.cancel);
    expect(others).toEqual([]);
    if (works) expect(cancel).toMatchObject({ asyncId: ASYNC_ID, messageId: armed[0]?.messageId });
    else expect(cancel?.messageId).toBe(armed[0]?.messageId);
    const order = server.asked.flat().map(({ command }) => command);
    expect(order.indexOf(COMMAND.cancel)).toBeLessThan(order.indexOf(COMMAND.close));
  });

  it('hands out what had come, and nothing that comes later; it is not armed again', async () => {
    const watching = await start();
    await hear(changes([1, 'before']));
    watching.close();
    await hear(changes([1, 'after']));
    expect(await taken(watching, 9)).toEqual([
      expect.objectContaining({ changes: [{ action: 'added', path: 'before' }] }),
    ]);
    await round();
    expect(sent(COMMAND.changeNotify)).toHaveLength(2);
  });

  it('takes CANCELLED for the end that it is', async () => {
    const watching = await start();
    watching.close();
    await hear(refused(STATUS.CANCELLED));
    expect(await taken(watching, 9)).toEqual([]);
  });
});

describe('a watch that the server ends', () => {
  it.each([
    ['because the handle was closed there', STATUS.NOTIFY_CLEANUP, 'nt-status', { do: 'retry', pause: 'later' }],
    ['because the directory is being removed', STATUS.DELETE_PENDING, 'delete-pending', { do: 'retry', pause: 'soon' }],
    ['because it cannot watch', STATUS.NOT_SUPPORTED, 'not-supported', { do: 'degrade' }],
    ['though nobody cancelled it', STATUS.CANCELLED, 'nt-status', { do: 'retry', pause: 'soon' }],
  ])('%s: it says so behind what had come, and closes its handle', async (_remark, status, code, action) => {
    const watching = await start();
    await hear(changes([1, 'x']), refused(status));
    const seen: WatchBatch[] = [];
    const loop = async (): Promise<void> => {
      for await (const batch of watching.batches) seen.push(batch);
    };
    const failure: unknown = await loop().catch((error: unknown) => error);
    if (!isFailure(failure)) throw failure;
    expect(failure).toMatchObject({ code, doing: 'watch', subject: 'a' });
    expect(actionOf(failure)).toEqual(action);
    expect(seen).toHaveLength(1);
    await expect.poll(() => sent(COMMAND.close)).toHaveLength(1);
    // Whoever comes later hears the same.
    await expect(taken(watching, 1)).rejects.toBe(failure);
  });

  it('with an answer that cannot be read', async () => {
    const watching = await start();
    await hear(notified(Buffer.alloc(7)));
    await expect(taken(watching, 1)).rejects.toMatchObject({ code: 'malformed' });
    await expect.poll(() => sent(COMMAND.close)).toHaveLength(1);
    expect(sent(COMMAND.cancel)).toHaveLength(1);
  });
});
