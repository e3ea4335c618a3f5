/** The network process in real namespaces: what clients see when an address is taken, kept, lost and released. */
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { lockHolder } from '../../base/lock.ts';
import { lockPath } from '../../net/door.ts';
import type { TakeOrder } from '../../net/messages.ts';
import {
  ADDRESS,
  attach,
  type Lan,
  makeLan,
  type NetUnderTest,
  SERVE_PORT,
  script,
  startNetProcess,
  startNetUnderTest,
  until,
} from './net-lan.ts';

let lan: Lan;
let net: NetUnderTest;
let count = 0;

const order = (more: Partial<TakeOrder> = {}): TakeOrder => ({
  kind: 'take',
  decision: 'd1',
  interface: 'eth0',
  addresses: [ADDRESS.main],
  servePort: SERVE_PORT,
  ...more,
});
const freshFolder = (): string => {
  count += 1;
  return path.join(lan.folder, `run${count}`);
};
const standbyHas = async (): Promise<boolean> =>
  (await lan.run('standby', 'ip', '-4', 'addr', 'show', 'eth0')).includes(`${ADDRESS.main}/32`);
const tables = (): Promise<string> => lan.run('standby', 'nft', 'list', 'ruleset');
const clientSees = async (): Promise<string | undefined> =>
  /lladdr (\S+)/.exec(await lan.run('client', 'ip', 'neigh', 'show', ADDRESS.main))?.[1];
const macOf = async (host: 'main' | 'standby'): Promise<string> =>
  (await lan.run(host, 'cat', '/sys/class/net/eth0/address')).trim();

beforeAll(async () => {
  lan = await makeLan('nt');
  await lan.start('main', [process.execPath, script('net-listen.ts'), '445=the main']);
  await lan.start('standby', [
    process.execPath,
    script('net-listen.ts'),
    `${SERVE_PORT}=ours`,
    '445=another service of this host',
  ]);
});

afterAll(() => lan.stop());

afterEach(async () => {
  if (net.process.exitCode === null && net.process.signalCode === null) {
    net.process.kill('SIGKILL');
    await once(net.process, 'exit');
  }
  await until('the address is gone', async () => !(await standbyHas()));
  await lan.setLink('main', 'up');
  await lan.run('client', 'ip', 'neigh', 'flush', 'all');
});

