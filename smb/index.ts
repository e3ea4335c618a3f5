/**
 * The SMB 2.1–3.1.1 client: always signed, encrypted where the server or whoever connects wants it, never as a guest.
 * docs/SMB.md tells the rest.
 *
 *   const share = await openShare({ host, share: 'Documents', credentials: { user, domain: '', password }, …limits });
 *   for await (const entry of share.list('')) …
 *   const content = await share.read('letters/one.txt');
 *   await share.close();
 *
 * What more there is: `connect` gives the connection, from there come session and trees (types.ts), with every operation.
 */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../base/clock.ts';
import { openConnection } from './connection.ts';
import { openShare as openShareOver, type Share, type ShareOptions } from './share.ts';
import type { Connection, ConnectOptions } from './types.ts';

export { openLogonsByHand } from './logon/by-hand.ts';
export { generationOf } from './logon/logon-notes.ts';
export { buildDescriptor, parseDescriptor } from './security/descriptor.ts';
export { fromSddl } from './security/sddl-read.ts';
export { toSddl } from './security/sddl-write.ts';
export { nameOfSid } from './security/sid-names.ts';
export * from './security/types.ts';
export { describeAce, describeDescriptor } from './security/words.ts';
export { changedMeanwhile, hasMoved, type Share, type ShareOptions } from './share.ts';
export type * from './types.ts';

/** Connects and negotiates (MS-SMB2 3.2.4.2). The codes of the Failures it throws are listed in types.ts. */
export function connect(options: ConnectOptions): Promise<Connection> {
  return openConnection(options, { clock: systemClock, random: randomBytes });
}

/** Connects, logs on (MS-SMB2 2.2.5, NTLMv2 in SPNEGO) and connects to a share (2.2.9). The caller owes the `close`. */
export async function openShare(options: ShareOptions): Promise<Share> {
  return openShareOver(await connect(options), options.credentials, options.share, options.turn);
}
