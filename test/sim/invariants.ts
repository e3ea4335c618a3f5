/**
 * What must never be so, whatever happens, each with a name; checked after every event against the true world, not against
 * what the core believes. A margin says how long after a true change nobody can know of it yet.
 */

import { resume } from '../../agent/decide/index.ts';
import { noFacts } from '../../agent/decide/learn.ts';
import type { Decision, Durable, Effect, StandbyEvent, State, Step } from '../../agent/decide/types.ts';
import type { Daemon, Watch } from './daemon.ts';
import type { World } from './world.ts';

export type Invariant =
  | 'NO-TWO-OWNERS'
  | 'NO-LOST-CHANGE'
  | 'NO-THAW-BEFORE-RESTORE'
  | 'HELD-ONLY-WHEN-ACTIVE'
  | 'WRITABLE-ONLY-WHEN-HOLDING-OR-OPENING'
  | 'FROZEN-WHEN-WRITTEN'
  | 'NO-TAKEOVER-WHEN-ISOLATED'
  | 'NO-TAKEOVER-BEFORE-COMPLETE'
  | 'NO-TAKEOVER-UNSEEN'
  | 'NO-TAKEOVER-WHEN-DEGRADED'
  | 'NO-TAKEOVER-ON-OWN-LATENESS'
  | 'NO-TAKEOVER-OF-A-SERVING-MAIN'
  | 'NO-TAKEOVER-BEFORE-PATIENCE'
  | 'NO-TAKEOVER-UNASKED'
  | 'NO-FORCE-WITHOUT-ACCEPTING'
  | 'NO-START-SYNC-OVER-CHANGES'
  | 'SAVED-BEFORE-EFFECT'
  | 'EVERY-WAIT-ENDS'
  | 'ACTIVE-HOLDS'
  | 'TAKEOVER-IS-TOLD'
  | 'NO-MAIL-STORM';

export class Violation extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, what: string) {
    super(`${invariant}: ${what}`);
    this.name = 'Violation';
    this.invariant = invariant;
  }
}

/** A true change can stay unknown for a probe's interval and its time limit, twice over where a look has to follow (ms). */
const KNOWN_AFTER_MS = 3_000;
const CUT_OFF_KNOWN_AFTER_MS = 1_300;
/** A calm world must have come to its end after this (ms): patience, ten retries' delay, a slow look. */
const CALM_MS = 40_000;

export class Invariants implements Watch {
  private daemon: Daemon | undefined;
  private readonly world: World;
  private heardWitness = false;
  private witnessMs = 0;
  private heardHealthy = false;
  private pausedUntilWallMs = 0;
  private stepSince = { key: '', atMs: 0 };
  /** The first miss in this life that no answer has followed; of the fetch apart, for no other layer refutes a hung disk. */
  private firstMissMs: number | undefined;
  /** When that was asked, but not before the last answer. */
  private firstAskedMs = 0;
  private lastAnswerMs = 0;
  private firstStuckMs: number | undefined;
  /** When we were last connected again after being cut off long enough to know it: earlier misses do not count. */
  private reconnectedMs = 0;
  private wasCutOffMs = 0;

  constructor(world: World) {
    this.world = world;
  }

  attend(daemon: Daemon): void {
    this.daemon = daemon;
  }

  born(): void {
    this.heardWitness = false;
    this.heardHealthy = false;
    this.firstMissMs = undefined;
    this.firstStuckMs = undefined;
  }

  private hear(event: StandbyEvent): void {
    if (event.kind !== 'evidence') return;
    if (event.layer === 'witness' && event.outcome === 'answered') {
      this.heardWitness = true;
      this.witnessMs = this.world.nowMs;
    }
    if (this.world.holdsAddress()) return;
    const isMiss = ['refused', 'silent', 'frozen'].includes(event.outcome);
    if (event.layer === 'fetch') this.firstStuckMs = isMiss ? (this.firstStuckMs ?? this.world.nowMs) : undefined;
    if (event.layer !== 'negotiate' && event.layer !== 'echo') return;
    if (event.layer === 'negotiate' && !isMiss) this.heardHealthy = true;
    if (!isMiss) {
      this.lastAnswerMs = this.world.nowMs;
      this.firstMissMs = undefined;
    } else if (this.firstMissMs === undefined) {
      this.firstMissMs = this.world.nowMs;
      this.firstAskedMs = Math.max(this.world.nowMs - event.ms, this.lastAnswerMs);
    }
  }

  decided(before: State, decision: Decision, event: StandbyEvent): void {
    this.hear(event);
    const was = before.durable.mode;
    const is = decision.state.durable.mode;
    if (is.kind === 'taking-over' && was.kind !== 'taking-over') {
      if (is.forced) this.forced(event, is.from);
      else this.automatic(event, is.why);
    }
    if (is.kind === 'active' && was.kind !== 'active')
      if (!decision.effects.some((effect) => effect.kind === 'alert' && effect.code === 'taken-over'))
        throw new Violation('TAKEOVER-IS-TOLD', 'nobody was told');
  }

