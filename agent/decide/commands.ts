/** What a person orders, in every mode: accepted, or refused with why and with what to do instead. Nothing is silently ignored. */
import { missingWords } from './alerts.ts';
import { isPaused } from './guards.ts';
import { linkIsDown, verdictOf } from './health.ts';
import { beginTakeover } from './takeover.ts';
import { enter, stay } from './turn.ts';
import type { Command, Decision, Mode, Origin, Policy, StandbyEvent, State } from './types.ts';

type CommandEvent = Extract<StandbyEvent, { kind: 'command' }>;

/** Answers a command. */
export function command(state: State, event: CommandEvent, policy: Policy): Decision {
  const order: Command = event.command;
  switch (order.name) {
    case 'start-sync':
      return startSync(state, event, policy);
    case 'stop-sync':
      return stopSync(state, event, policy);
    case 'force-failover':
      return forceFailover(state, event, policy, order.acceptMissing);
    case 'recover-ip':
      return recoverIp(state, event, policy);
    case 'restore-files':
      return restoreFiles(state, event, policy, order.planHash);
    case 'pause':
      return pause(state, event, order.untilWallMs);
    case 'resume':
      return resumeAutomatic(state, event);
  }
}

function refused(state: State, why: string, hint?: string): Decision {
  return { ...stay(state), answer: { accepted: false, why, ...(hint === undefined ? {} : { hint }) } };
}

function accepted(decision: Decision): Decision {
  return { ...decision, answer: { accepted: true, why: decision.why } };
}

/** What is under way, for refusals that only have to wait. */
function busyWords(mode: Mode, policy: Policy): string | undefined {
  switch (mode.kind) {
    case 'taking-over':
      return `${policy.standbyName} is taking over ${policy.address}`;
    case 'undoing':
      return 'an attempt to take over is being undone';
    case 'handing-back':
      return `${policy.address} is being handed back`;
    case 'restoring':
      return `changes are being sent back to ${policy.mainName}`;
    case 'idle':
    case 'syncing':
    case 'standing-by':
    case 'suspecting':
    case 'active':
    case 'handed-back':
      return undefined;
  }
}

const WAIT = 'Wait until that is done.';

function startSync(state: State, event: CommandEvent, policy: Policy): Decision {
  const { mode } = state.durable;
  const busy = busyWords(mode, policy);
  if (busy !== undefined) return refused(state, busy, WAIT);
  switch (mode.kind) {
    case 'syncing':
    case 'standing-by':
    case 'suspecting':
      return refused(state, `${policy.mainName} is mirrored already`);
    case 'active':
      return refused(
        state,
        `${policy.standbyName} is serving, and un-restored changes exist`,
        `Recover IP, then Restore Files, then Start Sync.`,
      );
    case 'handed-back':
      return refused(state, 'un-restored changes exist', 'Restore Files first.');
    case 'idle':
      if (state.facts.mirror.frozenFor !== '')
        return refused(state, 'un-restored changes exist', 'Restore Files first.');
      return accepted(enter(state, event, { kind: 'syncing' }, 'Start Sync was ordered'));
    case 'taking-over':
    case 'undoing':
    case 'handing-back':
    case 'restoring':
      return refused(state, 'something else is under way', WAIT);
  }
}

function stopSync(state: State, event: CommandEvent, policy: Policy): Decision {
  const { mode } = state.durable;
  const busy = busyWords(mode, policy);
  if (busy !== undefined) return refused(state, busy, WAIT);
  if (mode.kind !== 'syncing' && mode.kind !== 'standing-by' && mode.kind !== 'suspecting')
    return refused(state, 'nothing is being mirrored');
  const stop = { kind: 'step', step: { effect: 'stop-mirror', decision: '' } } as const;
  return accepted(enter(state, event, { kind: 'idle', because: 'stopped' }, 'Stop Sync was ordered', [stop]));
}

