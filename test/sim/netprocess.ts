/** The network process of the simulated world: probes at its intervals, can die, be started again, and stand still. */
import type { Layer, Outcome } from '../../agent/decide/types.ts';
import type { News, World } from './world.ts';

const ECHO_EVERY_MS = 250;
const NEGOTIATE_EVERY_MS = 2_000;
const FETCH_EVERY_MS = 5_000;
const NEAR_EVERY_MS = 1_000;

export class NetProcess {
  /** The main's service epoch in which the kept session was made; 0 when there is none. */
  private session = 0;
  private asking = new Set<Layer>();
  private readonly world: World;
  private readonly send: (news: News) => void;

  constructor(world: World, send: (news: News) => void) {
    this.world = world;
    this.send = send;
    this.begin();
  }

  /** Starts probing; ends by itself when this incarnation is gone. */
  private begin(): void {
    const { time } = this.world;
    const mine = this.world.net.incarnation;
    this.session = 0;
    this.asking = new Set();
    const while_ = (run: () => void) => () => {
      if (!this.world.net.alive || this.world.net.incarnation !== mine) return false;
      if (this.world.nowMs >= this.world.net.frozenUntilMs) run();
      return true;
    };
    time.every(
      ECHO_EVERY_MS,
      while_(() => this.ask('echo')),
    );
    time.every(
      NEGOTIATE_EVERY_MS,
      while_(() => this.ask('negotiate')),
    );
    time.every(
      FETCH_EVERY_MS,
      while_(() => this.ask('fetch')),
    );
    time.every(
      NEAR_EVERY_MS,
      while_(() => this.near()),
    );
    time.after(1, () => this.near());
  }

  look(): void {
    if (!this.world.net.alive || this.world.nowMs < this.world.net.frozenUntilMs) return;
    this.near();
    this.ask('negotiate');
    this.ask('fetch');
  }

  private near(): void {
    this.tell('link', this.world.standbyLink ? 'answered' : 'silent', 0);
    const witness = this.world.witnessOutcome();
    this.answer('witness', witness, witness === 'answered' ? 1 : 250);
    this.ask('arp');
    if (this.world.holdsAddress() && this.world.reachesMain()) this.send({ kind: 'rival', mac: '52:54:00:00:00:01' });
  }

  private ask(layer: 'arp' | 'echo' | 'negotiate' | 'fetch'): void {
    if (this.asking.has(layer)) return;
    this.asking.add(layer);
    const epoch = this.world.mainEpoch;
    const { outcome, ms } = this.world.probe(layer, this.session);
    this.answer(layer, outcome, ms, () => {
      if (layer === 'negotiate' && outcome === 'answered') this.session = epoch;
      if (layer === 'echo' && outcome !== 'answered') this.ask('negotiate');
    });
  }

  /** The answer is known after `ms`; a process that stood still when it came takes it for a silence. */
  private answer(layer: Layer, outcome: Outcome, ms: number, then: () => void = () => {}): void {
    const mine = this.world.net.incarnation;
    this.world.time.after(ms, () => {
      if (!this.world.net.alive || this.world.net.incarnation !== mine) return;
      const stillMs = this.world.net.frozenUntilMs - this.world.nowMs;
      const finish = (seen: Outcome, waitedMs: number): void => {
        if (!this.world.net.alive || this.world.net.incarnation !== mine) return;
        this.asking.delete(layer);
        this.tell(layer, seen, waitedMs);
        then();
      };
      if (stillMs <= 0) finish(outcome, ms);
      else
        this.world.time.after(stillMs, () =>
          finish(outcome === 'answered' && stillMs > 240 ? 'silent' : outcome, ms + stillMs),
        );
    });
  }

  private tell(layer: Layer, outcome: Outcome, ms: number): void {
    this.send({ kind: 'evidence', layer, outcome, ms, detail: outcome });
  }

  kill(): void {
    if (!this.world.net.alive) return;
    this.world.killNet();
    this.send({ kind: 'process', process: 'net', alive: false });
    this.world.time.after(this.world.chance.between(500, 3_000), () => this.startAgain());
  }

  private startAgain(): void {
    if (this.world.net.alive) return;
    this.world.disturb();
    this.world.net = { alive: true, frozenUntilMs: 0, incarnation: this.world.net.incarnation + 1, holds: '' };
    this.send({ kind: 'process', process: 'net', alive: true });
    this.begin();
  }

  /** Stands still; when it runs again it says how late it was, before or shortly after its first answers. */
  freeze(ms: number): void {
    if (!this.world.net.alive || this.world.nowMs < this.world.net.frozenUntilMs) return;
    this.world.disturb();
    this.world.lateMs = this.world.nowMs + ms;
    this.world.net.frozenUntilMs = this.world.nowMs + ms;
    const mine = this.world.net.incarnation;
    // The timers that ran out meanwhile all fire at once.
    this.world.time.after(ms, () => {
      if (!this.world.net.alive || this.world.net.incarnation !== mine) return;
      this.ask('echo');
      this.ask('negotiate');
    });
    this.world.time.after(ms + this.world.chance.between(0, 100), () => {
      if (!this.world.net.alive || this.world.net.incarnation !== mine) return;
      this.world.lateMs = this.world.nowMs;
      this.send({ kind: 'late', lateMs: ms });
    });
  }
}
