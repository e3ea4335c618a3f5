/** What happens in a seeded world: chaos, calm in which everything must come to its end, and people with and without a plan. */
import type { Command } from '../../agent/decide/types.ts';
import type { Daemon } from './daemon.ts';
import type { NetProcess } from './netprocess.ts';
import type { World } from './world.ts';

interface Fault {
  begins(): void;
  ends(): void;
}

export class Scenario {
  private readonly world: World;
  private readonly daemon: Daemon;
  private readonly net: NetProcess;

  constructor(world: World, daemon: Daemon, net: NetProcess) {
    this.world = world;
    this.daemon = daemon;
    this.net = net;
    world.time.every(400, () => this.always(() => world.userWrites()));
    world.time.every(1_000, () => this.always(() => this.engineWorks()));
  }

  private always(run: () => void): true {
    run();
    return true;
  }

  private engineWorks(): void {
    const { engine } = this.world;
    if (!engine.alive) return;
    const reads = engine.mirroring && this.world.reachesMain() && this.world.mainServes();
    if (reads) {
      engine.missing = Math.max(0, engine.missing - 400);
      engine.complete = engine.complete || engine.missing === 0;
    }
    const { complete, missing, frozenFor } = engine;
    this.daemon.tell({
      kind: 'mirror',
      complete,
      live: complete && reads,
      missingFiles: complete ? 0 : missing,
      missingBytes: complete ? 0 : missing * 50_000,
      frozenFor,
    });
  }

  killEngine(): void {
    const { world } = this;
    if (!world.engine.alive) return;
    world.disturb();
    world.engine = { ...world.engine, alive: false, mirroring: false };
    this.daemon.tell({ kind: 'process', process: 'engine', alive: false });
    world.time.after(world.chance.between(300, 2_000), () => {
      if (world.engine.alive || !this.daemon.up) return;
      world.engine = { ...world.engine, alive: true };
      this.daemon.tell({ kind: 'process', process: 'engine', alive: true });
    });
  }

  command(command: Command): void {
    this.world.disturb();
    this.daemon.tell({ kind: 'command', command });
  }

  /** Everything works, all wires are in. */
  heal(): void {
    const { world } = this;
    world.disturb();
    world.setMain('up');
    world.main = { ...world.main, link: true, denies: false, changed: false };
    world.standbyLink = true;
    world.segment = true;
    world.witnessUp = true;
    world.loss = 0;
    world.stepsFail = 0;
    world.stepsSlow = 0;
    this.daemon.crashChance = 0;
  }

  /** For this long things go wrong at random, most of them with an end. */
  chaos(ms: number): void {
    const { world } = this;
    this.daemon.crashChance = world.chance.pick([0, 0.02, 0.1]);
    world.stepsFail = world.chance.pick([0, 0, 0.1, 0.4]);
    world.stepsSlow = world.chance.pick([0, 0.2]);
    const endMs = world.nowMs + ms;
    this.chaosEndMs = endMs;
    const next = (): void => {
      if (world.nowMs >= endMs) return;
      this.mishap();
      world.time.after(world.chance.between(200, 12_000), next);
    };
    next();
  }

  /** Called when a step begins: faults prefer the worst moment. */
  stepBegins(kind: string, step: string): void {
    const { world, net, daemon } = this;
    const { chance, time } = world;
    if (step === this.crashAt) {
      this.crashAt = '';
      time.after(chance.between(0, 60), () => daemon.crash(chance.between(1_000, 9_000)));
      if (step === 'take-address' && chance.of(0.7)) time.after(500, () => world.setMain('up'));
    }
    if (world.nowMs >= this.chaosEndMs || !chance.of(0.35)) return;
    const inMs = chance.between(1, 200);
    world.disturb();
    const bad: [() => void, ...(() => void)[]] = [
      () => time.after(inMs, () => net.kill()),
      () => time.after(inMs, () => this.killEngine()),
    ];
    // The main comes back while we open the shares, or while we are away with the address already ordered.
    if (kind === 'taking-over' && step === 'open-shares')
      bad[0] = () => {
        world.stepsSlow = 0.8;
        time.after(inMs, () => world.setMain('up'));
      };
    if (world.traits.crashy && (step === 'take-address' || step === 'prove-served'))
      bad[0] = () => {
        time.after(inMs, () => daemon.crash(chance.between(5_000, 12_000)));
        if (chance.of(0.7)) time.after(inMs + 500, () => world.setMain('up'));
      };
    chance.pick(bad)();
  }

  private chaosEndMs = 0;
  /** The step in whose middle standbyd dies, once. */
  private crashAt = '';

  private mishap(): void {
    const { chance, time } = this.world;
    const forMs = chance.pick([300, 900, 2_500, 7_000, 20_000]) * chance.between(0.5, 1.5);
    this.world.disturb();
    if (chance.of(0.5)) {
      const fault = chance.pick(this.faults());
      fault.begins();
      time.after(forMs, () => {
        this.world.disturb();
        fault.ends();
      });
    } else chance.pick(this.accidents(forMs))();
  }

