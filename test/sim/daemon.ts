/**
 * The standbyd of the simulated world: keeps the state, saves before effects, runs steps one at a time, and can die between
 * any two of these. What it does is what the real loop must do.
 */
import type {
  AlertCode,
  Decision,
  Durable,
  Effect,
  Policy,
  StandbyEvent,
  State,
  Step,
} from '../../agent/decide/types.ts';
import type { News, World } from './world.ts';

/** The functions under test; planted bugs replace them. */
export interface Core {
  start(durable: Durable | undefined, nowMs: number, wallMs: number): State;
  decide(state: State, event: StandbyEvent, policy: Policy): Decision;
  resume(state: State): Effect[];
}

/** What the invariants want to be told. */
export interface Watch {
  /** A new life of standbyd begins. */
  born(): void;
  decided(before: State, decision: Decision, event: StandbyEvent): void;
  /** A decision was saved. */
  saved(event: StandbyEvent, decision: Decision): void;
  ordered(effect: Effect, saved: Durable | undefined): void;
  /** A step is handed to whoever carries it out; it may take long until it is. */
  begun(step: Step, saved: Durable | undefined): void;
  carriedOut(step: Step): void;
}

/** Wall time is far from monotonic time, so that one is not taken for the other. */
const WALL_OFFSET_MS = 1_700_000_000_000;
const TICK_MS = 250;
/** The network process lets go when standbyd has been away this long. */
const HOLD_GRACE_MS = 15_000;

export class Daemon {
  state: State;
  saved: Durable | undefined;
  up = true;
  frozenUntilMs = 0;
  readonly alerts: { code: AlertCode; atMs: number }[] = [];
  look: () => void = () => {};
  killNet: () => void = () => {};
  private life = 1;
  /** A new life has a monotonic clock of its own. */
  private bornMs = 0;
  private inbox: News[] = [];
  private queue: Step[] = [];
  private running = false;
  private ids = 0;
  private readonly world: World;
  private readonly core: Core;
  private readonly watch: Watch;

  constructor(world: World, core: Core, watch: Watch) {
    this.world = world;
    this.core = core;
    this.watch = watch;
    this.state = core.start(undefined, this.monoMs(), this.wallMs());
    this.connect();
  }

  private monoMs(): number {
    return this.world.nowMs - this.bornMs + 1_000;
  }

  private wallMs(): number {
    return this.world.nowMs + WALL_OFFSET_MS;
  }

  private connect(): void {
    const mine = this.life;
    this.world.engine = { ...this.world.engine, alive: true, mirroring: false };
    this.world.time.every(TICK_MS, () => {
      if (this.life !== mine || !this.up) return false;
      if (this.world.nowMs >= this.frozenUntilMs) this.tell({ kind: 'tick' });
      return true;
    });
    this.world.time.after(5, () => this.tell({ kind: 'process', process: 'net', alive: this.world.net.alive }));
    this.world.time.after(6, () => this.tell({ kind: 'process', process: 'engine', alive: this.world.engine.alive }));
    // The resumed steps may be ordered before or after the other processes have said that they are there.
    this.world.time.after(this.world.chance.pick([1, 10]), () => {
      if (this.up && this.life === mine && !this.mayCrash()) this.order(this.core.resume(this.state));
    });
  }

  /** News for standbyd: handled now, or kept in the sockets while it stands still, or lost while it is not there. */
  tell(news: News): void {
    if (!this.up) return;
    if (this.world.nowMs < this.frozenUntilMs) {
      if (this.inbox.length < 5_000) this.inbox.push(news);
      return;
    }
    this.handle(news);
  }

  freeze(ms: number): void {
    if (!this.up || this.world.nowMs < this.frozenUntilMs) return;
    this.world.disturb();
    this.world.lateMs = this.world.nowMs + ms;
    this.frozenUntilMs = this.world.nowMs + ms;
    const mine = this.life;
    const lateFirst = this.world.chance.of(0.5);
    this.world.time.after(ms, () => {
      if (!this.up || this.life !== mine) return;
      const waiting = this.inbox;
      this.inbox = [];
      if (lateFirst) this.tell({ kind: 'late', lateMs: ms });
      for (const news of waiting) this.tell(news);
      if (!lateFirst) this.tell({ kind: 'late', lateMs: ms });
    });
  }

  private handle(news: News): void {
    this.ids += 1;
    const stamp = { nowMs: this.monoMs(), wallMs: this.wallMs(), freshId: `d${this.ids}` };
    const event: StandbyEvent = { ...news, ...stamp };
    const before = this.state;
    const decision = this.core.decide(before, event, this.world.policy);
    this.watch.decided(before, decision, event);
    this.state = decision.state;
    if (decision.state.durable !== before.durable) {
      if (this.mayCrash()) return;
      this.saved = structuredClone(decision.state.durable);
      this.watch.saved(event, decision);
      if (this.mayCrash()) return;
    }
    this.order(decision.effects);
  }

  private order(effects: Effect[]): void {
    for (const effect of effects) {
      this.watch.ordered(effect, this.saved);
      if (effect.kind === 'alert') this.alerts.push({ code: effect.code, atMs: this.world.nowMs });
      else if (effect.kind === 'look') this.look();
      else if (this.queue.length < 100) this.queue.push(effect.step);
    }
    this.pump();
  }

