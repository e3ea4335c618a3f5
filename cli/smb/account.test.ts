/** Accounts, passwords and what a server makes of them, through the real command against real servers. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT } from '../../smb/scripted/stand.ts';
import { lastJson, type Ran } from '../run.fake.ts';
import { beginStandby, openSmbBench, type SmbBench } from './bench.fake.ts';

const PASSWORD = ACCOUNT.password;

let bench: SmbBench;
let other: SmbBench | undefined;

beforeAll(async () => {
  bench = await openSmbBench({ share: ['[closed]', 'path = /tmp', 'valid users = bob'] });
  fs.writeFileSync(path.join(bench.stand.folder, 'one'), 'x');
});
afterAll(() => bench.close());
afterEach(async () => {
  await other?.close();
  other = undefined;
});

/** Without an account of its own. */
function smb(args: readonly string[], input = ''): Promise<Ran> {
  return beginStandby(['smb', ...args], bench.folder, input).ended;
}

const port = (): string[] => ['--port', String(bench.stand.port)];

describe('a server or an account that cannot be used is told apart', () => {
  const stdin = (): string[] => [...port(), '--user', 'alice', '--password-stdin', '--json'];

  it('a wrong password: 10', async () => {
    const ran = await smb(['ls', bench.at(), ...stdin()], 'not the password\n');
    expect(ran.exitCode).toBe(10);
    expect(lastJson(ran)).toMatchObject({ error: { code: 'wrong-password' }, exitCode: 10 });
    expect(ran.stdout + ran.stderr).not.toContain('not the password');
  });

  it('nobody there: 11, whether it refuses or there is no way', async () => {
    // Port 1 is nobody's; in the namespace of the tests there is no way to other networks.
    for (const address of ['smb://127.0.0.1:1/docs', '//192.0.2.1/docs']) {
      const ran = await smb(['ls', address, '--user', 'alice', '--password-stdin', '--json'], `${PASSWORD}\n`);
      expect(ran.exitCode).toBe(11);
      expect(lastJson(ran)).toMatchObject({ error: { code: 'server-unreachable' } });
    }
    expect((await smb(['info', 'smb://127.0.0.1:1'])).exitCode).toBe(11);
  });

  it('only SMB 1: 12', async () => {
    other = await openSmbBench({ global: ['server max protocol = NT1', 'server min protocol = NT1'] });
    expect((await other.run(['shares', '//127.0.0.1'])).exitCode).toBe(12);
    expect((await other.run(['info', '//127.0.0.1'])).exitCode).toBe(12);
  });

  it('only guests: 13', async () => {
    other = await openSmbBench({
      global: ['map to guest = bad user', 'guest account = nobody', 'server signing = auto'],
    });
    const args = ['ls', other.at(), '--port', String(other.stand.port), '--user', 'stranger', '--password-stdin'];
    expect((await smb(args, 'x\n')).exitCode).toBe(13);
  });

  it('a share that is not for this account: 14; none of that name: 18', async () => {
    expect((await smb(['ls', '//127.0.0.1/closed', ...stdin()], `${PASSWORD}\n`)).exitCode).toBe(14);
    expect((await smb(['ls', '//127.0.0.1/none', ...stdin()], `${PASSWORD}\n`)).exitCode).toBe(18);
  });
});

describe('a password', () => {
  it('is in no command line, environment or output, wherever it came from', async () => {
    for (const [flags, input] of [
      [['--user', ACCOUNT.user, '--password-stdin'], `${PASSWORD}\n`],
      [['--credentials', bench.credentials], ''],
    ] as const) {
      const watching = beginStandby(['smb', 'watch', bench.at(), ...port(), ...flags], bench.folder, input);
      await watching.until(() => watching.stderr.includes('Ctrl-C ends it'));
      for (const file of ['cmdline', 'environ']) {
        const text = fs.readFileSync(`/proc/${watching.child.pid}/${file}`, 'utf8');
        expect(text).not.toBe('');
        expect(text).not.toContain(PASSWORD);
      }
      watching.child.kill('SIGINT');
      const ran = await watching.ended;
      expect(ran.stdout + ran.stderr).not.toContain(PASSWORD);
    }
  });

  it('of nobody is not asked for', async () => {
    for (const user of ['', 'HARROW\\']) {
      const ran = await smb(['ls', bench.at(), ...port(), '--user', user, '--password-stdin'], 'x\n');
      expect(ran.exitCode).toBe(2);
      expect(ran.stderr).toContain('--user names nobody');
    }
  });

  it('is not taken from the command line, and not repeated', async () => {
    for (const args of [
      ['ls', bench.at(), '--user', 'alice', '--password', 'hunter2'],
      ['ls', 'smb://alice:hunter2@127.0.0.1/docs'],
      ['ls', '//alice:hunter2@127.0.0.1/docs', '--credentials', bench.credentials],
    ]) {
      const ran = await smb(args);
      expect(ran.exitCode).toBe(2);
      expect(ran.stdout + ran.stderr).not.toContain('hunter2');
    }
  });

  it('in a file that others may read is refused', async () => {
    const file = path.join(bench.folder, 'open');
    fs.copyFileSync(bench.credentials, file);
    fs.chmodSync(file, 0o640);
    const ran = await smb(['ls', bench.at(), ...port(), '--credentials', file]);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain(`chmod 600 ${file}`);
    fs.chmodSync(file, 0o400);
    expect(await smb(['ls', bench.at(), ...port(), '--credentials', file])).toMatchObject({ stdout: 'one\n' });
  });

  it('where nobody can type it is asked for with a hint', async () => {
    const ran = await smb(['ls', bench.at(), ...port(), '--user', 'alice']);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('use --credentials FILE or --password-stdin');
    expect((await smb(['ls', bench.at(), ...port()])).stderr).toContain('no account is named');
  });
});

