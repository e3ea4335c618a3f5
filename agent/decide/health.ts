/**
 * From evidence to a verdict about the main. Evidence has an age; what is too old is not known any more.
 *
 *   negotiate     echo                       fetch                  verdict
 *   answered      any (a dropped session)    answered, untried      serving
 *   answered      any                        denied, changed        degraded (our own log-on, or the known file)
 *   any           any                        frozen twice           failing: frozen, layer fetch
 *   missed        answered since             any                    degraded (sessions live, new ones do not)
 *   missed        missed, old, untried       any                    failing: refused, silent or frozen
 *   denied        any                        any                    degraded
 *   old, untried  answered                   any                    serving
 *   old, untried  missed, old, untried       any                    unknown
 *
 * A main that refuses new connections and still answers on a kept one serves somebody (a firewall rule against this box
 * looks just so), and whoever serves somebody is not replaced.
 */
import type { Facts, FailureKind, Layer, LayerFact, Outcome, Policy } from './types.ts';

export type Verdict =
  | { kind: 'serving' }
  | { kind: 'degraded'; why: string; sinceMs: number }
  /** `atMs`: the latest miss. `seenTwice`: the present kind of failure was seen in two answers running, so it is no single lost packet. */
  | { kind: 'failing'; how: FailureKind; layer: Layer; sinceMs: number; seenTwice: boolean; atMs: number }
  | { kind: 'unknown'; why: string };

/** The layers whose answers come from the main, or from ourselves once we hold its address. */
export const MAIN_LAYERS = ['arp', 'echo', 'negotiate', 'fetch'] as const;
export type MainLayer = (typeof MAIN_LAYERS)[number];

/** Age in ms after which an answer is not known any more: about three of the slowest probe's intervals with its time limit. */
export const FRESH_MS: Record<MainLayer, number> = { arp: 6_000, echo: 3_000, negotiate: 6_000, fetch: 15_000 };

export function isMainLayer(layer: Layer): layer is MainLayer {
  return MAIN_LAYERS.some((main) => main === layer);
}

/** The failure that an outcome tells of, or undefined when it tells of none. */
export function failureIn(outcome: Outcome): FailureKind | undefined {
  switch (outcome) {
    case 'refused':
    case 'silent':
    case 'frozen':
      return outcome;
    case 'answered':
    case 'denied':
    case 'changed':
    case 'unknown':
      return undefined;
  }
}

/** The layer's answer if it is young enough to count and was really tried. */
export function fresh(facts: Facts, layer: MainLayer, nowMs: number): LayerFact | undefined {
  const fact = facts.layers[layer];
  if (fact === undefined || fact.outcome === 'unknown' || nowMs - fact.atMs > FRESH_MS[layer]) return undefined;
  return fact;
}

/** What fresh evidence says about the main. Guards (isolation, own lateness …) are asked apart from this. */
export function verdictOf(facts: Facts, nowMs: number): Verdict {
  if (!facts.netAlive) return { kind: 'unknown', why: 'the network process is not running' };
  const echo = fresh(facts, 'echo', nowMs);
  const negotiate = fresh(facts, 'negotiate', nowMs);
  const fetch = fresh(facts, 'fetch', nowMs);
  const stuckSinceMs = stuckSince(fetch, negotiate);
  const how = negotiate === undefined ? undefined : failureIn(negotiate.outcome);
  if (negotiate !== undefined && how !== undefined) {
    const echoLives = echo?.outcome === 'answered' && echo.atMs >= negotiate.sinceMs;
    if (!echoLives) {
      const arp = fresh(facts, 'arp', nowMs);
      const first = facts.failingSinceMs ?? nowMs;
      return {
        kind: 'failing',
        how,
        layer: how === 'silent' && arp?.outcome === 'silent' ? 'arp' : 'negotiate',
        sinceMs: facts.isolatedSinceMs === undefined ? Math.min(first, stuckSinceMs ?? first) : nowMs,
        seenTwice: negotiate.atMs > negotiate.sinceMs,
        atMs: negotiate.atMs,
      };
    }
  }
  if (fetch !== undefined && stuckSinceMs !== undefined)
    return { kind: 'failing', how: 'frozen', layer: 'fetch', sinceMs: stuckSinceMs, seenTwice: true, atMs: fetch.atMs };
  if (negotiate !== undefined && how !== undefined)
    return { kind: 'degraded', why: 'new connections fail, those already open are served', sinceMs: negotiate.sinceMs };
  if (negotiate?.outcome === 'denied')
    return { kind: 'degraded', why: `no protocol was agreed on (${negotiate.detail})`, sinceMs: negotiate.sinceMs };
  if (negotiate === undefined && echo?.outcome !== 'answered')
    return { kind: 'unknown', why: 'there is no fresh answer either way' };
  if (fetch?.outcome === 'denied')
    return { kind: 'degraded', why: `our own log-on is refused (${fetch.detail})`, sinceMs: fetch.sinceMs };
  if (fetch?.outcome === 'changed')
    return { kind: 'degraded', why: `the known file is gone or changed (${fetch.detail})`, sinceMs: fetch.sinceMs };
  return { kind: 'serving' };
}

