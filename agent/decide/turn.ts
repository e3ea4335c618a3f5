/**
 * How a decision is put together: staying, or entering a mode or a step with the effect that belongs to it. Because the
 * effect follows from the mode (`stepOf`), a restart can issue it again from what was saved and from nothing else.
 */
import type { AlertCode, Decision, Effect, Mode, StandbyEvent, State, Step } from './types.ts';

/** First delay in ms before a failed step is tried again; doubles up to the second. */
const STEP_RETRY_MS = 1_000;
const STEP_RETRY_LIMIT_MS = 30_000;

/** The step that a mode has under way, or undefined when it waits for something else. */
export function stepOf(mode: Mode): Step | undefined {
  switch (mode.kind) {
    case 'idle':
    case 'active':
    case 'handed-back':
      return undefined;
    case 'syncing':
    case 'standing-by':
    case 'suspecting':
      return { effect: 'start-mirror', decision: '' };
    case 'taking-over':
    case 'handing-back':
      return { effect: mode.step, decision: mode.decision };
    case 'undoing':
      return mode.step === 'start-mirror'
        ? { effect: 'start-mirror', decision: '' }
        : { effect: mode.step, decision: mode.decision };
    case 'restoring':
      return mode.step === 'restore'
        ? { effect: 'restore', decision: mode.decision, planHash: mode.planHash }
        : { effect: 'thaw', decision: mode.decision };
  }
}

/** Everything that must hold in a mode, as steps in order; each is idempotent. What a restart or a retry issues. */
export function stepsAgain(mode: Mode): Step[] {
  switch (mode.kind) {
    case 'active':
      return [
        { effect: 'open-shares', decision: mode.decision },
        { effect: 'take-address', decision: mode.decision },
      ];
    case 'taking-over':
    case 'idle':
    case 'syncing':
    case 'standing-by':
    case 'suspecting':
    case 'undoing':
    case 'handing-back':
    case 'handed-back':
    case 'restoring': {
      const step = stepOf(mode);
      return step === undefined ? [] : [step];
    }
  }
}

export function asEffects(steps: Step[]): Effect[] {
  return steps.map((step) => ({ kind: 'step', step }));
}

/** No change of mode. `why` is empty when nothing was decided. */
export function stay(state: State, effects: Effect[] = [], why = ''): Decision {
  return { state, effects, why };
}

/** Enters a mode or a step. Its effect comes first, then the others; what is already under way is not issued twice. */
export function enter(state: State, event: StandbyEvent, mode: Mode, why: string, others: Effect[] = []): Decision {
  const step = stepOf(mode);
  const isNew = step !== undefined && !isSame(step, stepOf(state.durable.mode));
  const sinceWallMs = mode.kind === state.durable.mode.kind ? state.durable.sinceWallMs : event.wallMs;
  return {
    state: {
      durable: { ...state.durable, mode, sinceWallMs, why },
      facts: { ...state.facts, retryStepAtMs: undefined, stepFailures: 0 },
    },
    effects: [...(isNew ? asEffects([step]) : []), ...others],
    why,
  };
}

function isSame(a: Step, b: Step | undefined): boolean {
  return b !== undefined && a.effect === b.effect && a.decision === b.decision;
}

/** Whether an answer belongs to the step that the mode waits for; any other is an echo of something older. */
export function answersStep(mode: Mode, event: { effect: Step['effect']; decision: string }): boolean {
  const step = stepOf(mode);
  return step !== undefined && step.effect === event.effect && step.decision === event.decision;
}

/** Plans the present step again after a failure: 1 s, doubling to 30 s, without end, since none of these may be given up. */
export function retryLater(state: State, event: StandbyEvent, why: string, effects: Effect[] = []): Decision {
  const failures = state.facts.stepFailures + 1;
  const waitMs = Math.min(STEP_RETRY_LIMIT_MS, STEP_RETRY_MS * 2 ** Math.min(failures - 1, 10));
  const facts = { ...state.facts, stepFailures: failures, retryStepAtMs: event.nowMs + waitMs };
  return { state: { ...state, facts }, effects, why };
}

/** Issues the mode's steps now. */
export function repeat(state: State, why: string): Decision {
  const facts = { ...state.facts, retryStepAtMs: undefined };
  return { state: { ...state, facts }, effects: asEffects(stepsAgain(state.durable.mode)), why };
}

/** The state after an alert, and the alert, unless it was already sent for the present trouble. */
export function tellOnce(state: State, alert: Extract<Effect, { kind: 'alert' }>): { state: State; effects: Effect[] } {
  if (state.facts.told.includes(alert.code)) return { state, effects: [] };
  return { state: { ...state, facts: { ...state.facts, told: [...state.facts.told, alert.code] } }, effects: [alert] };
}

/** Makes alerts possible again once the trouble is over. */
export function forgetTold(state: State, ...codes: AlertCode[]): State {
  if (!state.facts.told.some((code) => codes.includes(code))) return state;
  return { ...state, facts: { ...state.facts, told: state.facts.told.filter((code) => !codes.includes(code)) } };
}
