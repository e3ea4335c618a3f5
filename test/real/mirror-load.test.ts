/** The load on a real main: a limit that holds at the client with time by hand, and an engine that gives way to a main that becomes slow. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { guardOf, linkOpener } from '../../agent/engine-main.ts';
import { Load } from '../../agent/mirror/load/load.ts';
import { connect } from '../../smb/index.ts';
import type { Tree } from '../../smb/types.ts';
import { seeded } from '../../tryout/files.ts';
import { type Engine, until, World } from './mirror-world.ts';

const PORT = 4497;
const SLOW_PORT = 4498;
const MEGABIT = 125_000;
const EVERY_DAY = { fromMinute: 0, toMinute: 1_440, days: [0, 1, 2, 3, 4, 5, 6] };
let world: World | undefined;
let closing: (() => void) | undefined;

afterEach(async () => {
  closing?.();
  closing = undefined;
  await world?.close();
});

function noise(bytes: number): Buffer {
  const chance = seeded(bytes);
  return Buffer.from(Array.from({ length: bytes }, () => Math.floor(chance() * 256)));
}

it('brings 5 MB at 10 mbit as time brings them, and not a byte more', async () => {
  world = await World.make({ port: PORT });
  const content = noise(4_000_000);
  world.put('big.bin', content);
  for (let n = 0; n < 25; n += 1) world.put(`small/${n}.bin`, content.subarray(0, 40_000));
  let nowMs = 0;
  let arrived = 0;
  const timers: { dueMs: number; act(): void }[] = [];
  const load = new Load({
    clock: { monoMs: () => nowMs, wallMs: () => nowMs },
    later: (act, ms) => timers.push({ dueMs: nowMs + ms, act }),
  });
  load.setLimits([{ bytesPerSecond: 10 * MEGABIT, ...EVERY_DAY }]);
  const before = load.before('pass');
  const connection = await connect({
    host: '127.0.0.1',
    port: PORT,
    connectTimeoutMs: 5_000,
    requestTimeoutMs: 20_000,
    bulk: {
      ...before,
      arrived: (bytes) => {
        arrived += bytes;
        before.arrived(bytes);
      },
    },
  });
  closing = () => connection.close();
  const tree = await (await connection.logon({ user: 'alice', domain: '', password: 'alice-1' })).tree('Office');
  const pieces: { data: Buffer; at: number }[] = [];
  let isDone = false;
  const all = Promise.all([
    tree.fetch('big.bin', content.length, { data: (data, at) => void pieces.push({ data: Buffer.from(data), at }) }),
    ...Array.from({ length: 25 }, (_, n) => tree.fetch(`small/${n}.bin`, 40_000, { data: () => 'used' })),
  ]).then(() => {
    isDone = true;
  });
  // Nothing is under way, and time alone can bring more.
  const isHeld = (): boolean => isDone || (load.inFlight === 0 && timers.length > 0);
  while (!isDone) {
    await until('everything that may come has come', () => isHeld());
    // A burst of a quarter of a second, and one read of 1 MiB that leaves a debt.
    expect(arrived).toBeLessThanOrEqual(10 * MEGABIT * (nowMs / 1_000 + 0.25) + 1_048_576 + 65_536);
    expect(nowMs).toBeLessThan(10_000);
    // A look at a file is never held up.
    await tree.stat('big.bin');
    nowMs += 10;
    for (const timer of timers.splice(0)) {
      if (timer.dueMs <= nowMs) timer.act();
      else timers.push(timer);
    }
  }
  await all;
  expect(arrived).toBeGreaterThan(5_000_000);
  expect(arrived).toBeLessThan(5_000_000 * 1.1);
  // The last read may come early, as the debt that it leaves is nobody's.
  expect(nowMs).toBeGreaterThan(((arrived - 1_048_576) / (10 * MEGABIT) - 0.25) * 1_000 - 10);
  expect(nowMs).toBeLessThan((arrived / (10 * MEGABIT)) * 1_000 * 1.1);
  const copy = Buffer.alloc(content.length);
  for (const { data, at } of pieces) data.copy(copy, at);
  expect(copy.equals(content)).toBe(true);
}, 60_000);

it('holds the listings of a pass back, those of what is live and the looks of both not', async () => {
  world = await World.make({ port: PORT });
  world.put('folder/file.txt', 'abc');
  let nowMs = 0;
  const timers: (() => void)[] = [];
  const clock = { monoMs: () => nowMs, wallMs: () => nowMs };
  const load = new Load({ clock, later: (act) => timers.push(act) });
  load.setLimits([{ bytesPerSecond: 8_000, ...EVERY_DAY }]);
  const logon = { user: 'alice', domain: '', password: 'alice-1' };
  const open = linkOpener({ address: '127.0.0.1', port: PORT }, logon, guardOf({ logon }, clock), load);
  const live = await open('Office');
  const pass = await open('Office', 'pass');
  closing = () => {
    live.close();
    pass.close();
  };
  // A debt of a minute.
  load.before('live').arrived(1_000_000);
  const names: string[] = [];
  const list = async (tree: Tree, who: string): Promise<void> => {
    for await (const { entries } of tree.list('folder')) names.push(...entries.map(({ name }) => `${who} ${name}`));
  };
  const passing = list(pass.tree, 'pass');
  await list(live.tree, 'live');
  // The same connection, one after the other: a listing that was asked for would be there by now.
  for (let n = 0; n < 3; n += 1) await pass.tree.stat('folder/file.txt');
  expect(names).toEqual(['live file.txt']);
  nowMs += 61_000;
  for (const act of timers.splice(0)) act();
  await passing;
  expect(names).toEqual(['live file.txt', 'pass file.txt']);
});

/** Passes connections on, in both directions each piece so much later as is told at that moment; the order stays. */
async function startSlowWay(to: number): Promise<{ delayMs: number; close(): void }> {
  const sockets = new Set<net.Socket>();
  const way = { delayMs: 0, close: () => {} };
  const pass = (from: net.Socket, into: net.Socket): void => {
    let last = Promise.resolve();
    from.on('data', (piece) => {
      const due = new Promise((resolve) => setTimeout(resolve, way.delayMs));
      last = last.then(() => due).then(() => void into.write(piece));
    });
    from.on('close', () => into.destroy());
    from.on('error', () => into.destroy());
  };
  const server = net.createServer((near) => {
    const far = net.connect({ host: '127.0.0.1', port: to });
    for (const socket of [near, far]) sockets.add(socket);
    pass(near, far);
    pass(far, near);
  });
  await new Promise<void>((resolve) => server.listen(SLOW_PORT, '127.0.0.1', resolve));
  way.close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return way;
}

