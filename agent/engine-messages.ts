/**
 * The contract between standbyd and the mirror engine, its child process (one line of JSON a message, over descriptor 3).
 * The engine may hang on a disk or be killed at any moment; standbyd notices by the beats, kills and starts it again, and
 * repeats `configure` and the order of its mode.
 *
 * The freeze: from a takeover until the changes made meanwhile are restored, the mirror holds users' data that exist nowhere else.
 * `freeze` puts the decision's id into the index, durably; while it is there the engine refuses to mirror, whoever asks,
 * and only `thaw` with that id, after a restore that left nothing behind, takes it away.
 */
import { z } from 'zod';

export const ENGINE_BEAT_MS = 500;

/** What the main must do (smb/types.ts, Requirements); absent: what the client knows will do. */
const requirements = z.object({ dialect: z.literal([0x0210, 0x0300, 0x0302, 0x0311]), encryption: z.boolean() });

/** A limit of the bandwidth (settings/limits.ts): minutes since midnight by the box's own clock, days as Date counts them. */
const limit = z.object({
  bytesPerSecond: z.number().positive(),
  fromMinute: z.number().int().min(0).max(1_439),
  toMinute: z.number().int().min(1).max(1_440),
  days: z.array(z.number().int().min(0).max(6)).readonly(),
});
export type Limit = z.infer<typeof limit>;

export const toEngine = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('beat'), n: z.number() }),
  z.object({
    kind: z.literal('configure'),
    main: z.object({ address: z.string(), port: z.number(), require: requirements.optional() }),
    logon: z.object({ user: z.string(), domain: z.string(), password: z.string() }),
    /** Shared with the network process, so that both together do not lock the account (smb/logon/logon-guard.ts); absent: of its own. */
    ledger: z.object({ folder: z.string(), generation: z.string() }).optional(),
    /** Folder that holds one sub-folder per share. */
    mirrorPath: z.string(),
    /** Folder for the index, the plans and what a restore overwrites on the main. */
    statePath: z.string(),
    shares: z.array(z.string()),
    /** Bytes that must stay free on the mirror's disk. */
    reserveBytes: z.number(),
    /** Milliseconds between full passes. */
    passEveryMs: z.number(),
    /** Milliseconds between the beginnings of two scrubs of a share at least; absent: a day. */
    scrubEveryMs: z.number().optional(),
    /** What is not mirrored (mirror/excludes.ts); absent: everything is. */
    excludes: z.array(z.string()).optional(),
    /** The Unix account that owns what is mirrored: what our smbd serves as. */
    owner: z.object({ uid: z.number(), gid: z.number() }),
  }),
  /** How fast it may read from the main, from now on; comes before `configure`, and again whenever it changes. Not answered. */
  z.object({ kind: z.literal('limit'), limits: z.array(limit) }),
  /** First pass where none is complete, then live. */
  z.object({ kind: z.literal('mirror') }),
  /** Stop mirroring; answered by `stopped` when no write is under way any more. */
  z.object({ kind: z.literal('stop') }),
  /** Compare main and mirror as a whole; answered by `verify`, and by `failed` when it cannot begin. Goes on by itself. */
  z.object({ kind: z.literal('verify'), heal: z.boolean(), hashes: z.boolean() }),
  z.object({ kind: z.literal('stop-verify') }),
  /** Why a path is or is not mirrored; answered by `explained` with the same number. */
  z.object({ kind: z.literal('explain'), n: z.number(), share: z.string(), path: z.string() }),
  z.object({ kind: z.literal('freeze'), decision: z.string() }),
  z.object({ kind: z.literal('thaw'), decision: z.string() }),
  /** Compare main, base and standby; writes a plan file, changes nothing. */
  z.object({ kind: z.literal('plan-restore'), decision: z.string() }),
  /** Carries out exactly the plan with this hash, or fails when the world has changed. */
  z.object({ kind: z.literal('restore'), decision: z.string(), planHash: z.string() }),
]);
export type ToEngine = z.infer<typeof toEngine>;

const figures = z.object({
  readBytes: z.number(),
  writtenBytes: z.number(),
  changedBytes: z.number(),
  uncomparedBytes: z.number(),
});

export const shareState = z.object({
  share: z.string(),
  /** waiting (not begun), first-pass, live (watch + scans), scanning (no watch: the server has no notify), unreachable, refused (why in `problem`). */
  state: z.enum(['waiting', 'first-pass', 'live', 'scanning', 'unreachable', 'refused']),
  /** A pass over the whole share has once been completed: everything that could be read is here. */
  complete: z.boolean(),
  files: z.number(),
  bytes: z.number(),
  filesToDo: z.number(),
  bytesToDo: z.number(),
  /** Files that could not be copied now, with reasons in the `problems` message. */
  skipped: z.number(),
  problem: z.string(),
  /** When the last full pass ended, ms since 1970; 0 when never. */
  lastPassMs: z.number(),
  /** What moved (mirror/traffic.ts): since ever, and in the last 24 hours. */
  traffic: z.object({ ever: figures, day: figures }),
  /** Since when every file is proven: was compared with the main, or copied from it. ms since 1970; 0 when never. */
  provedMs: z.number(),
  /** Files that the comparison behind `provedMs` could not compare: locked, changing, or not readable. */
  unproven: z.number(),
});
export type ShareState = z.infer<typeof shareState>;

