/**
 * What an event teaches: facts with their age, nothing decided. Three rules keep facts honest:
 *  - while our own address may be the main's, answers «of the main» are our own and are not learned;
 *  - misses seen while our own clock ran late, or while we were cut off, say nothing about the main and are forgotten;
 *  - a failure begins when the first miss that no answer has followed was asked, as far as that is beyond doubt (`beganMs`).
 */
import { FRESH_MS, failureIn, isCutOff, isMainLayer, leastPatienceMs, MAIN_LAYERS, verdictOf } from './health.ts';
import type { AlertCode, Facts, LayerFact, Mode, Outcome, Policy, StandbyEvent, State } from './types.ts';

/** The caller ticks at least this often. */
export const TICK_MS = 250;
/** A gap between two events longer than this means that we ourselves were not running. */
export const GAP_MS = 1_000;
/** The network process that watches reports its carrier several times a second; a gap longer than this means that it stood still. */
const NET_GAP_MS = 2_500;
/** Lateness up to this (or a quarter of the least patience) makes no miss: it is shorter than a probe's own time limit. */
const LATE_TOLERATED_MS = 200;
/** A trouble is over when the main has served this long without a break: a flapping main or cable is one trouble, and one mail. */
const SETTLE_MS = 30_000;
/** What may be told again after that; the rest ends with the mode, or has a mail of its own for its end. */
const OVER_WHEN_SETTLED: AlertCode[] = ['isolated', 'degraded', 'take-over-failed'];
/** How long misses are not learned after our own lateness: late answers still in the sockets and buffers arrive in this time. */
export const DISTRUST_MS = 2_000;

/** Facts of a process that has just started: nothing is known. */
export function noFacts(nowMs: number): Facts {
  return {
    layers: {},
    failingSinceMs: undefined,
    failureKnownMs: nowMs,
    seenHealthy: false,
    netAlive: false,
    engineAlive: false,
    witnessKnown: false,
    trustedFromMs: nowMs,
    distrustUntilMs: nowMs,
    mirror: { complete: false, live: false, missingFiles: 0, missingBytes: 0, frozenFor: '' },
    rival: undefined,
    nextAttemptMs: nowMs,
    attempts: 0,
    witnessAnsweredMs: undefined,
    isolatedSinceMs: undefined,
    heardMs: nowMs,
    netHeardMs: nowMs,
    lookedAtMs: nowMs,
    told: [],
    calmSinceMs: undefined,
    retryStepAtMs: undefined,
    stepFailures: 0,
  };
}

/** Whether probes of the main's address could be answered by ourselves in this mode. */
export function mayMeetOurselves(mode: Mode): boolean {
  switch (mode.kind) {
    case 'idle':
    case 'syncing':
    case 'standing-by':
    case 'suspecting':
    case 'handed-back':
    case 'restoring':
      return false;
    case 'taking-over':
      return mode.step === 'release-address' || mode.step === 'take-address' || mode.step === 'prove-served';
    case 'undoing':
      return mode.step === 'release-address';
    case 'active':
    case 'handing-back':
      return true;
  }
}

/** The facts after an event. */
export function learn(state: State, event: StandbyEvent, policy: Policy): Facts {
  let facts: Facts = { ...state.facts, heardMs: event.nowMs };
  if (event.nowMs - state.facts.heardMs > GAP_MS) facts = distrusted(facts, event.nowMs);
  if (mayMeetOurselves(state.durable.mode)) facts = withoutMain(facts, event.nowMs);
  return settled(state.facts, taught(state, facts, event, policy), event, policy);
}

function taught(state: State, facts: Facts, event: StandbyEvent, policy: Policy): Facts {
  switch (event.kind) {
    case 'tick':
    case 'command':
    case 'failed':
      return facts;
    case 'evidence': {
      const heard = { ...facts, netHeardMs: event.nowMs };
      const stoodStill = event.nowMs - facts.netHeardMs > NET_GAP_MS;
      return withEvidence(state, stoodStill ? distrusted(heard, event.nowMs) : heard, event, policy);
    }
    case 'mirror': {
      const { complete, live, missingFiles, missingBytes, frozenFor } = event;
      return { ...facts, mirror: { complete, live, missingFiles, missingBytes, frozenFor } };
    }
    case 'process':
      if (event.process === 'engine') return { ...facts, engineAlive: event.alive };
      // What a dead process saw is not known any more, and a new one has to look first.
      return {
        ...facts,
        layers: {},
        failingSinceMs: undefined,
        trustedFromMs: event.nowMs,
        netAlive: event.alive,
        netHeardMs: event.nowMs,
      };
    case 'late': {
      return event.lateMs > Math.min(LATE_TOLERATED_MS, leastPatienceMs(policy) / 4)
        ? distrusted(facts, event.nowMs)
        : facts;
    }
    case 'rival': {
      const sinceMs = facts.rival?.mac === event.mac ? facts.rival.sinceMs : event.nowMs;
      return { ...facts, rival: { mac: event.mac, sinceMs, lastMs: event.nowMs } };
    }
    case 'done':
      // Answers from before the release may have been our own.
      return event.effect === 'release-address' ? withoutMain(facts, event.nowMs) : facts;
  }
}

type Evidence = Extract<StandbyEvent, { kind: 'evidence' }>;

