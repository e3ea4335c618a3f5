/** What the server service tells, on a real smbd: shares of every kind, who is connected, what is open; and to whom it tells nothing. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustRun } from '../../base/command.ts';
import { isFailure } from '../../base/failure.ts';
import { startSamba } from '../../tryout/samba.ts';
import { connect } from '../index.ts';
import { listen } from '../scripted/server.ts';
import { ACCOUNT, type Stand, startStand } from '../scripted/stand.ts';
import type { Session, Tree } from '../types.ts';

/** Samba tells what is open only to one whom it also trusts as a process: root. */
const ADMINISTRATOR = { user: 'root', domain: '', password: 'the secret of root' } as const;

let stand: Stand;
let tree: Tree;
/** Of an account that may. */
let may: Session;
/** Of one that may not. */
let mayNot: Session;

beforeAll(async () => {
  stand = await startStand();
  const config = stand.samba.configFile;
  const password = `${ADMINISTRATOR.password}\n`;
  const { user } = ADMINISTRATOR;
  await mustRun('smbpasswd', ['-c', config, '-a', '-s', user], { timeLimitMs: 20_000, input: password + password });
  // BUILTIN\Administrators is the own group of root here.
  const mapping = ['groupmap', 'add', 'sid=S-1-5-32-544', `unixgroup=${user}`, 'type=builtin'];
  await mustRun('net', ['-s', config, ...mapping], { timeLimitMs: 20_000 });
  for (const name of ['held', 'größer']) fs.writeFileSync(path.join(stand.folder, name), 'x');
  ({ tree } = await stand.tree());
  may = await (await stand.connect()).logon(ADMINISTRATOR);
  mayNot = await (await stand.connect()).logon(ACCOUNT);
});
afterAll(() => stand.stop());

async function failureOf(work: Promise<unknown>): Promise<{ code: string; hint: string | undefined }> {
  try {
    await work;
  } catch (error) {
    if (isFailure(error)) return { code: error.code, hint: error.hint };
    throw error;
  }
  return { code: 'no failure', hint: undefined };
}

describe('open files', () => {
  it('are those of other clients, by the path on the server, and go when they are closed', async () => {
    const watch = await tree.watch('', { recursive: true });
    const holders = [await stand.hold('held'), await stand.hold('größer')];
    const names = async (): Promise<string[]> =>
      (await may.openFiles(1_000)).files.map((file) => path.win32.basename(file.path));
    await expect.poll(names, { timeout: 10_000 }).toEqual(expect.arrayContaining(['held', 'größer']));
    const { files, more } = await may.openFiles(1_000);
    expect(more).toBe(false);
    expect(files.find((file) => file.path.endsWith('held'))).toMatchObject({
      path: `C:${stand.folder.replaceAll('/', '\\')}\\held`,
      access: { read: true },
      locks: 0,
    });
    // The watched directory is open as well.
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const holder of holders) await holder.release();
    watch.close();
    await expect.poll(names, { timeout: 10_000 }).toEqual([]);
  });

  it('are no more than were asked for, and it says that there are others', async () => {
    const watches = [await tree.watch('', { recursive: true })];
    const holder = await stand.hold('held');
    const two = await may.openFiles(2);
    expect(two).toEqual({ files: [expect.anything(), expect.anything()], more: false });
    expect(await may.openFiles(1)).toEqual({ files: [two.files[0]], more: true });
    expect(await may.openFiles(0)).toEqual({ files: [], more: true });
    await holder.release();
    for (const watch of watches) watch.close();
  });

  it('are not told to everybody', async () => {
    expect(await failureOf(mayNot.openFiles(10))).toEqual({
      code: 'access-denied',
      hint: expect.stringContaining('Administrators'),
    });
  });
});

describe('sessions', () => {
  it('are those of all clients, also on a server that does not know level 10', async () => {
    const { sessions, more } = await may.sessions(1_000);
    expect(more).toBe(false);
    expect(new Set(sessions.map(({ user }) => user))).toEqual(new Set([ACCOUNT.user, ADMINISTRATOR.user]));
    for (const session of sessions) {
      expect(session.client).not.toBe('');
      // Only the levels below tell it: the first one was refused.
      expect(session.openFiles).toBeGreaterThanOrEqual(0);
      for (const each of [session.activeSeconds, session.idleSeconds]) expect(each).toBeLessThan(3_600);
    }
    expect((await may.sessions(1)).more).toBe(true);
  });

  it('are not told to everybody', async () => {
    expect((await failureOf(mayNot.sessions(10))).code).toBe('access-denied');
  });
});

describe('shares', () => {
  it('are all there when they are 500, with comments in every script, hidden ones and printers', async () => {
    const folder = fs.mkdtempSync(path.join(path.dirname(stand.folder), 'many-'));
    const server = net.createServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const comments = [
      'Büro «größer»',
      '共有フォルダー',
      'общая папка',
      'emoji 📁',
      'plain, with comma; and "quotes"',
      '',
    ];
    const shares = Array.from({ length: 500 }, (_, index) => ({
      name: index % 50 === 7 ? `hidden${index}$` : `share ${index} ñ`,
      path: folder,
      comment: comments[index % comments.length] ?? '',
    }));
    const printers = [{ name: 'laser', path: folder, comment: 'second floor', lines: ['printable = yes'] }];
    const samba = await startSamba({
      folder: path.join(folder, 'samba'),
      netbiosName: 'MANY',
      users: { [ACCOUNT.user]: ACCOUNT.password },
      shares: [...shares, ...printers],
      port,
    });
    const connection = await connect({ host: '127.0.0.1', port, connectTimeoutMs: 5_000, requestTimeoutMs: 20_000 });
    try {
      const found = await (await connection.logon(ACCOUNT)).shares();
      const wanted = shares.map(({ name, comment }) => ({ name, comment, kind: 'disk', special: name.endsWith('$') }));
      for (const share of wanted) expect(found).toContainEqual(share);
      expect(found).toContainEqual({ name: 'laser', comment: 'second floor', kind: 'printer', special: false });
      expect(found).toContainEqual(expect.objectContaining({ name: 'IPC$', kind: 'pipe', special: true }));
      expect(found).toHaveLength(502);
    } finally {
      connection.close();
      await samba.stop();
    }
  });
});

describe('afterwards', () => {
  it('no pipe is left open', async () => {
    await expect.poll(() => stand.openFiles(), { timeout: 10_000 }).toEqual([]);
    // The last call's own pipe is what Samba does not count: nothing else is told.
    expect((await may.openFiles(10)).files).toEqual([]);
  });
});
