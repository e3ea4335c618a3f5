/** Limits of the bandwidth by hours: how fast the mirror may read from the main. */
import { z } from 'zod';

/** Texts as in the settings file; the daemon tells what is wrong with one that cannot be read. */
const limit = z.strictObject({
  /** For example 20mbit. */
  rate: z.string().max(32),
  /** For example 08-18; absent: all day. */
  hours: z.string().max(32).optional(),
  /** For example mon-fri; absent: every day. */
  days: z.string().max(64).optional(),
});

export const limitRequest = z.strictObject({
  /** In the place of those that there are; none: as fast as it goes. */
  limits: z.array(limit).max(20),
});
export type LimitRequest = z.infer<typeof limitRequest>;

export const limitList = z.object({
  limits: z.array(z.object({ rate: z.string(), hours: z.string(), days: z.string() })),
  /** Bytes per second by the one that holds now; 0 when none does. */
  nowBytesPerSecond: z.number(),
  /** Something had to wait for it in the last seconds. */
  limiting: z.boolean(),
});
export type LimitList = z.infer<typeof limitList>;
