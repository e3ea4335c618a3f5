/**
 * Watching the main by a plan: every layer in its own rhythm, each finding reported as evidence, and nothing judged.
 *
 * While the main fails, the layers below SMB are asked as often as ECHO for half a minute, so that the verdict rests on fresh
 * evidence; then again in the slow rhythm, since a main may stay away for days and broadcasts disturb everybody.
 */
import type { Clock } from '../../base/clock.ts';
import type { Lateness } from '../lateness.ts';
import type { Evidence, Layer, ProbePlan } from '../messages.ts';
import type { Finding } from './classify.ts';
import { type GroundWorld, openGround } from './ground.ts';
import { type After, openRound } from './round.ts';
import { openSmbProbes, type SmbWorld } from './smb.ts';

const ALERT_MS = 30_000;

export interface WatchWorld extends Pick<SmbWorld, 'connect' | 'gate'>, Pick<GroundWorld, 'arp' | 'ownNetworks'> {
  clock: Clock;
  after: After;
  lateness: Lateness;
  evidence(evidence: Evidence): void;
  /** A fault of ours in a probe: nothing that is reported can be trusted any more. */
  broken(error: unknown): void;
}

export interface Watching {
  /** Every layer now. */
  look(): void;
  /** Ends every session and every round. */
  stop(): void;
}

export function watch(plan: ProbePlan, world: WatchWorld): Watching {
  const { clock } = world;
  let failingSinceMs: number | undefined;
  let stopped = false;

  const report = (layer: Layer, finding: Finding, beganMs: number): void => {
    if (stopped) return;
    const nowMs = clock.monoMs();
    const against = finding.outcome === 'refused' || finding.outcome === 'silent' || finding.outcome === 'frozen';
    // Time limits that passed while we did not run prove nothing; an answer stays an answer.
    if (against && world.lateness.lateSince(beganMs, nowMs)) return;
    world.evidence({ kind: 'evidence', layer, ...finding, ms: nowMs - beganMs });
    if (layer !== 'echo' && layer !== 'negotiate') return;
    const isNew = against && failingSinceMs === undefined;
    failingSinceMs = against ? (failingSinceMs ?? nowMs) : undefined;
    if (isNew) for (const round of groundRounds) round.now();
  };
  const groundEveryMs = (): number => {
    const alert = failingSinceMs !== undefined && clock.monoMs() - failingSinceMs < ALERT_MS;
    return alert ? plan.echoEveryMs : plan.negotiateEveryMs;
  };

  const ground = openGround(plan, { ...world, report });
  const arp = (): Promise<void> => ground.arp().then(() => {});
  const smb = openSmbProbes(plan, { ...world, report, arp: ground.arp });
  const groundRounds = [openRound(groundEveryMs, arp, world), openRound(groundEveryMs, ground.witness, world)];
  const rounds = [
    ...groundRounds,
    openRound(() => plan.echoEveryMs, ground.link, world),
    openRound(() => plan.echoEveryMs, smb.echo, world),
    openRound(() => plan.negotiateEveryMs, smb.negotiate, world),
    openRound(() => plan.fetchEveryMs, smb.fetch, world),
  ];
  return {
    look() {
      for (const round of rounds) round.now();
    },
    stop() {
      stopped = true;
      for (const round of rounds) round.stop();
      smb.close();
    },
  };
}
