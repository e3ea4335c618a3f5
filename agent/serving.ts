/** Our own smbd with the settings' shares and users: what the rest of standbyd asks of it. */
import path from 'node:path';
import { ensureFolder } from '../base/file.ts';
import type { Log } from '../base/log.ts';
import type { Settings } from '../settings/schema.ts';
import type { EffectsParts } from './effects.ts';
import { type AccountIds, ensureAccount, OWNER_ACCOUNT } from './takeover/accounts.ts';
import { proofPassword, proveServed } from './takeover/prove.ts';
import { openSambaServer, setSambaPassword } from './takeover/samba.ts';

export type Serving = EffectsParts['serving'] & {
  owner: AccountIds;
  setPassword(user: string, password: string): Promise<void>;
  stop(): Promise<void>;
};

export async function openServing(settings: Settings, log: Log): Promise<Serving> {
  const owner = await ensureAccount(OWNER_ACCOUNT, 'owner');
  const folder = path.join(settings.state, 'samba');
  // Users must be able to pass through to nothing but what smbd opens for them: smbd itself starts as root.
  ensureFolder(settings.state, 0o711);
  ensureFolder(folder, 0o755);
  const server = openSambaServer(folder, owner, log);
  const password = proofPassword(path.join(settings.state, 'proof-password'));
  let proofReady = false;

  const start = async (writable: boolean): Promise<void> => {
    await server.start({
      folder,
      name: settings.serve.name ?? settings.main.name,
      workgroup: settings.serve.workgroup,
      port: settings.serve.port,
      shares: settings.shares.map((name) => ({ name, path: path.join(settings.mirror.path, name), comment: '' })),
      users: settings.serve.users,
      owner: OWNER_ACCOUNT,
      writable,
    });
    if (proofReady) return;
    await setSambaPassword(folder, OWNER_ACCOUNT, password);
    proofReady = true;
  };

  return {
    owner,
    port: settings.serve.port,
    start,
    endSessions: server.endSessions,
    prove: (at) => proveServed({ ...at, password }),
    async setPassword(user, secret) {
      await ensureAccount(user, 'user');
      await setSambaPassword(folder, user, secret);
    },
    stop: server.stop,
  };
}