  private pump(): void {
    const step = this.running ? undefined : this.queue.shift();
    if (step === undefined) return;
    this.running = true;
    const { chance, time } = this.world;
    const fails = this.world.failNext > 0 || chance.of(this.world.stepsFail);
    this.world.failNext = Math.max(0, this.world.failNext - 1);
    const failsAfterwards = chance.of(0.5);
    const slow = chance.of(this.world.stepsSlow);
    if (fails || slow) this.world.disturb();
    const ms = slow ? chance.between(1_000, 6_000) : chance.between(5, 150);
    const mine = this.life;
    const net = this.world.net.incarnation;
    this.watch.begun(step, this.saved);
    if (this.mayCrash()) return;
    time.after(ms / 2, () => {
      if (this.life !== mine || !this.up) return;
      // A network process that was started meanwhile never heard of the order.
      const isUnheard = needsNet(step) && this.world.net.incarnation !== net;
      const result = isUnheard || (fails && !failsAfterwards) ? { why: 'it broke' } : this.carryOut(step);
      if (this.mayCrash()) return;
      const finish = (end: { why: string; open?: number }): void => {
        if (this.life !== mine || !this.up) return;
        this.running = false;
        const netDied = needsNet(step) && (!this.world.net.alive || this.world.net.incarnation !== net);
        const why = fails ? 'it broke' : netDied ? 'the network process ended' : end.why;
        const about = { effect: step.effect, decision: step.decision };
        if (why !== '') this.tell({ kind: 'failed', ...about, code: 'broken', what: why });
        else this.tell({ kind: 'done', ...about, ...(end.open === undefined ? {} : { open: end.open }) });
        this.pump();
      };
      const waitMs = step.effect === 'prove-main' && !this.world.mainServes() ? 5_000 : ms / 2;
      time.after(waitMs, () => finish(step.effect === 'prove-main' ? this.carryOut(step) : result));
    });
  }

  /** Does the step; `why` is empty when it succeeded. */
  private carryOut(step: Step): { why: string; open?: number } {
    const { engine, net } = this.world;
    this.watch.carriedOut(step);
    switch (step.effect) {
      case 'start-mirror':
      case 'stop-mirror':
      case 'freeze':
      case 'thaw':
        if (!engine.alive) return { why: 'the engine is gone' };
        if (step.effect === 'start-mirror') engine.mirroring = true;
        else engine.mirroring = false;
        if (step.effect === 'freeze') engine.frozenFor = step.decision;
        if (step.effect === 'thaw') engine.frozenFor = '';
        return { why: '' };
      case 'open-shares':
        this.world.sharesOpen = true;
        return { why: '' };
      case 'close-shares':
        this.world.sharesOpen = false;
        return { why: '' };
      case 'take-address':
      case 'release-address':
        if (!net.alive || this.world.nowMs < net.frozenUntilMs) return { why: 'the network process does not answer' };
        if (step.effect === 'take-address') this.world.takeAddress(step.decision);
        else this.world.releaseAddress();
        return { why: '' };
      case 'prove-served':
        return { why: this.world.holdsAddress() && this.world.sharesOpen ? '' : 'nobody answers at the address' };
      case 'prove-main':
        return { why: this.world.reachesMain() && this.world.mainServes() ? '' : 'the main does not answer' };
      case 'restore':
        return this.restore();
    }
  }

  private restore(): { why: string; open?: number } {
    const { world } = this;
    if (!world.engine.alive) return { why: 'the engine is gone' };
    if (!world.reachesMain() || !world.mainServes()) return { why: 'the main does not answer' };
    if (world.unrestored > 0 && world.chance.of(0.3)) return { why: '', open: Math.ceil(world.unrestored / 2) };
    world.unrestored = 0;
    return { why: '', open: 0 };
  }

  private mayCrash(): boolean {
    if (!this.world.traits.crashy || !this.world.chance.of(this.crashChance)) return false;
    this.crash();
    return true;
  }

  /** Of dying at any one boundary between saving, ordering and carrying out. */
  crashChance = 0;

  private awayMs(isShort: boolean): number {
    return isShort ? this.world.chance.between(500, 4_000) : this.world.chance.between(16_000, 60_000);
  }

  /** Dies; what was saved is all that the next life has. The engine, its child, mirrors nothing until it is told. */
  crash(forMs?: number): void {
    if (!this.up) return;
    const { time, chance } = this.world;
    this.world.disturb();
    this.up = false;
    this.life += 1;
    this.inbox = [];
    this.queue = [];
    this.running = false;
    this.frozenUntilMs = 0;
    this.world.engine = { ...this.world.engine, alive: false, mirroring: false };
    const awayMs = forMs ?? this.awayMs(chance.of(0.8));
    if (awayMs > HOLD_GRACE_MS)
      time.after(HOLD_GRACE_MS, () => {
        if (this.up) return;
        this.world.releaseAddress();
        this.killNet();
      });
    time.after(awayMs, () => {
      this.world.disturb();
      this.up = true;
      this.bornMs = this.world.nowMs;
      this.watch.born();
      this.state = this.core.start(structuredClone(this.saved), this.monoMs(), this.wallMs());
      if (this.mayCrash()) return;
      // What a restart makes of the memory is saved before any event.
      this.saved = structuredClone(this.state.durable);
      this.connect();
    });
  }
}

function needsNet(step: Step): boolean {
  return step.effect === 'take-address' || step.effect === 'release-address' || step.effect === 'prove-served';
}
