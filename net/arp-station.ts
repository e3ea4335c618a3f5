/**
 * What the ARP thread does with orders and frames, without the thread and the socket: learn clients, ask who is there,
 * announce and defend what is held. The world is passed in, so that tests play the network.
 */
import { type ArpFrame, BROADCAST_MAC, isStationMac, whoHas } from './arp-frame.ts';
import { type ArpWorld, openArpHolding } from './arp-holding.ts';
import type { ArpAnswer, ArpProbe, FromArpThread, ToArpThread } from './arp-messages.ts';
import { isHostAddress, isInNetwork, type Network, parseIpv4 } from './ipv4.ts';
import { openNeighbours } from './neighbours.ts';

/** Probes under way at once; the callers have a handful. */
const PROBE_LIMIT = 32;
/** Addresses asked in one probe. */
const TARGET_LIMIT = 24;
/** A timer that comes this much too late means that this process did not run: silence then proves nothing. */
const LATE_MS = 200;

interface Pending {
  targets: Set<string>;
  sentMs: number;
  done(answer: ArpAnswer): void;
}

export interface ArpStation {
  order(order: Exclude<ToArpThread, { kind: 'close' }>): void;
  /** A frame from the socket. */
  frame(frame: ArpFrame): void;
}

export function openArpStation(world: ArpWorld, mac: () => string, say: (message: FromArpThread) => void): ArpStation {
  const clients = openNeighbours();
  const holding = openArpHolding(world, mac, clients, (address, other) => say({ kind: 'rival', address, mac: other }));
  const pending = new Map<number, Pending>();
  let networks: Network[] = [];
  let avoid = new Set<string>();

  const mayLearn = (frame: ArpFrame): boolean => {
    const ip = parseIpv4(frame.senderIp);
    return (
      ip !== undefined &&
      isHostAddress(ip) &&
      isStationMac(frame.senderMac) &&
      frame.etherSource === frame.senderMac &&
      networks.some((network) => isInNetwork(ip, network) && network.address !== ip) &&
      !avoid.has(frame.senderIp) &&
      !holding.has(frame.senderIp)
    );
  };

  const ask = (id: number, probe: ArpProbe): void => {
    const learned = clients.recent(Math.min(probe.learned, TARGET_LIMIT));
    const named = probe.targets.slice(0, TARGET_LIMIT);
    const done = (answer: ArpAnswer): void => {
      if (!pending.delete(id)) return;
      say({ kind: 'answer', id, answer });
    };
    if (pending.size >= PROBE_LIMIT) {
      say({ kind: 'answer', id, answer: { kind: 'unproven', what: 'too many probes at once' } });
      return;
    }
    if (learned.length + named.length === 0) {
      say({ kind: 'answer', id, answer: { kind: 'nobody' } });
      return;
    }
    const send = (): boolean => {
      const sent = [
        ...named.map((ip) => world.send(whoHas(mac(), probe.senderIp, ip))),
        ...learned.map((client) => world.send(whoHas(mac(), probe.senderIp, client.ip, client.mac))),
      ];
      return sent.some(Boolean);
    };
    const sentMs = world.nowMs();
    pending.set(id, { targets: new Set([...named, ...learned.map((client) => client.ip)]), sentMs, done });
    if (!send()) {
      done({ kind: 'unsent' });
      return;
    }
    // One frame may be lost: ask twice.
    world.after(probe.timeoutMs / 2, () => {
      if (pending.has(id)) send();
    });
    world.after(probe.timeoutMs, () => {
      const lateMs = world.nowMs() - sentMs - probe.timeoutMs;
      done(lateMs > LATE_MS ? { kind: 'unproven', what: `we ran ${Math.round(lateMs)} ms late` } : { kind: 'silent' });
    });
  };

  return {
    order(order) {
      switch (order.kind) {
        case 'probe':
          return ask(order.id, order.probe);
        case 'place':
          networks = order.networks;
          avoid = new Set(order.avoid);
          for (const ip of avoid) clients.forget(ip);
          return;
        case 'hold':
          for (const ip of order.addresses) clients.forget(ip);
          return holding.hold(order.addresses, order.leaseMs, order.announce);
        case 'drop':
          return holding.handOver();
      }
    },
    frame(frame) {
      if (frame.senderMac === mac() || frame.etherSource === mac()) return;
      for (const probe of pending.values()) {
        if (frame.operation !== 'reply' || !probe.targets.has(frame.senderIp)) continue;
        probe.done({ kind: 'answered', ip: frame.senderIp, mac: frame.senderMac, ms: world.nowMs() - probe.sentMs });
      }
      if (frame.operation === 'request' && frame.etherTarget === BROADCAST_MAC && mayLearn(frame)) {
        clients.learn({ ip: frame.senderIp, mac: frame.senderMac });
      }
      holding.seen(frame);
    },
  };
}