  /** What begins and ends: the main, the wires, the witnesses. */
  private faults(): [Fault, ...Fault[]] {
    const { world } = this;
    const mainIs = (smb: 'up' | 'refusing' | 'frozen' | 'stuck', on = true): Fault => ({
      begins: () => world.setMain(smb, on),
      ends: () => world.setMain('up'),
    });
    const toggles = (set: (isFaulty: boolean) => void): Fault => ({ begins: () => set(true), ends: () => set(false) });
    const lost = world.chance.pick([0.1, 0.4, 0.7]);
    return [
      mainIs('refusing'),
      mainIs('frozen'),
      mainIs('stuck'),
      mainIs('up', false),
      {
        // A reboot: gone, then there without its file service, then serving.
        begins: () => world.setMain('up', false),
        ends: () => {
          world.setMain('refusing');
          world.time.after(world.chance.between(500, 9_000), () => world.setMain('up'));
        },
      },
      toggles((isFaulty) => {
        world.main.link = !isFaulty;
      }),
      toggles((isFaulty) => {
        world.standbyLink = !isFaulty;
      }),
      toggles((isFaulty) => {
        world.segment = !isFaulty;
      }),
      toggles((isFaulty) => {
        world.witnessUp = !isFaulty;
      }),
      toggles((isFaulty) => {
        world.loss = isFaulty ? lost : 0;
      }),
      toggles((isFaulty) => {
        world.main.denies = isFaulty;
      }),
      toggles((isFaulty) => {
        world.main.changed = isFaulty;
      }),
    ];
  }

  /** What happens in a moment, or to our own processes, or is pressed by people. */
  private accidents(forMs: number): [() => void, ...(() => void)[]] {
    const { world, net, daemon } = this;
    const { chance } = world;
    const pressed = (): void => {
      if (world.traits.clumsy) this.clumsy();
    };
    return [
      () => world.setMain('up'),
      () => world.setMain('up', false),
      () => {
        world.mainEpoch += 1;
      },
      () => net.kill(),
      () => net.kill(),
      () => net.freeze(Math.min(forMs, 4_500)),
      () => this.stutter(chance.between(3_000, 9_000)),
      () => this.killEngine(),
      () => daemon.freeze(forMs),
      () => {
        // A short stop of the main, and we stand still before we hear how it went on.
        world.setMain('refusing');
        world.time.after(chance.between(200, 600), () => daemon.freeze(chance.between(4_000, 14_000)));
        world.time.after(chance.between(700, 1_500), () => world.setMain('up'));
      },
      () => {
        if (world.traits.crashy) daemon.crash();
      },
      () => {
        // The main stops, and somebody is quick to press.
        world.setMain('up', false);
        const acceptMissing = chance.of(0.3);
        world.time.after(4_000, () => this.command({ name: 'force-failover', acceptMissing }));
      },
      pressed,
      pressed,
      pressed,
      pressed,
      pressed,
    ];
  }

  /** A starved network process: stands still again and again, and each time says so. */
  private stutter(forMs: number): void {
    const { world, net } = this;
    const endMs = world.nowMs + forMs;
    const stillMs = world.chance.between(300, 900);
    const next = (): void => {
      if (world.nowMs >= endMs) return;
      net.freeze(stillMs);
      world.time.after(stillMs + world.chance.between(0.5, 8), next);
    };
    next();
  }

  /** Somebody presses whatever there is to press. */
  private clumsy(): void {
    const { chance, nowMs } = this.world;
    const wallMs = nowMs + 1_700_000_000_000;
    if (!this.world.mainServes() && chance.of(0.4)) {
      this.command({ name: 'force-failover', acceptMissing: chance.of(0.3) });
      return;
    }
    this.command(
      chance.pick<Command>([
        { name: 'start-sync' },
        { name: 'start-sync' },
        { name: 'stop-sync' },
        { name: 'force-failover', acceptMissing: false },
        { name: 'force-failover', acceptMissing: true },
        { name: 'recover-ip' },
        { name: 'restore-files', planHash: 'plan' },
        { name: 'restore-files', planHash: '' },
        { name: 'pause', untilWallMs: wallMs + chance.between(1_000, 30_000) },
        { name: 'pause', untilWallMs: wallMs + chance.between(10_000, 60_000) },
        { name: 'pause', untilWallMs: undefined },
        { name: 'resume' },
      ]),
    );
  }

  /** Everything is healed, protection is on, the main dies and nothing else happens. Returns how long that takes (ms). */
  calmDeath(): number {
    const { world } = this;
    this.heal();
    const { chance } = world;
    world.time.after(30_000, () => this.command({ name: 'resume' }));
    world.time.after(30_100, () => this.command({ name: 'start-sync' }));
    world.time.after(chance.between(50_000, 60_000), () => {
      const kind = chance.pick(['refusing', 'frozen', 'stuck', 'off'] as const);
      if (kind === 'off') world.setMain('up', false);
      else world.setMain(kind);
      // An attempt may fail, and a process may die once we serve.
      if (chance.of(0.3)) world.failNext = 1;
      else if (chance.of(0.4))
        this.crashAt = chance.pick(['stop-mirror', 'freeze', 'open-shares', 'take-address', 'take-address']);
      if (chance.of(0.3)) world.time.after(14_000, () => this.net.kill());
    });
    return 60_000 + 65_000;
  }

  /** A person who follows the book brings everything back. Returns how long that takes (ms). */
  wayBack(): number {
    const { world } = this;
    this.heal();
    // A main that comes back while the standby serves is unplugged first.
    if (this.daemon.state.durable.mode.kind === 'active') world.setMain('up', false);
    world.time.after(8_000, () => this.command({ name: 'recover-ip' }));
    world.time.after(16_000, () => world.setMain('up'));
    for (const atMs of [40_000, 48_000, 56_000, 64_000])
      world.time.after(atMs, () => this.command({ name: 'restore-files', planHash: 'plan' }));
    world.time.after(75_000, () => this.command({ name: 'start-sync' }));
    return 80_000;
  }
}
