/** What the brake stands at, as it is written into the index. */
import { z } from 'zod';

const durable = z.object({
  state: z.enum(['off', 'tripped', 'rejecting', 'rejected']),
  sinceMs: z.number(),
  share: z.string(),
  score: z.number(),
  why: z.string(),
  /** After `allow`: when it was given by our clock and by the main's; what changed before is accepted until a pass has seen it all. */
  allowed: z.object({ wallMs: z.number(), mainMs: z.number() }).optional(),
});
export type Durable = z.infer<typeof durable>;

export const OFF: Durable = { state: 'off', sinceMs: 0, share: '', score: 0, why: '' };

/** What cannot be read counts as tripped, since going on might copy damage. */
export function readDurable(value: string | undefined, nowMs: number): Durable {
  if (value === undefined) return OFF;
  try {
    return durable.parse(JSON.parse(value));
  } catch {
    return { ...OFF, state: 'tripped', sinceMs: nowMs, score: 1, why: 'what the brake stood at could not be read' };
  }
}
