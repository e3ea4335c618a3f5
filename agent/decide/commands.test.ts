/** Every mode × every command: accepted, or refused with a reason; what is refused changes nothing and orders nothing. */
import { describe, expect, it } from 'vitest';
import { decide, start } from './index.ts';
import { noFacts } from './learn.ts';
import type { Command, Facts, Mode, Policy, StandbyEvent, State } from './types.ts';

const policy: Policy = {
  takeover: 'automatic',
  patienceMs: { refused: 10_000, silent: 3_000, frozen: 5_000 },
  witnessFreshMs: 800,
  retryMs: 5_000,
  mainName: 'FILES01',
  standbyName: 'STANDBY1',
  address: '192.168.10.20',
};

const NOW_MS = 100_000;
const WALL_MS = 1_700_000_000_000;

const taking = {
  decision: 'd1',
  why: '',
  forced: false,
  startedMs: 0,
  from: 'standing-by',
  mayHaveWritten: false,
} as const;
const modes: Record<Mode['kind'], Mode> = {
  idle: { kind: 'idle', because: 'stopped' },
  syncing: { kind: 'syncing' },
  'standing-by': { kind: 'standing-by' },
  suspecting: { kind: 'suspecting', how: 'silent', layer: 'negotiate', from: 'standing-by' },
  'taking-over': { kind: 'taking-over', step: 'freeze', ...taking },
  undoing: { kind: 'undoing', decision: 'd1', step: 'thaw', why: '', from: 'standing-by', mayHaveWritten: false },
  active: { kind: 'active', decision: 'd1' },
  'handing-back': { kind: 'handing-back', decision: 'd1', step: 'release-address' },
  'handed-back': { kind: 'handed-back', decision: 'd1' },
  restoring: { kind: 'restoring', decision: 'd1', step: 'restore', planHash: 'p1' },
};

function factsOf(main: 'serves' | 'silent'): Facts {
  const outcome = main === 'serves' ? 'answered' : 'silent';
  const fact = { outcome, atMs: NOW_MS - 50, sinceMs: NOW_MS - 900, ms: 1, detail: '' } as const;
  return {
    ...noFacts(NOW_MS - 100),
    layers: { link: { ...fact, outcome: 'answered' }, echo: fact, negotiate: fact },
    failingSinceMs: main === 'serves' ? undefined : NOW_MS - 900,
    seenHealthy: true,
    netAlive: true,
    engineAlive: true,
    mirror: { complete: true, live: main === 'serves', missingFiles: 0, missingBytes: 0, frozenFor: '' },
  };
}

function stateOf(kind: Mode['kind'], facts: Facts): State {
  return { durable: { mode: modes[kind], pausedUntilWallMs: undefined, sinceWallMs: WALL_MS, why: '' }, facts };
}

function order(state: State, command: Command) {
  const event: StandbyEvent = { kind: 'command', command, nowMs: NOW_MS, wallMs: WALL_MS, freshId: 'd2' };
  return decide(state, event, policy);
}

const commands: Record<string, Command> = {
  'start-sync': { name: 'start-sync' },
  'stop-sync': { name: 'stop-sync' },
  force: { name: 'force-failover', acceptMissing: false },
  'force, accepting': { name: 'force-failover', acceptMissing: true },
  'recover-ip': { name: 'recover-ip' },
  'restore-files': { name: 'restore-files', planHash: 'p1' },
  pause: { name: 'pause', untilWallMs: undefined },
  resume: { name: 'resume' },
};

/** Where each command leads, per mode: a mode's kind, or «no». Main: what is so of the main; `resume` has nothing to end here. */
const matrix: [Mode['kind'], 'serves' | 'silent', Record<string, Mode['kind'] | 'no'>][] = [
  ['idle', 'serves', { 'start-sync': 'syncing' }],
  // A complete mirror that is followed no longer may serve, once it is accepted that it is old.
  ['idle', 'silent', { 'start-sync': 'syncing', 'force, accepting': 'taking-over' }],
  ['syncing', 'serves', { 'stop-sync': 'idle' }],
  ['syncing', 'silent', { 'stop-sync': 'idle', force: 'taking-over', 'force, accepting': 'taking-over' }],
  ['standing-by', 'serves', { 'stop-sync': 'idle' }],
  ['standing-by', 'silent', { 'stop-sync': 'idle', force: 'taking-over', 'force, accepting': 'taking-over' }],
  ['suspecting', 'silent', { 'stop-sync': 'idle', force: 'taking-over', 'force, accepting': 'taking-over' }],
  ['taking-over', 'silent', {}],
  ['undoing', 'silent', {}],
  ['active', 'silent', { 'recover-ip': 'handing-back' }],
  ['handing-back', 'silent', {}],
  ['handed-back', 'serves', { 'restore-files': 'restoring' }],
  // The main is away once more: the same decision may serve again, if a person accepts what is missing.
  ['handed-back', 'silent', { 'force, accepting': 'taking-over' }],
  ['restoring', 'serves', {}],
];