  saved(event: StandbyEvent, decision: Decision): void {
    if (event.kind !== 'command' || decision.answer?.accepted !== true) return;
    if (event.command.name === 'pause') this.pausedUntilWallMs = event.command.untilWallMs ?? Number.POSITIVE_INFINITY;
    if (event.command.name === 'resume') this.pausedUntilWallMs = 0;
    if (event.command.name === 'start-sync' && this.world.unrestored > 0)
      throw new Violation('NO-START-SYNC-OVER-CHANGES', `${this.world.unrestored} changes wait`);
  }

  private forced(event: StandbyEvent, from: string): void {
    if (event.kind !== 'command' || event.command.name !== 'force-failover')
      throw new Violation('NO-TAKEOVER-UNASKED', 'forced without an order');
    const isWhole = this.world.engine.complete && from !== 'idle' && from !== 'handed-back';
    if (!isWhole && !event.command.acceptMissing)
      throw new Violation('NO-FORCE-WITHOUT-ACCEPTING', `from ${from}, ${this.world.engine.missing} missing`);
    this.mainMustBeAway('NO-TWO-OWNERS', 'forced');
  }

  private automatic(event: StandbyEvent, why: string): void {
    const { world } = this;
    if (!world.traits.automatic || event.wallMs < this.pausedUntilWallMs)
      throw new Violation('NO-TAKEOVER-UNASKED', 'manual or on hold');
    if (!world.engine.complete) throw new Violation('NO-TAKEOVER-BEFORE-COMPLETE', `${world.engine.missing} missing`);
    if (!this.heardHealthy) throw new Violation('NO-TAKEOVER-UNSEEN', 'never seen since the start');
    // Without a witness only the cable can tell.
    const sinceMs = this.heardWitness ? world.cutOffSinceMs : world.unpluggedSinceMs;
    const cutOffMs = sinceMs === undefined ? 0 : world.nowMs - sinceMs;
    if (cutOffMs > CUT_OFF_KNOWN_AFTER_MS)
      throw new Violation('NO-TAKEOVER-WHEN-ISOLATED', `cut off for ${cutOffMs} ms`);
    if (this.heardWitness && this.firstMissMs !== undefined && this.witnessMs < this.firstMissMs)
      throw new Violation('NO-TAKEOVER-WHEN-ISOLATED', `no witness for ${world.nowMs - this.firstMissMs} ms of misses`);
    const isOdd = world.main.denies || world.main.changed;
    const wasLate = world.nowMs - world.lateMs < 10_000;
    this.mainMustBeAway(
      isOdd ? 'NO-TAKEOVER-WHEN-DEGRADED' : wasLate ? 'NO-TAKEOVER-ON-OWN-LATENESS' : 'NO-TAKEOVER-OF-A-SERVING-MAIN',
      why,
    );
    const leastMs = Math.min(...Object.values(world.policy.patienceMs));
    const stuckMs = this.firstStuckMs ?? world.nowMs;
    const askedMs = this.firstMissMs === undefined ? world.nowMs : this.firstAskedMs;
    const heldMs = world.nowMs - Math.max(Math.min(askedMs, stuckMs), this.reconnectedMs);
    if (heldMs < leastMs) throw new Violation('NO-TAKEOVER-BEFORE-PATIENCE', `${heldMs} ms after it was first asked`);
    // What was missed may be our own long sleep: half the patience has to pass after we know of it.
    const knownMs = world.nowMs - Math.min(this.firstMissMs ?? world.nowMs, stuckMs);
    if (knownMs < leastMs / 2) throw new Violation('NO-TAKEOVER-BEFORE-PATIENCE', `${knownMs} ms after the first miss`);
  }

  private mainMustBeAway(invariant: Invariant, why: string): void {
    const { goodSinceMs } = this.world;
    if (goodSinceMs !== undefined && this.world.nowMs - goodSinceMs > KNOWN_AFTER_MS)
      throw new Violation(invariant, `the main has served for ${this.world.nowMs - goodSinceMs} ms (${why})`);
  }

  ordered(effect: Effect, saved: Durable | undefined): void {
    if (effect.kind === 'alert') {
      const recent = this.daemon?.alerts.filter(
        (alert) => alert.code === effect.code && this.world.nowMs - alert.atMs < 60_000,
      );
      if ((recent?.length ?? 0) > 15) throw new Violation('NO-MAIL-STORM', effect.code);
    }
    if (effect.kind !== 'step') return;
    const { step } = effect;
    if (step.effect === 'stop-mirror' && step.decision === '') return;
    const again = saved === undefined ? [] : resume({ durable: saved, facts: noFacts(0) });
    const isSaved = again.some(
      (other) => other.kind === 'step' && other.step.effect === step.effect && other.step.decision === step.decision,
    );
    if (!isSaved) throw new Violation('SAVED-BEFORE-EFFECT', `${step.effect} while ${saved?.mode.kind} was saved`);
  }

