/** The whole truth about the standby at one moment: a sentence for people first, then the figures behind it. */
import { z } from 'zod';
import { logEvent, restoreProgress } from './event.ts';
import { verifyStatus } from './verify.ts';

/**
 * ok: protected; serve: the standby serves; warn: protected less than usual; stop: automatic action stands still;
 * bad: users have no files; off: not set up or not mirroring.
 */
export const sentenceLevels = ['ok', 'serve', 'warn', 'stop', 'bad', 'off'] as const;
export type SentenceLevel = (typeof sentenceLevels)[number];

export const modes = [
  'idle',
  'syncing',
  'standing-by',
  'suspecting',
  'taking-over',
  'undoing',
  'active',
  'handing-back',
  'handed-back',
  'restoring',
] as const;
export type StatusMode = (typeof modes)[number];

/** From the nearest to the farthest. */
export const layerNames = ['link', 'arp', 'witness', 'echo', 'negotiate', 'fetch'] as const;
export const layerOutcomes = ['answered', 'refused', 'silent', 'frozen', 'denied', 'changed', 'unknown'] as const;

export const layerStatus = z.object({
  layer: z.enum(layerNames),
  outcome: z.enum(layerOutcomes),
  /** Milliseconds the probe took. */
  ms: z.number(),
  /** Milliseconds since the answer; -1 when there was none yet. */
  ageMs: z.number(),
  detail: z.string(),
});
export type LayerStatus = z.infer<typeof layerStatus>;

const trafficFigures = z.object({
  /** From the main, without holes; also of files that could not be kept then. */
  readBytes: z.number(),
  /** Into files on the standby's disk. */
  writtenBytes: z.number(),
  /** In blocks that differed from what lay here, and in files that are new. */
  changedBytes: z.number(),
  /** In files that replaced another whole, without being compared with it: how much of them changed is not known. */
  uncomparedBytes: z.number(),
});
export type TrafficFigures = z.infer<typeof trafficFigures>;

export const shareStatus = z.object({
  share: z.string(),
  state: z.enum(['waiting', 'first-pass', 'live', 'scanning', 'unreachable', 'refused']),
  /** A pass over the whole share has once been completed. */
  complete: z.boolean(),
  files: z.number(),
  bytes: z.number(),
  filesToDo: z.number(),
  bytesToDo: z.number(),
  skipped: z.number(),
  problem: z.string(),
  /** When the last full pass ended, ms since 1970; 0 when never. */
  lastPassMs: z.number(),
  /** Content that moved: since ever, and in the last 24 hours (this hour and the 23 before it). */
  traffic: z.object({ ever: trafficFigures, day: trafficFigures }),
  /** Since when every file is proven: was compared with the main, or copied from it. ms since 1970; 0 when never. */
  provedMs: z.number(),
  /** Files that the comparison behind `provedMs` could not compare: locked, changing, or not readable. */
  unproven: z.number(),
});
export type ShareStatus = z.infer<typeof shareStatus>;

export const mirrorStatus = z.object({
  shares: z.array(shareStatus),
  /** Sums over the shares. */
  files: z.number(),
  bytes: z.number(),
  filesToDo: z.number(),
  bytesToDo: z.number(),
  skipped: z.number(),
  /** Over the last seconds; 0 when idle. */
  bytesPerSecond: z.number(),
  filesPerSecond: z.number(),
  /** Milliseconds to the end of the first pass; -1 when not known. */
  leftMs: z.number(),
  /** How our load on the main is held back now. */
  load: z.object({
    /** The limit of this hour; 0: none. */
    limitBytesPerSecond: z.number(),
    /** Something had to wait for it in the last seconds. */
    limiting: z.boolean(),
    /** The main is slower than our own load explains: full passes give way. */
    yielding: z.boolean(),
    /** Operations of a full pass that may be in flight. */
    inFlightAtMost: z.number(),
  }),
});
export type MirrorStatus = z.infer<typeof mirrorStatus>;

const processStatus = z.object({
  alive: z.boolean(),
  /** 0 when it does not run. */
  pid: z.number(),
  rssBytes: z.number(),
});

export const status = z.object({
  /** `sentence` answers «am I protected?»; `after` says since when or why, and what to do next. */
  sentence: z.object({ level: z.enum(sentenceLevels), sentence: z.string(), after: z.string() }),
  mode: z.enum(modes),
  /** Wall time of the present mode's beginning, ms since 1970. */
  sinceMs: z.number(),
  /** Why we are in this mode, one sentence. */
  why: z.string(),
  takeover: z.object({
    mode: z.enum(['automatic', 'manual']),
    /** How long each kind of failure is watched before acting, in words. */
    patience: z.string(),
  }),
  /** null until set up. */
  main: z.object({ name: z.string(), address: z.string() }).nullable(),
  layers: z.array(layerStatus),
  mirror: mirrorStatus,
  /** The decision under which addresses are held or changes wait; '' when none. */
  decision: z.string(),
  /** Addresses of the main that we hold now. */
  held: z.array(z.string()),
  /** Automatic action is off until this wall time; -1: until resumed; null: not paused. */
  pausedUntilMs: z.number().nullable(),
  /** The decision whose changes exist only here; '' when the mirror is not frozen. */
  frozenFor: z.string(),
  /** null unless a restore runs. */
  restore: restoreProgress.nullable(),
  /** The last verify; null when there was none. */
  verify: verifyStatus.nullable(),
  processes: z.object({ agent: processStatus, net: processStatus, engine: processStatus }),
  /** The newest alerts, oldest first. */
  alerts: z.array(logEvent),
  /** Mails that no mail server has accepted yet, and what the last attempt met ('' when all is well). null: nobody is told by mail. */
  mail: z.object({ waiting: z.number(), problem: z.string() }).nullable(),
  version: z.string(),
  /** When this was true, ms since 1970. */
  atMs: z.number(),
});
export type Status = z.infer<typeof status>;
