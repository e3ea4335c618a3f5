/** Tests of taking and releasing with every step failing in turn, and of what a process that did not run finds when it wakes. */
import { describe, expect, it } from 'vitest';
import type { Log } from '../base/log.ts';
import type { Arp } from './arp.ts';
import { type Hold, openHold } from './hold.ts';
import type { TakeOrder } from './messages.ts';

const ORDER: TakeOrder = {
  kind: 'take',
  decision: 'd1',
  interface: 'eth0',
  addresses: ['192.0.2.5', '192.0.2.6'],
  servePort: 4450,
};

interface Played {
  hold: Hold;
  /** What was done, in order. */
  done: string[];
  /** Steps that fail from now on. */
  failing: Set<string>;
  /** What is in the kernel now. */
  present: Set<number>;
  rules: () => string;
  pass(ms: number): void;
  /** Time that passes within the next step of that name. */
  slow(step: string, ms: number): void;
}

function play(): Played {
  let nowMs = 0;
  const done: string[] = [];
  const failing = new Set<string>();
  const present = new Set<number>();
  const slowness = new Map<string, number>();
  let rules = '';
  const step = (name: string): void => {
    done.push(name);
    nowMs += slowness.get(name) ?? 0;
    if (failing.has(name)) throw new Error(`${name} failed`);
  };
  const quiet = (): void => {};
  const log: Log = {
    debug: quiet,
    info: quiet,
    notice: quiet,
    warning: quiet,
    error: quiet,
    critical: quiet,
    from: () => log,
  };
  const arp: Arp = {
    interfaceName: 'eth0',
    probe: async () => ({ kind: 'silent' }),
    place: quiet,
    hold: (_addresses, _leaseMs, announce) => step(announce ? 'announce' : 'lease'),
    drop: () => step('arp drop'),
    close: async () => {},
  };
  const hold = openHold({
    clock: { monoMs: () => nowMs, wallMs: () => 0 },
    log,
    lifetimeMs: 6_000,
    arpOn: async () => {
      step('arp open');
      return arp;
    },
    endConnections: async (address) => step(`end connections of ${address}`),
    redirect: {
      async set({ addresses, closing }) {
        step(closing ? 'rules closing' : `rules for ${addresses.length}`);
        rules = closing ? 'closing' : addresses.join();
      },
      async clear() {
        step('rules away');
        rules = '';
      },
    },
    netlink: {
      add(_interface, address) {
        step(`add ${address & 255}`);
        present.add(address);
      },
      remove(_interface, address) {
        step(`remove ${address & 255}`);
        return present.delete(address);
      },
      removeAt: () => true,
      list: () => [],
      close: quiet,
    },
  });
  return {
    hold,
    done,
    failing,
    present,
    rules: () => rules,
    pass: (ms) => {
      nowMs += ms;
    },
    slow: (name, ms) => slowness.set(name, ms),
  };
}

describe('taking', () => {
  it('puts the rules first, then the addresses, then announces', async () => {
    const { hold, done } = play();
    await hold.take(ORDER);
    expect(done).toEqual(['arp open', 'rules for 2', 'add 5', 'add 6', 'announce']);
    expect(hold.held?.decision).toBe('d1');
  });

  it.each(['arp open', 'rules for 2', 'add 5', 'add 6', 'announce'])('fails at «%s»: nothing stays', async (name) => {
    const { hold, failing, present, rules } = play();
    failing.add(name);
    await expect(hold.take(ORDER)).rejects.toThrow(`${name} failed`);
    expect([...present]).toEqual([]);
    expect(rules()).toBe('');
    expect(hold.held).toBeUndefined();
  });

  it.each(['rules for 2', 'add 5', 'add 6'])(
    'stopped for long in «%s»: undone, for the decision is old',
    async (name) => {
      const { hold, slow, present } = play();
      slow(name, 5_000);
      await expect(hold.take(ORDER)).rejects.toMatchObject({ code: 'late' });
      expect([...present]).toEqual([]);
    },
  );

  it('says both what failed and what could not be undone', async () => {
    const { hold, failing } = play();
    failing.add('add 6').add('remove 5');
    await expect(hold.take(ORDER)).rejects.toThrow(/add 6 failed.*remove 5 failed/);
  });
});

describe('renewing', () => {
  it('renews the addresses and the lease of the defence', async () => {
    const { hold, done, pass } = play();
    await hold.take(ORDER);
    done.length = 0;
    pass(2_000);
    hold.renew();
    expect(done).toEqual(['add 5', 'add 6', 'lease']);
  });

  it('after a stop that was longer than the lifetime it touches nothing and says so', async () => {
    const { hold, done, pass } = play();
    await hold.take(ORDER);
    done.length = 0;
    pass(6_000);
    expect(() => hold.renew()).toThrow('this process did not run');
    expect(done).toEqual([]);
  });

  it('says when the kernel refuses', async () => {
    const { hold, failing } = play();
    await hold.take(ORDER);
    failing.add('add 6');
    expect(() => hold.renew()).toThrow('add 6 failed');
  });
});

describe('releasing', () => {
  it('lets nobody in, ends the connections, falls silent, and only then lets the address go', async () => {
    const { hold, done } = play();
    await hold.take(ORDER);
    done.length = 0;
    await hold.release();
    expect(done).toEqual([
      'rules closing',
      'end connections of 192.0.2.5',
      'end connections of 192.0.2.6',
      'arp drop',
      'remove 5',
      'remove 6',
      'rules away',
    ]);
  });

  it.each(['rules closing', 'end connections of 192.0.2.5', 'rules away'])(
    'goes on when «%s» fails: the address matters most',
    async (name) => {
      const { hold, failing, present } = play();
      await hold.take(ORDER);
      failing.add(name);
      await hold.release();
      expect([...present]).toEqual([]);
      expect(hold.held).toBeUndefined();
    },
  );

  it('says when an address could not be removed, having removed the others', async () => {
    const { hold, failing, present } = play();
    await hold.take(ORDER);
    failing.add('remove 5');
    await expect(hold.release()).rejects.toThrow('remove 5 failed');
    expect(present.size).toBe(1);
  });

  it('leaves the guard of the serve port standing where one was asked for', async () => {
    const { hold, done } = play();
    await hold.guard(4450);
    await hold.take(ORDER);
    done.length = 0;
    await hold.release();
    expect(done.at(-1)).toBe('rules for 0');
  });
});
