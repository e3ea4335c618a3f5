/** What a new user gets wrong, for real: each mistake gives one clear error with its own exit code, and nothing is half done. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../base/command.ts';
import { LAN, on } from '../../tryout/lan.ts';
import { startSamba } from '../../tryout/samba.ts';
import { until } from '../../tryout/wait.ts';
import { type Office, openOffice, SHARE } from './office.ts';

let office: Office;

beforeAll(async () => {
  office = await openOffice();
});

afterAll(async () => {
  await office?.close();
});

const setUp = (changes: Parameters<Office['setup']>[0]) =>
  office.box.run(['setup', '--from', '-'], office.setup(changes));

describe('standby setup', () => {
  it.each([
    [{ password: 'not-the-password' }, 10, /password/, 'a wrong password'],
    [{ address: '10.77.0.99' }, 11, /10\.77\.0\.99/, 'a host that is not there'],
    [{ shares: ['Nothing'] }, 18, /Nothing/, 'a share that the main does not have'],
    [{ interface: 'eth9' }, 15, /eth9.*eth0/s, 'an interface that is not there; the hint names those that are'],
  ] as const)('%j ends with exit code %d', async (changes, exitCode, words, _remark) => {
    const end = await setUp({ ...changes, ...('shares' in changes ? { shares: [...changes.shares] } : {}) });
    expect(end).toMatchObject({ exitCode, said: expect.stringMatching(words) });
    expect(end.said).not.toContain('not-the-password');
    expect(fs.existsSync(office.box.settingsFile)).toBe(false);
  });

  it('tells a server that allows only guests from one with a wrong password', async () => {
    const guests = await startSamba({
      ...office.samba,
      folder: `${office.samba.folder}-guests`,
      port: 1445,
      lines: ['map to guest = bad user', 'server signing = auto'],
    });
    const request = JSON.parse(office.setup()) as { main: Record<string, unknown> };
    Object.assign(request.main, { port: 1445, user: 'nobody-there', password: 'any' });
    const end = await office.box.run(['setup', '--from', '-'], JSON.stringify(request));
    await guests.stop();
    expect(end).toMatchObject({ exitCode: 13, said: expect.stringMatching(/guest/i) });
  });

  it('tells a server that speaks only SMB 1', async () => {
    const old = await startSamba({
      ...office.samba,
      folder: `${office.samba.folder}-old`,
      port: 2445,
      lines: ['server min protocol = NT1', 'server max protocol = NT1', 'server signing = auto'],
    });
    const request = JSON.parse(office.setup()) as { main: Record<string, unknown> };
    Object.assign(request.main, { port: 2445 });
    const end = await office.box.run(['setup', '--from', '-'], JSON.stringify(request));
    await old.stop();
    expect(end).toMatchObject({ exitCode: 12, said: expect.stringMatching(/SMB ?1/i) });
  });
});

describe('standbyd', () => {
  it('does not take over through an interface that has vanished, and says which', async () => {
    await office.box.standby(['setup', '--from', '-'], office.setup());
    await office.box.end('SIGTERM');
    const settings = fs.readFileSync(office.box.settingsFile, 'utf8');
    fs.writeFileSync(office.box.settingsFile, settings.replace(/^interface: .*$/m, 'interface: eth9'));
    office.box.start();
    await until('standbyd answers', 20_000, async () =>
      (await office.box.run(['status'])).exitCode === 0 ? true : undefined,
    );
    const seen = await office.until('it has looked', 20_000, (status) =>
      status.layers.some(({ layer, outcome }) => layer === 'link' && outcome === 'silent'),
    );
    expect(seen.layers.find(({ layer }) => layer === 'link')?.detail).toContain('eth9');
    expect(seen.held).toEqual([]);
    await office.box.end('SIGTERM');
    fs.writeFileSync(office.box.settingsFile, settings);
    office.box.start();
    await until('standbyd answers', 20_000, async () =>
      (await office.box.run(['status'])).exitCode === 0 ? true : undefined,
    );
  });

  it.each([
    [
      'secrets that others can read',
      (settings: string) => fs.chmodSync(path.join(path.dirname(settings), 'secrets.yaml'), 0o644),
      /chmod 0600/,
    ],
    ['broken YAML', (settings: string) => fs.appendFileSync(settings, 'shares: [\n'), /standby\.yaml:\d+/],
  ])('does not start with %s, and says what to do', async (_what, spoil, words) => {
    await office.box.end('SIGTERM');
    const before = fs.readFileSync(office.box.settingsFile);
    const secrets = path.join(path.dirname(office.box.settingsFile), 'secrets.yaml');
    spoil(office.box.settingsFile);
    const from = office.box.log().length;
    office.box.start();
    await until('standbyd has ended', 20_000, () => (office.box.process === undefined ? true : undefined));
    const said = office.box.log().slice(from);
    expect(said).toMatch(words);
    expect(said).not.toContain(office.password);
    fs.writeFileSync(office.box.settingsFile, before);
    fs.chmodSync(secrets, 0o600);
    office.box.start();
    await until('standbyd answers', 20_000, async () =>
      (await office.box.run(['status'])).exitCode === 0 ? true : undefined,
    );
  });
});

describe('a set-up that fails half-way', () => {
  it('leaves the standby as it was', async () => {
    const mailFolder = path.join(office.box.state, 'mail');
    fs.writeFileSync(mailFolder, 'in the way');
    const before = fs.readFileSync(office.box.settingsFile, 'utf8');
    const mail = { server: 'mail.example.com', from: 'a@example.com', to: ['b@example.com'] };
    const end = await setUp({ name: 'OTHER', mail });
    fs.rmSync(mailFolder);
    expect(end).toMatchObject({ exitCode: 1, said: expect.stringContaining(mailFolder) });
    expect(fs.readFileSync(office.box.settingsFile, 'utf8')).toBe(before);
    const status = await office.until('it watches again', 20_000, ({ processes }) => processes.net.alive);
    expect(status.main?.name).toBe('FILES01');
  });
});

describe('a box that runs a Samba of its own', () => {
  const OWN = 'OwnShare';

  async function ownFile(): Promise<string> {
    const credentials = '/run/office/own';
    fs.writeFileSync(credentials, `username = carol\npassword = carols-own-1\n`, { mode: 0o600 });
    const target = '/run/office/got';
    fs.rmSync(target, { force: true });
    const [program, ...args] = on(
      'client',
      'smbclient',
      `//${LAN.standby}/${OWN}`,
      '-A',
      credentials,
      '-c',
      `get own.txt ${target}`,
    );
    const { stdout, stderr } = await runCommand(program, args, { timeLimitMs: 20_000 });
    return fs.existsSync(target) ? fs.readFileSync(target, 'utf8') : stdout + stderr;
  }

  it('keeps serving its own shares at its own address before, during and after a takeover', async () => {
    const folder = path.join(path.dirname(office.box.state), 'own-samba');
    fs.mkdirSync(path.join(folder, 'share'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'share', 'own.txt'), 'the box’s own\n');
    const own = await startSamba({
      folder,
      netbiosName: 'STANDBY1',
      users: { carol: 'carols-own-1' },
      shares: [{ name: OWN, path: path.join(folder, 'share'), lines: ['force user = root'] }],
      namespace: 'standby',
    });
    await office.standBy('fast');
    expect(await ownFile()).toBe('the box’s own\n');
    office.main().kill();
    await office.until('it serves', 30_000, (status) => status.mode === 'active');
    expect(await ownFile()).toBe('the box’s own\n');
    const credentials = '/run/office/alice';
    fs.writeFileSync(credentials, `username = alice\npassword = ${office.password}\n`, { mode: 0o600 });
    const [program, ...args] = on(
      'client',
      'smbclient',
      `//${LAN.main}/${SHARE}`,
      '-A',
      credentials,
      '-c',
      'ls Letters\\*',
    );
    expect((await runCommand(program, args, { timeLimitMs: 20_000 })).stdout).toContain('letter 7.txt');
    await office.box.standby(['recover-ip', '--confirm', 'FILES01']);
    await office.until('the address is given back', 30_000, (status) => status.held.length === 0);
    expect(await ownFile()).toBe('the box’s own\n');
    await own.stop();
  });

  it('cannot be reached from the network at the port of the standby’s smbd', async () => {
    const connect = async (namespace: 'standby' | 'client', host: string) => {
      const [program, ...args] = on(
        namespace,
        process.execPath,
        '-e',
        `require('net').connect({host:'${host}',port:4450,timeout:1500}).on('connect',()=>process.exit(0)).on('timeout',()=>process.exit(9)).on('error',()=>process.exit(8))`,
      );
      return (await runCommand(program, args, { timeLimitMs: 10_000 })).exitCode;
    };
    // It is there: what cannot be reached is not merely absent.
    expect(await connect('standby', '127.0.0.1')).toBe(0);
    expect([8, 9]).toContain(await connect('client', LAN.standby));
  });
});
