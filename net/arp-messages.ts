/** What the thread that owns the ARP socket is told, and what it tells. Both ends are the same version: only types are needed. */
import type { Network } from './ipv4.ts';

/** «Does any of these answer?» */
export interface ArpProbe {
  /** Our own address in their network, never 0.0.0.0 and never a held one. */
  senderIp: string;
  targets: string[];
  /** How many of the learned clients are asked as well. */
  learned: number;
  timeoutMs: number;
}

export type ArpAnswer =
  | { kind: 'answered'; ip: string; mac: string; ms: number }
  | { kind: 'silent' }
  /** There was nobody to ask. */
  | { kind: 'nobody' }
  /** Our own link is down. */
  | { kind: 'unsent' }
  /** The thread itself ran late or is gone: nothing is proven. */
  | { kind: 'unproven'; what: string };

export type ToArpThread =
  | { kind: 'probe'; id: number; probe: ArpProbe }
  /** Where we are: clients are learned from these networks only, and never from the addresses to avoid (the main's). */
  | { kind: 'place'; networks: Network[]; avoid: string[] }
  /** Announce and defend these for no longer than leaseMs unless told again. With `announce`, begin with the first rounds anew. */
  | { kind: 'hold'; addresses: string[]; leaseMs: number; announce: boolean }
  | { kind: 'drop' }
  | { kind: 'close' };

export type FromArpThread =
  | { kind: 'open'; mac: string }
  | { kind: 'cannot'; code: string; what: string }
  | { kind: 'answer'; id: number; answer: ArpAnswer }
  | { kind: 'rival'; address: string; mac: string }
  | { kind: 'closed' };