describe('taking the address of a main that is gone', () => {
  it('moves the clients, leads port 445 to our port, and disturbs nothing else; releasing undoes all of it', async () => {
    expect(await lan.ask('client', ADDRESS.main, 445)).toBe('the main');
    expect(await clientSees()).toBe(await macOf('main'));
    net = await startNetUnderTest(lan, freshFolder());
    await lan.setLink('main', 'down');
    net.client.send(order());
    await net.hear('taken');
    await until("the client's entry moved", async () => (await clientSees()) === (await macOf('standby')));

    expect(await lan.ask('client', ADDRESS.main, 445)).toBe('ours');
    expect(await lan.ask('client', ADDRESS.standby, 445)).toBe('another service of this host');
    expect(await lan.ask('client', ADDRESS.standby, SERVE_PORT)).toBe('timeout');
    expect(await lan.ask('client', ADDRESS.main, SERVE_PORT)).toBe('timeout');
    expect(await lan.ask('client', ADDRESS.main, 139)).toBe('ECONNREFUSED');
    expect(await lan.ask('standby', ADDRESS.main, 445)).toBe('ours');
    expect(await lan.ask('standby', '127.0.0.1', SERVE_PORT)).toBe('ours');

    const kept = await lan.start('client', [process.execPath, script('net-hold.ts'), ADDRESS.main, '445']);
    const ending = kept.stdout === null ? undefined : once(kept.stdout, 'data');
    net.client.send({ kind: 'release', decision: 'd1' });
    await net.hear('released');
    expect(String(await ending)).toContain('ECONNRESET');
    expect(await standbyHas()).toBe(false);
    expect(await tables()).toBe('');
    await lan.setLink('main', 'up');
  });

  it('does nothing twice for the same decision, and refuses another one', async () => {
    net = await startNetUnderTest(lan, freshFolder());
    await lan.setLink('main', 'down');
    net.client.send(order());
    await net.hear('taken');
    const since = net.heard.length;
    net.client.send(order());
    await net.hear('taken', undefined, since);
    net.client.send(order({ decision: 'd2' }));
    expect(await net.hear('failed')).toMatchObject({ decision: 'd2', code: 'other-decision' });
    net.client.send({ kind: 'release', decision: 'd2' });
    await net.hear('failed', (message) => message.what.includes('release'));
    expect(await standbyHas()).toBe(true);
  });

  it.each([
    ['no such interface', order({ interface: 'eth7' }), 'no-interface', 'there is no interface of that name'],
    [
      "this host's own address",
      order({ addresses: [ADDRESS.standby] }),
      'own-address',
      'already an address of this host',
    ],
    ['words for a rule set', order({ addresses: ['192.0.2.5; flush ruleset'] }), 'bad-order', 'no IPv4 address'],
    ['port 445 itself', order({ servePort: 445 }), 'bad-order', 'serve port'],
    [
      'a good address beside a bad one',
      order({ addresses: [ADDRESS.main, '0.0.0.0'] }),
      'bad-order',
      'no IPv4 address',
    ],
  ])('refuses with one clear error and leaves nothing behind: %s', async (_name, wrong, code, what) => {
    net = await startNetUnderTest(lan, freshFolder());
    net.client.send(wrong);
    const failed = await net.hear('failed');
    expect(failed.code).toBe(code);
    expect(failed.what).toContain(what);
    expect(net.heard.filter((message) => message.kind === 'failed')).toHaveLength(1);
    expect(await standbyHas()).toBe(false);
    expect(await tables()).toBe('');
    expect(await lan.run('standby', 'ip', '-4', 'addr', 'show', 'eth0')).toContain(`${ADDRESS.standby}/24`);
  });

  it('closes the serve port to the network from the moment it is told to guard it, also while nothing is held', async () => {
    net = await startNetUnderTest(lan, freshFolder());
    expect(await lan.ask('client', ADDRESS.standby, SERVE_PORT)).toBe('ours');
    net.client.send({ kind: 'guard', servePort: SERVE_PORT });
    await until('the guard stands', async () => (await tables()).includes(String(SERVE_PORT)));
    expect(await lan.ask('client', ADDRESS.standby, SERVE_PORT)).toBe('timeout');
    expect(await lan.ask('standby', '127.0.0.1', SERVE_PORT)).toBe('ours');
    net.client.send({ kind: 'end' });
    await once(net.process, 'exit');
    expect(await tables()).toBe('');
  });
});

