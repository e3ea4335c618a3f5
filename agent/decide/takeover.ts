/**
 * Taking over, undoing an attempt that failed, and serving.
 *
 *     taking-over:  stop-mirror ─▶ freeze ─▶ open-shares ─▶ take-address ─▶ prove-served ─▶ active
 *                       │            │           │  (asked once more:  │            │
 *                       │ failed     │ failed    │   main still away?) │ failed     │ failed
 *                       ▼            ▼           ▼                     ▼            ▼
 *     undoing:     start-mirror ◀─ thaw ◀── close-shares ◀──────── release-address
 *                       │                        │
 *                       ▼                        ▼ users may have written: never thawed here
 *               where it came from          handed-back, and Restore Files
 *
 *     active ── recover-ip ──▶ handing-back (handback.ts)
 *
 * Until the address is ordered, an answer of the main stops the attempt. From then on answers «of the main» are our own.
 * A restart at take-address or later goes back to release-address ─▶ open-shares and asks once more: the main may have come
 * back while we were away. In active it does not ask: the newest changes are here, and a main that comes back is the rival.
 */
import * as alerts from './alerts.ts';
import { addressObstacle, RECENT_MS } from './guards.ts';
import { verdictOf } from './health.ts';
import { answersStep, enter, forgetTold, repeat, retryLater, stay, tellOnce } from './turn.ts';
import type { Decision, Effect, Mode, Origin, Policy, StandbyEvent, State, TakeStep, UndoStep } from './types.ts';

type Taking = Extract<Mode, { kind: 'taking-over' }>;
type Undoing = Extract<Mode, { kind: 'undoing' }>;
type Active = Extract<Mode, { kind: 'active' }>;

/** The code of a failed take-address by which the network process vouches that the address was never there. */
export const NOT_TAKEN = 'not-taken';

/** How often a step is repeated in place while its process is being started again, or while nobody has looked yet. */
const IN_PLACE_LIMIT = 20;
const IN_PLACE_WAIT_MS = 500;

/** Whose process carries out a step; the shares and the proofs are the daemon's own. */
const STEP_PROCESS: Record<TakeStep, 'net' | 'engine' | 'none'> = {
  'stop-mirror': 'engine',
  freeze: 'engine',
  'release-address': 'net',
  'open-shares': 'none',
  'take-address': 'net',
  'prove-served': 'net',
};

/** The first step backwards from a step that failed. */
const UNDO_FROM: Record<TakeStep, UndoStep> = {
  'stop-mirror': 'start-mirror',
  freeze: 'thaw',
  'release-address': 'release-address',
  'open-shares': 'close-shares',
  'take-address': 'release-address',
  'prove-served': 'release-address',
};

/** Begins an attempt: the decision's id is what the network process and the freeze obey. */
export function beginTakeover(
  state: State,
  event: StandbyEvent,
  attempt: { why: string; forced: boolean; from: Origin; decision: string },
): Decision {
  const mode: Taking = {
    kind: 'taking-over',
    step: 'stop-mirror',
    startedMs: event.nowMs,
    mayHaveWritten: attempt.from === 'handed-back',
    ...attempt,
  };
  return enter(state, event, mode, attempt.why);
}

/** taking-over */
export function taking(state: State, event: StandbyEvent, policy: Policy, mode: Taking): Decision {
  switch (event.kind) {
    case 'evidence':
      return mainAnswers(state, event.nowMs) && UNDO_FROM[mode.step] !== 'release-address'
        ? undo(state, event, policy, mode, {
            what: `${policy.mainName} answers again`,
            mayHaveWritten: mode.mayHaveWritten,
          })
        : stay(state);
    case 'process':
      return processChanged(state, event, mode);
    case 'done':
      return answersStep(mode, event) ? stepDone(state, event, policy, mode) : stay(state);
    case 'failed':
      return answersStep(mode, event) ? stepFailed(state, event, policy, mode) : stay(state);
    case 'tick':
    case 'mirror':
    case 'late':
    case 'rival':
    case 'command':
      return stay(state);
  }
}

function mainAnswers(state: State, nowMs: number): boolean {
  const { kind } = verdictOf(state.facts, nowMs);
  return kind === 'serving' || kind === 'degraded';
}