/**
 * Since when the disk under a main that negotiates hangs: two fetches running, both begun while it negotiated. Fetches that
 * hung together with everything else say nothing more once the main answers again.
 */
function stuckSince(fetch: LayerFact | undefined, negotiate: LayerFact | undefined): number | undefined {
  if (fetch?.outcome !== 'frozen' || fetch.atMs <= fetch.sinceMs) return undefined;
  return negotiate?.outcome === 'answered' && fetch.sinceMs < negotiate.sinceMs ? undefined : fetch.sinceMs;
}

/** The carrier is gone: nothing else needs to be asked. */
export function linkIsDown(facts: Facts): boolean {
  const link = facts.layers.link;
  return link !== undefined && link.outcome !== 'answered' && link.outcome !== 'unknown';
}

/**
 * Some witness answered just now, and since we know of the present failure. An older answer proves nothing about it, nor does
 * one from between question and miss: the cable may have been pulled right after it, while the main had not answered yet.
 */
export function witnessIsFresh(facts: Facts, policy: Policy, nowMs: number): boolean {
  if (facts.witnessAnsweredMs === undefined) return false;
  const afterMs = Math.max(
    nowMs - policy.witnessFreshMs,
    facts.failingSinceMs === undefined ? 0 : facts.failureKnownMs,
  );
  return facts.witnessAnsweredMs >= afterMs;
}

/**
 * Cut off: no carrier; or witnesses, once known, stay silent while the main does not answer either. A witness that merely
 * was not asked lately is no sign of it.
 */
export function isCutOff(facts: Facts, policy: Policy, nowMs: number): boolean {
  if (linkIsDown(facts)) return true;
  const witness = facts.layers.witness;
  if (!facts.witnessKnown || witness === undefined || witness.outcome === 'answered') return false;
  if (nowMs - (facts.witnessAnsweredMs ?? 0) <= policy.witnessFreshMs) return false;
  return !(['echo', 'negotiate'] as const).some((layer) => fresh(facts, layer, nowMs)?.outcome === 'answered');
}

/** The shortest of the patiences, in ms. */
export function leastPatienceMs(policy: Policy): number {
  return Math.min(policy.patienceMs.refused, policy.patienceMs.silent, policy.patienceMs.frozen);
}

/** The longest of the patiences, in ms. */
export function longestPatienceMs(policy: Policy): number {
  return Math.max(policy.patienceMs.refused, policy.patienceMs.silent, policy.patienceMs.frozen);
}

/**
 * Patience is over. Patience is that of the present kind of failure and counts from the question of the first miss, also when the kind has
 * changed: a main that refused (a service restart, 10 s) and then went silent has been away from its users all the time, and
 * the longer patience would not bridge a reboot either, which takes minutes. But one silent answer among refusals is a lost
 * packet, so a kind must be seen twice; where kinds alternate for ever, the longest patience ends the wait.
 */
export function isRipe(verdict: Extract<Verdict, { kind: 'failing' }>, policy: Policy, nowMs: number): boolean {
  const heldMs = nowMs - verdict.sinceMs;
  const longestMs = longestPatienceMs(policy);
  return heldMs >= policy.patienceMs[verdict.how] && (verdict.seenTwice || heldMs >= longestMs);
}
