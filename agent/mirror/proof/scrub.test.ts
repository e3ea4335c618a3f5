/** The scrub against a main in memory: what it heals, and what is none of its business. */
import fs from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../../../test/fakes/log.ts';
import { FakeShare } from '../ground.fake.ts';
import type { Link } from '../links.ts';
import { Scrub } from './scrub.ts';
import { ProofStore } from './store.ts';

const LIMIT_MS = 20_000;

let share: FakeShare;
let scrub: Scrub | undefined;
const alerts: string[] = [];
let isBusy = false;
let isFollowed = true;

beforeEach(() => {
  share = new FakeShare();
  alerts.length = 0;
  isBusy = false;
  isFollowed = true;
});

afterEach(async () => {
  await scrub?.stop();
  share.clear();
});

let asks = 0;

function asked(question: () => boolean): () => boolean {
  return () => {
    asks += 1;
    return question();
  };
}

/** It has asked several times whether it may. */
async function turns(): Promise<void> {
  asks = 0;
  await until('it asks whether it may', () => asks >= 4);
}

function start(): ProofStore {
  const store = new ProofStore(share.ground.index);
  const link = (): Link => ({
    tree: { ...share.main.tree(), identity: async () => ({ volumeSerial: 7, rootFileId: 1n }) },
    server: Object.create(null),
    echo: async () => 0,
    close: () => {},
    closed: new Promise(() => {}),
  });
  scrub = new Scrub({
    shares: [{ ground: share.ground, isFollowed: asked(() => isFollowed) }],
    store,
    open: async () => link(),
    clock: share.ground.clock,
    log: silentLog,
    random: () => 0.5,
    everyMs: 86_400_000,
    isBusy: asked(() => isBusy),
    alert: (code, what) => alerts.push(`${code} ${what}`),
  });
  scrub.start();
  return store;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function mirrored(...files: string[]): Promise<void> {
  share.main.write('a', undefined);
  for (const file of files) share.main.write(file, `content of ${file}`);
  await share.pass();
}

it('leaves a change of the main to the mirror, and says that it proved nothing', async () => {
  await mirrored('a/one.txt', 'a/two.txt');
  share.main.write('a/one.txt', 'a newer content');
  const { shareId, index, rootId } = share.ground;
  const store = start();
  await until('the cycle is over', () => store.scrub(shareId).provedMs > 0);
  expect(store.scrub(shareId)).toMatchObject({ cursor: 0, leftOut: 1 });
  expect(alerts).toEqual([]);
  expect(fs.readFileSync(share.at('a/one.txt'), 'utf8')).toBe('content of a/one.txt');
  expect(store.provenMs(index.find(rootId, 'a/one.txt')?.id ?? 0)).toBe(0);
  expect(store.provenMs(index.find(rootId, 'a/two.txt')?.id ?? 0)).toBeGreaterThan(0);
});

it('reverts what was written here, and keeps it', async () => {
  await mirrored('a/one.txt', 'a/two.txt');
  fs.writeFileSync(share.at('a/one.txt'), 'written by somebody here');
  const { shareId } = share.ground;
  const store = start();
  await until('the cycle is over', () => store.scrub(shareId).provedMs > 0);
  expect(alerts).toEqual([expect.stringContaining('drift-reverted docs/a/one.txt was changed on the mirror itself')]);
  expect(share.attic()).toEqual(['docs/a/one.txt=written by somebody here']);
  expect(share.visible()).toEqual(share.wanted());
});

it('asks the main nothing while anything else is at work or the share is not followed, and goes on from its cursor', async () => {
  await mirrored(...Array.from({ length: 60 }, (_, n) => `a/${n}.txt`));
  const { shareId } = share.ground;
  let store = start();
  await until('it is under way', () => store.scrub(shareId).cursor > 20);
  await scrub?.stop();
  const { cursor, beganMs } = store.scrub(shareId);
  expect(store.scrub(shareId).provedMs).toBe(0);
  share.main.requests.length = 0;
  isBusy = true;
  store = start();
  await turns();
  expect(share.main.requests).toEqual([]);
  await scrub?.stop();
  isBusy = false;
  isFollowed = false;
  start();
  await turns();
  expect(share.main.requests).toEqual([]);
  await scrub?.stop();
  isFollowed = true;
  store = start();
  await until('the cycle is over', () => store.scrub(shareId).provedMs > 0);
  expect(store.scrub(shareId)).toMatchObject({ provedMs: beganMs, leftOut: 0 });
  const fetched = share.main.requests.filter((request) => request.startsWith('fetch'));
  expect(fetched.length).toBeLessThan(60);
  expect(cursor).toBeGreaterThan(20);
});