/**
 * A process that came back has forgotten the order it was given. With the network process the address vanished too, and time
 * has passed: the attempt looks afresh before it takes the address again.
 */
function processChanged(state: State, event: Extract<StandbyEvent, { kind: 'process' }>, mode: Taking): Decision {
  if (!event.alive || event.process !== STEP_PROCESS[mode.step]) return stay(state);
  if (mode.step === 'prove-served' || mode.step === 'take-address') return lookAfresh(state, event, mode);
  return repeat(state, `the ${event.process} process is back`);
}

function lookAfresh(state: State, event: StandbyEvent, mode: Taking): Decision {
  const next: Taking = { ...mode, step: 'release-address', mayHaveWritten: true };
  return enter(state, event, next, 'the network process ended in between');
}

function stepDone(
  state: State,
  event: Extract<StandbyEvent, { kind: 'done' }>,
  policy: Policy,
  mode: Taking,
): Decision {
  const step: TakeStep = mode.step;
  switch (step) {
    case 'stop-mirror':
      return enter(state, event, { ...mode, step: 'freeze' }, 'the mirror has stopped');
    case 'freeze':
      return enter(state, event, { ...mode, step: 'open-shares' }, 'the mirror is frozen for this takeover');
    case 'release-address':
      return enter(state, event, { ...mode, step: 'open-shares' }, `${policy.address} is not held`);
    case 'open-shares':
      return beforeAddress(state, event, policy, mode);
    case 'take-address':
      return enter(state, event, { ...mode, step: 'prove-served' }, `${policy.address} is here`);
    case 'prove-served': {
      const why = `${policy.standbyName} serves for ${policy.mainName}`;
      const calm = forgetTold(state, 'down-manual', 'down-not-ready', 'take-over-failed', 'rival');
      const reset: State = { ...calm, facts: { ...calm.facts, attempts: 0 } };
      return enter(reset, event, { kind: 'active', decision: mode.decision }, why, [
        alerts.takenOver(policy, mode.why, event.nowMs - mode.startedMs),
      ]);
    }
  }
}

function beforeAddress(
  state: State,
  event: Extract<StandbyEvent, { kind: 'done' }>,
  policy: Policy,
  mode: Taking,
): Decision {
  const verdict = verdictOf(state.facts, event.nowMs);
  if (verdict.kind === 'serving' || verdict.kind === 'degraded')
    return undo(state, event, policy, mode, {
      what: `${policy.mainName} answers again`,
      mayHaveWritten: mode.mayHaveWritten,
    });
  const justDecided = !mode.mayHaveWritten && event.nowMs - mode.startedMs <= RECENT_MS;
  const attempt = { forced: mode.forced, justDecided };
  const hindrance = verdict.kind === 'unknown' ? verdict.why : addressObstacle(state, policy, event.nowMs, attempt);
  if (hindrance === '') return enter(state, event, { ...mode, step: 'take-address' }, 'the shares are open');
  if (state.facts.stepFailures >= IN_PLACE_LIMIT)
    return undo(state, event, policy, mode, { what: hindrance, mayHaveWritten: mode.mayHaveWritten });
  return inPlace(state, event, hindrance, [{ kind: 'look' }]);
}

/** The same step again in half a second. */
function inPlace(state: State, event: StandbyEvent, why: string, effects: Effect[] = []): Decision {
  const facts = {
    ...state.facts,
    stepFailures: state.facts.stepFailures + 1,
    retryStepAtMs: event.nowMs + IN_PLACE_WAIT_MS,
  };
  return { state: { ...state, facts }, effects, why: `waiting: ${why}` };
}

function stepFailed(
  state: State,
  event: Extract<StandbyEvent, { kind: 'failed' }>,
  policy: Policy,
  mode: Taking,
): Decision {
  if (mode.step === 'release-address')
    return retryLater(state, event, `${policy.address} was not let go: ${event.what}`);
  const carrier = STEP_PROCESS[mode.step];
  const orderedAddress = mode.step === 'take-address' || mode.step === 'prove-served';
  if (orderedAddress && !state.facts.netAlive) return lookAfresh(state, event, mode);
  if (carrier === 'engine' && !state.facts.engineAlive && state.facts.stepFailures < IN_PLACE_LIMIT)
    return inPlace(state, event, event.what);
  const neverTaken = mode.step === 'take-address' && event.code === NOT_TAKEN;
  const mayHaveWritten = mode.mayHaveWritten || (orderedAddress && !neverTaken);
  return undo(state, event, policy, mode, { what: `${mode.step}: ${event.what}`, mayHaveWritten });
}

