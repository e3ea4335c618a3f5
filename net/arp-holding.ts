/**
 * Announcing and defending held addresses: every frame that says «this address is at our hardware address».
 * The world (time, timers, the socket) is passed in.
 *
 * Held only on a lease that is renewed with the kernel's: when the renewals stop, so do the frames, for the kernel has
 * dropped the address by then and the clients would be led to a host that does not answer.
 */
import {
  type AnnounceState,
  type Cap,
  nextRoundMs,
  ON_RIVAL_MS,
  ON_WHO_HAS_MS,
  openCap,
  RIVAL_MEMORY_MS,
  RIVAL_REFRESH_MS,
} from './announce-schedule.ts';
import { type ArpFrame, announcement, BROADCAST_MAC, gratuitousReply, whoHas } from './arp-frame.ts';
import type { Neighbour, Neighbours } from './neighbours.ts';

export interface ArpWorld {
  nowMs(): number;
  after(ms: number, run: () => void): void;
  /** Whether the frame went out; false while the link is down. */
  send(frame: ArpFrame): boolean;
}

/** Learned clients told in one round; in the fast refresh against a rival fewer, so that a round stays small. */
const CLIENTS_A_ROUND = 256;
const CLIENTS_A_REFRESH = 32;
const REACTIONS_A_SECOND = 40;
const REACTION_BURST = 40;
const RIVAL_REPORT_MS = 1_000;

export interface ArpHolding {
  hold(addresses: readonly string[], leaseMs: number, announce: boolean): void;
  /**
   * Lets go. Where a rival was seen, which is the main that is back and does not announce itself again, the clients are told of it: their entries lead to us, and
   * they would look for the main only when these have grown old (measured: 7 to 8 s).
   */
  handOver(): void;
  /** Whether this address is held now. */
  has(ip: string): boolean;
  /** Looks at a frame of another station; reacts when it is about a held address. */
  seen(frame: ArpFrame): void;
}

export function openArpHolding(
  world: ArpWorld,
  mac: () => string,
  clients: Neighbours,
  rival: (address: string, mac: string) => void,
): ArpHolding {
  const held = new Map<string, AnnounceState>();
  const reportedMs = new Map<string, number>();
  /** Address to the hardware address that last claimed it. */
  const rivals = new Map<string, string>();
  const cap: Cap = openCap(REACTIONS_A_SECOND, REACTION_BURST);
  let leaseEndMs = 0;
  // Timers of an earlier holding recognise themselves by it and do nothing.
  let era = 0;

  const drop = (): void => {
    held.clear();
    reportedMs.clear();
    rivals.clear();
    era += 1;
  };
  const alive = (): boolean => {
    if (held.size > 0 && world.nowMs() >= leaseEndMs) drop();
    return held.size > 0;
  };
  const broadcast = (ip: string): void => {
    world.send(announcement(mac(), ip));
    world.send(gratuitousReply(mac(), ip));
  };
  const tell = (ip: string, client: Neighbour): void => {
    world.send(whoHas(mac(), ip, client.ip, client.mac));
  };
  const round = (ip: string, state: AnnounceState): void => {
    const nowMs = world.nowMs();
    const calm = state.rivalMs === undefined || nowMs - state.rivalMs >= RIVAL_MEMORY_MS;
    broadcast(ip);
    for (const client of clients.recent(calm ? CLIENTS_A_ROUND : CLIENTS_A_REFRESH)) tell(ip, client);
    state.lastRoundMs = nowMs;
  };
  const keepAnnouncing = (ip: string, state: AnnounceState, sameEra: number): void => {
    if (era !== sameEra || !alive()) return;
    if (nextRoundMs(state, world.nowMs()) <= world.nowMs()) round(ip, state);
    // A rival may appear while we wait for the slow refresh: never sleep longer than the fast one.
    const waitMs = Math.min(RIVAL_REFRESH_MS, nextRoundMs(state, world.nowMs()) - world.nowMs());
    world.after(Math.max(1, waitMs), () => keepAnnouncing(ip, state, sameEra));
  };
  const react = (offsets: readonly number[], send: () => void): void => {
    const sameEra = era;
    for (const offset of offsets) {
      if (!cap.allows(world.nowMs())) return;
      if (offset === 0) send();
      else {
        world.after(offset, () => {
          if (era === sameEra && alive()) send();
        });
      }
    }
  };
  const report = (ip: string, other: string): void => {
    const nowMs = world.nowMs();
    const last = reportedMs.get(ip);
    if (last !== undefined && nowMs - last < RIVAL_REPORT_MS) return;
    reportedMs.set(ip, nowMs);
    rival(ip, other);
  };

  return {
    hold(addresses, leaseMs, announce) {
      alive();
      leaseEndMs = world.nowMs() + leaseMs;
      if (!announce) return;
      drop();
      for (const ip of addresses) {
        const state: AnnounceState = { takenMs: world.nowMs(), lastRoundMs: undefined, rivalMs: undefined };
        held.set(ip, state);
        keepAnnouncing(ip, state, era);
      }
    },
    handOver() {
      if (alive()) {
        for (const [ip, other] of rivals) {
          // In the main's name, but from our port: a switch must go on to look for the main at its own.
          const send = (frame: ArpFrame): void => void world.send({ ...frame, etherSource: mac() });
          send(announcement(other, ip));
          send(gratuitousReply(other, ip));
          for (const client of clients.recent(CLIENTS_A_ROUND)) send(whoHas(other, ip, client.ip, client.mac));
        }
      }
      drop();
    },
    has: (ip) => alive() && held.has(ip),
    seen(frame) {
      if (!alive()) return;
      // RFC 5227 2.4: a sender address that is ours, from another hardware address, is a conflict, in request and reply alike.
      const claimed = held.get(frame.senderIp);
      if (claimed !== undefined) {
        claimed.rivalMs = world.nowMs();
        rivals.set(frame.senderIp, frame.senderMac);
        report(frame.senderIp, frame.senderMac);
        react(ON_RIVAL_MS, () => broadcast(frame.senderIp));
        return;
      }
      const wanted = held.get(frame.targetIp);
      const client = { ip: frame.senderIp, mac: frame.senderMac };
      if (wanted === undefined || frame.operation !== 'request' || frame.etherTarget !== BROADCAST_MAC) return;
      // A probe (RFC 5227 2.1.1) comes from nobody yet: the kernel's own answer is enough.
      if (client.ip === '0.0.0.0') return;
      react(ON_WHO_HAS_MS, () => tell(frame.targetIp, client));
    },
  };
}
