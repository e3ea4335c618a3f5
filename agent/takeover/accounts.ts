/**
 * Unix accounts that the standby's own smbd needs: one that owns the mirror, and one per user who may log on (Samba keeps a password
 * only for a name that exists on the box). They have no home, no shell and no Unix password.
 */
import { unfitForAccount } from '../../base/account-name.ts';
import { mustRun, runCommand } from '../../base/command.ts';
import { Failure } from '../../base/failure.ts';

/** The account that owns the mirror and as which every served access acts. */
export const OWNER_ACCOUNT = 'standby';

export interface AccountIds {
  uid: number;
  gid: number;
}

const LIMIT_MS = 10_000;

/** User and group id of an account, or undefined when there is none. */
export async function accountIds(name: string): Promise<AccountIds | undefined> {
  const result = await runCommand('getent', ['passwd', name], { timeLimitMs: LIMIT_MS });
  if (result.exitCode !== 0) return undefined;
  const [, , uid, gid] = result.stdout.trim().split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * The ids of an account, which is made when it is not there. Throws `settings-invalid` for a name that no account can have, and for a user who must not log
 * on over the network: root, and the owner account itself, whose password the proof uses.
 */
export async function ensureAccount(name: string, kind: 'owner' | 'user'): Promise<AccountIds> {
  const refuse = (what: string, hint: string): never => {
    throw new Failure({
      code: 'settings-invalid',
      doing: 'make the account',
      subject: JSON.stringify(name),
      what,
      hint,
    });
  };
  const unfit = unfitForAccount(name);
  if (unfit !== undefined) refuse(`the name ${unfit}`, 'give the user another name');
  if (kind === 'user' && name === OWNER_ACCOUNT)
    refuse('that account is the standby’s own and owns the mirror', 'give the user another name');
  const found = await accountIds(name);
  if (kind === 'user' && found?.uid === 0)
    refuse('root must not log on over the network', 'give an account that is not root');
  if (found !== undefined) return found;
  await mustRun(
    'useradd',
    [
      ...(kind === 'owner' ? ['--system'] : []),
      // Its own rule is narrower than Windows', for the sake of programs that no such account ever starts.
      '--badname',
      '--user-group',
      '--no-create-home',
      '--home-dir',
      '/nonexistent',
      '--shell',
      '/usr/sbin/nologin',
      '--',
      name,
    ],
    {
      timeLimitMs: LIMIT_MS,
    },
  );
  const made = await accountIds(name);
  if (made === undefined)
    throw new Failure({
      code: 'account',
      doing: 'make the account',
      subject: name,
      what: 'useradd said yes, and the account is not there',
    });
  return made;
}
