/** Builds the status that people and programs are shown from what the parts know at this moment. Pure. */
import type { LogEvent, RestoreProgress } from '../api/event.ts';
import { layerNames, type MirrorStatus, type Status } from '../api/status.ts';
import type { VerifyStatus } from '../api/verify.ts';
import { humanDuration } from '../base/human.ts';
import type { Policy, Sentence, State } from './decide/index.ts';
import type { FromEngine } from './engine-messages.ts';

export type MirrorReport = Extract<FromEngine, { kind: 'mirror' }>;

export interface ProcessReport {
  alive: boolean;
  pid: number;
  rssBytes: number;
}

export interface StatusParts {
  state: State;
  policy: Policy;
  sentence: Sentence;
  report: MirrorReport | undefined;
  held: string[];
  restore: RestoreProgress | undefined;
  verify: VerifyStatus | undefined;
  processes: Record<'agent' | 'net' | 'engine', ProcessReport>;
  alerts: LogEvent[];
  mail: Status['mail'];
  version: string;
  nowMs: number;
  wallMs: number;
}

export function buildStatus(parts: StatusParts): Status {
  const { durable, facts } = parts.state;
  const paused = durable.pausedUntilWallMs;
  return {
    sentence: parts.sentence,
    mode: durable.mode.kind,
    sinceMs: durable.sinceWallMs,
    why: durable.why,
    takeover: { mode: parts.policy.takeover, patience: patienceInWords(parts.policy) },
    main: { name: parts.policy.mainName, address: parts.policy.address },
    layers: layerNames.map((layer) => {
      const fact = facts.layers[layer];
      return fact === undefined
        ? { layer, outcome: 'unknown' as const, ms: 0, ageMs: -1, detail: '' }
        : {
            layer,
            outcome: fact.outcome,
            ms: fact.ms,
            ageMs: Math.max(0, parts.nowMs - fact.atMs),
            detail: fact.detail,
          };
    }),
    mirror: mirrorStatus(parts.report),
    decision: 'decision' in durable.mode ? durable.mode.decision : '',
    held: parts.held,
    pausedUntilMs: paused ?? null,
    frozenFor: facts.mirror.frozenFor,
    restore: parts.restore ?? null,
    verify: parts.verify ?? null,
    processes: parts.processes,
    alerts: parts.alerts,
    mail: parts.mail,
    version: parts.version,
    atMs: parts.wallMs,
  };
}

/** «10 s when it refuses, 3 s when it is silent, 5 s when it is frozen». */
export function patienceInWords(policy: Policy): string {
  const { refused, silent, frozen } = policy.patienceMs;
  return `${humanDuration(refused)} when it refuses, ${humanDuration(silent)} when it is silent, ${humanDuration(frozen)} when it is frozen`;
}

/** While the engine has said nothing. */
export const NO_LOAD: MirrorStatus['load'] = {
  limitBytesPerSecond: 0,
  limiting: false,
  yielding: false,
  inFlightAtMost: 0,
};

function mirrorStatus(report: MirrorReport | undefined): MirrorStatus {
  const shares = report?.shares ?? [];
  const sum = (figure: (share: (typeof shares)[number]) => number): number =>
    shares.reduce((total, share) => total + figure(share), 0);
  return {
    shares,
    files: sum((share) => share.files),
    bytes: sum((share) => share.bytes),
    filesToDo: sum((share) => share.filesToDo),
    bytesToDo: sum((share) => share.bytesToDo),
    skipped: sum((share) => share.skipped),
    bytesPerSecond: report?.bytesPerSecond ?? 0,
    filesPerSecond: report?.filesPerSecond ?? 0,
    leftMs: report?.leftMs ?? -1,
    load: report?.load ?? NO_LOAD,
  };
}