/** How our load on the main is held back now. */
export const loadState = z.object({
  /** The limit of this hour; 0: none. */
  limitBytesPerSecond: z.number(),
  /** Something had to wait for it in the last seconds. */
  limiting: z.boolean(),
  /** The main is slower than our own load explains: full passes give way. */
  yielding: z.boolean(),
  /** Operations of a full pass that may be in flight. */
  inFlightAtMost: z.number(),
});
export type LoadState = z.infer<typeof loadState>;
export const verifyState = z.object({
  /** Of this verify; names its report. */
  id: z.string(),
  state: z.enum(['running', 'done', 'stopped']),
  heal: z.boolean(),
  /** ms since 1970; endedMs is 0 while it runs. */
  startedMs: z.number(),
  endedMs: z.number(),
  /** The share that is being compared; '' at the end. */
  share: z.string(),
  filesDone: z.number(),
  filesTotal: z.number(),
  bytesDone: z.number(),
  bytesTotal: z.number(),
  /** Over the last seconds. */
  bytesPerSecond: z.number(),
  filesPerSecond: z.number(),
  /** Milliseconds to the end; -1 when not known. */
  leftMs: z.number(),
  /** Files that are the same on both sides. */
  same: z.number(),
  /** Real differences that are left. */
  different: z.number(),
  healed: z.number(),
  /** Known not to be covered: locked, refused, links … */
  listed: z.number(),
  /** Never stood still while it was looked at. */
  changing: z.number(),
  /** Names that the settings leave out. */
  leftOut: z.number(),
  /** Differ so far and are being looked at again. */
  open: z.number(),
  /** The file with a line for each object; '' when none was wanted. */
  report: z.string(),
  /** Why it waits, or why it was stopped; '' when all is well. */
  problem: z.string(),
});
export type VerifyState = z.infer<typeof verifyState>;

export const finding = z.object({
  share: z.string(),
  path: z.string(),
  class: z.enum(['different', 'listed', 'changing']),
  code: z.string(),
  why: z.string(),
  healed: z.boolean(),
});

export const explanation = z.object({
  share: z.string(),
  path: z.string(),
  /** held: something waits for a person's word. waiting: on its way. not-on-main: the main did not have it when it was last looked at. */
  verdict: z.enum(['mirrored', 'left-out', 'refused', 'held', 'waiting', 'not-on-main', 'no-share']),
  kind: z.enum(['file', 'folder', '']),
  /** One sentence. */
  why: z.string(),
  /** When this copy was placed here; ms since 1970, 0 when not known. */
  sinceMs: z.number(),
  /** When this copy was last compared with the main; ms since 1970, 0 when never. */
  provedMs: z.number(),
  size: z.number(),
});
export type Explanation = z.infer<typeof explanation>;

export const planSummary = z.object({
  hash: z.string(),
  /** The plan itself: one JSON object per line. */
  file: z.string(),
  send: z.number(),
  sendBytes: z.number(),
  remove: z.number(),
  conflicts: z.number(),
  /** Newer on the main, or equal: left alone. */
  leave: z.number(),
  /** Could not be looked at, on the main or here; they stay open when the plan is carried out. */
  blocked: z.number(),
  /** The first few lines, for people. */
  sample: z.array(z.object({ action: z.string(), share: z.string(), path: z.string(), why: z.string() })),
});
export type PlanSummary = z.infer<typeof planSummary>;

export const fromEngine = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('beat'), n: z.number(), rssBytes: z.number() }),
  /** At most four a second, and at every change of a state. */
  z.object({
    kind: z.literal('mirror'),
    shares: z.array(shareState),
    /** Over the last seconds; 0 when idle. */
    bytesPerSecond: z.number(),
    filesPerSecond: z.number(),
    /** Milliseconds to the end of the first pass; -1 when not known. */
    leftMs: z.number(),
    /** Frozen for this decision; '' when not. */
    frozenFor: z.string(),
    load: loadState,
  }),
  /** A file whose reading proves that the main serves: chosen from the mirror, small, not recently changed. */
  z.object({
    kind: z.literal('known'),
    share: z.string(),
    path: z.string(),
    size: z.number(),
    writtenFileTime: z.string(),
  }),
  z.object({
    kind: z.literal('problems'),
    problems: z.array(z.object({ share: z.string(), path: z.string(), why: z.string() })),
  }),
  /** Something happened that the administrator must hear of: disk full, log-on refused … */
  z.object({ kind: z.literal('alert'), code: z.string(), what: z.string(), hint: z.string() }),
  /** The state of the last verify; at most four a second while it runs. */
  z.object({ kind: z.literal('verify'), verify: verifyState }),
  /** The first of what it found, when that changes. */
  z.object({ kind: z.literal('findings'), findings: z.array(finding) }),
  z.object({ kind: z.literal('explained'), n: z.number(), explanation }),
  z.object({ kind: z.literal('stopped') }),
  z.object({ kind: z.literal('frozen'), decision: z.string() }),
  z.object({ kind: z.literal('thawed'), decision: z.string() }),
  z.object({ kind: z.literal('plan'), decision: z.string(), plan: planSummary }),
  z.object({
    kind: z.literal('restoring'),
    decision: z.string(),
    done: z.number(),
    total: z.number(),
    bytesPerSecond: z.number(),
    leftMs: z.number(),
  }),
  z.object({
    kind: z.literal('restored'),
    decision: z.string(),
    sent: z.number(),
    removed: z.number(),
    conflicts: z.number(),
    /** Could not be done now (locked on the main …); while this is not 0 the freeze stays. */
    open: z.number(),
  }),
  z.object({ kind: z.literal('failed'), order: z.string(), code: z.string(), what: z.string(), hint: z.string() }),
]);
export type FromEngine = z.infer<typeof fromEngine>;
