/**
 * Bugs planted on purpose, each a wrapper around the deciding core. The simulation must find every one of them: a bug that is
 * not found means a world that is too kind, or a rule that is not needed.
 */
import type { Decision, Facts, Mode, Policy, StandbyEvent, State } from '../../agent/decide/types.ts';
import type { Core } from './daemon.ts';

export interface Planted {
  name: string;
  plant(core: Core): Core;
}

type Decide = Core['decide'];

/** A bug in deciding alone. */
function inDecide(name: string, bug: (decide: Decide) => Decide): Planted {
  return { name, plant: (core) => ({ ...core, decide: bug(core.decide) }) };
}

/** Decides on facts other than the true ones. */
function onFacts(name: string, falsify: (facts: Facts, event: StandbyEvent, mode: Mode) => Partial<Facts>): Planted {
  return inDecide(name, (decide) => (state, event, policy) => {
    const facts = { ...state.facts, ...falsify(state.facts, event, state.durable.mode) };
    return decide({ ...state, facts }, event, policy);
  });
}

function onPolicy(name: string, falsify: (policy: Policy) => Policy): Planted {
  return inDecide(name, (decide) => (state, event, policy) => decide(state, event, falsify(policy)));
}

/** Loses some events: what would have been learned from them is not. */
function deafTo(name: string, isDeaf: (event: StandbyEvent, state: State) => boolean): Planted {
  return inDecide(name, (decide) => (state, event, policy) => {
    const stamp = { nowMs: event.nowMs, wallMs: event.wallMs, freshId: event.freshId };
    return decide(state, isDeaf(event, state) ? { kind: 'tick', ...stamp } : event, policy);
  });
}

/** Changes the mode that a decision leads to. */
function onMode(name: string, falsify: (after: Mode, before: Mode) => Mode): Planted {
  return inDecide(name, (decide) => (state, event, policy) => {
    const decision = decide(state, event, policy);
    const after = decision.state.durable.mode;
    const mode = falsify(after, state.durable.mode);
    if (mode === after) return decision;
    return { ...decision, state: { ...decision.state, durable: { ...decision.state.durable, mode } } };
  });
}

/** Answers itself that a step is done instead of ordering it. */
function skipsStep(name: string, isSkipped: (step: string, mode: Mode) => boolean): Planted {
  return inDecide(name, (decide) => {
    const skipping: Decide = (state, event, policy) => {
      const decision = decide(state, event, policy);
      const { mode } = decision.state.durable;
      const step = 'step' in mode && 'decision' in mode ? mode.step : '';
      if (step === '' || mode === state.durable.mode || !isSkipped(step, mode)) return decision;
      const stamp = { nowMs: event.nowMs, wallMs: event.wallMs, freshId: event.freshId };
      const effect = decision.effects.find((each) => each.kind === 'step');
      if (effect?.kind !== 'step') return decision;
      const done = { kind: 'done', effect: effect.step.effect, decision: effect.step.decision, ...stamp } as const;
      const next = skipping(decision.state, done, policy);
      return { ...next, effects: [...decision.effects.filter((each) => each !== effect), ...next.effects] };
    };
    return skipping;
  });
}

function withoutEffects(name: string, isLost: (effect: Decision['effects'][number], mode: Mode) => boolean): Planted {
  return inDecide(name, (decide) => (state, event, policy) => {
    const decision = decide(state, event, policy);
    const { mode } = decision.state.durable;
    return { ...decision, effects: decision.effects.filter((effect) => !isLost(effect, mode)) };
  });
}

