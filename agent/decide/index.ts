/**
 * The deciding core: `decide(state, event, policy)` first learns (facts with their age), then moves (one function per mode).
 * Pure: time, chance and the world come with the event. The caller
 *  - saves `state.durable`, when it has changed, before the first effect of a decision;
 *  - runs steps one at a time, in order, each with a time limit of its own, and answers each with done or failed;
 *  - ticks at least every TICK_MS, and tells `late` before anything else that waited meanwhile;
 *  - goes on sending evidence of the main until the address is ordered, and again after it was let go;
 *  - after a restart saves what `start` made of the memory, before any event, and runs the effects of `resume(state)`;
 *    an engine that starts mirrors nothing until it is told.
 *
 * The diagrams stand in standby.ts (watching), takeover.ts (taking over, undoing, active) and handback.ts (the way back).
 */
import { command } from './commands.ts';
import { handedBack, handingBack, restoring } from './handback.ts';
import { learn, noFacts } from './learn.ts';
import { idle, watching } from './standby.ts';
import { active, taking, undoing } from './takeover.ts';
import { asEffects, repeat, stepsAgain } from './turn.ts';
import type { Decision, Durable, Effect, Mode, Policy, StandbyEvent, State } from './types.ts';

export { durableFrom } from './durable.ts';
export { isPaused } from './guards.ts';
export type { Verdict } from './health.ts';
export { verdictOf } from './health.ts';
export { TICK_MS } from './learn.ts';
export type { Sentence } from './sentence.ts';
export { sentence } from './sentence.ts';
export { NOT_TAKEN } from './takeover.ts';
export type * from './types.ts';

/** The state of a process that begins: the saved memory, or the first one, and no facts. */
export function start(durable: Durable | undefined, nowMs: number, wallMs: number): State {
  const facts = noFacts(nowMs);
  if (durable === undefined)
    return {
      durable: {
        mode: { kind: 'idle' },
        pausedUntilWallMs: undefined,
        sinceWallMs: wallMs,
        why: 'nothing is set up yet',
      },
      facts,
    };
  return { durable: { ...durable, mode: afterRestart(durable.mode, nowMs) }, facts };
}

/** What a mode becomes when its facts are lost. Monotonic time of the earlier process means nothing any more. */
function afterRestart(mode: Mode, nowMs: number): Mode {
  switch (mode.kind) {
    case 'suspecting':
      return { kind: mode.from };
    case 'taking-over': {
      const wasOrdered = mode.step === 'take-address' || mode.step === 'prove-served';
      return wasOrdered
        ? { ...mode, startedMs: nowMs, step: 'release-address', mayHaveWritten: true }
        : { ...mode, startedMs: nowMs };
    }
    case 'idle':
    case 'syncing':
    case 'standing-by':
    case 'undoing':
    case 'active':
    case 'handing-back':
    case 'handed-back':
    case 'restoring':
      return mode;
  }
}

/** The effects that a restart issues again. */
export function resume(state: State): Effect[] {
  return asEffects(stepsAgain(state.durable.mode));
}

/** Takes in one event. */
export function decide(state: State, event: StandbyEvent, policy: Policy): Decision {
  const learned: State = { durable: state.durable, facts: learn(state, event, policy) };
  if (event.kind === 'command') return command(learned, event, policy);
  if (event.kind === 'tick') {
    const { retryStepAtMs } = learned.facts;
    if (retryStepAtMs !== undefined && event.nowMs >= retryStepAtMs) return repeat(learned, 'the step is tried again');
    const until = learned.durable.pausedUntilWallMs;
    if (until !== undefined && until !== -1 && event.wallMs >= until)
      return {
        state: { ...learned, durable: { ...learned.durable, pausedUntilWallMs: undefined } },
        effects: [],
        why: 'the hold ended',
      };
  }
  return move(learned, event, policy, learned.durable.mode);
}

function move(state: State, event: StandbyEvent, policy: Policy, mode: Mode): Decision {
  switch (mode.kind) {
    case 'idle':
      return idle(state, event);
    case 'syncing':
    case 'standing-by':
    case 'suspecting':
      return watching(state, event, policy, mode);
    case 'taking-over':
      return taking(state, event, policy, mode);
    case 'undoing':
      return undoing(state, event, mode);
    case 'active':
      return active(state, event, policy, mode);
    case 'handing-back':
      return handingBack(state, event, policy, mode);
    case 'handed-back':
      return handedBack(state, event, policy);
    case 'restoring':
      return restoring(state, event, policy, mode);
  }
}
