/**
 * The modes in which the main is mirrored and watched.
 *
 *            start-sync            complete, live
 *     idle ─────────────▶ syncing ───────────────▶ standing-by
 *      ▲                   │  ▲ ◀──────────────────  │  ▲
 *      │ stop-sync         │  │      incomplete      │  │
 *      ╰──────────────     │  │ main answers,        │  │ main answers,
 *        (from all three)  ▼  │ cut off, unknown     ▼  │ cut off, unknown
 *                        suspecting (remembers where it came from)
 *                          │ patience over, every guard met
 *                          ▼
 *                        taking-over (takeover.ts)
 *
 *     idle, syncing, standing-by, suspecting ──▶ handed-back, when the engine says that it is frozen for a decision
 *     (our memory was lost, the users' changes were not).
 *
 * Being cut off is a fact beside the mode: it never starts a failure, and ends one.
 */
import * as alerts from './alerts.ts';
import { type Obstacle, obstacle } from './guards.ts';
import { isRipe, longestPatienceMs, type Verdict, verdictOf } from './health.ts';
import { isSettled } from './learn.ts';
import { beginTakeover } from './takeover.ts';
import { enter, forgetTold, repeat, retryLater, stay, tellOnce } from './turn.ts';
import type { Decision, Effect, Mode, Policy, StandbyEvent, State } from './types.ts';

type Watching = Extract<Mode, { kind: 'syncing' | 'standing-by' | 'suspecting' }>;
type Failing = Extract<Verdict, { kind: 'failing' }>;

/** Between two requests to look, in ms. */
const LOOK_EVERY_MS = 500;

/** Idle: only an engine that is frozen for a decision changes anything. */
export function idle(state: State, event: StandbyEvent): Decision {
  if (event.kind === 'mirror' && event.frozenFor !== '') return adoptFreeze(state, event, event.frozenFor);
  if (event.kind === 'failed' && event.effect === 'stop-mirror') {
    const effect: Effect = { kind: 'step', step: { effect: 'stop-mirror', decision: '' } };
    return state.facts.engineAlive ? stay(state, [effect], 'stopping the mirror failed, once more') : stay(state);
  }
  return stay(state);
}

/** Syncing, standing by and suspecting: the same watch over the main. */
export function watching(state: State, event: StandbyEvent, policy: Policy, mode: Watching): Decision {
  if (event.kind === 'mirror' && event.frozenFor !== '') return adoptFreeze(state, event, event.frozenFor);
  if (event.kind === 'failed' && event.effect === 'start-mirror' && event.decision === '')
    return retryLater(state, event, `mirroring did not start: ${event.what}`);
  if (event.kind === 'process' && event.process === 'engine' && event.alive)
    return repeat(state, 'the mirror engine is back, mirroring goes on');
  if (state.facts.isolatedSinceMs !== undefined) return cutOff(state, event, policy, mode);
  const verdict = verdictOf(state.facts, event.nowMs);
  switch (verdict.kind) {
    case 'failing':
      return failing(state, event, policy, mode, verdict);
    case 'serving':
    case 'degraded':
    case 'unknown':
      return notFailing(state, event, policy, mode, verdict);
  }
}

function adoptFreeze(state: State, event: StandbyEvent, decision: string): Decision {
  return enter(state, event, { kind: 'handed-back', decision }, 'the mirror holds changes that were never restored');
}

function cutOff(state: State, event: StandbyEvent, policy: Policy, mode: Watching): Decision {
  if (mode.kind === 'suspecting')
    return enter(
      state,
      event,
      { kind: mode.from },
      `${policy.standbyName} is cut off and cannot judge ${policy.mainName}`,
    );
  const heldMs = event.nowMs - (state.facts.isolatedSinceMs ?? event.nowMs);
  if (heldMs < policy.patienceMs.silent) return stay(state);
  const told = tellOnce(state, alerts.isolated(policy, 'neither the main nor any witness can be reached'));
  return stay(told.state, told.effects, told.effects.length > 0 ? `${policy.standbyName} is cut off` : '');
}

