/** Sessions that expire: a played server that lets them (no Samba does without Kerberos), and the same logon again on a real one. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { mustRun } from '../../base/command.ts';
import { Failure } from '../../base/failure.ts';
import { failureOf } from '../hostile.fake.ts';
import { connect } from '../index.ts';
import { Exchange } from '../link/exchange.ts';
import { LODGER, type Lodge, type LodgeOptions, startLodge } from '../scripted/lodge.ts';
import { answerHeader } from '../scripted/server.ts';
import { ACCOUNT, SHARE, type Stand, startStand } from '../scripted/stand.ts';
import { STATUS } from '../status/status.ts';
import type { Connection, LogonTurn, Session, Tree } from '../types.ts';
import { COMMAND, readHeader } from '../wire/header.ts';

let lodge: Lodge | undefined;
let stand: Stand | undefined;
let connection: Connection | undefined;
afterEach(async () => {
  connection?.close();
  lodge?.close();
  await stand?.stop();
  lodge = stand = connection = undefined;
});

async function enter(
  options: Partial<LodgeOptions> = {},
  turn?: LogonTurn,
): Promise<{ lodge: Lodge; session: Session; tree: Tree; closed: Promise<Error> }> {
  lodge = await startLodge({ dialect: 0x0311, ...options });
  connection = await connect({
    host: '127.0.0.1',
    port: lodge.port,
    connectTimeoutMs: 2_000,
    requestTimeoutMs: 2_000,
  });
  const session = await connection.logon(LODGER, turn);
  const tree = await session.tree('docs');
  lodge.asked.length = 0;
  return { lodge, session, tree, closed: connection.closed };
}

async function read(tree: Tree): Promise<string> {
  const chunks: Buffer[] = [];
  await tree.fetch('a', 3, { data: (chunk) => void chunks.push(chunk) });
  return Buffer.concat(chunks).toString();
}

const CHAIN = [COMMAND.create, COMMAND.read, COMMAND.close];
const LOGON = [COMMAND.sessionSetup, COMMAND.sessionSetup];

describe('a session that has expired', () => {
  const kinds: [string, LodgeOptions][] = [
    ['2.1', { dialect: 0x0210 }],
    ['3.0', { dialect: 0x0300 }],
    ['3.0.2, encrypted', { dialect: 0x0302, encrypt: true }],
    ['3.1.1', { dialect: 0x0311 }],
    ['3.1.1, encrypted', { dialect: 0x0311, encrypt: true }],
  ];
  it.each(kinds)('is renewed, and what was refused is asked again: %s', async (_name, options) => {
    const { lodge, tree } = await enter(options);
    lodge.expire();
    expect(await read(tree)).toBe('abc');
    expect(lodge.asked).toEqual([...CHAIN, ...LOGON, ...CHAIN]);
    expect(await read(tree)).toBe('abc');
    expect(lodge.logons).toBe(2);
  });

  it('is renewed once for all who were refused', async () => {
    const { lodge, tree } = await enter();
    for (let round = 0; round < 3; round += 1) {
      lodge.expire();
      const texts = await Promise.all(Array.from({ length: 100 }, () => read(tree)));
      expect(new Set(texts)).toEqual(new Set(['abc']));
    }
    expect(lodge.logons).toBe(4);
  });

  it('keeps its watches: what waits goes on, and what is armed anew is armed after the renewal', async () => {
    const { lodge, tree } = await enter();
    const watch = await tree.watch('', { recursive: true });
    const batches = watch.batches[Symbol.asyncIterator]();
    const armed = (times: number): Promise<void> =>
      expect.poll(() => lodge.asked.filter((each) => each === COMMAND.changeNotify).length).toBe(times);
    await armed(1);
    lodge.expire();
    lodge.notify('first');
    expect(await batches.next()).toMatchObject({ value: { changes: [{ path: 'first' }] } });
    // Refused once, and armed again when the session is good.
    await armed(3);
    lodge.notify('second');
    expect(await batches.next()).toMatchObject({ value: { changes: [{ path: 'second' }] } });
    expect(lodge.logons).toBe(2);
    watch.close();
  });

  it('holds back what is asked meanwhile, which the server might refuse', async () => {
    const { lodge, session, tree } = await enter();
    const renewing = session.renew();
    expect(await Promise.all([read(tree), session.renew(), renewing])).toMatchObject(['abc', undefined, undefined]);
    expect(lodge.asked).toEqual([...LOGON, ...CHAIN]);
  });

  it('that cannot be renewed ends the connection with what the server said, for everybody', async () => {
    const { lodge, session, tree, closed } = await enter();
    lodge.refuse = ({ command }) => (command === COMMAND.sessionSetup ? STATUS.LOGON_FAILURE : undefined);
    lodge.expire();
    const failures = await Promise.all([read(tree), read(tree), tree.stat('b')].map(failureOf));
    for (const failure of [...failures, await closed, await failureOf(session.renew()), await failureOf(read(tree))])
      expect(failure).toMatchObject({ code: 'session-expired', retry: false, cause: { code: 'wrong-password' } });
    expect(lodge.asked.filter((each) => each === COMMAND.sessionSetup)).toHaveLength(1);
  });

  it('that expires again right after it was renewed is given up instead of renewed for ever', async () => {
    const { lodge, tree, closed } = await enter();
    lodge.refuse = ({ command }) => (command === COMMAND.sessionSetup ? undefined : STATUS.NETWORK_SESSION_EXPIRED);
    expect((await failureOf(read(tree))).code).toBe('session-expired');
    expect(await closed).toMatchObject({ code: 'session-expired' });
    expect(lodge.logons).toBe(2);
  });

  it('is given up when the log-on that would renew it is refused as expired, instead of waiting for itself', async () => {
    const { lodge, session, tree, closed } = await enter();
    lodge.refuse = () => STATUS.NETWORK_SESSION_EXPIRED;
    const failures = await Promise.all([session.renew(), read(tree)].map(failureOf));
    for (const failure of [...failures, await closed]) expect(failure).toMatchObject({ code: 'session-expired' });
    expect(lodge.asked).toEqual([COMMAND.sessionSetup]);
  });

  it('is renewed in its turn, or not at all', async () => {
    const { promise: turn, resolve: goOn } = Promise.withResolvers<void>();
    const asked: string[] = [];
    const { lodge, tree } = await enter({}, async (logOn) => {
      asked.push('turn');
      if (asked.length === 2) await turn;
      if (asked.length === 3) throw new Failure({ code: 'wrong-password', doing: 'log on as', what: 'it rests' });
      return logOn(() => {});
    });
    lodge.expire();
    const reading = read(tree);
    await expect.poll(() => asked.length).toBe(2);
    expect(lodge.asked).toEqual(CHAIN);
    goOn();
    expect(await reading).toBe('abc');
    lodge.expire();
    expect(await failureOf(read(tree))).toMatchObject({ code: 'session-expired', cause: { code: 'wrong-password' } });
    expect([asked.length, lodge.tried]).toEqual([3, 2]);
  });

  it('in the middle of a chain fails that one chain, since a part of it was done', async () => {
    const { lodge, tree } = await enter();
    lodge.refuse = ({ command }) => (command === COMMAND.read ? STATUS.NETWORK_SESSION_EXPIRED : undefined);
    expect(await failureOf(read(tree))).toMatchObject({ code: 'session-expired', retry: true });
    expect(lodge.asked.filter((each) => each === COMMAND.create)).toHaveLength(1);
    lodge.refuse = () => undefined;
    expect(await read(tree)).toBe('abc');
  });

  it('is over when it was logged off: no password is tried for it', async () => {
    const { lodge, session } = await enter();
    await session.logoff();
    expect(await failureOf(session.renew())).toMatchObject({ code: 'session-expired', what: 'it was logged off' });
    expect(lodge.tried).toBe(1);
    // Other sessions of the connection go on.
    expect(lodge.asked).toEqual([COMMAND.logoff]);
    expect(await connection?.echo(2_000)).toBeGreaterThan(0);
  });

  it('and is not answered any more is a timeout, for whoever waits for the renewal too', async () => {
    const { lodge, session, tree } = await enter();
    lodge.hang = ({ command }) => command === COMMAND.sessionSetup;
    const failures = await Promise.all([session.renew(), read(tree)].map(failureOf));
    expect(failures.map(({ code }) => code)).toEqual(['timeout', 'timeout']);
  });
});

describe('a chain of which only the first part was refused as expired', () => {
  it('is not asked again: something of it was done', async () => {
    const refused = vi.fn();
    const part = { command: COMMAND.setInfo, body: Buffer.alloc(0), charge: 1 };
    const exchange = new Exchange(
      {
        parts: [part, part],
        treeId: 0,
        protection: undefined,
        encrypt: false,
        lane: 'bulk',
        timeoutMs: 1_000,
        doing: 'test',
        subject: 'it',
      },
      { holds: () => false, refused },
    );
    const header = readHeader(answerHeader({ command: COMMAND.setInfo }));
    const statuses = [STATUS.NETWORK_SESSION_EXPIRED, STATUS.SUCCESS];
    statuses.forEach((status, index) => {
      exchange.answer(index, { status, header, part: Buffer.alloc(64) });
    });
    expect((await exchange.done).map(({ status }) => status)).toEqual(statuses);
    expect(refused).not.toHaveBeenCalled();
  });
});

describe('a session that the server has forgotten', () => {
  it.each([false, true])('ends the connection (encrypted: %s)', async (encrypt) => {
    const { lodge, session, closed } = await enter({ encrypt });
    lodge.refuse = () => STATUS.USER_SESSION_DELETED;
    expect((await failureOf(session.tree('other'))).code).toBe('session-expired');
    expect(await closed).toMatchObject({ code: 'session-expired' });
    expect(lodge.logons).toBe(1);
  });
});

describe('logging on again in a live session of a real server', () => {
  it.each([
    ['2.1', ['server max protocol = SMB2_10']],
    ['3.0', ['server max protocol = SMB3_00']],
    ['3.1.1', []],
    ['3.1.1, encrypted', ['smb encrypt = required']],
    ['3.0.2, encrypted', ['smb encrypt = required', 'server max protocol = SMB3_02']],
  ])('changes nothing for what is open and under way: %s', async (_name, global) => {
    stand = await startStand({ global });
    const content = Buffer.alloc(2_000_000, 'what is in it ');
    fs.writeFileSync(path.join(stand.folder, 'big'), content);
    const connection = await stand.connect();
    const session = await connection.logon(ACCOUNT);
    const tree = await session.tree(SHARE);
    const watch = await tree.watch('', { recursive: true });
    const batches = watch.batches[Symbol.asyncIterator]();
    for (let round = 0; round < 3; round += 1) {
      const fetches = Array.from({ length: 4 }, async () => {
        const got = Buffer.alloc(content.length);
        await tree.fetch('big', content.length, { data: (chunk, offset) => void chunk.copy(got, offset) });
        return got.equals(content);
      });
      await session.renew();
      expect(await Promise.all(fetches)).toEqual([true, true, true, true]);
    }
    await tree.makeDirectory('new');
    expect(await batches.next()).toMatchObject({ value: { changes: [{ action: 'added', path: 'new' }] } });
    watch.close();
    await session.logoff();
  });

  it('with a password that was changed meanwhile ends the session', async () => {
    stand = await startStand();
    const connection = await stand.connect();
    const session = await connection.logon(ACCOUNT);
    await mustRun('smbpasswd', ['-c', stand.samba.configFile, '-s', ACCOUNT.user], {
      timeLimitMs: 10_000,
      input: 'another one\nanother one\n',
    });
    const failure = await failureOf(session.renew());
    expect(failure).toMatchObject({ code: 'session-expired', retry: false, cause: { code: 'wrong-password' } });
    expect(await connection.closed).toBe(failure);
  });
});
