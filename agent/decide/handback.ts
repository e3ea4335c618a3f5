/**
 * The way back, in the order that loses nothing.
 *
 *     active ─ recover-ip ─▶ handing-back:  close-shares ─▶ release-address ─▶ prove-main
 *                              (a failed close or release is tried again        │ done, or failed: the main is not there yet
 *                               until it succeeds; only then is it back)        ▼
 *                                                                           handed-back ◀─────────────╮
 *                                                     restore-files, with the plan's hash, main answers│
 *                                                                               ▼                      │ failed, some left over,
 *                                                                           restoring: restore ────────╯ engine gone
 *                                                                               │ nothing left over
 *                                                                               ▼
 *                                                                             thaw ─▶ idle
 *
 * Only the restore that left nothing over thaws; until then the mirror stays frozen and Start Sync is refused.
 */
import * as alerts from './alerts.ts';
import { verdictOf } from './health.ts';
import { answersStep, enter, forgetTold, repeat, retryLater, stay, tellOnce } from './turn.ts';
import type { BackStep, Decision, Mode, Policy, RestoreStep, StandbyEvent, State } from './types.ts';
import { counted } from './words.ts';

type HandingBack = Extract<Mode, { kind: 'handing-back' }>;
type Restoring = Extract<Mode, { kind: 'restoring' }>;

/** handing-back */
export function handingBack(state: State, event: StandbyEvent, policy: Policy, mode: HandingBack): Decision {
  if (event.kind !== 'done' && event.kind !== 'failed') return stay(state);
  if (!answersStep(mode, event)) return stay(state);
  const handedBack: Mode = { kind: 'handed-back', decision: mode.decision };
  const step: BackStep = mode.step;
  switch (step) {
    case 'close-shares':
      if (event.kind === 'failed') return retryLater(state, event, `the shares did not close: ${event.what}`);
      return enter(state, event, { ...mode, step: 'release-address' }, 'the shares are closed');
    case 'release-address':
      if (event.kind === 'failed') return retryLater(state, event, `${policy.address} was not let go: ${event.what}`);
      return enter(state, event, { ...mode, step: 'prove-main' }, `${policy.address} is free for ${policy.mainName}`);
    case 'prove-main': {
      const calm = forgetTold({ ...state, facts: { ...state.facts, rival: undefined } }, 'rival', 'handed-back');
      if (event.kind === 'failed')
        return enter(calm, event, handedBack, `${policy.mainName} does not serve yet: ${event.what}`);
      const told = tellOnce(calm, alerts.handedBack(policy));
      return enter(told.state, event, handedBack, `${policy.mainName} serves again`, told.effects);
    }
  }
}

/** handed-back: waits for Restore Files; says once when the main serves. */
export function handedBack(state: State, event: StandbyEvent, policy: Policy): Decision {
  if (verdictOf(state.facts, event.nowMs).kind !== 'serving') return stay(state);
  const told = tellOnce(state, alerts.handedBack(policy));
  return stay(told.state, told.effects, told.effects.length > 0 ? `${policy.mainName} serves again` : '');
}

/** restoring */
export function restoring(state: State, event: StandbyEvent, policy: Policy, mode: Restoring): Decision {
  const handedBack: Mode = { kind: 'handed-back', decision: mode.decision };
  if (event.kind === 'process' && event.process === 'engine') {
    if (mode.step === 'restore' && !event.alive)
      return enter(state, event, handedBack, 'the mirror engine stopped in the middle of the restore');
    return mode.step === 'thaw' && event.alive ? repeat(state, 'the mirror engine is back') : stay(state);
  }
  if (event.kind !== 'done' && event.kind !== 'failed') return stay(state);
  if (!answersStep(mode, event)) return stay(state);
  const step: RestoreStep = mode.step;
  switch (step) {
    case 'restore':
      if (event.kind === 'failed') return enter(state, event, handedBack, `the restore failed: ${event.what}`);
      if (event.open === undefined) return enter(state, event, handedBack, 'the restore did not say what is left over');
      if (event.open > 0)
        return enter(state, event, handedBack, `${counted(event.open, 'change')} could not be sent back now`);
      return enter(state, event, { ...mode, step: 'thaw' }, 'every change is back on the main');
    case 'thaw':
      if (event.kind === 'failed') return retryLater(state, event, `the freeze was not lifted: ${event.what}`);
      return enter(state, event, { kind: 'idle', because: 'restored' }, `everything is back on ${policy.mainName}`, [
        alerts.restored(policy, event.detail ?? ''),
      ]);
  }
}
