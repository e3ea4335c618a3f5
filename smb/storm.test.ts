/**
 * Nothing leaks a handle: everything that the client can do, at once, on connections that stay open, with sources and sinks that
 * throw, loops that are left, watches that are closed at any moment, and paths that others remove meanwhile. Afterwards the server
 * holds nothing open for us.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { errnoOf, isFailure } from '../base/failure.ts';
import { seeded } from '../tryout/files.ts';
import { ACCOUNT, type Stand, startStand } from './scripted/stand.ts';
import type { Connection, Session, Tree } from './types.ts';

const LONG = process.env['STANDBY_LONG'] !== undefined;
const SEEDS = LONG ? [1, 2, 3, 4, 5, 6] : [1];
const OPERATIONS = LONG ? 6_000 : 700;
const CONNECTIONS = 3;
/** Operations under way on each connection. */
const WIDTH = 12;
const BIG_BYTES = 3 * 1_048_576 + 5;

let stand: Stand;
afterEach(() => stand.stop());

/** What the storm throws itself. */
class Enough extends Error {}

interface Client {
  connection: Connection;
  session: Session;
  tree: Tree;
}

const NAMES = [
  'one',
  'two',
  'three',
  'größer',
  'd/one',
  'd/two',
  'd',
  'e/f/one',
  'e/f',
  'e',
  'big',
  'missing/x',
  'bad\\name',
];

/** One operation of a client; resolves when it is over, whatever came of it. */
function operations(chance: () => number): ((client: Client) => Promise<unknown>)[] {
  const below = (most: number): number => Math.floor(chance() * most);
  const name = (): string => NAMES[below(NAMES.length)] ?? '';
  const size = (): number => [0, 10, 65_536, 70_000, 300_000, BIG_BYTES][below(6)] ?? 0;
  const enough = (): never => {
    throw new Enough();
  };
  const late = async (): Promise<never> => {
    await new Promise((resolve) => setImmediate(resolve));
    throw new Enough();
  };
  const sinks = [
    { data: () => undefined },
    { data: enough },
    { data: late },
    { begin: enough, data: () => undefined },
    { data: () => new Promise<void>((resolve) => setImmediate(resolve)) },
  ];
  const source = (bytes: number): { size: number; read: (offset: number, length: number) => Buffer } => ({
    size: bytes,
    read: (_offset, length) => Buffer.alloc(length, 7),
  });
  const brokenSource = (bytes: number): { size: number; read: (offset: number, length: number) => Buffer } => ({
    size: bytes,
    read: (offset, length) => (offset + length >= bytes ? enough() : Buffer.alloc(length)),
  });
  const watching = async (tree: Tree, batches: number): Promise<void> => {
    const watch = await tree.watch(['', 'd', 'e', name()][below(4)] ?? '', { recursive: chance() < 0.5 });
    try {
      for (let left = batches; left > 0; left -= 1) {
        const loop = watch.batches[Symbol.asyncIterator]();
        const next = loop.next();
        // Somebody else's change, or nobody's: closed either way.
        await Promise.race([next, tree.stat('')]);
        if (chance() < 0.5) watch.close();
      }
    } finally {
      watch.close();
      watch.close();
    }
    for await (const batch of watch.batches) expect(batch.kind).toMatch(/changes|overflow/);
  };
  const leaving = async (tree: Tree, batches: number): Promise<void> => {
    for await (const _ of tree.list(['', 'many', name()][below(3)] ?? '')) if (below(batches + 1) === 0) break;
  };
  return [
    ({ tree }) => leaving(tree, 0),
    ({ tree }) => leaving(tree, 2),
    async ({ tree }) => {
      const list = tree.list('many');
      await list.next();
      await list.return();
    },
    async ({ tree }) => {
      // Left while an answer is under way.
      const list = tree.list('many');
      const first = list.next();
      const left = list.return();
      await Promise.all([first, left]);
    },
    ({ tree }) => tree.fetch(name(), size(), sinks[below(sinks.length)] ?? { data: enough }),
    ({ tree }) => tree.fetch('big', size(), sinks[below(sinks.length)] ?? { data: enough }),
    ({ tree }) => tree.fetch(name(), size(), { data: () => undefined }),
    ({ tree }) => tree.store(name(), source(size())),
    ({ tree }) => tree.store(name(), source(size()), { attributes: 0x21 }),
    ({ tree }) => tree.store(`d/${below(50)}`, brokenSource(size())),
    ({ tree }) => tree.store(`d/${below(50)}`, { ...source(size()), begin: late }),
    ({ tree }) => tree.stat(name()),
    ({ tree }) => tree.alone(name()),
    ({ tree }) => tree.makeDirectory(name()),
    ({ tree }) => tree.rename(name(), name(), { replace: chance() < 0.5 }),
    ({ tree }) => tree.rename(name(), 'one', { replace: false }),
    ({ tree }) => tree.removeFile(name()),
    ({ tree }) => tree.removeFile(name(), () => chance() < 0.5),
    ({ tree }) => tree.removeFile(name(), enough),
    ({ tree }) => tree.removeDirectory(['d', 'e', 'e/f', 'many'][below(4)] ?? 'd'),
    ({ tree }) => tree.setBasic(name(), { written: 133_000_000_000_000_000n, attributes: below(2) }),
    ({ tree }) => tree.setBasic(name(), { attributes: 0x80 }, () => chance() < 0.5),
    ({ tree }) => tree.setBasic(name(), { attributes: 0x80 }, enough),
    async ({ tree }) => tree.writeSecurity(name(), await tree.readSecurity(name())),
    ({ tree }) => watching(tree, 0),
    ({ tree }) => watching(tree, 1),
    ({ tree }) => watching(tree, 3),
    async ({ tree }) => {
      const file = await tree.open(name(), { access: 'read-write', create: 'either' });
      const under = [file.write(0, Buffer.alloc(size())), file.read(0, 70_000), file.close()];
      for (const outcome of await Promise.allSettled(under)) if (outcome.status === 'rejected') throw outcome.reason;
    },
    async ({ tree }) => {
      await using file = await tree.open(name(), { access: 'read', directory: chance() < 0.3 });
      if (file.stat.directory || chance() < 0.5) enough();
      await file.read(0, 10);
    },
    ({ tree }) => Promise.all([tree.space(), tree.identity()]),
    ({ session }) => session.shares(),
    ({ session }) => session.openFiles(5),
    async ({ session }) => {
      const other = await session.tree('docs');
      await Promise.allSettled([leaving(other, 1), other.fetch('big', 0, { data: enough })]);
      await other.disconnect();
    },
    ({ session }) => session.tree('no such share'),
    // Another program on the server.
    async () => clear(['one', 'd/one', 'big', 'e'][below(4)] ?? 'one'),
    async () => make(['one', 'two', 'three', 'größer', 'd/one', 'd/two', 'e/f/one'][below(7)] ?? 'one', size()),
    async () => make(['one', 'two', 'three', 'größer', 'd/one', 'd/two', 'e/f/one'][below(7)] ?? 'one', size()),
    async () => {
      clear('big');
      fs.writeFileSync(path.join(stand.folder, 'big'), Buffer.alloc(BIG_BYTES, below(256)));
    },
  ];
}

