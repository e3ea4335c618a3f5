/**
 * The takeover through the whole system: every kind of death, own faults that must not look like one, standbyd killed at each step, a lost memory,
 * a main that comes back, a dead name server, users. A sample in the ordinary run, everything and the patient profile in the long one.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../base/command.ts';
import { announce, cable, ip, LAN, on } from '../../tryout/lan.ts';
import { until } from '../../tryout/wait.ts';
import { MAIN_NAME, type Office, openOffice, SHARE } from './office.ts';

const LONG = process.env['STANDBY_LONG'] !== undefined;
const LIMIT_MS = 40_000;

let office: Office;

beforeAll(async () => {
  office = await openOffice();
  await office.standBy('fast');
});

afterAll(async () => {
  await office?.close();
});

const holdsAddress = async (): Promise<boolean> =>
  (await ip('-n', 'standby', '-4', 'address', 'show', 'dev', LAN.interface)).includes(`${LAN.main}/`);

const sambaFile = (...names: string[]): string => path.join(office.box.state, 'samba', ...names);
const isWritable = (): boolean => fs.readFileSync(sambaFile('smb.conf'), 'utf8').includes('read only = no');

async function as(user: string, password: string, command: string): Promise<string> {
  const credentials = `/run/office/${user}`;
  fs.writeFileSync(credentials, `username = ${user}\npassword = ${password}\n`, { mode: 0o600 });
  const [program, ...args] = on('client', 'smbclient', `//${LAN.main}/${SHARE}`, '-A', credentials, '-c', command);
  const { stdout, stderr } = await runCommand(program, args, { timeLimitMs: 45_000 });
  return stdout + stderr;
}

const alice = (command: string): Promise<string> => as('alice', office.password, command);
const LIST = 'ls Letters\\letter*7*';

interface Event {
  id: number;
  level: string;
  code: string;
  what: string;
}

async function events(): Promise<Event[]> {
  return ((await office.box.standby(['events'])) as { events: Event[] }).events;
}

/** From wherever it is, also after a test that failed in the middle, by the way that a person would go. */
async function standByAgain(): Promise<void> {
  if (!fs.existsSync(`/proc/${office.main().pid}`)) await office.startMain();
  if (office.box.process === undefined) office.box.start();
  await office.answering();
  await until('it stands by again and sees the main', 60_000, async () => {
    const status = await office.box.status();
    const serves = status.layers.find(({ layer }) => layer === 'negotiate')?.outcome === 'answered';
    if (status.mode === 'active') await office.box.run(['recover-ip', '--confirm', MAIN_NAME]);
    if (status.mode === 'handed-back' && serves) await office.box.run(['restore-files', '--yes', '--wait']);
    if (status.mode === 'idle') await office.box.run(['start-sync', '--wait']);
    const echo = status.layers.find(({ layer }) => layer === 'echo')?.outcome === 'answered';
    return status.mode === 'standing-by' && echo && status.sentence.level === 'ok' ? true : undefined;
  });
}

/** At the switch's end of the standby's cable, which stays plugged. */
const CUT =
  'table netdev cut {\n chain nothing { type filter hook ingress device "port-standby" priority 0; policy drop; }\n}\n';
const switchFirewall = (text: string): Promise<void> => firewall(['nft', '-f', '-'], text);
const mainFirewall = (text: string): Promise<void> => firewall(on('main', 'nft', '-f', '-'), text);

async function firewall([program, ...args]: [string, ...string[]], text: string): Promise<void> {
  const { exitCode, stderr } = await runCommand(program, args, { timeLimitMs: 5_000, input: text });
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
}

interface Death {
  kill(): void | Promise<void>;
  revive(): void | Promise<void>;
}

const deaths: Record<string, Death> = {
  'its file service was killed': { kill: () => office.main().kill(), revive: () => office.startMain() },
  'its cable was pulled': { kill: () => cable('main', 'pulled'), revive: () => cable('main', 'plugged') },
  'its file service was frozen': { kill: () => office.main().freeze(), revive: () => office.main().thaw() },
  'it answers ARP and nothing else': {
    kill: () =>
      mainFirewall(
        'table ip dead {\n chain in { type filter hook input priority 0; policy drop; }\n chain out { type filter hook output priority 0; policy drop; }\n}\n',
      ),
    revive: () => mainFirewall('delete table ip dead\n'),
  },
};