function withEvidence(state: State, facts: Facts, event: Evidence, policy: Policy): Facts {
  const { layer, outcome, nowMs } = event;
  const before = facts.layers[layer];
  const isMiss = failureIn(outcome) !== undefined;
  if (isMainLayer(layer)) {
    if (mayMeetOurselves(state.durable.mode)) return facts;
    if (isMiss && nowMs < facts.distrustUntilMs) return facts;
  }
  // When the main began to answer again: a fetch from before that time hung with the rest, and a row of them begins anew.
  const { negotiate } = facts.layers;
  const turnedMs = layer === 'fetch' && isMiss && negotiate?.outcome === 'answered' ? negotiate.sinceMs : 0;
  if (nowMs - event.ms < turnedMs) return facts;
  const goesOn = before?.outcome === outcome && before.sinceMs >= turnedMs;
  const sinceMs = goesOn ? before.sinceMs : nowMs;
  const fact: LayerFact = { outcome, atMs: nowMs, sinceMs, ms: event.ms, detail: event.detail };
  const next: Facts = { ...facts, layers: { ...facts.layers, [layer]: fact } };
  switch (layer) {
    case 'witness':
      return outcome === 'answered' ? { ...next, witnessKnown: true, witnessAnsweredMs: nowMs } : next;
    case 'echo':
      if (outcome === 'answered') return { ...next, failingSinceMs: undefined };
      // A kept session that was already lost while the main went on serving starts no new failure.
      return isMiss && (before === undefined || before.outcome === 'answered')
        ? missed(facts, next, event, policy)
        : next;
    case 'negotiate':
      return isMiss ? missed(facts, next, event, policy) : { ...next, failingSinceMs: undefined };
    case 'link':
    case 'arp':
    case 'fetch':
      return next;
  }
}

/** Starts the failure, or goes on with the one under way unless nobody had looked for so long that it may be another one. */
function missed(before: Facts, next: Facts, event: Evidence, policy: Policy): Facts {
  const lastMs = Math.max(before.layers.echo?.atMs ?? 0, before.layers.negotiate?.atMs ?? 0);
  const goesOn = before.failingSinceMs !== undefined && event.nowMs - lastMs <= FRESH_MS.negotiate;
  if (goesOn) return { ...next, failingSinceMs: before.failingSinceMs };
  return { ...next, failingSinceMs: beganMs(before, event, policy), failureKnownMs: event.nowMs };
}

/**
 * When users began to wait: when what was missed was asked, for nothing has come back since. But never before the last answer,
 * nor before we could judge at all. And at most half of the least patience counts before the miss is known: had we ourselves
 * stood still, that would look like a long wait, and the other half is left to notice it.
 */
function beganMs({ layers, trustedFromMs, distrustUntilMs }: Facts, { nowMs, ms }: Evidence, policy: Policy): number {
  const answers = [layers.echo, layers.negotiate].filter((fact) => fact && isAnswer(fact.outcome));
  const lastAnswerMs = Math.max(0, ...answers.map((fact) => fact?.atMs ?? 0));
  const askedMs = nowMs - Math.min(ms, leastPatienceMs(policy) / 2);
  return Math.min(nowMs, Math.max(askedMs, lastAnswerMs, trustedFromMs, distrustUntilMs));
}

/** Something came back from the main, to whatever end. */
function isAnswer(outcome: Outcome): boolean {
  return outcome !== 'unknown' && failureIn(outcome) === undefined;
}

/** What follows from the facts taken together: isolation, health once seen, troubles that are over. */
function settled(before: Facts, facts: Facts, event: StandbyEvent, policy: Policy): Facts {
  let next = facts;
  if (isCutOff(facts, policy, event.nowMs)) {
    next = { ...next, isolatedSinceMs: before.isolatedSinceMs ?? event.nowMs, failingSinceMs: undefined };
  } else if (before.isolatedSinceMs !== undefined) {
    next = { ...withoutMain(next, event.nowMs), isolatedSinceMs: undefined };
  }
  // The last answers from before a cable was pulled stay fresh for a while; they are no calm.
  const serves = next.isolatedSinceMs === undefined && verdictOf(next, event.nowMs).kind === 'serving';
  if (!serves) return { ...next, calmSinceMs: undefined };
  const calmSinceMs = next.calmSinceMs ?? event.nowMs;
  const seenHealthy = next.seenHealthy || next.layers.negotiate?.outcome === 'answered';
  next = { ...next, calmSinceMs, seenHealthy, attempts: 0, nextAttemptMs: event.nowMs };
  return isSettled(next, event.nowMs)
    ? { ...next, told: next.told.filter((code) => !OVER_WHEN_SETTLED.includes(code)) }
    : next;
}

/** Whether the main has served without a break for the settle time. */
export function isSettled(facts: Facts, nowMs: number): boolean {
  return facts.calmSinceMs !== undefined && nowMs - facts.calmSinceMs >= SETTLE_MS;
}

/** Forgets every answer and every miss of the main: a new judgement needs new evidence. */
function withoutMain(facts: Facts, nowMs: number): Facts {
  if (facts.failingSinceMs === undefined && MAIN_LAYERS.every((layer) => facts.layers[layer] === undefined))
    return facts.trustedFromMs === nowMs ? facts : { ...facts, trustedFromMs: nowMs };
  const { link, witness } = facts.layers;
  const layers = { ...(link === undefined ? {} : { link }), ...(witness === undefined ? {} : { witness }) };
  return { ...facts, layers, failingSinceMs: undefined, trustedFromMs: nowMs };
}

function distrusted(facts: Facts, nowMs: number): Facts {
  return { ...withoutMain(facts, nowMs), distrustUntilMs: nowMs + DISTRUST_MS };
}
