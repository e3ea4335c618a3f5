/**
 * The SMB 2.1–3.1.1 client: always signed, encrypted where the server wants it, never as a guest.
 *
 *   const connection = await connect({ host, connectTimeoutMs: 5_000, requestTimeoutMs: 20_000 });
 *   const session = await connection.logon({ user, domain: '', password });
 *   const tree = await session.tree('Documents');
 *   for await (const batch of tree.list('')) …
 */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../base/clock.ts';
import { openConnection } from './connection.ts';
import type { Connection, ConnectOptions } from './types.ts';

export type * from './types.ts';

/** Connects and negotiates. The codes of the Failures it throws are listed in types.ts. */
export function connect(options: ConnectOptions): Promise<Connection> {
  return openConnection(options, { clock: systemClock, random: randomBytes });
}
