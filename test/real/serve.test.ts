/** The standby's own smbd, for real: read-only before, writable after, and no session that outlives its right to write. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountIds, OWNER_ACCOUNT } from '../../agent/takeover/accounts.ts';
import { sessionsOf } from '../../agent/takeover/processes.ts';
import { proofPassword, proveServed } from '../../agent/takeover/prove.ts';
import { openSambaServer, type SambaServer, setSambaPassword } from '../../agent/takeover/samba.ts';
import type { SambaPlan } from '../../agent/takeover/samba-config.ts';
import { runCommand } from '../../base/command.ts';
import { silentLog } from '../fakes/log.ts';

const PORT = 4461;
let folder: string;
let server: SambaServer;
let plan: SambaPlan;
let password: string;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'serve-'));
  fs.chmodSync(folder, 0o755);
  const ids = await accountIds(OWNER_ACCOUNT);
  if (ids === undefined) throw new Error('run this inside tryout/isolate');
  const samba = path.join(folder, 'samba');
  fs.mkdirSync(samba);
  server = openSambaServer(samba, ids, silentLog);
  plan = {
    folder: samba,
    name: 'FILES01',
    workgroup: 'OFFICE',
    port: PORT,
    shares: [{ name: 'Office', path: path.join(folder, 'mirror', 'Office'), comment: 'Letters' }],
    users: ['alice'],
    owner: OWNER_ACCOUNT,
    writable: false,
  };
  password = proofPassword(path.join(folder, 'proof-password'));
  fs.writeFileSync(path.join(folder, 'alice'), 'username = alice\npassword = alice-secret-1\n', { mode: 0o600 });
  await server.start(plan);
  await setSambaPassword(samba, OWNER_ACCOUNT, password);
  await setSambaPassword(samba, 'alice', 'alice-secret-1');
});

afterAll(async () => {
  await server.stop();
});

async function smbclient(command: string): Promise<string> {
  const result = await runCommand(
    'smbclient',
    ['//127.0.0.1/Office', '-p', String(PORT), '-A', path.join(folder, 'alice'), '-c', command],
    {
      timeLimitMs: 10_000,
    },
  );
  return result.stdout + result.stderr;
}

const proof = (expected: 'writable' | 'read-only') =>
  proveServed({ host: '127.0.0.1', port: PORT, password, expect: expected });

it('refuses writes while standing by, and the proof says so', async () => {
  expect(await smbclient('mkdir made-too-early')).toContain('NT_STATUS_ACCESS_DENIED');
  await proof('read-only');
  await expect(proof('writable')).rejects.toMatchObject({ code: 'not-proven' });
});

it('lets users write after opening, keeps the same process, and cuts everybody off when closing', async () => {
  const config = path.join(plan.folder, 'smb.conf');
  const before = server.pid();
  await server.start({ ...plan, writable: true });
  await proof('writable');
  expect(server.pid()).toBe(before);
  expect(await smbclient('mkdir made-in-time')).not.toContain('NT_STATUS');
  expect(fs.statSync(path.join(folder, 'mirror', 'Office', 'made-in-time')).isDirectory()).toBe(true);

  const kept: ChildProcess = spawn(
    'smbclient',
    ['//127.0.0.1/Office', '-p', String(PORT), '-A', path.join(folder, 'alice')],
    { stdio: 'pipe' },
  );
  kept.stdout?.resume();
  kept.stderr?.resume();
  await expect.poll(() => sessionsOf(before, config).length, { timeout: 5_000 }).toBe(1);
  await server.start({ ...plan, writable: false });
  await server.endSessions();
  expect(sessionsOf(before, config)).toEqual([]);
  await proof('read-only');
  kept.kill();
});

it('adopts the smbd that a crashed standbyd left running instead of starting a second one', async () => {
  const ids = await accountIds(OWNER_ACCOUNT);
  const successor = openSambaServer(plan.folder, ids ?? { uid: 0, gid: 0 }, silentLog);
  const before = server.pid();
  expect(before).toBeGreaterThan(1);
  await successor.start(plan);
  expect(successor.pid()).toBe(before);
});

it('refuses a port that somebody else listens on, since two listeners would share the connections', async () => {
  const second = openSambaServer(path.join(folder, 'second'), { uid: 0, gid: 0 }, silentLog);
  await expect(second.start({ ...plan, folder: path.join(folder, 'second') })).rejects.toMatchObject({
    code: 'port-taken',
  });
});