function make(name: string, bytes: number): void {
  // By now a file may have the name of a folder, or the other way round.
  clear(name.split('/')[0] ?? name);
  fs.mkdirSync(path.dirname(path.join(stand.folder, name)), { recursive: true });
  fs.writeFileSync(path.join(stand.folder, name), Buffer.alloc(bytes, 1));
}

function clear(name: string): void {
  fs.rmSync(path.join(stand.folder, name), { recursive: true, force: true });
}

async function client(): Promise<Client> {
  const connection = await stand.connect();
  const session = await connection.logon(ACCOUNT);
  return { connection, session, tree: await session.tree('docs') };
}

/** Runs so many operations; returns what came of them, by code. */
async function rage(seed: number, clients: readonly Client[]): Promise<Map<string, number>> {
  const chance = seeded(seed);
  const all = operations(chance);
  const outcomes = new Map<string, number>();
  let left = OPERATIONS;
  const lane = async (of: Client): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const operation = all[Math.floor(chance() * all.length)];
      let code = 'done';
      try {
        await operation?.(of);
      } catch (error) {
        // The program beside meets what the clients do at the same time.
        const known = isFailure(error) ? error.code : error instanceof Enough ? 'enough' : errnoOf(error);
        if (known === undefined) throw error;
        code = known;
      }
      outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
    }
  };
  await Promise.all(clients.flatMap((of) => Array.from({ length: WIDTH }, () => lane(of))));
  return outcomes;
}

describe.each([
  ['plenty of credits', []],
  // Chains go out part by part then.
  ['few credits', ['smb2 max credits = 16']],
])('with %s', (_remark, global) => {
  it.each(SEEDS)(
    `the server holds nothing open after ${OPERATIONS} operations on ${CONNECTIONS} connections, seed %d`,
    { timeout: LONG ? 600_000 : 120_000 },
    async (seed) => {
      stand = await startStand({ global, requestTimeoutMs: 60_000 });
      fs.mkdirSync(path.join(stand.folder, 'many'));
      for (let n = 0; n < 1_500; n += 1) fs.writeFileSync(path.join(stand.folder, 'many', `a long name ${n}`), '');
      const clients = await Promise.all(Array.from({ length: CONNECTIONS }, client));
      const [first] = clients;
      const held = await first?.tree.watch('many', { recursive: false });

      const outcomes = await rage(seed, clients);

      // What is open is seen: this one is.
      await expect.poll(() => stand.openFiles(), { timeout: 20_000 }).toEqual(['many']);
      held?.close();
      await expect.poll(() => stand.openFiles(), { timeout: 20_000 }).toEqual([]);
      // And every connection still is there: nothing was closed by its end.
      for (const { tree } of clients) await tree.stat('');
      for (const code of ['disconnected', 'timeout', 'malformed', 'bad-signature'])
        expect([...outcomes.keys()]).not.toContain(code);
      // It was a storm: most things happened.
      for (const code of [
        'done',
        'enough',
        'not-found',
        'exists',
        'access-denied',
        'not-empty',
        'changed',
        'bad-share',
        'bad-name',
      ])
        expect([...outcomes.keys()]).toContain(code);
    },
  );
});