describe.each(LONG ? (['fast', 'default'] as const) : (['fast'] as const))('with the profile %s', (profile) => {
  beforeAll(async () => {
    if (profile === 'fast') return;
    await office.box.standby(['setup', '--from', '-'], office.setup({ profile }));
    await standByAgain();
  });

  it.each(Object.keys(deaths))(
    'users have their files again when the main is gone because %s',
    async (what) => {
      await standByAgain();
      await deaths[what]?.kill();
      await office.until('it serves', LIMIT_MS, (status) => status.mode === 'active');
      expect(await alice(LIST)).toContain('letter 7.txt');
      const told = (await events()).filter(({ code }) => code === 'taken-over').at(-1);
      const same = (await events()).filter(
        ({ id, what: words }) => words === told?.what && Math.abs(id - (told?.id ?? 0)) < 3,
      );
      expect(same).toHaveLength(1);
      await office.box.standby(['recover-ip', '--confirm', MAIN_NAME]);
      await office.until('the address is given back', LIMIT_MS, (status) => status.held.length === 0);
      await deaths[what]?.revive();
      await standByAgain();
    },
    90_000,
  );

  it.each([
    ['its own cable is out', () => cable('standby', 'pulled'), () => cable('standby', 'plugged')],
    ['the switch forwards nothing of it', () => switchFirewall(CUT), () => switchFirewall('delete table netdev cut\n')],
  ] as const)(
    'does nothing and says that it is cut off when %s',
    async (_what, cut, heal) => {
      await standByAgain();
      const before = (await events()).at(-1)?.id ?? 0;
      await cut();
      await office.until('it says so', LIMIT_MS, (status) => status.sentence.sentence.startsWith('Cut off.'));
      // Longer than any patience: what must not happen cannot be waited for.
      await runCommand('sleep', [profile === 'fast' ? '2' : '11'], { timeLimitMs: 20_000 });
      expect(await holdsAddress()).toBe(false);
      await heal();
      await standByAgain();
      const since = (await events()).filter(({ id }) => id > before);
      expect(since.filter(({ code }) => code === 'taking-over')).toEqual([]);
      expect(since.filter(({ code }) => code === 'isolated').length).toBeLessThanOrEqual(1);
    },
    90_000,
  );

  it('blames nobody when all of its processes stood still', async () => {
    await standByAgain();
    const before = (await events()).at(-1)?.id ?? 0;
    const { agent, net, engine } = (await office.box.status()).processes;
    const signal = (name: NodeJS.Signals) => {
      for (const { pid } of [agent, net, engine]) process.kill(pid, name);
    };
    signal('SIGSTOP');
    await runCommand('sleep', ['3'], { timeLimitMs: 10_000 });
    signal('SIGCONT');
    await runCommand('sleep', ['2'], { timeLimitMs: 10_000 });
    await standByAgain();
    const since = (await events()).filter(({ id }) => id > before);
    expect(since.filter(({ code }) => code === 'taking-over')).toEqual([]);
  }, 60_000);
});

