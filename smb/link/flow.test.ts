/** What keeps the traffic in bounds: credits, the gate, time limits, the queue. */
import { describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { Credits } from './credits.ts';
import { Exchange, INTERIM_PATIENCE_MS, InFlight, type Outgoing, type Waiting } from './exchange.ts';
import { Fifo } from './fifo.ts';
import { Gate } from './gate.ts';
import { Protection } from './protection.ts';

describe('credits', () => {
  it('count what is in flight as ours, and stop asking for more when there are enough', () => {
    const credits = new Credits();
    expect(credits.ask(1)).toBeGreaterThan(1);
    credits.settle(0, 700);
    expect(credits.window).toBe(701);
    credits.spend(16);
    expect(credits).toMatchObject({ balance: 685, window: 701 });
    expect(credits.ask(16)).toBe(16);
    credits.settle(16, 16);
    expect(credits).toMatchObject({ balance: 701, window: 701 });
  });
});

describe('the queue', () => {
  it('gives everything back in order, also after thousands', () => {
    const fifo = new Fifo<number>();
    const out: (number | undefined)[] = [];
    for (let index = 0; index < 5_000; index += 1) {
      fifo.push(index);
      if (index % 3 === 0) out.push(fifo.shift());
    }
    expect(fifo.length).toBe(5_000 - out.length);
    out.push(...fifo.drain());
    expect(out).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
    expect(fifo.shift()).toBeUndefined();
    expect(fifo.length).toBe(0);
  });
});

describe('the gate', () => {
  /** Lets all that is due happen. */
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('lets a limited number in, and finishes what is begun before it begins more', async () => {
    const gate = new Gate();
    const order: string[] = [];
    for (let index = 0; index < 64; index += 1) await gate.enter(1, 'fresh');
    const waiting = [
      gate.enter(1, 'fresh').then(() => order.push('fresh')),
      gate.enter(1, 'continuing').then(() => order.push('continuing')),
    ];
    await settled();
    expect(order).toEqual([]);
    gate.leave(1);
    await settled();
    expect(order).toEqual(['continuing']);
    gate.leave(1);
    await Promise.all(waiting);
    expect(order).toEqual(['continuing', 'fresh']);
  });

  it('lets a limited number of bytes in, but never keeps a single one out for its size', async () => {
    const gate = new Gate();
    await gate.enter(100 * 1_048_576, 'continuing');
    let entered = false;
    const next = gate.enter(1, 'continuing').then(() => {
      entered = true;
    });
    await settled();
    expect(entered).toBe(false);
    gate.leave(100 * 1_048_576);
    await next;
  });

  it('turns everybody away once it is shut', async () => {
    const gate = new Gate();
    await gate.enter(100 * 1_048_576, 'fresh');
    const waiting = gate.enter(1, 'fresh');
    gate.shut(new Failure({ code: 'disconnected', doing: 'test', what: 'gone' }));
    await expect(waiting).rejects.toMatchObject({ code: 'disconnected' });
    await expect(gate.enter(1, 'fresh')).rejects.toMatchObject({ code: 'disconnected' });
  });
});

describe('time limits', () => {
  const keys = { signing: Buffer.alloc(16), encrypt: undefined, decrypt: undefined };
  const session = new Protection(1n, { signing: 'aes-gmac', cipher: undefined }, keys);

  function waiting(deadlineMs: number, protection: Protection | undefined): Waiting {
    const outgoing: Outgoing = {
      parts: [],
      treeId: 0,
      protection,
      encrypt: false,
      lane: 'bulk',
      timeoutMs: 1_000,
      doing: 'test',
      subject: 'it',
    };
    const exchange = new Exchange(outgoing);
    return { exchange, index: 0, command: 0, charge: 1, deadlineMs, asyncId: undefined, interim: false };
  }

  it('find the request whose time is up, and never one without a limit', () => {
    const inFlight = new InFlight(0);
    inFlight.add(1, waiting(Number.POSITIVE_INFINITY, session));
    const late = waiting(1_000, session);
    inFlight.add(2, late);
    for (let now = 100; now <= 1_000; now += 100) expect(inFlight.overdue(now, 100)).toBeUndefined();
    expect(inFlight.overdue(1_100, 100)).toBe(late);
  });

  it('forgive the server what our own process was late', () => {
    const inFlight = new InFlight(0);
    inFlight.add(1, waiting(1_000, session));
    // The process stood still for nine seconds; the answer may lie unread.
    expect(inFlight.overdue(9_100, 100)).toBeUndefined();
    expect(inFlight.overdue(9_200, 100)).toBeUndefined();
    expect(inFlight.overdue(10_000, 800)).toBeUndefined();
    expect(inFlight.overdue(10_100, 100)).toBeDefined();
  });

  it('are longer, once, for what the server says it works on', () => {
    const inFlight = new InFlight(0);
    const slow = waiting(1_000, session);
    inFlight.wentAsync(slow, 5n, 500);
    expect(slow).toMatchObject({ asyncId: 5n, deadlineMs: 500 + INTERIM_PATIENCE_MS });
    inFlight.wentAsync(slow, 5n, 9_000);
    expect(slow.deadlineMs).toBe(500 + INTERIM_PATIENCE_MS);
  });

  it('are not longer before the logon', () => {
    const early = waiting(1_000, undefined);
    new InFlight(0).wentAsync(early, 5n, 500);
    expect(early.deadlineMs).toBe(1_000);
  });
});