/** Turns back. The next automatic attempt waits, twice as long each time, up to ten times the policy's delay. */
function undo(
  state: State,
  event: StandbyEvent,
  policy: Policy,
  mode: Taking,
  reason: { what: string; mayHaveWritten: boolean },
): Decision {
  const attempts = state.facts.attempts + 1;
  const waitMs = policy.retryMs * Math.min(10, 2 ** Math.min(attempts - 1, 10));
  const counted: State = { ...state, facts: { ...state.facts, attempts, nextAttemptMs: event.nowMs + waitMs } };
  const alert = alerts.takeOverFailed(
    policy,
    reason.what,
    reason.mayHaveWritten ? 'Force Actions, or Restore Files when the main is back.' : 'Nothing: it is tried again.',
  );
  const told = tellOnce(counted, alert);
  const undoing: Undoing = {
    kind: 'undoing',
    decision: mode.decision,
    step: UNDO_FROM[mode.step],
    why: reason.what,
    from: mode.from,
    mayHaveWritten: reason.mayHaveWritten,
  };
  return towards(told.state, event, undoing, `the takeover is undone: ${reason.what}`, told.effects);
}

/** Enters the undo step if the way back has it, or where the way back ends. */
function towards(state: State, event: StandbyEvent, mode: Undoing, why: string, effects: Effect[] = []): Decision {
  const keepsFreeze = mode.mayHaveWritten && (mode.step === 'thaw' || mode.step === 'start-mirror');
  if (keepsFreeze) return enter(state, event, { kind: 'handed-back', decision: mode.decision }, why, effects);
  if (mode.step === 'start-mirror' && mode.from === 'idle')
    return enter(state, event, { kind: 'idle', because: 'stopped' }, why, effects);
  return enter(state, event, mode, why, effects);
}

/** undoing */
export function undoing(state: State, event: StandbyEvent, mode: Undoing): Decision {
  if (event.kind === 'failed' && answersStep(mode, event))
    return retryLater(state, event, `undoing is stuck at ${mode.step}: ${event.what}`);
  if (event.kind !== 'done' || !answersStep(mode, event)) return stay(state);
  const step: UndoStep = mode.step;
  switch (step) {
    case 'release-address':
      return towards(state, event, { ...mode, step: 'close-shares' }, mode.why);
    case 'close-shares':
      return towards(state, event, { ...mode, step: 'thaw' }, mode.why);
    case 'thaw':
      return towards(state, event, { ...mode, step: 'start-mirror' }, mode.why);
    case 'start-mirror':
      return enter(state, event, { kind: mode.from === 'standing-by' ? 'standing-by' : 'syncing' }, mode.why);
  }
}

/** active: the address is kept, whoever else claims it, until a person recovers it. */
export function active(state: State, event: StandbyEvent, policy: Policy, mode: Active): Decision {
  switch (event.kind) {
    case 'rival': {
      const told = tellOnce(state, alerts.rival(policy, event.mac));
      return stay(told.state, told.effects, told.effects.length > 0 ? `${event.mac} claims ${policy.address}` : '');
    }
    case 'process':
      return event.process === 'net' && event.alive
        ? repeat(state, `the network process is back, ${policy.address} is taken again`)
        : stay(state);
    case 'failed': {
      const isOurs = event.decision === mode.decision;
      if (!isOurs || (event.effect !== 'take-address' && event.effect !== 'open-shares')) return stay(state);
      const told = tellOnce(
        state,
        alerts.takeOverFailed(policy, event.what, `Look at ${policy.standbyName}: users have no files.`),
      );
      return retryLater(told.state, event, `serving is interrupted: ${event.what}`, told.effects);
    }
    case 'done':
      return event.effect === 'take-address' && event.decision === mode.decision
        ? stay(forgetTold({ ...state, facts: { ...state.facts, stepFailures: 0 } }, 'take-over-failed'))
        : stay(state);
    case 'tick':
    case 'evidence':
    case 'mirror':
    case 'late':
    case 'command':
      return stay(state);
  }
}