function notFailing(
  state: State,
  event: StandbyEvent,
  policy: Policy,
  mode: Watching,
  verdict: Exclude<Verdict, Failing>,
): Decision {
  if (mode.kind === 'suspecting') {
    const why = verdict.kind === 'serving' ? `${policy.mainName} answers again` : verdict.why;
    return enter(state, event, { kind: mode.from }, why);
  }
  // One lost packet or one odd answer is not worth a mail.
  if (verdict.kind === 'degraded' && event.nowMs - verdict.sinceMs >= longestPatienceMs(policy)) {
    const told = tellOnce(state, alerts.degraded(policy, verdict.why));
    if (told.effects.length > 0)
      return stay(told.state, told.effects, `${policy.mainName} is degraded: ${verdict.why}`);
  }
  const wasDown = state.facts.told.some((code) => code === 'down-manual' || code === 'down-not-ready');
  if (wasDown && isSettled(state.facts, event.nowMs))
    return stay(
      forgetTold(state, 'down-manual', 'down-not-ready'),
      [alerts.mainRecovered(policy)],
      `${policy.mainName} serves again`,
    );
  return followMirror(state, event, mode);
}

/** The mirror's own progress, told apart from the main's health. */
function followMirror(state: State, event: StandbyEvent, mode: Exclude<Watching, { kind: 'suspecting' }>): Decision {
  const { complete, live } = state.facts.mirror;
  if (mode.kind === 'syncing' && complete && live)
    return enter(state, event, { kind: 'standing-by' }, 'the mirror is complete and followed live');
  // Only the engine's own word counts: before its first report after a restart nothing is known to be missing.
  if (mode.kind === 'standing-by' && event.kind === 'mirror' && !complete)
    return enter(state, event, { kind: 'syncing' }, 'the mirror is not complete any more');
  return stay(state);
}

function failing(state: State, event: StandbyEvent, policy: Policy, mode: Watching, verdict: Failing): Decision {
  const why = `${policy.mainName} ${alerts.failureWords(verdict.how, verdict.layer, event.nowMs - verdict.sinceMs)}`;
  if (mode.kind !== 'suspecting' || mode.how !== verdict.how) {
    const from = mode.kind === 'suspecting' ? mode.from : mode.kind;
    const next: Mode = { kind: 'suspecting', how: verdict.how, layer: verdict.layer, from };
    const looked = { ...state, facts: { ...state.facts, lookedAtMs: event.nowMs } };
    return enter(looked, event, next, why, [{ kind: 'look' }]);
  }
  if (!isRipe(verdict, policy, event.nowMs)) return stay(state);
  const hindrance = obstacle(state, policy, event.nowMs, event.wallMs);
  if (hindrance !== undefined) return hindered(state, event, policy, verdict, hindrance, why);
  return beginTakeover(state, event, { why, forced: false, from: mode.from, decision: event.freshId });
}

function hindered(
  state: State,
  event: StandbyEvent,
  policy: Policy,
  verdict: Failing,
  hindrance: Obstacle,
  why: string,
): Decision {
  const say = (alert: Extract<Effect, { kind: 'alert' }>): Decision => {
    const told = tellOnce(state, alert);
    return stay(told.state, told.effects, told.effects.length > 0 ? `no takeover: ${alert.subject}` : '');
  };
  switch (hindrance) {
    case 'incomplete':
      return say(alerts.downIncomplete(policy, state.facts, why));
    case 'unseen':
      return say(alerts.downUnseen(policy, state.facts, why));
    case 'manual':
    case 'paused':
      return say(alerts.downManual(policy, why, verdict.layer, hindrance === 'paused'));
    case 'look-again': {
      if (event.nowMs - state.facts.lookedAtMs < LOOK_EVERY_MS) return stay(state);
      return stay({ ...state, facts: { ...state.facts, lookedAtMs: event.nowMs } }, [{ kind: 'look' }]);
    }
    case 'net-gone':
    case 'cut-off':
    case 'rival':
    case 'too-early':
      return stay(state);
  }
}
