/**
 * The true state of things, which the deciding core only learns of through evidence: the main, the wires, the witnesses,
 * the network process, the mirror engine, our shares, and the users who write to whichever box holds the address.
 */
import type { Outcome, Policy, StandbyEvent } from '../../agent/decide/types.ts';
import { type Chance, seeded } from './chance.ts';
import { Timeline } from './timeline.ts';

/** The kernel keeps an address this long after the network process that renewed it is gone (ms). */
const KERNEL_LIFETIME_MS = 6_000;

/** An event before it is stamped with the time of its delivery. */
export type News = StandbyEvent extends infer Event
  ? Event extends StandbyEvent
    ? Omit<Event, 'nowMs' | 'wallMs' | 'freshId'>
    : never
  : never;

export interface Traits {
  automatic: boolean;
  hasWitness: boolean;
  crashy: boolean;
  clumsy: boolean;
  fast: boolean;
  /** Time limit of a probe, ms; may be longer than patience. */
  probeLimitMs: number;
}

export class World {
  readonly time = new Timeline();
  readonly chance: Chance;
  readonly traits: Traits;
  readonly policy: Policy;

  main = { on: true, smb: 'up' as 'up' | 'refusing' | 'frozen' | 'stuck', link: true, denies: false, changed: false };
  /** Counts the main's service starts: a kept session lives in one of them only. */
  mainEpoch = 1;
  standbyLink = true;
  /** The switch between us and everybody else; without it we are cut off although our carrier is up. */
  segment = true;
  witnessUp = true;
  loss = 0;

  net = { alive: true, frozenUntilMs: 0, incarnation: 1, holds: '' };
  /** Until when our kernel answers for the address. */
  addressUntilMs = 0;
  engine = { alive: true, mirroring: false, frozenFor: '', complete: false, missing: 4_000 };
  sharesOpen = false;

  /** What users changed here that is not on the main. */
  unrestored = 0;
  /** Chances of a step to fail, and to be slow, at present. */
  stepsFail = 0;
  stepsSlow = 0;
  /** So many of the next steps fail for certain. */
  failNext = 0;

  /** Since when the main truly serves and can truly be seen to, or undefined. */
  goodSinceMs: number | undefined = 0;
  /** Since when we are truly cut off from everybody, or undefined. */
  cutOffSinceMs: number | undefined;
  /** Since when our own cable is out, or undefined. */
  unpluggedSinceMs: number | undefined;
  /** Since when the main is truly unable to serve anybody, or undefined. */
  deadSinceMs: number | undefined;
  /** The last moment at which anything was disturbed: faults, commands, changes of wires. */
  disturbedMs = 0;
  /** The last moment at which a process of ours did not run in time. */
  lateMs = -1e9;
  /** Set by a user's write while the mirror was not frozen for the decision that holds the address. */
  wroteUnfrozen = false;

  constructor(seed: number) {
    this.chance = seeded(seed);
    const { chance } = this;
    this.traits = {
      automatic: chance.of(0.8),
      hasWitness: chance.of(0.8),
      crashy: chance.of(0.5),
      clumsy: chance.of(0.5),
      fast: chance.of(0.3),
      // Not by chance: all that happens in the seeds of before goes on as it did.
      probeLimitMs: seed % 4 === 1 ? 900 : 250,
    };
    this.policy = {
      takeover: this.traits.automatic ? 'automatic' : 'manual',
      patienceMs: this.traits.fast
        ? { refused: 1_000, silent: 450, frozen: 450 }
        : { refused: 10_000, silent: 3_000, frozen: 5_000 },
      witnessFreshMs: 800,
      retryMs: 2_000,
      mainName: 'FILES01',
      standbyName: 'STANDBY1',
      address: '192.168.10.20',
    };
  }

  get nowMs(): number {
    return this.time.nowMs;
  }

  holdsAddress(): boolean {
    return this.nowMs < this.addressUntilMs;
  }

