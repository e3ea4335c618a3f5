/** What one run is told and what it tells: run.ts is a process of its own. All times are wall times in ms. */
import { z } from 'zod';
import { DEATHS } from './deaths.ts';

export const CONTENDERS = ['ours', 'keepalived'] as const;
export type Contender = (typeof CONTENDERS)[number];

/** A user who is not back by then (ms after the death) is given up, and the report says so. */
export const OUTAGE_LIMIT_MS = 60_000;

/** On standard input of run.ts. */
export const job = z.strictObject({
  /** Empty, on a real disk. */
  folder: z.string(),
  contender: z.enum(CONTENDERS),
  death: z.enum(DEATHS),
  /** From steady work to the death: another moment of everybody's rhythms in each round. */
  waitMs: z.number(),
});
export type Job = z.infer<typeof job>;

/** The last line of its standard output. */
export const result = z.strictObject({
  deadMs: z.number(),
  /** The user's last good operation before the pause and the first one after it; absent when the user was not back in time. */
  pause: z.strictObject({ lastGoodMs: z.number(), backMs: z.number() }).optional(),
  /** The longest further pause soon after being back; 0 when there was none. */
  laterPauseMs: z.number(),
  /** The contender decided to take over. */
  decidedMs: z.number().optional(),
  /** The kernel of the standby had the address. */
  addressMs: z.number().optional(),
  /** The contender knew that files are served at the address. */
  provenMs: z.number().optional(),
});
export type Result = z.infer<typeof result>;
