/**
 * Taking and releasing addresses: the steps, in an order in which every prefix of them is harmless, and their undoing.
 *
 *   take:    rules → address (short kernel lifetime) → announce                       renew every third of the lifetime
 *   release: rules drop → end connections → no more announcing → address away → rules away
 *
 * Killed after the rules: they concern an address that is not here; the next start clears them. Killed after the address:
 * it lapses within its lifetime and nobody answers for it any more; a start before that removes it by its mark.
 * Killed while releasing: the same. Stopped at any point: renewals stop, the address lapses, and on waking the lapse is
 * seen by the clock before anything is renewed; a take that was caught by it undoes itself.
 */
import type { Clock } from '../base/clock.ts';
import { Failure, failureOf, textOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { Arp } from './arp.ts';
import { formatIpv4, isHostAddress, parseIpv4 } from './ipv4.ts';
import type { TakeOrder } from './messages.ts';
import type { Netlink } from './netlink.ts';
import type { Redirect } from './redirect.ts';

/** A take that is not done by then was caught by something; the address may be somebody else's again. */
const TAKE_LIMIT_MS = 3_000;
/** Addresses in one order. */
const ADDRESS_LIMIT = 16;

export interface HoldWorld {
  clock: Clock;
  log: Log;
  netlink: Netlink;
  redirect: Redirect;
  endConnections(address: string): Promise<void>;
  /** The ARP thread of an interface; opened when there is none yet. */
  arpOn(interfaceName: string): Promise<Arp>;
  lifetimeMs: number;
}

export interface Held {
  decision: string;
  interfaceName: string;
  addresses: string[];
}

export interface Hold {
  readonly held: Held | undefined;
  /** Idempotent for the same order. Throws a Failure when nothing was taken: `other-decision`, `bad-order`, `own-address`, `no-interface` … */
  take(order: TakeOrder): Promise<void>;
  /** Goes as far as it can. Throws when an address may still be there; it then lapses. Does nothing when nothing is held. */
  release(): Promise<void>;
  /** To be called every third of the lifetime. Throws `lapsed` or `lost` when the addresses are not ours any more; release() follows. */
  renew(): void;
  /** The serve port to be closed to the network from now on, also while nothing is held. */
  guard(servePort: number): Promise<void>;
  /** What a killed predecessor left: its addresses (by their mark) and its rules. */
  clearLeftovers(): Promise<void>;
}

interface Now extends Held {
  numbers: number[];
  servePort: number;
  arp: Arp;
  renewedMs: number;
}

export function openHold(world: HoldWorld): Hold {
  const { clock, log, netlink, redirect, lifetimeMs } = world;
  let now: Now | undefined;
  let guarded: number | undefined;

  const restingRules = async (): Promise<void> => {
    if (guarded === undefined) await redirect.clear();
    else await redirect.set({ servePort: guarded, addresses: [], closing: false });
  };

  const take = async (order: TakeOrder): Promise<void> => {
    if (now !== undefined) {
      if (!sameOrder(now, order)) throw refused(order, 'other-decision', `${now.decision} holds ${now.addresses}`);
      now.arp.hold(now.addresses, lifetimeMs, true);
      return;
    }
    const beganMs = clock.monoMs();
    const numbers = checkedAddresses(order, netlink);
    const addresses = numbers.map(formatIpv4);
    const arp = await world.arpOn(order.interface);
    const undo: (() => unknown)[] = [];
    try {
      undo.push(restingRules);
      await redirect.set({ servePort: order.servePort, addresses, closing: false });
      if (clock.monoMs() - beganMs > TAKE_LIMIT_MS) throw refused(order, 'late', 'this process ran too late');
      const renewedMs = clock.monoMs();
      for (const address of numbers) {
        undo.push(() => netlink.remove(order.interface, address));
        netlink.add(order.interface, address, lifetimeMs);
      }
      // Stopped between the check above and here: the address may have been added long after the decision.
      if (clock.monoMs() - beganMs > TAKE_LIMIT_MS) throw refused(order, 'late', 'this process ran too late');
      arp.hold(addresses, lifetimeMs, true);
      const { decision, servePort } = order;
      now = { decision, interfaceName: order.interface, addresses, numbers, servePort, arp, renewedMs };
    } catch (error) {
      const failure = failureOf(error, 'take', addresses.join(', '));
      const trouble = await inTurn(undo.reverse());
      if (trouble.length === 0) throw failure;
      const what = `${failure.what}; and undoing it: ${trouble.map(textOf).join('; ')}`;
      throw new Failure({ code: failure.code, doing: failure.doing, what, cause: error });
    }
  };

  const release = async (): Promise<void> => {
    if (now === undefined) return;
    const { addresses, numbers, interfaceName, servePort, arp } = now;
    now = undefined;
    const before = await inTurn([
      () => redirect.set({ servePort, addresses, closing: true }),
      ...addresses.map((address) => () => world.endConnections(address)),
    ]);
    arp.drop();
    const removing = await inTurn(numbers.map((address) => () => netlink.remove(interfaceName, address)));
    const after = await inTurn([restingRules]);
    for (const trouble of [...before, ...after]) {
      log.warning('released, but not cleanly', { addresses: addresses.join(','), trouble: textOf(trouble) });
    }
    if (removing.length > 0) throw failureOf(removing[0], 'release', addresses.join(', '), 'it lapses within seconds');
  };

  return {
    get held() {
      return now;
    },
    take,
    release,
    renew() {
      if (now === undefined) return;
      const nowMs = clock.monoMs();
      const ageMs = nowMs - now.renewedMs;
      if (ageMs >= lifetimeMs) {
        const what = `not renewed for ${Math.round(ageMs)} ms: this process did not run`;
        throw new Failure({ code: 'lapsed', doing: 'hold', subject: now.addresses.join(', '), what });
      }
      try {
        for (const address of now.numbers) netlink.add(now.interfaceName, address, lifetimeMs);
      } catch (error) {
        throw new Failure({ code: 'lost', doing: 'hold', subject: now.addresses.join(', '), what: textOf(error) });
      }
      now.renewedMs = nowMs;
      now.arp.hold(now.addresses, lifetimeMs, false);
    },
    async guard(servePort) {
      guarded = servePort;
      if (now === undefined) await restingRules();
    },
    async clearLeftovers() {
      for (const { ours, address, interfaceIndex } of netlink.list()) {
        if (!ours) continue;
        log.notice('removing an address that a killed network process left', { address: formatIpv4(address) });
        netlink.removeAt(interfaceIndex, address);
      }
      await redirect.clear();
    },
  };
}

function sameOrder(now: Now, order: TakeOrder): boolean {
  return (
    now.decision === order.decision &&
    now.interfaceName === order.interface &&
    now.servePort === order.servePort &&
    now.addresses.join() === order.addresses.join()
  );
}

/** Checked here although standbyd checks as well: these words become rules and addresses. */
function checkedAddresses(order: TakeOrder, netlink: Netlink): number[] {
  if (!/^[A-Za-z0-9_.-]{1,15}$/.test(order.interface))
    throw refused(order, 'bad-order', 'the interface has no proper name');
  if (
    !Number.isInteger(order.servePort) ||
    order.servePort < 1 ||
    order.servePort > 65_535 ||
    order.servePort === 445
  ) {
    throw refused(order, 'bad-order', `${order.servePort} cannot be the serve port`);
  }
  if (order.addresses.length > ADDRESS_LIMIT) throw refused(order, 'bad-order', `more than ${ADDRESS_LIMIT} addresses`);
  const own = netlink.list();
  return order.addresses.map((text) => {
    const address = parseIpv4(text);
    if (address === undefined || !isHostAddress(address)) {
      throw refused(order, 'bad-order', `${JSON.stringify(text)} is no IPv4 address of a host`);
    }
    // Renewing it would give this host's own address a lifetime, and releasing would remove it.
    if (own.some((each) => each.address === address && !each.ours)) {
      throw refused(order, 'own-address', `${text} is already an address of this host`);
    }
    return address;
  });
}

function refused(order: TakeOrder, code: string, what: string): Failure {
  return new Failure({ code, doing: 'take', subject: order.addresses.slice(0, ADDRESS_LIMIT).join(', '), what });
}

/** Runs every step, whatever the others do, and returns what went wrong. */
async function inTurn(steps: readonly (() => unknown)[]): Promise<unknown[]> {
  const trouble: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      trouble.push(error);
    }
  }
  return trouble;
}