const rows = matrix.flatMap(([kind, main, leads]) =>
  Object.keys(commands).map((name) => {
    const leadsTo = leads[name] ?? (name === 'pause' ? kind : 'no');
    return [kind, main, name, leadsTo] as const;
  }),
);

describe('commands', () => {
  it.each(rows)('in %s, while the main %s, %s leads to: %s', (kind, main, name, leadsTo) => {
    const before = stateOf(kind, factsOf(main));
    const command = commands[name];
    if (command === undefined) throw new Error(`no command ${name}`);
    const { state, effects, answer } = order(before, command);
    if (leadsTo === 'no') {
      expect(answer).toMatchObject({ accepted: false, why: expect.stringMatching(/./) });
      expect(state.durable).toBe(before.durable);
      expect(effects.filter((effect) => effect.kind === 'step')).toEqual([]);
    } else {
      expect(answer).toMatchObject({ accepted: true });
      expect(state.durable.mode.kind).toBe(leadsTo);
    }
  });

  it('covers every mode', () => {
    expect(new Set(rows.map(([kind]) => kind))).toEqual(new Set(Object.keys(modes)));
  });

  it.each([
    ['the cable is out', (facts: Facts) => withLink(facts), 'cable'],
    ['the network process is away', (facts: Facts) => ({ ...facts, netAlive: false }), 'network process'],
    [
      'nobody has looked yet',
      (facts: Facts) => ({ ...facts, layers: { link: facts.layers.link ?? never() } }),
      'not known',
    ],
  ])('does not force when %s', (_, falsify, words) => {
    const { answer, state } = order(stateOf('standing-by', falsify(factsOf('silent'))), {
      name: 'force-failover',
      acceptMissing: true,
    });
    expect(answer).toMatchObject({ accepted: false, why: expect.stringContaining(words) });
    expect(state.durable.mode.kind).toBe('standing-by');
  });

  it('forces with witnesses silent, since a person may know that they are what died', () => {
    const facts = { ...factsOf('silent'), witnessKnown: true, witnessAnsweredMs: NOW_MS - 60_000 };
    const { state } = order(stateOf('standing-by', facts), { name: 'force-failover', acceptMissing: false });
    expect(state.durable.mode.kind).toBe('taking-over');
  });

  it('serves again under the same decision, so that one restore brings everything back', () => {
    const { state } = order(stateOf('handed-back', factsOf('silent')), { name: 'force-failover', acceptMissing: true });
    expect(state.durable.mode).toMatchObject({ kind: 'taking-over', decision: 'd1', mayHaveWritten: true });
  });

  it('refuses to start mirroring while the engine is frozen, whatever our own memory says', () => {
    const facts = factsOf('serves');
    const frozen = { ...facts, mirror: { ...facts.mirror, frozenFor: 'd0' } };
    expect(order(stateOf('idle', frozen), { name: 'start-sync' }).answer?.accepted).toBe(false);
  });

  it('ends a hold by order and by time', () => {
    const held = order(stateOf('standing-by', factsOf('serves')), { name: 'pause', untilWallMs: WALL_MS + 500 }).state;
    expect(held.durable.pausedUntilWallMs).toBe(WALL_MS + 500);
    expect(order(held, { name: 'resume' }).state.durable.pausedUntilWallMs).toBeUndefined();
    const tick: StandbyEvent = { kind: 'tick', nowMs: NOW_MS + 500, wallMs: WALL_MS + 500, freshId: 'd3' };
    expect(decide(held, tick, policy)).toMatchObject({
      why: 'the hold ended',
      state: { durable: { pausedUntilWallMs: undefined } },
    });
    expect(order(start(undefined, 0, WALL_MS), { name: 'pause', untilWallMs: WALL_MS }).answer?.accepted).toBe(false);
  });
});

function withLink(facts: Facts): Facts {
  const link = { outcome: 'silent', atMs: NOW_MS, sinceMs: NOW_MS, ms: 0, detail: '' } as const;
  return { ...facts, layers: { ...facts.layers, link } };
}

function never(): never {
  throw new Error('the table has no link');
}
