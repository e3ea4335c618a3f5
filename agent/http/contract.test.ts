/** Every route of the contract, asked over a real socket: what a daemon answers is what the contract promises. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Client, openClient } from '../../api/client.ts';
import { type RouteName, routes } from '../../api/routes.ts';
import type { SetupInput } from '../../api/setup.ts';
import { systemClock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { socketTransport } from '../../cli/transport.ts';
import { type FakeDaemon, fakeDaemon } from './daemon.fake.ts';
import { handlers } from './handlers.ts';
import { type HttpEdge, openHttp } from './server.ts';
import { silentLog } from './silent-log.fake.ts';

let folder: string;
let daemon: FakeDaemon;
let edge: HttpEdge;
let client: Client;

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'http-'));
  daemon = fakeDaemon();
  const socket = path.join(folder, 'standby.sock');
  edge = await openHttp({ socket, daemon, clock: systemClock, log: silentLog });
  client = openClient(socketTransport(socket));
});

afterEach(async () => {
  await edge.close();
  fs.rmSync(folder, { recursive: true });
});

const setup: SetupInput = {
  main: { name: 'FILES01', address: '192.168.10.20', user: 'backup', password: 'secret' },
  interface: 'eth0',
  shares: ['Projects'],
};
const logon = { address: 'files01', user: 'backup', password: 'secret' };

/** One good call of each route; the client checks the answer against the route's schema. */
const calls: Record<Exclude<RouteName, 'stream'>, () => Promise<{ ok: boolean }>> = {
  status: () => client.call(routes.status),
  shares: () => client.call(routes.shares, { body: logon }),
  setup: () => client.call(routes.setup, { body: setup }),
  startSync: () => client.call(routes.startSync),
  stopSync: () => client.call(routes.stopSync),
  forceFailover: () => client.call(routes.forceFailover, { body: { confirm: 'FILES01' } }),
  recoverIp: () => client.call(routes.recoverIp, { body: { confirm: 'FILES01' } }),
  planRestore: () => client.call(routes.planRestore),
  restoreFiles: () => client.call(routes.restoreFiles, { body: { confirm: 'FILES01', planHash: '0123456789' } }),
  pause: () => client.call(routes.pause, { body: { minutes: 30 } }),
  resume: () => client.call(routes.resume),
  users: () => client.call(routes.users, { body: { name: 'alice', password: 'x' } }),
  limits: () => client.call(routes.limits),
  setLimits: () => client.call(routes.setLimits, { body: { limits: [{ rate: '20mbit', hours: '08-18' }] } }),
  problems: () => client.call(routes.problems),
  verify: () => client.call(routes.verify, { body: { heal: true } }),
  stopVerify: () => client.call(routes.stopVerify),
  findings: () => client.call(routes.findings),
  explain: () => client.call(routes.explain, { query: { share: 'Projects', path: 'a/new.txt' } }),
  events: () => client.call(routes.events, { query: { after: '0' } }),
  openapi: () => client.call(routes.openapi),
};

describe('the contract over a socket', () => {
  it.each(Object.entries(calls))('%s answers what it promises', async (_, call) => {
    expect(await call()).toMatchObject({ ok: true });
  });

  it('has a handler for each route of the table', () => {
    const served = handlers(daemon).map(({ method, path: at }) => `${method} ${at}`);
    const promised = Object.values(routes)
      .filter(({ kind }) => kind === 'json')
      .map(({ method, path: at }) => `${method} ${at}`);
    expect(served.sort()).toEqual(promised.sort());
  });

  it('hands orders to the daemon with what was given, defaults filled in', async () => {
    await calls.forceFailover();
    await calls.restoreFiles();
    await calls.pause();
    await client.call(routes.pause);
    await calls.setup();
    expect(daemon.orders).toMatchObject([
      { name: 'force-failover', acceptMissing: false },
      { name: 'restore-files', planHash: '0123456789' },
      { name: 'pause', minutes: 30 },
      { name: 'pause', minutes: undefined },
      { takeover: 'automatic', users: [], main: { port: 445, domain: '' } },
    ]);
  });

  it.each(['startSync', 'stopSync', 'planRestore', 'resume', 'users', 'setup'] as const)(
    '%s that the daemon refuses is an error `refused` with its reason',
    async (name) => {
      daemon.answerWith({ accepted: false, why: 'changes wait here', hint: 'run restore-files first' });
      expect(await calls[name]()).toEqual({
        ok: false,
        error: { code: 'refused', what: 'changes wait here', hint: 'run restore-files first' },
      });
    },
  );

  it.each([
    ['forceFailover', { confirm: 'FILES02' }],
    ['recoverIp', { confirm: '' }],
    ['restoreFiles', { confirm: 'files01', planHash: '0123456789' }],
  ] as const)('%s without the right name does nothing', async (name, body) => {
    const answer = await client.call<
      (typeof routes)[typeof name]['body'],
      (typeof routes)[typeof name]['query'],
      (typeof routes)[typeof name]['answer']
    >(routes[name], { body });
    expect(answer).toMatchObject({ ok: false, error: { code: 'confirm', hint: 'the main is FILES01' } });
    expect(daemon.orders).toEqual([]);
  });

  it('refuses a dangerous command while no main is set up, whatever is typed', async () => {
    daemon.change({ main: null });
    expect(await calls.forceFailover()).toMatchObject({ ok: false, error: { code: 'refused' } });
    expect(daemon.orders).toEqual([]);
  });

  it.each([
    ['wrong-password', 'wrong-password', 'the password itself'],
    ['account-locked', 'account-unusable', 'one of several ways of not being let in'],
    ['unreachable', 'server-unreachable', 'nobody there'],
    ['refused', 'server-unreachable', 'a living host without a server; not our refusal'],
    ['timeout', 'server-unreachable', 'connected, then silent'],
    ['smb1-only', 'smb1-only', ''],
    ['too-weak', 'too-weak', ''],
    ['guest-only', 'guest-only', ''],
    ['access-denied', 'access-denied', ''],
    ['settings-invalid', 'bad-settings', ''],
    ['too-large', 'failed', 'a file of ours that is too large is not a request that is too large'],
    ['enospc', 'failed', 'a code that the contract does not know'],
  ])('a Failure %s of the daemon is answered as %s', async (code, expected) => {
    daemon.answerWith(
      new Failure({ code, doing: 'log on to', subject: 'files01', what: 'it says no', hint: 'ask it' }),
    );
    expect(await calls.shares()).toEqual({
      ok: false,
      error: { code: expected, what: 'log on to files01: it says no', hint: 'ask it' },
    });
  });

  it('tells nothing of its inside when the program itself is at fault', async () => {
    daemon.answerWith(new TypeError('secret is not a function'));
    const answer = await calls.shares();
    expect(answer).toMatchObject({ ok: false, error: { code: 'unexpected' } });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });
});
