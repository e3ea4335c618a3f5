/** Who is connected to the server (MS-SRVS 3.1.4.5). */
import type { Line } from '../link/line.ts';
import { SESSIONS } from '../rpc/srvsvc-sessions.ts';
import type { ClientSession } from '../types.ts';
import { askServerService, FOR_OPERATORS } from './server-service.ts';

/** @param line to IPC$ */
export async function listSessions(
  line: Line,
  host: string,
  limit: number,
): Promise<{ sessions: ClientSession[]; more: boolean }> {
  const { rows, more } = await askServerService(line, host, {
    listings: SESSIONS,
    limit,
    doing: 'list the sessions of',
    hint: FOR_OPERATORS,
  });
  return { sessions: rows, more };
}
