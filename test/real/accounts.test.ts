/** Users as offices name them, for real: an account is made, Samba takes it, and its user logs on, in any case of letters. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureAccount, OWNER_ACCOUNT } from '../../agent/takeover/accounts.ts';
import { openSambaServer, type SambaServer, sambaAccounts, setSambaPassword } from '../../agent/takeover/samba.ts';
import type { SambaPlan } from '../../agent/takeover/samba-config.ts';
import { mustRun, runCommand } from '../../base/command.ts';
import { silentLog } from '../fakes/log.ts';

const PORT = 4463;
const USERS = ['anna lena', 'jürgen', "o'neil (temp)"];
let folder: string;
let samba: string;
let server: SambaServer;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'accounts-'));
  fs.chmodSync(folder, 0o755);
  // useradd replaces /etc/passwd, which a single mounted file does not let it do.
  const etc = path.join(folder, 'etc');
  await mustRun('cp', ['-a', '/etc', etc], { timeLimitMs: 20_000 });
  await mustRun('mount', ['--bind', etc, '/etc'], { timeLimitMs: 10_000 });
  const owner = await ensureAccount(OWNER_ACCOUNT, 'owner');
  samba = path.join(folder, 'samba');
  fs.mkdirSync(samba);
  server = openSambaServer(samba, owner, silentLog);
  const plan: SambaPlan = {
    folder: samba,
    name: 'FILES01',
    workgroup: 'OFFICE',
    port: PORT,
    shares: [{ name: 'Office', path: path.join(folder, 'mirror', 'Office'), comment: '' }],
    users: USERS,
    owner: OWNER_ACCOUNT,
    writable: true,
  };
  for (const user of USERS) await ensureAccount(user, 'user');
  await server.start(plan);
  for (const user of USERS) await setSambaPassword(samba, user, `of ${user}`);
});

afterAll(async () => {
  await server.stop();
  await mustRun('umount', ['--lazy', '/etc'], { timeLimitMs: 10_000 });
  fs.rmSync(folder, { recursive: true });
});

async function makeFolder(user: string, password: string, name: string): Promise<string> {
  const credentials = path.join(folder, 'credentials');
  fs.writeFileSync(credentials, `username = ${user}\npassword = ${password}\n`, { mode: 0o600 });
  const { stdout, stderr } = await runCommand(
    'smbclient',
    ['//127.0.0.1/Office', '-p', String(PORT), '-A', credentials, '-c', `mkdir "${name}"`],
    { timeLimitMs: 20_000 },
  );
  return stdout + stderr;
}

it.each(USERS)('«%s» logs on and works', async (user) => {
  expect(await makeFolder(user, `of ${user}`, user)).not.toContain('NT_STATUS');
  expect(await makeFolder(user.toUpperCase(), `of ${user}`, `${user} again`)).not.toContain('NT_STATUS');
  expect(fs.existsSync(path.join(folder, 'mirror', 'Office', `${user} again`))).toBe(true);
  expect(await makeFolder(user, 'wrong', `${user} wrong`)).toContain('NT_STATUS_LOGON_FAILURE');
});

it('tells who has a password here, by the names that the settings hold', async () => {
  expect(await sambaAccounts(samba)).toEqual(expect.arrayContaining(USERS));
});

it.each(['root:x', '-r', '../x', 'Anna'])('makes no account «%s»', async (name) => {
  await expect(ensureAccount(name, 'user')).rejects.toMatchObject({ code: 'settings-invalid' });
});
