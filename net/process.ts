/**
 * The network process without its command line: composes door, watching and holding, and keeps the promises that none of
 * them can keep alone:
 *
 *  - Orders run one after the other; none is dropped, none overlaps.
 *  - While an address is held, or being taken, no probe goes to the main: it would meet ourselves. A plan that came before rests.
 *  - Renewals come every third of the lifetime, whatever the orders are doing.
 *  - When no standbyd was heard for graceMs, everything is released and the process ends.
 *  - A fault of ours (an unexpected exception) releases everything and ends the process: standbyd starts a new one.
 */
import type { Clock } from '../base/clock.ts';
import { Failure, failureOf, textOf } from '../base/failure.ts';
import { interfaceIndex } from '../base/libc.ts';
import type { Log } from '../base/log.ts';
import type { Connection, ConnectOptions } from '../smb/types.ts';
import { type Arp, openArp } from './arp.ts';
import { type Door, lockRunFolder, openDoor } from './door.ts';
import { openHold } from './hold.ts';
import { LATE_MS, openLateness, TICK_MS } from './lateness.ts';
import { type FromNet, NET_BEAT_MS, type ProbePlan, type TakeOrder, type ToNet } from './messages.ts';
import { openNetlink } from './netlink.ts';
import { openLogonGate } from './probes/logon-gate.ts';
import { systemAfter } from './probes/round.ts';
import { type Watching, watch } from './probes/watch.ts';
import { endConnections, openRedirect } from './redirect.ts';

export interface NetOptions {
  runFolder: string;
  clock: Clock;
  log: Log;
  connect(options: ConnectOptions): Promise<Connection>;
  /** How long a silent or absent standbyd is waited for (HOLD_GRACE_MS). */
  graceMs: number;
  /** Kernel lifetime of taken addresses (ADDRESS_LIFETIME_MS); whole seconds. */
  lifetimeMs: number;
}

/** Orders that wait at once: standbyd sends one and waits for its answer. */
const ORDER_LIMIT = 16;

export interface NetProcess {
  /** Releases everything and resolves when that is done. */
  end(why: string): Promise<void>;
  /** Like end, for a fault of ours. */
  fail(error: unknown): void;
  /** Resolves with the reason when the process is to end; everything is released then. */
  readonly ended: Promise<{ why: string; fault: boolean }>;
}