describe('standbyd killed at a step', () => {
  const durable = (): { kind?: string; step?: string } => {
    try {
      return JSON.parse(fs.readFileSync(path.join(office.box.state, 'memory.json'), 'utf8')).durable.mode;
    } catch {
      return {};
    }
  };

  /**
   * Kills standbyd as soon as it has remembered the step; the next steps may have been begun. Steps last a millisecond or two, so we look
   * without a pause, and before everybody else who wants the processor. Whoever begins what is to be cut off does so before, or by itself.
   */
  async function killAt(kind: string, step: string): Promise<void> {
    const { process: daemon } = office.box;
    const deadline = performance.now() + 20_000;
    os.setPriority(os.constants.priority.PRIORITY_HIGHEST);
    let mode = durable();
    while (!(mode.kind === kind && mode.step === step) && performance.now() < deadline) mode = durable();
    daemon?.kill('SIGKILL');
    os.setPriority(os.constants.priority.PRIORITY_NORMAL);
    await office.box.end('SIGKILL');
    expect(mode, 'it was never remembered').toMatchObject({ kind, step });
  }

  const taking = LONG
    ? (['stop-mirror', 'freeze', 'open-shares', 'take-address', 'prove-served'] as const)
    : (['freeze', 'take-address'] as const);

  it.each(taking)(
    '«%s» of taking over goes on to serve',
    async (step) => {
      await standByAgain();
      office.main().kill();
      await killAt('taking-over', step);
      office.box.start();
      await office.answering();
      await office.until('it serves', LIMIT_MS, (status) => status.mode === 'active' && status.held.length === 1);
      expect(await alice(LIST)).toContain('letter 7.txt');
      await office.startMain();
      await standByAgain();
      expect(isWritable()).toBe(false);
    },
    90_000,
  );

  it.each(LONG ? taking : (['take-address'] as const))(
    '«%s» of taking over goes back when the main came back meanwhile',
    async (step) => {
      await standByAgain();
      office.main().kill();
      await killAt('taking-over', step);
      await office.startMain();
      office.box.start();
      await office.answering();
      await office.until('it has gone back', LIMIT_MS, ({ mode, held }) => {
        return held.length === 0 && (mode === 'standing-by' || mode === 'handed-back');
      });
      expect(await holdsAddress()).toBe(false);
      expect(isWritable()).toBe(false);
      await standByAgain();
    },
    90_000,
  );

  it.each(LONG ? (['close-shares', 'release-address', 'prove-main'] as const) : (['close-shares'] as const))(
    '«%s» of handing back goes on to hand back, and no session is left',
    async (step) => {
      await standByAgain();
      office.main().kill();
      await office.until('it serves', LIMIT_MS, (status) => status.mode === 'active');
      const ordered = office.box.run(['recover-ip', '--confirm', MAIN_NAME]);
      await killAt('handing-back', step);
      await ordered;
      await office.startMain();
      office.box.start();
      await office.answering();
      await office.until('it is handed back', LIMIT_MS, ({ mode }) => mode === 'handed-back');
      expect(await holdsAddress()).toBe(false);
      expect(isWritable()).toBe(false);
      await standByAgain();
    },
    90_000,
  );
});