describe('the main of the settings', () => {
  const runFolder = (): string => path.join(bench.folder, 'run');

  function settings(more = ''): string {
    const file = path.join(bench.folder, 'standby.yaml');
    const secrets = path.join(bench.folder, 'secrets.yaml');
    const main = `{name: FILES01, address: 127.0.0.1, port: ${bench.stand.port}, user: alice${more}}`;
    fs.writeFileSync(file, `version: 1\nmain: ${main}\ninterface: lo\nsecrets: ${secrets}\nrun: ${runFolder()}\n`);
    fs.writeFileSync(secrets, `mainPassword: "${PASSWORD}"\n`, { mode: 0o600 });
    fs.chmodSync(secrets, 0o600);
    return file;
  }

  it('is meant by an address without a server, with its account', async () => {
    const flags = ['--settings', settings()];
    expect(await smb(['ls', 'docs', ...flags])).toEqual({ exitCode: 0, stdout: 'one\n', stderr: '' });
    expect(lastJson(await smb(['shares', ...flags, '--json']))).toMatchObject({ address: '//127.0.0.1' });
    expect(lastJson(await smb(['info', ...flags, '--json']))).toMatchObject({ dialect: '3.1.1' });
  });

  it('is spared: of wrong passwords that are typed for its account three are tried, whichever command it is', async () => {
    fs.mkdirSync(runFolder());
    const typed = ['--settings', settings(), '--user', 'alice', '--password-stdin', '--json'];
    const commands = [['ls', 'docs'], ['shares'], ['info', 'docs'], ['stat', 'docs/one'], ['shares']];
    const told: unknown[] = [];
    for (const [index, command] of commands.entries()) {
      const ran = await smb([...command, ...typed], `wrong ${index}\n`);
      expect(ran.exitCode).toBe(10);
      told.push(/is not tried again for a while/.test(ran.stdout));
    }
    expect(told).toEqual([false, false, false, true, true]);
    // Nor is the right one any more, for a while: nobody can know that it is right.
    expect((await smb(['shares', '--settings', settings()])).exitCode).toBe(10);
    fs.rmSync(runFolder(), { recursive: true });
    expect((await smb(['shares', '--settings', settings()])).exitCode).toBe(0);
  });

  it('must speak as safely as the settings demand, before anybody logs on', async () => {
    other = await openSmbBench({ global: ['server smb encrypt = off'] });
    const file = settings(', encrypt: always');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/port: \d+/, `port: ${other.stand.port}`));
    const ran = await smb(['ls', 'docs', '--settings', file, '--json']);
    expect(ran.exitCode).toBe(22);
    expect(lastJson(ran)).toMatchObject({ error: { code: 'too-weak' } });
    expect((await smb(['info', '--settings', file])).exitCode).toBe(0);
  });

  it('is not written to with that account', async () => {
    const flags = ['--settings', settings()];
    fs.writeFileSync(path.join(bench.folder, 'two'), 'x');
    for (const args of [
      ['put', 'two', 'docs/two'],
      ['rm', '--yes', 'docs/one'],
    ])
      expect((await smb([...args, ...flags])).exitCode).toBe(2);
    expect(fs.readdirSync(bench.stand.folder)).toEqual(['one']);
  });

  it('that is not set up, or whose passwords others may read, ends with 15', async () => {
    const file = settings();
    fs.chmodSync(path.join(bench.folder, 'secrets.yaml'), 0o644);
    expect((await smb(['ls', 'docs', '--settings', file])).exitCode).toBe(15);
    expect((await smb(['ls', 'docs', '--settings', `${file}.none`])).exitCode).toBe(15);
  });
});