function forceFailover(state: State, event: CommandEvent, policy: Policy, acceptMissing: boolean): Decision {
  const { mode } = state.durable;
  const { facts } = state;
  const busy = busyWords(mode, policy);
  if (busy !== undefined) return refused(state, busy, WAIT);
  if (mode.kind === 'active') return refused(state, `${policy.standbyName} is already serving`);
  if (!facts.netAlive) return refused(state, `the network process of ${policy.standbyName} is not running`, WAIT);
  if (linkIsDown(facts))
    return refused(state, `the network cable of ${policy.standbyName} is out`, 'Connect it first.');
  const verdict = verdictOf(facts, event.nowMs);
  if (verdict.kind === 'serving' || verdict.kind === 'degraded')
    return refused(
      state,
      `${policy.mainName} still serves at ${policy.address}, and one address must not have two owners`,
      `Unplug ${policy.mainName} or stop its file service, then Force Actions again.`,
    );
  if (verdict.kind === 'unknown')
    return {
      ...refused(
        state,
        `it is not known whether ${policy.mainName} serves: ${verdict.why}`,
        'Try again in a few seconds.',
      ),
      effects: [{ kind: 'look' }],
    };
  const missing = missingHere(state);
  if (missing === 'nothing was ever mirrored')
    return refused(state, missing, `Start Sync while ${policy.mainName} serves.`);
  if (missing !== '' && !acceptMissing)
    return refused(state, missing, 'Look at the list; Force Actions again if you accept that.');
  const why = `Force Actions was ordered${missing === '' ? '' : `, accepting that ${missing}`}`;
  // The same decision again keeps what is frozen for it: the changes of both times are restored together.
  const decision = mode.kind === 'handed-back' ? mode.decision : event.freshId;
  return accepted(beginTakeover(state, event, { why, forced: true, from: originOf(mode), decision }));
}

function originOf(mode: Mode): Origin {
  switch (mode.kind) {
    case 'idle':
    case 'syncing':
    case 'standing-by':
    case 'handed-back':
      return mode.kind;
    case 'suspecting':
      return mode.from;
    case 'taking-over':
    case 'undoing':
    case 'active':
    case 'handing-back':
    case 'restoring':
      return 'handed-back';
  }
}

/** What users would not find here, or ''. */
function missingHere(state: State): string {
  const { mode } = state.durable;
  const { mirror } = state.facts;
  if (mode.kind === 'handed-back') return 'what changed on the main since it was handed back is not here';
  if (!mirror.complete) {
    if (mode.kind === 'idle' && mirror.missingFiles === 0) return 'nothing was ever mirrored';
    return `the first copy is not complete: ${missingWords(state.facts)} are missing here`;
  }
  return mode.kind === 'idle' ? 'what changed since mirroring stopped is not here' : '';
}

function recoverIp(state: State, event: CommandEvent, policy: Policy): Decision {
  const { mode } = state.durable;
  const busy = busyWords(mode, policy);
  if (busy !== undefined) return refused(state, busy, WAIT);
  if (mode.kind === 'active')
    return accepted(
      enter(
        state,
        event,
        { kind: 'handing-back', decision: mode.decision, step: 'close-shares' },
        'Recover IP was ordered',
      ),
    );
  if (mode.kind === 'handed-back') return refused(state, `${policy.address} was handed back already`, 'Restore Files.');
  return refused(state, `${policy.standbyName} does not hold ${policy.address}`);
}

function restoreFiles(state: State, event: CommandEvent, policy: Policy, planHash: string): Decision {
  const { mode } = state.durable;
  const busy = busyWords(mode, policy);
  if (busy !== undefined) return refused(state, busy, WAIT);
  if (mode.kind === 'active')
    return refused(state, `${policy.standbyName} still serves ${policy.address}`, 'Recover IP first.');
  if (mode.kind !== 'handed-back') return refused(state, 'nothing waits to be restored');
  if (planHash === '') return refused(state, 'no plan was named', 'Look at the plan first; its hash names it.');
  if (!state.facts.engineAlive) return refused(state, 'the mirror engine is not running', WAIT);
  const { kind } = verdictOf(state.facts, event.nowMs);
  if (kind !== 'serving' && kind !== 'degraded')
    return refused(
      state,
      `${policy.mainName} does not serve`,
      `Start ${policy.mainName} and connect it, then Restore Files.`,
    );
  return accepted(
    enter(
      state,
      event,
      { kind: 'restoring', decision: mode.decision, step: 'restore', planHash },
      'Restore Files was ordered',
    ),
  );
}

/** Holding automatic action goes with every mode; what is under way is finished. */
function pause(state: State, event: CommandEvent, untilWallMs: number | undefined): Decision {
  if (untilWallMs !== undefined && untilWallMs <= event.wallMs)
    return refused(state, 'that moment has passed', 'Name a later one.');
  const why = 'automatic takeover is on hold';
  const durable = { ...state.durable, pausedUntilWallMs: untilWallMs ?? -1 };
  return accepted(stay({ ...state, durable }, [], why));
}

function resumeAutomatic(state: State, event: CommandEvent): Decision {
  if (!isPaused(state, event.wallMs)) return refused(state, 'automatic takeover is not on hold');
  const durable = { ...state.durable, pausedUntilWallMs: undefined };
  return accepted(stay({ ...state, durable }, [], 'the hold ended'));
}