describe('while it serves', () => {
  const smbdPid = (): number => Number(fs.readFileSync(sambaFile('pid', 'smbd.pid'), 'utf8'));

  beforeAll(async () => {
    await standByAgain();
    await cable('main', 'pulled');
    await office.until('it serves', LIMIT_MS, (status) => status.mode === 'active');
  });

  it('a killed smbd is started again, and log-ons do not wait for a dead name server', async () => {
    const hosts = fs.readFileSync('/etc/hosts');
    const before = smbdPid();
    // A resolver that waits: the main held the name server, and the cable is out.
    const names = fs.readFileSync('/etc/resolv.conf');
    fs.writeFileSync('/etc/hosts', '127.0.0.1 localhost\n');
    fs.writeFileSync('/etc/resolv.conf', `nameserver ${LAN.main}\nnameserver 10.77.0.99\n`);
    try {
      process.kill(before, 'SIGKILL');
      await until('another smbd serves', 10_000, async () =>
        fs.existsSync(sambaFile('hosts')) && smbdPid() !== before && (await alice(LIST)).includes('letter 7.txt')
          ? true
          : undefined,
      );
      expect(fs.readFileSync(sambaFile('hosts'), 'utf8')).toContain('127.0.1.1');
      expect(fs.readFileSync('/etc/hosts', 'utf8')).toBe('127.0.0.1 localhost\n');
    } finally {
      fs.writeFileSync('/etc/hosts', hosts);
      fs.writeFileSync('/etc/resolv.conf', names);
    }
  });

  it('lets a user in as soon as he has a password here, also after a restart', async () => {
    expect(await as('bob', 'bobs-word-1', LIST)).toContain('NT_STATUS_LOGON_FAILURE');
    const end = await office.box.run(['users', 'set', 'bob', '--password-stdin'], 'bobs-word-1\n');
    expect(end.exitCode).toBe(0);
    expect(await as('bob', 'bobs-word-1', 'mkdir "bob was here"')).not.toContain('NT_STATUS');
    await office.box.end('SIGKILL');
    office.box.start();
    await office.answering();
    await office.until('it serves again', LIMIT_MS, (status) => status.mode === 'active' && status.held.length === 1);
    expect(await as('bob', 'bobs-word-1', 'mkdir "and here"')).not.toContain('NT_STATUS');
  });

  it.each([
    ['standby', 'the account whose password the proof uses'],
    ['root', 'root'],
    ['bob:x', 'a name that no account can have'],
  ])('refuses the user %s: %s', async (name) => {
    const end = await office.box.run(['users', 'set', name, '--password-stdin'], 'any-word-1\n');
    expect(end.exitCode).toBe(15);
    expect(end.said).not.toContain('any-word-1');
  });

  it('refuses a second standbyd before it touches anything', async () => {
    const before = (await office.box.status()).processes;
    const places = ['--config', office.box.settingsFile, '--state', office.box.state, '--run', '/run/office-two'];
    const [program, ...args] = on('standby', process.execPath, path.resolve('agent/main.ts'), ...places);
    const end = await runCommand(program, args, { timeLimitMs: 20_000 });
    expect(end).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/another standbyd works there/) });
    const { processes } = await office.box.status();
    expect([processes.net.pid, processes.engine.pid]).toEqual([before.net.pid, before.engine.pid]);
  });

  it('tells of a main that comes back with its address, and mirrors nothing of it', async () => {
    fs.writeFileSync(path.join(office.original, 'only there.txt'), 'x');
    await cable('main', 'plugged');
    await announce('main');
    await until('the rival is told of', 10_000, async () =>
      (await events()).some(({ code, level }) => code === 'rival' && level === 'critical') ? true : undefined,
    );
    expect(await alice('ls')).toContain('bob was here');
    expect(fs.existsSync(path.join(office.copy, 'only there.txt'))).toBe(false);
    expect((await events()).filter(({ code }) => code === 'rival')).toHaveLength(1);
    await cable('main', 'pulled');
  });

  it('shows no secret to other accounts of the box', async () => {
    const secrets = [
      office.password,
      'bobs-word-1',
      fs.readFileSync(path.join(office.box.state, 'proof-password'), 'utf8').trim(),
    ];
    const leaks = (text: string): boolean => secrets.some((secret) => text.includes(secret));
    const others = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
    for (const name of others) {
      for (const file of ['cmdline', 'environ']) {
        let text = '';
        try {
          text = fs.readFileSync(`/proc/${name}/${file}`, 'latin1');
        } catch {
          // It ended meanwhile.
        }
        expect(leaks(text), `/proc/${name}/${file}`).toBe(false);
      }
    }
    expect(leaks(office.box.log())).toBe(false);
    for (const top of [office.box.state, path.dirname(office.box.settingsFile)]) {
      for (const entry of fs.readdirSync(top, { recursive: true, withFileTypes: true })) {
        const file = path.join(entry.parentPath, entry.name);
        if (!entry.isFile() || !leaks(fs.readFileSync(file, 'latin1'))) continue;
        expect(fs.statSync(file).mode & 0o077, file).toBe(0);
      }
    }
  });

  it('gives back an address that its memory knows nothing of', async () => {
    await office.box.end('SIGKILL');
    fs.rmSync(path.join(office.box.state, 'memory.json'));
    office.box.start();
    await office.answering();
    // Nobody can know what users changed meanwhile but the engine, which says so.
    await office.until(
      'the address is given back',
      LIMIT_MS,
      ({ mode, held }) => mode === 'handed-back' && held.length === 0,
    );
    expect(await holdsAddress()).toBe(false);
    expect(isWritable()).toBe(false);
    await office.box.standby(['force-failover', '--confirm', MAIN_NAME, '--accept-missing']);
    await office.until('it serves', LIMIT_MS, (status) => status.mode === 'active');
    expect(await alice('ls')).toContain('bob was here');
  });

  it('gives the address to a main that is up already, also when the network process was killed, and users find it', async () => {
    await cable('main', 'plugged');
    await announce('main');
    process.kill((await office.box.status()).processes.net.pid, 'SIGKILL');
    await office.until('another network process defends it', LIMIT_MS, (status) => status.held.length === 1);
    await announce('main');
    await office.box.standby(['recover-ip', '--confirm', MAIN_NAME]);
    await office.until('the address is given back', LIMIT_MS, (status) => status.held.length === 0);
    await until('users see the main again', 5_000, async () =>
      (await alice('ls')).includes('only there.txt') ? true : undefined,
    );
    await standByAgain();
    expect(fs.existsSync(path.join(office.original, 'bob was here'))).toBe(true);
  });
});