/** Throws a Failure when it cannot start: `already-running`, `insecure-folder`, no right to change addresses, no nft. */
export async function runNet(options: NetOptions): Promise<NetProcess> {
  const { clock, log } = options;
  const lateness = openLateness(clock.monoMs());
  const gate = openLogonGate(clock);
  let plan: ProbePlan | undefined;
  let watching: Watching | undefined;
  let arp: Promise<Arp> | undefined;
  let arpInterface = '';
  let beat = 0;
  let runningSinceMs = clock.monoMs();
  let waitingOrders = 0;
  let queue: Promise<void> = Promise.resolve();
  let ending: Promise<void> | undefined;

  const lock = lockRunFolder(options.runFolder);
  let door: Door | undefined;
  const send = (message: FromNet): void => door?.send(message);
  const netlink = openNetlink();

  const arpOn = (interfaceName: string): Promise<Arp> => {
    if (arp !== undefined && arpInterface === interfaceName) return arp;
    const before = arp;
    arpInterface = interfaceName;
    const opening = (
      before?.then(
        (old) => old.close(),
        () => {},
      ) ?? Promise.resolve()
    ).then(() =>
      openArp(interfaceName, {
        rival: (address, mac) => send({ kind: 'rival', address, mac }),
        died: (why) => broken(new Failure({ code: 'thread', doing: 'watch', subject: interfaceName, what: why })),
      }),
    );
    arp = opening;
    opening.catch(() => {
      if (arp === opening) arp = undefined;
    });
    return opening;
  };

  const hold = openHold({
    clock,
    log,
    netlink,
    redirect: openRedirect(),
    endConnections,
    arpOn,
    lifetimeMs: options.lifetimeMs,
  });

  const rest = (): void => {
    watching?.stop();
    watching = undefined;
  };
  const begin = (): void => {
    rest();
    if (plan === undefined || hold.held !== undefined) return;
    const { interface: name } = plan;
    watching = watch(plan, {
      clock,
      after: systemAfter,
      connect: options.connect,
      gate,
      lateness,
      arp: () => arpOn(name),
      ownNetworks: () => netlink.list().filter((each) => !each.ours && each.interfaceIndex === interfaceIndex(name)),
      evidence: send,
      broken,
    });
  };

  /** Runs an order when those before it are done; what it throws is its answer. */
  const inOrder = (decision: string, run: () => Promise<void>): void => {
    if (waitingOrders >= ORDER_LIMIT) {
      send({ kind: 'failed', decision, code: 'too-many-orders', what: `${ORDER_LIMIT} orders wait already` });
      return;
    }
    waitingOrders += 1;
    queue = queue.then(async () => {
      try {
        if (ending === undefined) await run();
      } catch (error) {
        const { code, message, hint } = failureOf(error, 'carry out an order');
        log.error(message, { code, decision, hint });
        send({ kind: 'failed', decision, code, what: message });
      }
      waitingOrders -= 1;
    });
  };

  const take = async (order: TakeOrder, beganMs: number): Promise<void> => {
    // An order before this one may have begun to watch again.
    rest();
    try {
      await hold.take(order);
    } finally {
      begin();
    }
    const ms = clock.monoMs() - beganMs;
    log.notice('taken', { decision: order.decision, addresses: order.addresses.join(','), ms });
    send({ kind: 'taken', decision: order.decision, ms });
  };
  const release = async (decision: string, beganMs: number): Promise<void> => {
    const { held } = hold;
    if (held !== undefined && held.decision !== decision) {
      const what = `it is held for the decision ${held.decision}`;
      throw new Failure({ code: 'other-decision', doing: 'release', subject: held.addresses.join(', '), what });
    }
    await hold.release();
    begin();
    const ms = clock.monoMs() - beganMs;
    log.notice('released', { decision, ms });
    send({ kind: 'released', decision, ms });
  };

  const receive = (message: ToNet): void => {
    const beganMs = clock.monoMs();
    switch (message.kind) {
      case 'beat':
        break;
      case 'watch':
        plan = message;
        begin();
        break;
      case 'watch-stop':
        plan = undefined;
        rest();
        break;
      case 'look':
        watching?.look();
        break;
      case 'guard':
        inOrder('', () => hold.guard(message.servePort));
        break;
      case 'take':
        rest();
        inOrder(message.decision, () => take(message, beganMs));
        break;
      case 'release':
        inOrder(message.decision, () => release(message.decision, beganMs));
        break;
      case 'end':
        void end('standbyd asked for it');
        break;
    }
  };

  const renew = (): void => {
    const { held } = hold;
    if (held === undefined || ending !== undefined) return;
    try {
      hold.renew();
    } catch (error) {
      const { code, message } = failureOf(error, 'hold', held.addresses.join(', '));
      log.critical('an address that was held is held no more', { code, what: message, decision: held.decision });
      inOrder(held.decision, async () => {
        await hold.release();
        begin();
        throw error;
      });
    }
  };

  await hold.clearLeftovers();
  const opened = await openDoor(options.runFolder, clock, {
    greeting: () => ({
      kind: 'holding',
      decision: hold.held?.decision ?? '',
      addresses: hold.held?.addresses ?? [],
      pid: process.pid,
    }),
    message: receive,
  });
  door = opened;

  const timers = [
    setInterval(() => lateness.tick(clock.monoMs()), TICK_MS),
    setInterval(() => {
      beat += 1;
      const nowMs = clock.monoMs();
      const lateMs = lateness.takeWorstMs(nowMs);
      send({ kind: 'beat', n: beat, lateMs: Math.round(lateMs), rssBytes: process.memoryUsage.rss() });
      // While we did not run, standbyd's beats waited unread: that is not its silence.
      if (lateMs > LATE_MS) runningSinceMs = nowMs;
      const silentMs = nowMs - Math.max(opened.heardMs, runningSinceMs);
      if (silentMs > options.graceMs) void end(`no standbyd was heard for ${Math.round(silentMs)} ms`);
    }, NET_BEAT_MS),
    setInterval(renew, Math.floor(options.lifetimeMs / 3)),
  ];

  let tell: (reason: { why: string; fault: boolean }) => void = () => {};
  const ended = new Promise<{ why: string; fault: boolean }>((resolve) => {
    tell = resolve;
  });
  let fault = false;
  const end = (why: string): Promise<void> => {
    ending ??= (async () => {
      log.notice('ending', { why, held: hold.held?.addresses.join(',') });
      for (const timer of timers) clearInterval(timer);
      rest();
      await queue;
      const trouble = await Promise.allSettled([hold.release().then(hold.clearLeftovers)]);
      for (const each of trouble) {
        if (each.status === 'rejected') log.error('could not clear everything away', { what: textOf(each.reason) });
      }
      await arp?.then(
        (open) => open.close(),
        () => {},
      );
      netlink.close();
      opened.close();
      lock.release();
      tell({ why, fault });
    })();
    return ending;
  };
  const broken = (error: unknown): void => {
    fault = true;
    log.critical('a fault in the network process', { what: error instanceof Error ? error.stack : String(error) });
    void end('a fault');
  };

  return { end, fail: broken, ended };
}
