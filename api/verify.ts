/** Comparing main and mirror, and why a path is or is not mirrored. */
import { z } from 'zod';

export const verifyRequest = z.strictObject({
  /** Copy again from the main what really differs; the former copies go to the attic. */
  heal: z.boolean().default(false),
  /** Write a report with a line, and the SHA-256 of the content, for each object. */
  report: z.boolean().default(false),
});

export const verifyStatus = z.object({
  id: z.string(),
  state: z.enum(['running', 'done', 'stopped']),
  heal: z.boolean(),
  /** ms since 1970; endedMs is 0 while it runs. */
  startedMs: z.number(),
  endedMs: z.number(),
  /** The share that is being compared; '' at the end. */
  share: z.string(),
  filesDone: z.number(),
  /** What the mirror held when it began. */
  filesTotal: z.number(),
  bytesDone: z.number(),
  bytesTotal: z.number(),
  /** Over the last seconds. */
  bytesPerSecond: z.number(),
  filesPerSecond: z.number(),
  /** Milliseconds to the end; -1 when not known. */
  leftMs: z.number(),
  /** Files that are the same on both sides: content, and everything beside it that is mirrored. */
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
  /** The report on the standby's disk, one JSON object a line; '' when none was wanted. */
  report: z.string(),
  /** Why it waits, or why it was stopped; '' when all is well. */
  problem: z.string(),
});
export type VerifyStatus = z.infer<typeof verifyStatus>;

/** The first of what the last verify found, real differences first. */
export const findingList = z.object({
  findings: z.array(
    z.object({
      share: z.string(),
      path: z.string(),
      /** different: really; listed: known not to be covered; changing: never stood still. */
      class: z.enum(['different', 'listed', 'changing']),
      /** What differs first (`content`, `missing-here`, `written` …), or the code of the problem. */
      code: z.string(),
      why: z.string(),
      healed: z.boolean(),
    }),
  ),
});
export type FindingList = z.infer<typeof findingList>;

export const explainQuery = z.strictObject({
  /** The share's name, in any case. */
  share: z.string().min(1).max(80),
  /** Below the share, components joined by «/»; '' is the share itself. */
  path: z.string().max(8_192).default(''),
});

export const explanation = z.object({
  share: z.string(),
  path: z.string(),
  /** held: it waits for a person's word. waiting: on its way. not-on-main: not there when the main was last looked at. */
  verdict: z.enum(['mirrored', 'left-out', 'refused', 'held', 'waiting', 'not-on-main', 'no-share']),
  kind: z.enum(['file', 'folder', '']),
  /** One sentence. */
  why: z.string(),
  /** When this copy was placed; ms since 1970, 0 when not known. */
  sinceMs: z.number(),
  /** When this copy was last compared with the main; ms since 1970, 0 when never. */
  provedMs: z.number(),
  size: z.number(),
});
export type Explanation = z.infer<typeof explanation>;
