/**
 * Our own smbd with the settings' shares and users: what the rest of standbyd asks of it. What is asked is done one at a time, and a smbd
 * that has died (killed, out of memory) is started again as it was last wanted: while we serve, users are without files until then.
 */
import path from 'node:path';
import { textOf } from '../base/failure.ts';
import { ensureFolder } from '../base/file.ts';
import type { Log } from '../base/log.ts';
import type { Settings } from '../settings/schema.ts';
import type { EffectsParts } from './effects.ts';
import { type AccountIds, ensureAccount, OWNER_ACCOUNT } from './takeover/accounts.ts';
import { proofPassword, proveServed } from './takeover/prove.ts';
import { openSambaServer, sambaAccounts, setSambaPassword } from './takeover/samba.ts';

export type Serving = EffectsParts['serving'] & {
  owner: AccountIds;
  /** Gives an account its password here; one that could not log on so far may from now on. */
  admit(user: string, password: string): Promise<void>;
  /** Who may log on. */
  readonly users: readonly string[];
  /** Those of them who have no password here, and so could not. */
  cannotLogOn(): Promise<string[]>;
  /** Lets users only read, and ends every session that could still write. */
  close(): Promise<void>;
  /** Lets smbd run on without us. */
  leave(): void;
  stop(): Promise<void>;
};

const WATCH_MS = 1_000;

/** Throws a Failure when the account or the folders that smbd needs cannot be made. */
export async function openServing(settings: Settings, log: Log): Promise<Serving> {
  const owner = await ensureAccount(OWNER_ACCOUNT, 'owner');
  const folder = path.join(settings.state, 'samba');
  // Users must be able to pass through to nothing but what smbd opens for them: smbd itself starts as root.
  ensureFolder(settings.state, 0o711);
  ensureFolder(folder, 0o755);
  const server = openSambaServer(folder, owner, log);
  const password = proofPassword(path.join(settings.state, 'proof-password'));
  const users = [...settings.serve.users];
  let wanted: boolean | undefined;
  let proofReady = false;
  let turn: Promise<unknown> = Promise.resolve();
  let trouble = '';
  let looking = false;

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => {});
    return mine;
  };

  const startNow = async (writable: boolean): Promise<void> => {
    wanted = writable;
    await server.start({
      folder,
      name: settings.serve.name ?? settings.main.name,
      workgroup: settings.serve.workgroup,
      port: settings.serve.port,
      shares: settings.shares.map((name) => ({ name, path: path.join(settings.mirror.path, name), comment: '' })),
      users,
      owner: OWNER_ACCOUNT,
      writable,
    });
    if (proofReady) return;
    await setSambaPassword(folder, OWNER_ACCOUNT, password);
    proofReady = true;
  };

  const look = async (): Promise<void> => {
    if (wanted === undefined || server.pid() !== undefined) return;
    if (trouble === '') log.error('the standby’s own smbd has ended; it is started again');
    await startNow(wanted);
    trouble = '';
  };
  const watch = setInterval(() => {
    // A start may take longer than the pause between two looks.
    if (looking) return;
    looking = true;
    inTurn(look)
      .catch((error: unknown) => {
        // Told when it is another trouble, not once a second.
        const what = textOf(error);
        if (what !== trouble) log.error(what);
        trouble = what;
      })
      .finally(() => {
        looking = false;
      });
  }, WATCH_MS);

  const closeNow = async (): Promise<void> => {
    await startNow(false);
    await server.endSessions();
  };

  return {
    owner,
    users,
    port: settings.serve.port,
    start: (writable) => inTurn(() => startNow(writable)),
    close: () => inTurn(closeNow),
    cannotLogOn: () =>
      inTurn(async () => {
        const able = new Set(await sambaAccounts(folder));
        return users.filter((user) => !able.has(user));
      }),
    prove: (at) => proveServed({ ...at, password }),
    admit: (user, secret) =>
      inTurn(async () => {
        await ensureAccount(user, 'user');
        // The configuration must be there before smbpasswd can find the accounts.
        if (!users.includes(user)) users.push(user);
        await startNow(wanted ?? false);
        await setSambaPassword(folder, user, secret);
      }),
    leave: () => clearInterval(watch),
    stop: async () => {
      clearInterval(watch);
      await inTurn(server.stop);
    },
  };
}
