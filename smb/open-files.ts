/** What users have open on the server (MS-SRVS 3.1.4.2). */
import type { Line } from './line.ts';
import { OPEN_FILES } from './rpc/srvsvc-files.ts';
import { askServerService } from './server-service.ts';
import type { HeldFile } from './types.ts';

/** @param line to IPC$ */
export async function listOpenFiles(
  line: Line,
  host: string,
  limit: number,
): Promise<{ files: HeldFile[]; more: boolean }> {
  const { rows, more } = await askServerService(line, host, {
    listings: [OPEN_FILES],
    limit,
    doing: 'list the open files of',
    hint: 'it takes a member of Administrators or Server Operators on the server; without it nothing else is lost',
  });
  return { files: rows, more };
}
