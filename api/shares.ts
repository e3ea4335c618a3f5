/** Listing the shares of a file server, before and at set-up («Refresh», «Available Shares»). */
import { z } from 'zod';
import { account, domain, host, password, port } from './words.ts';

export const sharesRequest = z.strictObject({
  address: host,
  port: port.optional(),
  user: account,
  /** '' for a workgroup server. */
  domain: domain.default(''),
  password,
});
export type SharesRequest = z.infer<typeof sharesRequest>;

export const shareList = z.object({
  /** The server's own name, '' when it did not say. */
  name: z.string(),
  shares: z.array(
    z.object({
      name: z.string(),
      comment: z.string(),
      kind: z.enum(['disk', 'printer', 'pipe', 'device']),
      /** Hidden or administrative. */
      special: z.boolean(),
    }),
  ),
});
export type ShareList = z.infer<typeof shareList>;
