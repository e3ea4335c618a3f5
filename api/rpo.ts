/** How far behind the mirror is and was, measured from the changes themselves, and the files that somebody holds. */
import { z } from 'zod';

/** How long changes took to arrive during the last 24 hours, in milliseconds; 0 where there are no samples. */
export const lagFigures = z.object({ samples: z.number(), p50Ms: z.number(), p95Ms: z.number(), maxMs: z.number() });
export type LagFigures = z.infer<typeof lagFigures>;

export const shareRpo = lagFigures.extend({
  share: z.string(),
  /** Changes are told of as they happen. False: what happened since the last look is not known. */
  isFollowed: z.boolean(),
  /** What would be lost if the main ended now: files known to have changed that are not here yet … */
  pending: z.number(),
  /** … for how long there have been any without a break, in milliseconds; 0 when there are none … */
  pendingMs: z.number(),
  /** … files that somebody holds, of which an older copy is here, or none … */
  locked: z.number(),
  /** … and all files that could not be copied, those among them. */
  skipped: z.number(),
});
export type ShareRpo = z.infer<typeof shareRpo>;

export const rpo = z.object({ all: lagFigures, shares: z.array(shareRpo) });
export type Rpo = z.infer<typeof rpo>;

export const lockedFile = z.object({
  share: z.string(),
  path: z.string(),
  /** When it was first met held, ms since 1970. */
  sinceMs: z.number(),
  /** When our copy was made, ms since 1970; 0: there is none. */
  copiedMs: z.number(),
  /** Of which snapshot of the main our copy is, ms since 1970; 0: of the file itself. */
  snapshotMs: z.number(),
});
export type LockedFile = z.infer<typeof lockedFile>;

/** The files held longest come first; `count` is of all of them. */
export const lockedList = z.object({ count: z.number(), files: z.array(lockedFile) });
export type LockedList = z.infer<typeof lockedList>;
