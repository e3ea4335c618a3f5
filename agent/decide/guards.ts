/**
 * What must be so before the main may be replaced. Each guard answers one way of being wrong, and each has an invariant of
 * its own in the simulation, so that none hides behind another.
 */
import { isCutOff, linkIsDown, verdictOf, witnessIsFresh } from './health.ts';
import type { Policy, State } from './types.ts';

/** A rival's frame younger than this (ms) keeps us from trying again for the same address. */
export const RIVAL_FRESH_MS = 10_000;

/** A takeover is decided on a miss not older than this (ms): whoever is silent since may be our own network process. */
export const RECENT_MS = 1_500;

/** The first guard that is not met, in the order in which people should hear of them. */
export type Obstacle =
  | 'net-gone'
  | 'cut-off'
  | 'incomplete'
  | 'unseen'
  | 'manual'
  | 'paused'
  | 'rival'
  | 'too-early'
  /** No witness has answered since the failure began, or the last miss is not of this moment: look before deciding. */
  | 'look-again';

/** Whether automatic action is on hold. */
export function isPaused(state: State, wallMs: number): boolean {
  const until = state.durable.pausedUntilWallMs;
  return until !== undefined && (until === -1 || wallMs < until);
}

/**
 * What keeps the main from being replaced without being asked, or undefined when nothing does. Carrier alone counts while no
 * witness has ever been known.
 */
export function obstacle(state: State, policy: Policy, nowMs: number, wallMs: number): Obstacle | undefined {
  const { facts } = state;
  if (!facts.netAlive || facts.layers.link === undefined) return 'net-gone';
  if (isCutOff(facts, policy, nowMs)) return 'cut-off';
  if (!facts.mirror.complete) return 'incomplete';
  if (!facts.seenHealthy) return 'unseen';
  if (policy.takeover === 'manual') return 'manual';
  if (isPaused(state, wallMs)) return 'paused';
  if (facts.rival !== undefined && nowMs - facts.rival.lastMs < RIVAL_FRESH_MS) return 'rival';
  if (nowMs < facts.nextAttemptMs) return 'too-early';
  const verdict = verdictOf(facts, nowMs);
  const missIsOld = verdict.kind === 'failing' && nowMs - verdict.atMs > RECENT_MS;
  return missIsOld || (facts.witnessKnown && !witnessIsFresh(facts, policy, nowMs)) ? 'look-again' : undefined;
}

/**
 * Why the address must not be taken at this very moment, or '' when it may. Asked when shares are open and the address is
 * next: opening them may have taken long, and after a restart nobody has looked yet (`justDecided` when neither is so). A
 * person who forced it may know why no witness answers (the gateway is what died); nobody takes an address without a network.
 */
export function addressObstacle(
  state: State,
  policy: Policy,
  nowMs: number,
  attempt: { forced: boolean; justDecided: boolean },
): string {
  const { facts } = state;
  if (!facts.netAlive || facts.layers.link === undefined) return 'the network process has not reported';
  if (linkIsDown(facts)) return `the network cable of ${policy.standbyName} is out`;
  if (!attempt.forced && isCutOff(facts, policy, nowMs)) return `${policy.standbyName} is cut off`;
  if (attempt.justDecided) return '';
  const verdict = verdictOf(facts, nowMs);
  if (verdict.kind === 'failing' && nowMs - verdict.atMs > RECENT_MS) return 'the last look is too old';
  if (attempt.forced) return '';
  if (facts.witnessKnown && !witnessIsFresh(facts, policy, nowMs)) return 'no witness has answered lately';
  return '';
}
