/** What happened, as people and programs hear of it: decisions, alerts, and the progress of a restore. */
import { z } from 'zod';

export const eventLevels = ['info', 'notice', 'warning', 'error', 'critical'] as const;

export const logEvent = z.object({
  /** Grows with each event; may begin anew at 1 when the daemon starts again. */
  id: z.number().int().min(1),
  /** Wall time, milliseconds since 1970. */
  atMs: z.number(),
  level: z.enum(eventLevels),
  /** Stable: `taken-over`, `mode`, `isolated` … */
  code: z.string(),
  /** One sentence. */
  what: z.string(),
  /** Why it was decided; '' when it is a mere fact. */
  why: z.string(),
  /** The one thing to do next; '' when nothing. */
  next: z.string(),
});
export type LogEvent = z.infer<typeof logEvent>;

/** Events per answer at most. */
export const EVENTS_LIMIT = 1_000;

export const eventList = z.object({
  /** Oldest first. */
  events: z.array(logEvent),
  /** Id of the newest event that exists; 0 when none. Smaller than `after` when the ids began anew: ask again from 0. */
  last: z.number().int().min(0),
});
export type EventList = z.infer<typeof eventList>;

export const restoreProgress = z.object({
  /** Files. */
  done: z.number(),
  total: z.number(),
  bytesPerSecond: z.number(),
  /** Milliseconds to the end; -1 when not known. */
  leftMs: z.number(),
});
export type RestoreProgress = z.infer<typeof restoreProgress>;
