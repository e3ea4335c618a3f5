/** Watches of active directories come and go with them, a few at a time, and never come back at once to where they were refused. */
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Tree, Watch, WatchBatch } from '../../smb/types.ts';
import { fault } from '../handback/fake-main.ts';
import { HotWatches } from './hot.ts';

interface Opened {
  directory: string;
  closed: boolean;
  tell(batch: WatchBatch): void;
  fail(error: Error): void;
}

/** A main that lets watches be opened, one by one when the test says so. */
function main(
  refuse: (directory: string) => Error | undefined = () => undefined,
  stat: (directory: string) => void = () => {},
): {
  opened: Opened[];
  asked: string[];
  heard: string[];
  failed: unknown[];
  hot: HotWatches;
} {
  const opened: Opened[] = [];
  const asked: string[] = [];
  const heard: string[] = [];
  const failed: unknown[] = [];
  const watch = async (directory: string): Promise<Watch> => {
    asked.push(directory);
    await setImmediate();
    const error = refuse(directory);
    if (error !== undefined) throw error;
    let next = Promise.withResolvers<WatchBatch | undefined>();
    const one: Opened = {
      directory,
      closed: false,
      tell: (batch) => next.resolve(batch),
      fail: (why) => next.reject(why),
    };
    opened.push(one);
    return {
      batches: {
        async *[Symbol.asyncIterator]() {
          for (;;) {
            const batch = await next.promise;
            if (batch === undefined) return;
            next = Promise.withResolvers();
            yield batch;
          }
        },
      },
      close() {
        one.closed = true;
        next.resolve(undefined);
      },
    };
  };
  const hot = new HotWatches({
    tree: { watch, stat: async (directory: string) => stat(directory) } as unknown as Tree,
    heard: (directory) => heard.push(directory),
    opened: () => {},
    failed: (error) => failed.push(error),
  });
  return { opened, asked, heard, failed, hot };
}

async function settle(hot: HotWatches, wanted: string[], nowMs = 0): Promise<void> {
  hot.settle(wanted, (directory) => wanted.includes(directory), nowMs);
  await setImmediate();
  await setImmediate();
}

it('opens a few at a time until all are watched, and closes what is wanted no more', async () => {
  const { opened, hot } = main();
  const wanted = Array.from({ length: 20 }, (_, n) => `d${n}`);
  await settle(hot, wanted);
  expect(hot.size).toBe(8);
  await settle(hot, wanted);
  await settle(hot, wanted);
  expect(hot.size).toBe(20);
  await settle(hot, ['d3']);
  expect(hot.size).toBe(1);
  expect(opened.filter(({ closed }) => !closed).map(({ directory }) => directory)).toEqual(['d3']);
  hot.close();
  expect(opened.every(({ closed }) => closed)).toBe(true);
});

it('hands on what a watch tells, and nothing of one that was closed', async () => {
  const { opened, heard, hot } = main();
  await settle(hot, ['a', 'b']);
  for (const one of opened) one.tell({ kind: 'overflow' });
  await setImmediate();
  expect(heard.sort()).toEqual(['a', 'b']);
  hot.close();
});

it('leaves a directory that cannot be watched in peace for a minute', async () => {
  const { asked, failed, hot } = main((directory) =>
    directory === 'gone' ? fault('not-found', directory) : undefined,
  );
  await settle(hot, ['gone', 'there'], 0);
  for (const ms of [1_000, 30_000, 59_000]) await settle(hot, ['gone', 'there'], ms);
  expect(asked.filter((directory) => directory === 'gone')).toHaveLength(1);
  await settle(hot, ['gone', 'there'], 60_001);
  await settle(hot, ['gone', 'there'], 60_002);
  expect(asked.filter((directory) => directory === 'gone')).toHaveLength(2);
  expect(failed).toEqual([]);
  hot.close();
});

it('lets go of a directory that was removed while it was opened', async () => {
  const { opened, failed, hot } = main(undefined, (directory) => {
    if (directory === 'going') throw fault('delete-pending', directory);
  });
  await settle(hot, ['going', 'staying']);
  expect(opened.find(({ directory }) => directory === 'going')?.closed).toBe(true);
  expect(hot.has('going')).toBe(false);
  expect(hot.has('staying')).toBe(true);
  expect(failed).toEqual([]);
  hot.close();
});

it('tells of a connection that ended, and opens nothing any more when it is closed', async () => {
  const { opened, asked, failed, hot } = main();
  await settle(hot, ['a']);
  opened[0]?.fail(fault('disconnected', 'a'));
  await setImmediate();
  expect(failed).toHaveLength(1);
  hot.settle(['b'], () => true, 0);
  hot.close();
  await setImmediate();
  await setImmediate();
  expect(asked).toEqual(['a', 'b']);
  expect(opened.find(({ directory }) => directory === 'b')?.closed).toBe(true);
});