  /** Frames get from us to the main and back. */
  reachesMain(): boolean {
    return this.main.on && this.main.link && this.standbyLink && this.segment;
  }

  mainServes(): boolean {
    return this.main.on && this.main.link && this.main.smb === 'up';
  }

  /** Brings the derived truths up to date; called after each thing that happened. */
  settle(): void {
    const isGood = this.mainServes() && this.reachesMain() && this.loss === 0;
    this.goodSinceMs = isGood ? (this.goodSinceMs ?? this.nowMs) : undefined;
    const isCutOff = !this.standbyLink || !this.segment;
    this.cutOffSinceMs = isCutOff ? (this.cutOffSinceMs ?? this.nowMs) : undefined;
    this.unpluggedSinceMs = this.standbyLink ? undefined : (this.unpluggedSinceMs ?? this.nowMs);
    this.deadSinceMs = this.mainServes() ? undefined : (this.deadSinceMs ?? this.nowMs);
  }

  disturb(): void {
    this.disturbedMs = this.nowMs;
  }

  setMain(smb: 'up' | 'refusing' | 'frozen' | 'stuck', on = true): void {
    this.disturb();
    if (smb === 'refusing' || !on || !this.main.on) this.mainEpoch += 1;
    this.main = { ...this.main, smb, on };
  }

  killNet(): void {
    this.disturb();
    if (!this.net.alive) return;
    if (this.holdsAddress()) this.addressUntilMs = this.nowMs + KERNEL_LIFETIME_MS;
    this.net = { ...this.net, alive: false, holds: '' };
  }

  takeAddress(decision: string): void {
    this.net.holds = decision;
    this.addressUntilMs = Number.POSITIVE_INFINITY;
  }

  releaseAddress(): void {
    this.net.holds = '';
    this.addressUntilMs = 0;
  }

  /** The outcome of one probe sent now, and how long it takes to be known. */
  probe(layer: 'arp' | 'negotiate' | 'fetch' | 'echo', sessionEpoch: number): { outcome: Outcome; ms: number } {
    // While we hold the address we meet ourselves, and a world that is not kind goes on probing.
    if (this.holdsAddress()) return { outcome: 'answered', ms: 1 };
    if (layer !== 'arp' && this.main.on && this.reachesMain() && this.main.smb === 'refusing')
      return { outcome: 'refused', ms: 1 };
    if (!this.reachesMain() || this.chance.of(this.loss)) return { outcome: 'silent', ms: this.traits.probeLimitMs };
    if (layer === 'arp') return { outcome: 'answered', ms: 1 };
    if (layer === 'echo' && sessionEpoch !== this.mainEpoch) return { outcome: 'refused', ms: 1 };
    if (this.main.smb === 'frozen')
      return { outcome: 'frozen', ms: layer === 'fetch' ? 2_000 : this.traits.probeLimitMs };
    if (layer === 'fetch') {
      if (this.main.smb === 'stuck') return { outcome: 'frozen', ms: 2_000 };
      if (this.main.denies) return { outcome: 'denied', ms: 3 };
      if (this.main.changed) return { outcome: 'changed', ms: 3 };
    }
    return { outcome: 'answered', ms: this.chance.between(1, 5) };
  }

  witnessOutcome(): Outcome {
    if (!this.traits.hasWitness) return 'unknown';
    const answers = this.standbyLink && this.segment && this.witnessUp && !this.chance.of(this.loss);
    return answers ? 'answered' : 'silent';
  }

  /** One write of a user to whichever box answers for the address. */
  userWrites(): void {
    if (!this.holdsAddress() || !this.sharesOpen || !this.standbyLink || !this.segment) return;
    this.unrestored += 1;
    if (this.engine.frozenFor === '' || (this.net.holds !== '' && this.engine.frozenFor !== this.net.holds))
      this.wroteUnfrozen = true;
  }
}