const loadOf = (engine: Engine) => engine.last('mirror')?.load;

it('gives way while the main answers slowly, goes on, and takes its width again', async () => {
  world = await World.make({ port: PORT });
  const way = await startSlowWay(PORT);
  closing = way.close;
  const content = noise(20_000);
  fs.mkdirSync(world.main('many'), { recursive: true });
  for (let n = 0; n < 3_000; n += 1) fs.writeFileSync(path.join(world.main('many'), `${n}.bin`), content);
  world.own();
  const engine = world.engine({ main: { address: '127.0.0.1', port: SLOW_PORT } }, false);
  // So that the pass lasts until everything was seen.
  engine.send({ kind: 'limit', limits: [{ bytesPerSecond: 8 * MEGABIT, ...EVERY_DAY }] });
  engine.send({ kind: 'mirror' });
  const placed = (): number => engine.share('Office')?.files ?? 0;
  await until('the limit holds', () => loadOf(engine)?.limiting === true && placed() > 300);
  expect(loadOf(engine)).toMatchObject({ limitBytesPerSecond: 8 * MEGABIT });
  way.delayMs = 150;
  await until('it gives way', () => (loadOf(engine)?.inFlightAtMost ?? 64) <= 2);
  const atMost = placed();
  await until('it goes on all the same', () => placed() > atMost);
  way.delayMs = 0;
  await until('it widens', () => (loadOf(engine)?.inFlightAtMost ?? 0) >= 10);
  engine.send({ kind: 'limit', limits: [] });
  await world.live(engine);
  expect(loadOf(engine)).toMatchObject({ limitBytesPerSecond: 0, limiting: false });
  expect(world.differences()).toEqual([]);
}, 120_000);