describe('when something breaks while an address is held', () => {
  const holding = async (): Promise<string> => {
    const folder = freshFolder();
    net = await startNetUnderTest(lan, folder);
    await lan.setLink('main', 'down');
    net.client.send(order());
    await net.hear('taken');
    return folder;
  };

  it('the network process is killed: the address leaves by itself', async () => {
    await holding();
    net.process.kill('SIGKILL');
    await until('the address lapsed', async () => !(await standbyHas()));
  });

  it('the network process is killed and started again: it clears away what was left before anybody can ask', async () => {
    const folder = await holding();
    net.process.kill('SIGKILL');
    await once(net.process, 'exit');
    expect(await standbyHas()).toBe(true);
    fs.rmSync(path.join(folder, 'net.sock'));
    net = await startNetUnderTest(lan, folder);
    expect(net.client.holding).toMatchObject({ decision: '', addresses: [] });
    expect(await standbyHas()).toBe(false);
    expect(await tables()).toBe('');
  });

  it('the network process is stopped: it counts as frozen, is killed, and the address leaves', async () => {
    await holding();
    net.process.kill('SIGSTOP');
    await until('the client notices', () => net.closedWhy() !== undefined);
    expect(net.closedWhy()).toBe('frozen');
    await until('it was killed', () => net.process.signalCode === 'SIGKILL');
    await until('the address lapsed', async () => !(await standbyHas()));
  });

  it('the network process is stopped, nobody kills it, and it wakes: it says that the address lapsed and does not bring it back', async () => {
    const folder = freshFolder();
    // A standbyd whose clock stands still does not notice.
    const child = await startNetProcess(lan, folder);
    net = { process: child, ...(await attach(folder, 'connect', { monoMs: () => 0, wallMs: () => 0 })) };
    net.client.send(order());
    await net.hear('taken');
    net.process.kill('SIGSTOP');
    await until('the address lapsed', async () => !(await standbyHas()));
    net.process.kill('SIGCONT');
    expect(await net.hear('failed')).toMatchObject({ decision: 'd1', code: 'lapsed' });
    expect(await standbyHas()).toBe(false);
    await until('the rules are gone', async () => (await tables()) === '');
  });

  it('standbyd is gone: everything is released after the grace, and the process ends', async () => {
    await holding();
    net.client.close();
    const [exitCode] = await once(net.process, 'exit');
    expect(exitCode).toBe(0);
    expect(await standbyHas()).toBe(false);
    expect(await tables()).toBe('');
  });

  it('standbyd is restarted within the grace: it finds what is held, and nothing moved', async () => {
    const folder = await holding();
    net.client.close();
    const again = await attach(folder, 'adopt');
    expect(again.client.holding).toMatchObject({ decision: 'd1', addresses: [ADDRESS.main] });
    again.client.send({ kind: 'release', decision: 'd1' });
    await again.hear('released');
  });

  it('SIGTERM: everything is released', async () => {
    await holding();
    net.process.kill('SIGTERM');
    const [exitCode] = await once(net.process, 'exit');
    expect(exitCode).toBe(0);
    expect(await standbyHas()).toBe(false);
    expect(await tables()).toBe('');
  });

  it('the interface goes away: it says that the address is lost', async () => {
    await lan.run('standby', 'ip', 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth2');
    await lan.run('standby', 'ip', 'link', 'set', 'eth1', 'up');
    net = await startNetUnderTest(lan, freshFolder());
    net.client.send(order({ interface: 'eth1' }));
    await net.hear('taken');
    await lan.run('standby', 'ip', 'link', 'del', 'eth1');
    expect(await net.hear('failed')).toMatchObject({ decision: 'd1', code: 'lost' });
    expect(await tables()).toBe('');
  });

  it('a rival claims the address: it is told, and the clients come back to us', async () => {
    await holding();
    await lan.setLink('main', 'up');
    const since = net.heard.length;
    await lan.run('main', 'arping', '-U', '-c', '1', '-I', 'eth0', ADDRESS.main).catch(() => '');
    expect(await net.hear('rival', undefined, since)).toMatchObject({
      address: ADDRESS.main,
      mac: await macOf('main'),
    });
    await until('the client is back with us', async () => (await lan.ask('client', ADDRESS.main, 445)) === 'ours');
  });
});

describe('one network process at a time', () => {
  it('a second one in the same folder ends with a clear error, and the first goes on', async () => {
    const folder = freshFolder();
    net = await startNetUnderTest(lan, folder);
    const second = await startNetProcess(lan, folder);
    await until('the second ended', () => second.exitCode !== null);
    expect(second.exitCode).toBe(2);
    expect(fs.readFileSync(path.join(folder, 'net.log'), 'utf8')).toContain('another one is running there');
    expect(lockHolder(lockPath(folder))).toBe(net.process.pid);
    expect(fs.statSync(path.join(folder, 'net.sock')).mode & 0o777).toBe(0o600);
  });

  it('a second standbyd is turned away while the first lives, and let in when the first is silent', async () => {
    const folder = freshFolder();
    net = await startNetUnderTest(lan, folder);
    await expect(attach(folder)).rejects.toMatchObject({ code: 'net-busy' });
    net.client.send({ kind: 'beat', n: 1 });
    expect(net.closedWhy()).toBeUndefined();
  });

  it('is started where there is none, without secrets in its environment, and replaced when it is stopped and does not greet', async () => {
    net = await startNetUnderTest(lan, freshFolder());
    const folder = freshFolder();
    fs.mkdirSync(folder, { mode: 0o700 });
    process.env['STANDBY_TEST_SECRET'] = 'secret';
    const first = await attach(folder, 'adopt');
    delete process.env['STANDBY_TEST_SECRET'];
    expect(fs.readFileSync(`/proc/${first.client.pid}/environ`, 'utf8')).not.toContain('secret');
    first.client.close();
    process.kill(first.client.pid, 'SIGSTOP');
    const second = await attach(folder, 'adopt');
    expect(second.client.pid).not.toBe(first.client.pid);
    expect(fs.existsSync(`/proc/${first.client.pid}`)).toBe(false);
    second.client.send({ kind: 'end' });
    await until('it ended', () => lockHolder(lockPath(folder)) === undefined);
  });

  it('refuses a folder that others may write to', async () => {
    const folder = freshFolder();
    net = await startNetUnderTest(lan, freshFolder());
    fs.mkdirSync(folder);
    fs.chmodSync(folder, 0o777);
    const open = await startNetProcess(lan, folder);
    expect(open.exitCode).toBe(2);
    expect(fs.readFileSync(path.join(folder, 'net.log'), 'utf8')).toContain('others may write to it');
  });
});
