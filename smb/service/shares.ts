/** Which shares the server has (MS-SRVS 3.1.4.8). */
import type { Line } from '../link/line.ts';
import { SHARES } from '../rpc/srvsvc.ts';
import type { ShareInfo } from '../types.ts';
import { askServerService } from './server-service.ts';

/** @param line to IPC$ */
export async function listShares(line: Line, host: string): Promise<ShareInfo[]> {
  const { rows } = await askServerService(line, host, {
    listings: [SHARES],
    limit: Number.POSITIVE_INFINITY,
    doing: 'list the shares of',
    hint: 'give the name of the share by hand, or use an account that may list the shares',
  });
  return rows;
}
