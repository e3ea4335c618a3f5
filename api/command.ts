/** What an administrator orders, and the answer. Dangerous commands carry the main's name, typed. */
import { z } from 'zod';

/** Longest pause that ends by itself: a week. */
export const PAUSE_LIMIT_MINUTES = 7 * 24 * 60;

export const noBody = z.strictObject({});

/** Equal to the main's name, or the command is not carried out (422 `confirm`). */
const confirm = z.string().max(64);

export const forceRequest = z.strictObject({
  confirm,
  /** The first copy may be incomplete: users will miss what status lists as still to do. */
  acceptMissing: z.boolean().default(false),
});

export const recoverRequest = z.strictObject({ confirm });

export const restoreRequest = z.strictObject({
  confirm,
  /** Of the plan that was shown; the restore fails when the world has changed since. */
  planHash: z.string().regex(/^[0-9a-zA-Z_-]{8,128}$/, 'must be the hash of a plan'),
});

export const pauseRequest = z.strictObject({
  /** Absent: until resumed. */
  minutes: z.number().int().min(1).max(PAUSE_LIMIT_MINUTES).optional(),
});

/** A refusal is not answered with this but with 409 `refused`, where `what` is the reason. */
export const accepted = z.object({
  accepted: z.literal(true),
  why: z.string(),
  hint: z.string().optional(),
});
export type Accepted = z.infer<typeof accepted>;

export const plan = z.object({
  hash: z.string(),
  /** The whole plan on the standby's disk: one JSON object per line. */
  file: z.string(),
  send: z.number(),
  sendBytes: z.number(),
  remove: z.number(),
  conflicts: z.number(),
  /** Newer on the main, or equal: left alone. */
  leave: z.number(),
  /** Could not be looked at, on the main or here; they stay open when the plan is carried out. */
  blocked: z.number(),
  sample: z.array(z.object({ action: z.string(), share: z.string(), path: z.string(), why: z.string() })),
});
export type Plan = z.infer<typeof plan>;

export const problemList = z.object({
  problems: z.array(z.object({ share: z.string(), path: z.string(), why: z.string() })),
});
export type ProblemList = z.infer<typeof problemList>;
