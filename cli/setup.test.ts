/** The set-up: by file, by flags, by questions; and its small choices. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, lastJson, openBench, run, runOnTerminal } from './run.fake.ts';
import { chosenShares } from './setup/choose.ts';
import { accountOf, mailOf } from './setup/flags.ts';
import { interfacesNear } from './setup/network.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
  bench.daemon.listWith({
    name: 'FILES01',
    shares: [
      { name: 'Accounts', comment: '', kind: 'disk', special: false },
      { name: 'C$', comment: '', kind: 'disk', special: true },
      { name: 'Printer', comment: '', kind: 'printer', special: false },
      { name: 'Projects', comment: '', kind: 'disk', special: false },
    ],
  });
});

afterEach(() => bench.close());

const request = {
  main: { name: 'FILES01', address: '192.168.10.20', user: 'backup', domain: 'HARROW', password: 'secret' },
  interface: 'eth0',
  shares: ['Projects'],
  users: [{ name: 'alice', password: 'hers' }],
};

describe('setup', () => {
  it.each(['file', 'standard input'])('takes everything from %s and asks nothing', async (source) => {
    const file = path.join(bench.folder, 'request.json');
    fs.writeFileSync(file, JSON.stringify(request));
    const from = source === 'file' ? file : '-';
    const ran = await run(['setup', '--from', from, '--json', '--socket', bench.socket], {
      input: JSON.stringify(request),
    });
    expect(ran.exitCode).toBe(0);
    expect(lastJson(ran)).toMatchObject({ accepted: true, shares: ['Projects'] });
    expect(ran.stdout).not.toContain('secret');
    expect(bench.daemon.orders).toMatchObject([request]);
  });

  it('names every field of the file that is wrong, and never its value', async () => {
    const wrong = { ...request, main: { ...request.main, address: 'files01', password: ['secret'] }, share: [] };
    const ran = await run(['setup', '--from', '-', '--socket', bench.socket], { input: JSON.stringify(wrong) });
    expect(ran.exitCode).toBe(2);
    for (const field of ['main.address', 'main.password', 'share']) expect(ran.stderr).toContain(field);
    expect(ran.stderr).not.toContain('secret');
    const broken = await run(['setup', '--from', '-', '--socket', bench.socket], { input: 'secret' });
    expect(broken).toMatchObject({ exitCode: 2, stderr: 'standby: standard input is not JSON\n' });
  });

  it('takes everything from options', async () => {
    const words =
      '--main 192.168.10.20 --name FILES01 --user HARROW\\backup --password-stdin --all-shares --interface eth0 --manual --fast --mail-to a@x.org,b@x.org --mail-server mail.x.org:2525 --mail-security none';
    bench.daemon.change({ takeover: { mode: 'manual', patience: '7 s when it refuses' } });
    const ran = await run(['setup', ...words.split(' '), '--socket', bench.socket], { input: 'secret\n' });
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toContain('Sends a mail and waits for you. Its patience with the main: 7 s when it refuses.');
    expect(bench.daemon.orders.at(-1)).toMatchObject({
      main: { name: 'FILES01', user: 'backup', domain: 'HARROW', password: 'secret' },
      shares: ['Accounts', 'Projects'],
      takeover: 'manual',
      profile: 'fast',
      mail: { server: 'mail.x.org', port: 2525, security: 'none', to: ['a@x.org', 'b@x.org'] },
    });
  });

  it('takes the account on the mail server, its password from a file only', async () => {
    const file = path.join(bench.folder, 'mail-password');
    fs.writeFileSync(file, 'post\n', { mode: 0o600 });
    const words =
      '--main 192.168.10.20 --name FILES01 --user backup --password-stdin --all-shares --interface eth0 --mail-to a@x.org --mail-server mail.x.org --mail-user robot';
    const args = ['setup', ...words.split(' '), '--socket', bench.socket];
    const without = await run(args, { input: 'secret\n' });
    expect(without).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--mail-password-file') });
    expect((await run([...args, '--mail-password-file', file], { input: 'secret\n' })).exitCode).toBe(0);
    expect(bench.daemon.orders.at(-1)).toMatchObject({ mail: { user: 'robot', password: 'post' } });
  });

  it('takes how safely the main must speak, and says what it could be', async () => {
    const words =
      '--main 192.168.10.20 --name FILES01 --user backup --password-stdin --all-shares --interface eth0 --encrypt always';
    const args = ['setup', ...words.split(' '), '--socket', bench.socket];
    const wrong = await run([...args, '--dialect', '3.0'], { input: 'secret\n' });
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('--dialect');
    expect(wrong.stderr).toContain('SMB300');
    expect((await run([...args, '--dialect', 'SMB311'], { input: 'secret\n' })).exitCode).toBe(0);
    expect(bench.daemon.orders.at(-1)).toMatchObject({ main: { dialect: 'SMB311', encrypt: 'always' } });
  });

  it('lists every option that is missing where it cannot ask', async () => {
    const ran = await run(['setup', '--user', 'backup', '--socket', bench.socket]);
    expect(ran.exitCode).toBe(2);
    for (const flag of ['--main', '--name', '--password-file', '--shares']) expect(ran.stderr).toContain(flag);
    expect(bench.daemon.orders).toEqual([]);
  });

  it('asks on a terminal: address, account, password, and Enter for the rest', async () => {
    const { exitCode, shown } = await runOnTerminal(
      ['setup', '--interface', 'eth0', '--socket', bench.socket],
      [
        ['Address of the file server: ', 'files01\r'],
        ['must be an IPv4 address', '192.168.10.20\r'],
        ['shares: ', 'backup\r'],
        ['password: ', 'secret\r'],
        ['2  Projects', '2\r'],
        ['[FILES01]: ', '\r'],
        ['none yet): ', 'alice\r'],
        ['Password of alice: ', 'hers\r'],
        ['nobody): ', '\r'],
      ],
    );
    expect(shown).toContain('Next: standby start-sync');
    expect(exitCode).toBe(0);
    expect(shown).not.toMatch(/secret|hers/);
    expect(bench.daemon.orders.at(-1)).toMatchObject({
      main: { name: 'FILES01', address: '192.168.10.20', user: 'backup', password: 'secret' },
      shares: ['Projects'],
      users: [{ name: 'alice', password: 'hers' }],
    });
  });
});

describe('its choices', () => {
  const offered = ['Accounts', 'Projects', '2'];
  const choices: [text: string, shares: string[] | undefined, remark: string][] = [
    ['all', ['Accounts', 'Projects', '2'], 'everything offered'],
    ['1-2', ['Accounts', 'Projects'], 'a range'],
    ['projects, 1', ['Projects', 'Accounts'], 'a name in any case, and a number'],
    ['2', ['2'], 'a share whose name is a number is meant by it'],
    ['C$', ['C$'], 'a hidden share that is named'],
    ['1,1', ['Accounts'], 'twice the same'],
    ['9', undefined, 'a number too high'],
    ['2-1', undefined, 'a range that runs backwards'],
    ['', undefined, 'nothing'],
  ];
  it.each(choices)('«%s» means %j: %s', (text, shares) => {
    const result = chosenShares(text, offered, [...offered, 'C$']);
    expect(result.kind === 'chosen' ? result.shares : undefined).toEqual(shares);
  });

  it('finds the interface on the network of the main', () => {
    const own = (address: string, netmask: string, internal = false) => [
      { family: 'IPv4' as const, address, netmask, internal, mac: '', cidr: null },
    ];
    const interfaces = {
      lo: own('127.0.0.1', '255.0.0.0', true),
      eth0: own('192.168.10.5', '255.255.255.0'),
      eth1: own('10.0.0.5', '255.0.0.0'),
    };
    expect(interfacesNear('192.168.10.20', interfaces)).toEqual(['eth0']);
    expect(interfacesNear('10.200.0.1', interfaces)).toEqual(['eth1']);
    expect(interfacesNear('127.0.0.2', interfaces)).toEqual([]);
    expect(interfacesNear('files01', interfaces)).toEqual([]);
  });

  it('takes an account with its domain as people write it', () => {
    expect(accountOf('HARROW\\backup', undefined)).toEqual({ user: 'backup', domain: 'HARROW' });
    expect(accountOf('backup', 'HARROW')).toEqual({ user: 'backup', domain: 'HARROW' });
    expect(accountOf('backup', undefined)).toEqual({ user: 'backup', domain: '' });
  });

  it('refuses a mail server that is none', () => {
    const parts = { to: 'a@x.org', from: 'b@x.org', security: undefined };
    expect(mailOf({ ...parts, server: 'mail.x.org' })).toMatchObject({ server: 'mail.x.org', security: 'starttls' });
    for (const server of ['', ':25', 'a:b', 'a:0', 'a:99999']) expect(() => mailOf({ ...parts, server })).toThrow();
    expect(() => mailOf({ ...parts, server: 'a', security: 'ssl' })).toThrow();
  });
});
