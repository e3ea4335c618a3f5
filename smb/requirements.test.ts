/** What is required of a server and what is offered to it: real servers, and what is said of those that are too weak. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { failureOf } from './hostile.fake.ts';
import { connect } from './index.ts';
import { dialectName } from './requirements.ts';
import { LODGER, type Lodge, startLodge } from './scripted/lodge.ts';
import { ACCOUNT, SHARE, type Stand, startStand } from './scripted/stand.ts';
import { startTamperer, type Tamperer } from './scripted/tamperer.ts';
import type { Connection, ConnectOptions, Dialect, Offer, Requirements, ServerInfo } from './types.ts';
import { COMMAND } from './wire/header.ts';

let stand: Stand | undefined;
let lodge: Lodge | undefined;
let between: Tamperer | undefined;
const open: Connection[] = [];
afterEach(async () => {
  for (const connection of open.splice(0)) connection.close();
  between?.close();
  lodge?.close();
  await stand?.stop();
  stand = lodge = between = undefined;
});

async function connectTo(port: number, options: Partial<ConnectOptions>): Promise<Connection> {
  const connection = await connect({
    host: '127.0.0.1',
    port,
    connectTimeoutMs: 5_000,
    requestTimeoutMs: 10_000,
    ...options,
  });
  open.push(connection);
  return connection;
}

const DIALECTS: readonly Dialect[] = [0x0210, 0x0300, 0x0302, 0x0311];

describe('a least dialect', () => {
  const pairs = DIALECTS.flatMap((least) => DIALECTS.map((dialect): [Dialect, Dialect] => [least, dialect]));
  it.each(pairs)('0x%s of a server that speaks 0x%s', async (least, dialect) => {
    lodge = await startLodge({ dialect });
    const connecting = connectTo(lodge.port, { require: { dialect: least } });
    if (dialect >= least) {
      expect((await connecting).server.dialect).toBe(dialect);
      return;
    }
    const failure = await failureOf(connecting);
    expect(failure).toMatchObject({ code: 'too-weak', retry: false });
    expect(failure.what).toBe(
      `${dialectName(least)} or later is required, and the server offers ${dialectName(dialect)}`,
    );
    expect(failure.hint).toMatch(/./);
  });

  it('of a real server of its time', async () => {
    stand = await startStand({ global: ['server max protocol = SMB2_10'] });
    expect(await failureOf(connectTo(stand.port, { require: { dialect: 0x0300 } }))).toMatchObject({
      code: 'too-weak',
    });
    expect((await connectTo(stand.port, {})).server.dialect).toBe(0x0210);
  });
});

describe('a real server that speaks SMB 1 too', () => {
  it.each([
    [
      'up to 3.0.2, and is offered 3.1.1 alone',
      ['server min protocol = NT1', 'server max protocol = SMB3_02'],
      'not-supported',
    ],
    ['and nothing else', ['server min protocol = NT1', 'server max protocol = NT1'], 'smb1-only'],
  ])('%s', async (_name, global, code) => {
    stand = await startStand({ global });
    const failure = await failureOf(connectTo(stand.port, { offer: { dialects: [0x0311] } }));
    expect(failure.code).toBe(code);
  });
});

describe('encryption that is required', () => {
  it.each([
    ['2.1', ['server max protocol = SMB2_10'], 'the server offers SMB 2.1'],
    ['3.0.2 and no encryption', ['server max protocol = SMB3_02', 'server smb encrypt = off'], 'SMB 3.0.2 without'],
    ['3.1.1 and no encryption', ['server smb encrypt = off'], 'SMB 3.1.1 without'],
  ])('refuses a server of %s', async (_name, global, what) => {
    stand = await startStand({ global });
    const failure = await failureOf(connectTo(stand.port, { require: { encryption: true } }));
    expect(failure.code).toBe('too-weak');
    expect(failure.what).toContain(what);
    await connectTo(stand.port, { require: { encryption: false } });
  });

  it.each([
    ['3.0', ['server max protocol = SMB3_00']],
    ['3.1.1', []],
  ])('leaves nothing of the session in the clear, though the server does not ask for it: %s', async (_name, global) => {
    stand = await startStand({ global });
    fs.writeFileSync(path.join(stand.folder, 'a'), 'content');
    const inClear: number[] = [];
    between = await startTamperer(stand.port, ({ message }) => {
      if (message.readUInt8(0) !== 0xfd) inClear.push(message.readUInt16LE(12));
      return [message];
    });
    const connection = await connectTo(between.port, { require: { encryption: true } });
    const session = await connection.logon(ACCOUNT);
    await session.shares();
    const tree = await session.tree(SHARE);
    const watch = await tree.watch('', { recursive: true });
    const got: Buffer[] = [];
    await tree.fetch('a', 7, { data: (chunk) => void got.push(chunk) });
    expect(Buffer.concat(got).toString()).toBe('content');
    watch.close();
    await session.renew();
    await tree.disconnect();
    await session.logoff();
    expect(new Set(inClear)).toEqual(new Set([COMMAND.negotiate, COMMAND.sessionSetup]));
    expect(inClear.filter((command) => command === COMMAND.sessionSetup)).toHaveLength(2 + 2);
  });
});

describe('an offer', () => {
  const rows: [string, Offer, Partial<ServerInfo>][] = [
    ['2.1 alone', { dialects: [0x0210] }, { dialect: 0x0210, signing: 'hmac-sha256', cipher: undefined }],
    ['up to 3.0', { dialects: [0x0210, 0x0300] }, { dialect: 0x0300, signing: 'aes-cmac', cipher: 'aes-128-ccm' }],
    ['3.0.2 without CCM', { dialects: [0x0302], ciphers: ['aes-256-gcm'] }, { dialect: 0x0302, cipher: undefined }],
    ['3.1.1 without a cipher', { dialects: [0x0311], ciphers: [] }, { dialect: 0x0311, cipher: undefined }],
    ['no signing algorithm', { signings: [] }, { signing: 'aes-cmac' }],
    ...(['aes-gmac', 'aes-cmac', 'hmac-sha256'] as const).map((signing): [string, Offer, Partial<ServerInfo>] => [
      signing,
      { signings: [signing] },
      { dialect: 0x0311, signing },
    ]),
    ...(['aes-128-gcm', 'aes-128-ccm', 'aes-256-gcm', 'aes-256-ccm'] as const).map(
      (cipher): [string, Offer, Partial<ServerInfo>] => [cipher, { ciphers: [cipher] }, { dialect: 0x0311, cipher }],
    ),
  ];
  it.each(rows)('of %s is what a real server takes, and works', async (_name, offer, expected) => {
    stand = await startStand();
    fs.writeFileSync(path.join(stand.folder, 'a'), 'content');
    const require: Requirements = { encryption: expected.cipher !== undefined };
    const connection = await connectTo(stand.port, { offer, require });
    expect(connection.server).toMatchObject(expected);
    const tree = await (await connection.logon(ACCOUNT)).tree(SHARE);
    expect((await tree.stat('a')).size).toBe(7);
  });

  it('that has nothing for the server says what was offered', async () => {
    stand = await startStand({ global: ['server min protocol = SMB3_11'] });
    const failure = await failureOf(connectTo(stand.port, { offer: { dialects: [0x0300, 0x0302] } }));
    expect(failure.code).toBe('not-supported');
    expect(failure.what).toBe('the server refuses every dialect that it was offered: SMB 3.0, SMB 3.0.2');
  });
});

describe('somebody who changes the answer to NEGOTIATE', () => {
  /** Offsets in the answer, header included (MS-SMB2 2.2.4), and what is written there. */
  const changes: [string, (answer: Buffer) => void][] = [
    ['the capabilities', (answer) => void answer.writeUInt32LE(answer.readUInt32LE(88) & ~0x42, 88)],
    ['the identity of the server', (answer) => void answer.writeUInt8(1, 72)],
    ['what it demands of signing', (answer) => void answer.writeUInt16LE(1, 66)],
  ];
  const lesser: [string, (answer: Buffer) => void] = [
    'the dialect',
    (answer) => {
      const at = DIALECTS.map(Number).indexOf(answer.readUInt16LE(68));
      answer.writeUInt16LE(DIALECTS[at - 1] ?? 0, 68);
    },
  ];
  const rows = DIALECTS.flatMap((dialect) =>
    [...changes, ...(dialect === 0x0210 ? [] : [lesser])].map(
      ([name, change]) => [dialectName(dialect), name, dialect, change] as const,
    ),
  );
  it.each(rows)('is found out in %s: %s', async (_dialect, _name, dialect, change) => {
    lodge = await startLodge({
      dialect,
      forge: (answer) => {
        change(answer);
        return answer;
      },
    });
    const connection = await connectTo(lodge.port, {});
    const entering = connection.logon(LODGER).then((session) => session.tree(SHARE));
    expect((await failureOf(entering)).code).toBe('bad-signature');
    expect(await connection.closed).toMatchObject({ code: 'bad-signature' });
  });

  it.each(DIALECTS)('and nobody else is taken for one: 0x%s', async (dialect) => {
    lodge = await startLodge({ dialect });
    const connection = await connectTo(lodge.port, {});
    const tree = await (await connection.logon(LODGER)).tree(SHARE);
    expect((await tree.stat('a')).size).toBe(3);
    // In 3.1.1 a server ends the connection over this question.
    expect(lodge.asked.includes(COMMAND.ioctl)).toBe(dialect !== 0x0311);
  });

  it.each([
    ['does not know the question', 0xc000_0010, 'no failure'],
    ['has closed the file', 0xc000_0128, 'no failure'],
    ['denies it', 0xc000_0022, 'access-denied'],
    ['has no memory for it', 0xc000_009a, 'nt-status'],
  ])('a server of 2.1 that %s', async (_name, validateStatus, code) => {
    lodge = await startLodge({ dialect: 0x0210, validateStatus });
    const connection = await connectTo(lodge.port, {});
    const session = await connection.logon(LODGER);
    const found = await session.tree(SHARE).then(
      () => 'no failure',
      (error: unknown) => (error instanceof Failure ? error.code : String(error)),
    );
    expect(found).toBe(code);
    // A share that nobody is given is not kept.
    expect(lodge.asked.includes(COMMAND.treeDisconnect)).toBe(code !== 'no failure');
  });

  it('a server of 3.0 that does not know the question is not believed', async () => {
    lodge = await startLodge({ dialect: 0x0300, validateStatus: 0xc000_0010 });
    const connection = await connectTo(lodge.port, {});
    const session = await connection.logon(LODGER);
    await failureOf(session.tree(SHARE));
    await failureOf(session.tree(SHARE));
    expect(lodge.asked.filter((command) => command === COMMAND.treeDisconnect)).toHaveLength(2);
  });

  it('a share that demands encryption of a server that has none is left again', async () => {
    lodge = await startLodge({ dialect: 0x0210, shareFlags: 0x8000 });
    const connection = await connectTo(lodge.port, {});
    const session = await connection.logon(LODGER);
    expect(await failureOf(session.tree(SHARE))).toMatchObject({ code: 'not-supported', doing: 'encrypt' });
    expect(lodge.asked).toEqual([COMMAND.treeConnect, COMMAND.treeDisconnect]);
  });
});
