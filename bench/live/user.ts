/** A user of the main, over SMB: saves small files the ways programs do, each way ended by the answer to its CLOSE or rename. */
import { connect } from '../../smb/index.ts';
import type { StoreSource, Tree } from '../../smb/types.ts';
import { HOST, PASSWORD, PORT, USER } from '../smb/ground.ts';

/**
 * new: a file that was not there; save: written beside it and renamed over it, as offices do; cut: opened, cut to nothing, written;
 * inPlace: written over without being cut, of which a server that is watched from above says nothing.
 */
export type Way = 'new' | 'save' | 'cut' | 'inPlace';

export interface User {
  /** Resolves when the answer to the last request is there. */
  write(way: Way, path: string, content: Buffer): Promise<void>;
  end(): void;
}

const LIMITS = { connectTimeoutMs: 5_000, requestTimeoutMs: 20_000 };

export async function startUser(share: string): Promise<User> {
  const connection = await connect({ host: HOST, port: PORT, ...LIMITS });
  const session = await connection.logon({ user: USER, domain: '', password: PASSWORD });
  const tree = await session.tree(share);
  return {
    write: (way, path, content) => write(tree, way, path, content),
    end: () => connection.close(),
  };
}

async function write(tree: Tree, way: Way, path: string, content: Buffer): Promise<void> {
  const source: StoreSource = {
    size: content.length,
    read: (offset, length) => content.subarray(offset, offset + length),
  };
  switch (way) {
    case 'new':
      await tree.store(path, source);
      return;
    case 'save':
      await tree.store(`${path}.tmp`, source);
      await tree.rename(`${path}.tmp`, path, { replace: true });
      return;
    case 'cut':
    case 'inPlace': {
      const file = await tree.open(path, { access: 'write' });
      if (way === 'cut') await file.setEnd(0);
      await file.write(0, content);
      await file.close();
      return;
    }
  }
}
