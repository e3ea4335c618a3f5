/** Runs one seed from the beginning to the end, or to the first violation. */
import { type Core, Daemon } from './daemon.ts';
import { type Invariant, Invariants, Violation } from './invariants.ts';
import { NetProcess } from './netprocess.ts';
import { Scenario } from './scenario.ts';
import { World } from './world.ts';

export interface Result {
  seed: number;
  simulatedMs: number;
  /** How often the standby came to serve. */
  takenOver: number;
  restored: number;
  decisions: number;
  violation: { invariant: Invariant; what: string; atMs: number } | undefined;
  /** The last decisions before the end, for people. */
  story: string[];
}

const STORY_LINES = 40;

export function runSeed(seed: number, core: Core): Result {
  const world = new World(seed);
  const invariants = new Invariants(world);
  const story: string[] = [];
  let decisions = 0;
  let lastKey = '';
  const daemon: Daemon = new Daemon(
    world,
    {
      ...core,
      decide(state, event, policy) {
        const decision = core.decide(state, event, policy);
        const { mode } = decision.state.durable;
        const step = 'step' in mode ? mode.step : '';
        const key = `${mode.kind}/${step}`;
        if (key !== lastKey && step !== '') scenario.stepBegins(mode.kind, step);
        lastKey = key;
        if (decision.why !== '' || decision.answer !== undefined) {
          decisions += 1;
          const words = `${decision.state.durable.mode.kind}: ${decision.why}${decision.answer?.why ?? ''}`;
          story.push(`${Math.round(world.nowMs)} ${event.kind} → ${words}`);
          if (story.length > STORY_LINES) story.shift();
        }
        return decision;
      },
    },
    invariants,
  );
  invariants.attend(daemon);
  const net: NetProcess = new NetProcess(world, (news) => daemon.tell(news));
  daemon.look = () => net.look();
  daemon.killNet = () => net.kill();
  const scenario: Scenario = new Scenario(world, daemon, net);
  const after = (): void => {
    world.settle();
    invariants.check();
  };
  const run = (ms: number): void => world.time.runUntil(world.nowMs + ms, after);
  let violation: Result['violation'];
  try {
    world.time.after(2_000, () => scenario.command({ name: 'start-sync' }));
    run(world.chance.between(5_000, 30_000));
    const rounds = 2;
    for (let round = 0; round < rounds; round += 1) {
      const chaosMs = world.chance.between(30_000, 120_000);
      scenario.chaos(chaosMs);
      run(chaosMs);
      run(scenario.wayBack());
      run(scenario.calmDeath());
      run(world.chance.of(0.5) ? scenario.wayBack() : 1_000);
    }
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = { invariant: error.invariant, what: error.message, atMs: world.nowMs };
  }
  const count = (code: string): number => daemon.alerts.filter((alert) => alert.code === code).length;
  const { nowMs: simulatedMs } = world;
  return {
    seed,
    simulatedMs,
    takenOver: count('taken-over'),
    restored: count('restored'),
    decisions,
    violation,
    story,
  };
}
