/** What users have open on the server (MS-SRVS 3.1.4.2). */
import type { Line } from '../link/line.ts';
import { OPEN_FILES } from '../rpc/srvsvc-files.ts';
import type { HeldFile } from '../types.ts';
import { askServerService, FOR_OPERATORS } from './server-service.ts';

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
    hint: FOR_OPERATORS,
  });
  return { files: rows, more };
}