  begun(step: Step, saved: Durable | undefined): void {
    if (step.effect === 'take-address' && saved?.mode.kind === 'taking-over')
      this.mainMustBeAway('NO-TWO-OWNERS', saved.mode.why);
  }

  carriedOut(step: Step): void {
    const { unrestored } = this.world;
    if (step.effect === 'start-mirror' && unrestored > 0)
      throw new Violation('NO-LOST-CHANGE', `mirroring is started over ${unrestored} changes`);
    if (step.effect === 'thaw' && unrestored > 0)
      throw new Violation('NO-THAW-BEFORE-RESTORE', `${unrestored} changes are given up`);
  }

  /** After each thing that happened. */
  check(): void {
    const { daemon, world } = this;
    if (daemon === undefined) return;
    this.cutOff();
    const mode = daemon.saved?.mode;
    if (world.holdsAddress()) {
      const mayHold =
        (mode?.kind === 'taking-over' && ['release-address', 'take-address', 'prove-served'].includes(mode.step)) ||
        (mode?.kind === 'undoing' && mode.step === 'release-address') ||
        mode?.kind === 'active' ||
        (mode?.kind === 'handing-back' && mode.step !== 'prove-main');
      const isOther = mayHold && world.net.holds !== '' && 'decision' in mode && mode.decision !== world.net.holds;
      if (!mayHold || isOther) throw new Violation('HELD-ONLY-WHEN-ACTIVE', `held while ${JSON.stringify(mode)}`);
    }
    if (world.sharesOpen) {
      const mayBeOpen =
        (mode?.kind === 'taking-over' && mode.step !== 'stop-mirror' && mode.step !== 'freeze') ||
        (mode?.kind === 'undoing' && (mode.step === 'release-address' || mode.step === 'close-shares')) ||
        mode?.kind === 'active' ||
        (mode?.kind === 'handing-back' && mode.step === 'close-shares');
      if (!mayBeOpen)
        throw new Violation('WRITABLE-ONLY-WHEN-HOLDING-OR-OPENING', `open while ${JSON.stringify(mode)}`);
    }
    if (world.wroteUnfrozen) throw new Violation('FROZEN-WHEN-WRITTEN', `frozen for «${world.engine.frozenFor}»`);
    if (world.engine.mirroring && world.unrestored > 0)
      throw new Violation('NO-LOST-CHANGE', 'the mirror runs over changes');
    this.waitsEnd(daemon);
  }

  private cutOff(): void {
    const { cutOffSinceMs, unpluggedSinceMs, nowMs } = this.world;
    const sinceMs = this.heardWitness ? cutOffSinceMs : unpluggedSinceMs;
    if (sinceMs !== undefined) this.wasCutOffMs = nowMs - sinceMs;
    else {
      if (this.wasCutOffMs > 2 * CUT_OFF_KNOWN_AFTER_MS) this.reconnectedMs = nowMs;
      this.wasCutOffMs = 0;
    }
  }

  private waitsEnd(daemon: Daemon): void {
    const { world } = this;
    const mode = daemon.state.durable.mode;
    const key = `${mode.kind}/${'step' in mode ? mode.step : ''}`;
    if (key !== this.stepSince.key) this.stepSince = { key, atMs: world.nowMs };
    const calmMs = world.nowMs - world.disturbedMs;
    if (calmMs < CALM_MS || !daemon.up) return;
    if ('step' in mode && world.nowMs - Math.max(this.stepSince.atMs, world.disturbedMs) > CALM_MS)
      throw new Violation('EVERY-WAIT-ENDS', `${key} for more than ${CALM_MS} ms`);
    if (mode.kind === 'active' && !(world.holdsAddress() && world.sharesOpen))
      throw new Violation('ACTIVE-HOLDS', 'active and not serving');
    const deadMs = world.deadSinceMs === undefined ? 0 : world.nowMs - world.deadSinceMs;
    const isWatching = mode.kind === 'syncing' || mode.kind === 'standing-by' || mode.kind === 'suspecting';
    const network = world.standbyLink && world.segment && (world.witnessUp || !world.traits.hasWitness);
    const ready =
      world.traits.automatic &&
      world.nowMs + 1_700_000_000_000 >= this.pausedUntilWallMs &&
      network &&
      world.loss === 0;
    if (isWatching && ready && deadMs > CALM_MS && this.heardHealthy && world.engine.complete && world.net.alive)
      throw new Violation('EVERY-WAIT-ENDS', `the main is gone for ${deadMs} ms and ${key} goes on`);
  }
}
