/** A session with a main in memory whose watch tells what the test wants it to tell. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ChangeAction, Tree, WatchBatch } from '../../smb/types.ts';
import { fault } from '../handback/fake-main.ts';
import { FakeShare } from './ground.fake.ts';
import { oneAtATime } from './index.ts';
import type { Link } from './links.ts';
import { Load } from './load/load.ts';
import { runSession } from './session.ts';

const LIMIT_MS = 10_000;
let share: FakeShare;
let end: AbortController;
let session: Promise<void>;
let waiting: PromiseWithResolvers<WatchBatch> | undefined;
let queue: WatchBatch[];
/** Wraps what the live connection sees. */
let disguise: (tree: Tree) => Tree;

beforeEach(() => {
  share = new FakeShare();
  end = new AbortController();
  queue = [];
  waiting = undefined;
  disguise = (tree) => tree;
  share.main.write('a', undefined);
  share.main.write('a/one.txt', 'one');
  share.main.write('b', undefined);
  share.main.write('b/deep', undefined);
  share.main.write('b/deep/two.txt', 'two');
});

afterEach(async () => {
  end.abort();
  await session;
  share.clear();
});

async function* batches(): AsyncGenerator<WatchBatch> {
  for (;;) {
    const batch = queue.shift();
    waiting = Promise.withResolvers();
    yield batch ?? (await waiting.promise);
  }
}

function tell(...changes: [ChangeAction, string][]): void {
  const batch: WatchBatch = {
    kind: 'changes',
    changes: changes.map(([action, path]) => ({ action, path })),
    refused: [],
  };
  if (waiting === undefined) queue.push(batch);
  else waiting.resolve(batch);
  waiting = undefined;
}

function link(tree: Tree, close = (): void => {}): Link {
  return {
    tree,
    server: {
      guid: '0'.repeat(32),
      dialect: 0x0311,
      maxReadBytes: 1_048_576,
      maxWriteBytes: 1_048_576,
      maxTransactBytes: 1_048_576,
      systemTime: 0n,
      signing: 'aes-gmac',
      cipher: undefined,
    },
    echo: async () => 1,
    close,
    closed: new Promise(() => {}),
  };
}

function begin(watched: Promise<void> = Promise.resolve()): void {
  const live: Tree = {
    ...disguise(share.main.tree()),
    async watch() {
      await watched;
      return { batches: { [Symbol.asyncIterator]: batches }, close: () => {} };
    },
  };
  const options = {
    ground: share.ground,
    open: async () => link(share.main.tree()),
    gate: oneAtATime(),
    passEveryMs: 3_600_000,
    load: new Load({ clock: share.ground.clock, later: () => {} }),
    watching: () => {},
    passing: () => {},
  };
  session = runSession(
    link(live, () => waiting?.reject(fault('disconnected', 'a'))),
    options,
    end.signal,
  );
}

async function until(what: string, ask: () => boolean): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!ask()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}: ${share.visible().join(' ')}`);
    await pause(10);
  }
}

async function passed(): Promise<void> {
  begin();
  await until('the first pass', () => share.ground.index.share('docs').lastPassMs > 0);
}

const isSame = (): boolean => share.visible().join() === share.wanted().join();

it('begins its first pass only when the watch is there, so that nothing falls between them', async () => {
  const watched = Promise.withResolvers<void>();
  begin(watched.promise);
  await pause(400);
  expect(share.main.requests.filter((request) => request.startsWith('list'))).toEqual([]);
  watched.resolve();
  await until('the first pass', isSame);
});

it('looks into a directory that was renamed to the name of one that just moved out of the share', async () => {
  await passed();
  // Of a directory that leaves the share notify tells one event and nothing of its content.
  share.main.erase('a');
  share.moveFolder('b', 'a');
  tell(['removed', 'a'], ['renamed-from', 'b'], ['renamed-to', 'a']);
  await until('the new content', isSame);
});

it('finds a change that was told under the old name of a directory', async () => {
  await passed();
  share.main.write('b/deep/two.txt', 'second');
  share.main.write('b/deep/three.txt', 'three');
  share.moveFolder('b', 'c');
  tell(['modified', 'b/deep/two.txt'], ['added', 'b/deep/three.txt'], ['renamed-from', 'b'], ['renamed-to', 'c']);
  await until('the change', isSame);
});

it('makes no file of a spelling that was left, though the server still finds it', async () => {
  await passed();
  const fetches: string[] = [];
  share.main.before = (request, path) => {
    if (request === 'fetch') fetches.push(path);
  };
  share.moveFolder('a/one.txt', 'a/One.TXT');
  tell(['renamed-from', 'a/one.txt'], ['renamed-to', 'a/One.TXT'], ['modified', 'a/one.txt']);
  await until('the new spelling', isSame);
  await pause(1_000);
  expect(share.visible()).toEqual(share.wanted());
  expect(fetches).toEqual([]);
});

it('makes no file of the short name by which a server told of it', async () => {
  disguise = (tree) => ({
    ...tree,
    stat: (path) => tree.stat(path.replace('A_LONG~1.TXT', 'a long name.txt')),
    fetch: (path, hint, sink) => tree.fetch(path.replace('A_LONG~1.TXT', 'a long name.txt'), hint, sink),
  });
  await passed();
  share.main.write('a/a long name.txt', 'new');
  tell(['modified', 'a/A_LONG~1.TXT']);
  await until('its real name', () => share.visible().includes('a/a long name.txt=new'));
  expect(share.visible()).toEqual(share.wanted());
});

it('ends only when nothing it began can write any more', async () => {
  const held = Promise.withResolvers<void>();
  disguise = (tree) => ({
    ...tree,
    async stat(path) {
      const found = await tree.stat(path);
      if (path === 'a/moved.txt') await held.promise;
      return found;
    },
  });
  await passed();
  await share.main.tree().rename('a/one.txt', 'a/moved.txt', { replace: false });
  tell(['renamed-from', 'a/one.txt'], ['renamed-to', 'a/moved.txt']);
  await until('it is asked for', () => share.main.requests.includes('stat a/moved.txt'));
  end.abort();
  const atEnd = session.then(() => share.visible());
  await pause(100);
  held.resolve();
  const before = await atEnd;
  await pause(100);
  expect(share.visible()).toEqual(before);
});

it('lets a share that lost its connection go though the pass of another one lasts', async () => {
  const gate = oneAtATime();
  const off = new AbortController();
  const leave = await gate.enter(new AbortController().signal);
  const called = gate.enter(off.signal);
  const third = gate.enter(new AbortController().signal);
  off.abort();
  await expect(called).rejects.toThrow();
  let entered = false;
  const last = third.then((leaveIt) => {
    entered = true;
    leaveIt();
  });
  await pause(20);
  expect(entered).toBe(false);
  leave();
  await last;
  session = Promise.resolve();
});
