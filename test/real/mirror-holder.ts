/** A user's program on the main that keeps a file open, shared or not, and writes into it piece by piece: SMB as the wire has it, below what our client offers. */
import { vi } from 'vitest';
import { connect } from '../../smb/index.ts';
import { Line } from '../../smb/link/line.ts';
import { wirePath } from '../../smb/name.ts';
import { statusFailure } from '../../smb/status/status.ts';
import { ACCESS, DISPOSITION, OPTION } from '../../smb/wire/create.ts';
import { writeRequest } from '../../smb/wire/read-write.ts';

export interface OpenFile {
  write(offset: number, data: Buffer): Promise<void>;
  close(): Promise<void>;
}

export interface Program {
  /** `share`: what others may do meanwhile (MS-SMB2 2.2.13 ShareAccess). */
  open(path: string, share: number): Promise<OpenFile>;
  end(): void;
}

export async function startProgram(port: number, share = 'Office'): Promise<Program> {
  const limits = { connectTimeoutMs: 5_000, requestTimeoutMs: 20_000 };
  const connection = await connect({ host: '127.0.0.1', port, ...limits });
  const session = await connection.logon({ user: 'alice', domain: '', password: 'alice-1' });
  const tree = await session.tree(share);
  const spy = vi.spyOn(Line.prototype, 'onFile');
  await tree.stat('');
  const line = spy.mock.contexts[0];
  spy.mockRestore();
  if (!(line instanceof Line)) throw new Error('the tree has no line');
  return {
    async open(path, share) {
      const about = { doing: 'hold', subject: path, lane: 'urgent' } as const;
      const access = ACCESS.readData | ACCESS.writeData | ACCESS.readAttributes | ACCESS.synchronize;
      const { open, nonDirectory } = { ...DISPOSITION, ...OPTION };
      const create = { name: wirePath(path), access, disposition: open, options: nonDirectory, share };
      const { fileId } = await line.open(create, about);
      return {
        async write(offset, data) {
          const [answer] = await line.exchange([writeRequest(fileId, offset, data)], about);
          if (answer?.status !== 0) throw statusFailure(answer?.status ?? 0, 'write', path);
        },
        close: async () => {
          await line.close(fileId, about);
        },
      };
    },
    end: () => connection.close(),
  };
}
