/** The brake on the mirror: what it stands at, and the list that a person decides by. */
import { z } from 'zod';

export const brakeStatus = z.object({
  /** off; tripped: nothing is copied any more; rejecting: the last good state is being put back; rejected: it is back, and still nothing is copied. */
  state: z.enum(['off', 'tripped', 'rejecting', 'rejected']),
  /** When it tripped, ms since 1970; 0 while it is off. */
  sinceMs: z.number(),
  share: z.string(),
  /** How near the nearest limit is; 1 trips. While it is on, the score that tripped it. */
  score: z.number(),
  /** The score in words; '' while it is 0. */
  why: z.string(),
  /** Changes with a sign of damage, and removals, that were copied within the window: what reject puts back. */
  noted: z.number(),
  /** Of these: not put back yet. */
  open: z.number(),
  /** Of these: the attic has the version before no more. */
  missing: z.number(),
  /** Changes of the main that were asked for since it tripped, and are held. */
  held: z.number(),
});
export type BrakeStatus = z.infer<typeof brakeStatus>;

export const brakeList = z.object({
  /** The newest few hundred, those with a sign first; `outcome` is what reject has done with it, '' before. */
  changes: z.array(
    z.object({
      share: z.string(),
      path: z.string(),
      kind: z.string(),
      /** Its sign of damage in words; '' for a removal without one. */
      why: z.string(),
      atMs: z.number(),
      outcome: z.string(),
    }),
  ),
  held: z.array(z.object({ share: z.string(), path: z.string(), kind: z.string(), why: z.string() })),
  /** Held beyond those in the list. */
  heldMore: z.number(),
});
export type BrakeList = z.infer<typeof brakeList>;