export const planted: readonly Planted[] = [
  onFacts('takes the first copy for complete', (facts) => ({ mirror: { ...facts.mirror, complete: true } })),
  onFacts('takes over what it never saw serving', () => ({ seenHealthy: true })),
  onFacts('asks no witness', (facts) => {
    const { witness, ...layers } = facts.layers;
    return witness === undefined ? {} : { witnessKnown: false, layers, isolatedSinceMs: undefined };
  }),
  {
    name: 'counts misses from while it was cut off',
    plant: (core) => ({
      ...core,
      decide(state, event, policy) {
        const decision = core.decide(state, event, policy);
        const { facts } = decision.state;
        const cameBack = state.facts.isolatedSinceMs !== undefined && facts.isolatedSinceMs === undefined;
        if (!cameBack) return decision;
        const kept = {
          layers: { ...state.facts.layers, ...facts.layers },
          failingSinceMs: state.facts.isolatedSinceMs,
        };
        return { ...decision, state: { ...decision.state, facts: { ...facts, ...kept } } };
      },
    }),
  },
  {
    name: 'blames the main for its own lateness',
    plant: (core) => ({
      ...core,
      decide(state, event, policy) {
        const stamp = { nowMs: event.nowMs, wallMs: event.wallMs, freshId: event.freshId };
        const deaf: StandbyEvent = event.kind === 'late' ? { kind: 'tick', ...stamp } : event;
        return core.decide({ ...state, facts: { ...state.facts, heardMs: event.nowMs } }, deaf, policy);
      },
    }),
  },
  onFacts('judges by what a dead network process last saw', (facts, event) => {
    const layers = { ...facts.layers };
    for (const layer of ['echo', 'negotiate', 'witness'] as const) {
      const fact = layers[layer];
      if (fact !== undefined) layers[layer] = { ...fact, atMs: Math.max(fact.atMs, event.nowMs - 100) };
    }
    return { layers, witnessAnsweredMs: facts.witnessAnsweredMs === undefined ? undefined : event.nowMs };
  }),
  deafTo(
    'takes a lost session for a lost main',
    (event, state) =>
      event.kind === 'evidence' &&
      event.outcome === 'answered' &&
      (event.layer === 'echo' || event.layer === 'negotiate') &&
      (state.durable.mode.kind === 'suspecting' || state.facts.failingSinceMs !== undefined),
  ),
  {
    name: 'dates a failure from its question, however long ago that was',
    plant: (core) => ({
      ...core,
      decide(state, event, policy) {
        const decision = core.decide(state, event, policy);
        const { facts } = decision.state;
        const isNew = facts.failingSinceMs !== state.facts.failingSinceMs && facts.failingSinceMs !== undefined;
        if (!isNew || event.kind !== 'evidence') return decision;
        const failingSinceMs = Math.min(facts.failingSinceMs ?? event.nowMs, event.nowMs - event.ms);
        return { ...decision, state: { ...decision.state, facts: { ...facts, failingSinceMs } } };
      },
    }),
  },
  onFacts('takes a witness that answered before the miss for proof of the network', () => ({ failureKnownMs: 0 })),
  {
    name: 'takes its own refused log-on for a failure',
    plant: (core) => ({
      ...core,
      decide(state, event, policy) {
        const isOdd = event.kind === 'evidence' && (event.outcome === 'denied' || event.outcome === 'changed');
        return core.decide(state, isOdd ? { ...event, outcome: 'frozen' } : event, policy);
      },
    }),
  },
  onPolicy('takes over in manual mode', (policy) => ({ ...policy, takeover: 'automatic' })),
  inDecide('forgets that it is on hold', (decide) => (state, event, policy) => {
    const { pausedUntilWallMs } = state.durable;
    const decision = decide({ ...state, durable: { ...state.durable, pausedUntilWallMs: undefined } }, event, policy);
    if (event.kind === 'command' || decision.state.durable.pausedUntilWallMs === pausedUntilWallMs) return decision;
    return { ...decision, state: { ...decision.state, durable: { ...decision.state.durable, pausedUntilWallMs } } };
  }),
  onPolicy('has no patience', (policy) => ({ ...policy, patienceMs: { refused: 0, silent: 0, frozen: 0 } })),
  onMode('thaws after users could write', (after) =>
    after.kind === 'undoing' ? { ...after, mayHaveWritten: false } : after,
  ),
  skipsStep(
    'undoes without letting the address go',
    (step, mode) => mode.kind === 'undoing' && step === 'release-address',
  ),
  skipsStep(
    'hands back without letting the address go',
    (step, mode) => mode.kind === 'handing-back' && step === 'release-address',
  ),
  skipsStep('undoes with the shares left open', (step, mode) => mode.kind === 'undoing' && step === 'close-shares'),
  skipsStep(
    'opens the shares over a mirror that is not frozen',
    (step, mode) => mode.kind === 'taking-over' && step === 'freeze',
  ),
  inDecide(
    'calls a restore complete that left something over',
    (decide) => (state, event, policy) =>
      decide(state, event.kind === 'done' && event.effect === 'restore' ? { ...event, open: 0 } : event, policy),
  ),
  inDecide('starts mirroring over changes that were not restored', (decide) => (state, event, policy) => {
    const isOver =
      event.kind === 'command' && event.command.name === 'start-sync' && state.durable.mode.kind === 'handed-back';
    return decide(
      isOver ? { ...state, durable: { ...state.durable, mode: { kind: 'idle' } }, facts: thawed(state.facts) } : state,
      event,
      policy,
    );
  }),
  inDecide('forces itself upon a main that serves', (decide) => (state, event, policy) => {
    const isForce = event.kind === 'command' && event.command.name === 'force-failover';
    return decide(isForce ? { ...state, facts: gone(state.facts, event.nowMs) } : state, event, policy);
  }),
  onFacts('does not look once more before the address', (facts, event, mode) =>
    mode.kind === 'taking-over' && mode.step === 'open-shares' ? gone(facts, event.nowMs) : {},
  ),
  inDecide('forces without the list being accepted', (decide) => (state, event, policy) => {
    const isForce = event.kind === 'command' && event.command.name === 'force-failover';
    return decide(
      state,
      isForce ? { ...event, command: { name: 'force-failover', acceptMissing: true } } : event,
      policy,
    );
  }),
  {
    name: 'resumes nothing in the middle of a takeover',
    plant: (core) => ({
      ...core,
      resume: (state) => (state.durable.mode.kind === 'taking-over' ? [] : core.resume(state)),
    }),
  },
  {
    name: 'takes the address again after a restart without asking',
    plant: (core) => ({
      ...core,
      start: (durable, nowMs, wallMs) => keepsStep(core.start(durable, nowMs, wallMs), durable?.mode),
    }),
  },
  withoutEffects(
    'does not take the address again when the network process is back',
    (effect, mode) => mode.kind === 'active' && effect.kind === 'step' && effect.step.effect === 'take-address',
  ),
  onFacts('gives a step up that failed once', () => ({ retryStepAtMs: undefined })),
  inDecide('orders before it saves', (decide) => {
    let late: State['durable'] | undefined;
    return (state, event, policy) => {
      const decision = decide(late === undefined ? state : { ...state, durable: late }, event, policy);
      late = undefined;
      if (decision.state.durable.mode.kind !== 'taking-over' || state.durable.mode.kind !== 'suspecting')
        return decision;
      late = decision.state.durable;
      return { ...decision, state: { ...decision.state, durable: { ...state.durable } } };
    };
  }),
  withoutEffects('tells nobody', (effect) => effect.kind === 'alert'),
  onFacts('mails at every tick', () => ({ told: [] })),
  onFacts('never tries again', (facts) => (facts.attempts > 0 ? { nextAttemptMs: Number.POSITIVE_INFINITY } : {})),
];

function thawed(facts: Facts): Facts {
  return { ...facts, mirror: { ...facts.mirror, frozenFor: '' } };
}

/** Facts of a main that refuses at this moment, whatever was seen. */
function gone(facts: Facts, nowMs: number): Facts {
  const { echo: _, ...layers } = facts.layers;
  const negotiate = { outcome: 'refused', atMs: nowMs, sinceMs: nowMs - 100, ms: 1, detail: '' } as const;
  return {
    ...facts,
    layers: { ...layers, negotiate },
    witnessAnsweredMs: facts.witnessKnown ? nowMs : facts.witnessAnsweredMs,
  };
}

function keepsStep(state: State, saved: Mode | undefined): State {
  const { mode } = state.durable;
  if (mode.kind !== 'taking-over' || saved?.kind !== 'taking-over') return state;
  return { ...state, durable: { ...state.durable, mode: { ...mode, step: saved.step } } };
}
