/** What the probes say about a real smbd that is killed, frozen, cut off, or does not like our log-on; in real namespaces. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mustRun } from '../../base/command.ts';
import type { Layer, Outcome, ProbePlan } from '../../net/messages.ts';
import { type Samba, startSamba } from '../../tryout/samba.ts';
import { ADDRESS, type Lan, makeLan, type NetUnderTest, startNetUnderTest, until } from './net-lan.ts';

const PASSWORD = 'a long pass phrase';
const CONTENT = 'the known file\n';

let lan: Lan;
let samba: Samba;
let net: NetUnderTest;
let share: string;
let count = 0;

const plan = (more: Partial<ProbePlan> = {}): ProbePlan => {
  const { mtimeNs } = fs.statSync(path.join(share, 'known.txt'), { bigint: true });
  return {
    kind: 'watch',
    interface: 'eth0',
    main: { address: ADDRESS.main, port: 445 },
    logon: { user: 'standby', domain: '', password: PASSWORD },
    known: {
      share: 'docs',
      path: 'known.txt',
      size: CONTENT.length,
      writtenFileTime: String(mtimeNs / 100n + 116_444_736_000_000_000n),
    },
    echoEveryMs: 100,
    echoTimeoutMs: 250,
    negotiateEveryMs: 500,
    negotiateTimeoutMs: 500,
    fetchEveryMs: 500,
    fetchTimeoutMs: 2_000,
    witnesses: [ADDRESS.witness],
    ...more,
  };
};
const hears = (layer: Layer, outcome: Outcome): Promise<{ detail: string }> =>
  net
    .hear('evidence', (evidence) => evidence.layer === layer && evidence.outcome === outcome, net.heard.length)
    .catch((error) => {
      throw new Error(`${layer} ${outcome}: ${String(error)}`);
    });
const healthy = (): Promise<unknown> =>
  Promise.all(
    (['link', 'arp', 'witness', 'echo', 'negotiate', 'fetch'] as const).map((layer) => hears(layer, 'answered')),
  );

beforeAll(async () => {
  lan = await makeLan('np');
  share = path.join(lan.folder, 'docs');
});

beforeEach(async () => {
  count += 1;
  samba = await startSamba({
    folder: path.join(lan.folder, `samba${count}`),
    netbiosName: 'MAIN',
    users: { standby: PASSWORD },
    shares: [{ name: 'docs', path: share }],
    namespace: lan.namespace('main'),
  });
  fs.writeFileSync(path.join(share, 'known.txt'), CONTENT);
  net = await startNetUnderTest(lan, path.join(lan.folder, `run${count}`));
});

afterEach(async () => {
  net.client.close();
  net.process.kill('SIGTERM');
  await until('it ended', () => net.process.exitCode !== null);
  samba.thaw();
  samba.kill();
  await lan.setLink('main', 'up');
  await lan.setLink('standby', 'up');
});

afterAll(() => lan.stop());

describe('watching a real smbd', () => {
  it('says answered on every layer while it serves, with milliseconds', async () => {
    net.client.send(plan());
    await healthy();
    for (const message of net.heard) if (message.kind === 'evidence') expect(message.ms).toBeGreaterThanOrEqual(0);
  });

  it('killed: refused, by a host that still answers ARP; started again: answered without being told', async () => {
    net.client.send(plan());
    await healthy();
    samba.kill();
    await Promise.all([hears('echo', 'refused'), hears('negotiate', 'refused'), hears('arp', 'answered')]);
    samba = await startSamba(samba.options);
    await healthy();
  });

  it('stopped, while TCP still accepts: frozen; continued: answered', async () => {
    net.client.send(plan());
    await healthy();
    samba.freeze();
    await Promise.all([hears('echo', 'frozen'), hears('negotiate', 'frozen'), hears('arp', 'answered')]);
    samba.thaw();
    await healthy();
  });

  it('its cable pulled: silent, while a witness answers', async () => {
    net.client.send(plan());
    await healthy();
    await lan.setLink('main', 'down');
    await Promise.all([
      hears('echo', 'silent'),
      hears('negotiate', 'silent'),
      hears('arp', 'silent'),
      hears('witness', 'answered'),
    ]);
    expect(await hears('link', 'answered')).toBeDefined();
  });

  it('our own cable pulled: the link says so, and no witness answers', async () => {
    net.client.send(plan());
    await healthy();
    await lan.setLink('standby', 'down');
    expect(await hears('link', 'silent')).toMatchObject({ detail: 'link down' });
    await hears('witness', 'silent');
    await lan.setLink('standby', 'up');
    await healthy();
  });

  it('no interface of that name: one clear word on the link', async () => {
    net.client.send(plan({ interface: 'eth7' }));
    expect(await hears('link', 'silent')).toMatchObject({ detail: 'there is no interface eth7' });
    await hears('witness', 'unknown');
  });

  it('learns witnesses by itself, from who asks on the network', async () => {
    net.client.send(plan({ witnesses: [] }));
    await hears('witness', 'unknown');
    await until('a client was learned', async () => {
      await lan.run('client', 'ip', 'neigh', 'flush', 'all');
      await lan.ask('client', ADDRESS.main, 445);
      return net.heard.some(
        (message) => message.kind === 'evidence' && message.layer === 'witness' && message.outcome === 'answered',
      );
    });
  });

  it('a wrong password: denied, tried once whatever plans come, so that the account is not locked; the rest is watched all the same', async () => {
    const pdbedit = (...args: string[]): Promise<string> =>
      mustRun('pdbedit', ['-s', samba.configFile, ...args], { timeLimitMs: 10_000 });
    await pdbedit('-P', 'bad lockout attempt', '-C', '10');
    const wrong = { user: 'standby', domain: '', password: 'wrong' };
    for (let n = 0; n < 4; n += 1) {
      net.client.send(plan({ logon: wrong }));
      await Promise.all([hears('fetch', 'denied'), hears('echo', 'answered'), hears('negotiate', 'answered')]);
      for (let beats = 0; beats < 3; beats += 1) await net.hear('beat', undefined, net.heard.length);
    }
    expect(await pdbedit('-v', '-u', 'standby')).toMatch(/Bad password count\s*: 1\n/);
    net.client.send(plan());
    await hears('fetch', 'answered');
  });

  it.each([
    ['written to', (file: string) => fs.appendFileSync(file, 'more')],
    ['touched', (file: string) => fs.utimesSync(file, 1, 1)],
    ['deleted', (file: string) => fs.rmSync(file)],
  ])('the known file was %s by a user: changed, and nothing else', async (_name, change) => {
    net.client.send(plan());
    await healthy();
    change(path.join(share, 'known.txt'));
    await Promise.all([hears('fetch', 'changed'), hears('echo', 'answered')]);
  });

  it('watch-stop closes every session on the main', async () => {
    net.client.send(plan());
    await healthy();
    net.client.send({ kind: 'watch-stop' });
    await until(
      'no connection is left',
      async () => (await lan.run('standby', 'ss', '-Htn', 'state', 'established')) === '',
    );
    const since = net.heard.length;
    await net.hear('beat', undefined, since);
    expect(net.heard.slice(since).filter((message) => message.kind === 'evidence')).toEqual([]);
  });

  it('never meets itself: from the taking of the address on, nothing is asked there', async () => {
    net.client.send(plan());
    await healthy();
    await lan.setLink('main', 'down');
    net.client.send({ kind: 'take', decision: 'd1', interface: 'eth0', addresses: [ADDRESS.main], servePort: 4450 });
    await net.hear('taken');
    const since = net.heard.length;
    net.client.send(plan());
    await net.hear('beat', undefined, since);
    expect(net.heard.slice(since).filter((message) => message.kind === 'evidence')).toEqual([]);
    await lan.setLink('main', 'up');
    net.client.send({ kind: 'release', decision: 'd1' });
    await net.hear('released');
    await healthy();
  });
});
