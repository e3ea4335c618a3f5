/** Nothing that is thrown, logged or looked at holds the password or a key, and what can be wiped is wiped when a session ends. */
import buffer from 'node:buffer';
import { inspect } from 'node:util';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { md4 } from '../crypto/md4.ts';
import { failureOf } from '../hostile.fake.ts';
import { connect } from '../index.ts';
import { LODGER, type Lodge, type LodgeOptions, startLodge } from '../scripted/lodge.ts';
import { STATUS } from '../status/status.ts';
import type { Connection, Credentials } from '../types.ts';
import { COMMAND } from '../wire/header.ts';
import { Identity } from './identity.ts';
import { responseKey } from './ntlm-keys.ts';

let lodge: Lodge;
const open: Connection[] = [];
afterEach(() => {
  for (const connection of open.splice(0)) connection.close();
  lodge.close();
  vi.restoreAllMocks();
});
beforeAll(() => {
  // Otherwise a key behind the fiftieth byte would not show.
  buffer.INSPECT_MAX_BYTES = 1_000_000;
});

async function enter(options: Partial<LodgeOptions> = {}): Promise<Connection> {
  lodge = await startLodge({ dialect: 0x0311, ...options });
  const connection = await connect({
    host: '127.0.0.1',
    port: lodge.port,
    connectTimeoutMs: 2_000,
    requestTimeoutMs: 1_000,
  });
  open.push(connection);
  return connection;
}

const WRONG: Credentials = { ...LODGER, password: 'a wrong one, and secret all the same' };

/** Every form in which a secret of these could show. */
function secretsOf(credentials: Credentials): string[] {
  const plain = Buffer.from(credentials.password, 'utf16le');
  const keys = [plain, Buffer.from(credentials.password), md4(plain), responseKey(credentials), ...lodge.keys];
  const shown = keys.flatMap((key) => [
    key.toString('hex'),
    (key.toString('hex').match(/../g) ?? []).join(' '),
    key.toString('base64'),
    [...key].join(','),
    [...key].join(', '),
  ]);
  return [credentials.password, ...shown];
}

/** All that a log, a debugger or a crash report would make of it. */
function allOf(thing: unknown): string {
  const views = [
    inspect(thing, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxArrayLength: null, maxStringLength: null }),
  ];
  const bigints = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
  try {
    views.push(JSON.stringify(thing, bigints) ?? '');
  } catch {
    // What goes round in a circle no log writes as JSON.
  }
  for (let error = thing; error instanceof Error; error = error.cause)
    views.push(error.message, error.stack ?? '', String(error));
  return views.join('\n');
}

function expectNoSecret(thing: unknown, credentials: Credentials): void {
  const text = allOf(thing);
  for (const secret of secretsOf(credentials)) expect(text.includes(secret), text.slice(0, 2_000)).toBe(false);
}

it('what looks for secrets finds them', async () => {
  await (await enter()).logon(LODGER);
  const key = responseKey(LODGER);
  for (const thing of [
    LODGER,
    { key },
    new Error('x', { cause: { key } }),
    { [Symbol('a')]: [new Map([[1, key]])] },
    lodge.keys[1],
  ])
    expect(() => expectNoSecret(thing, LODGER)).toThrow();
});

describe('a logon that fails throws nothing secret:', () => {
  const onSetup = (status: number): Partial<Lodge> => ({
    refuse: ({ command }) => (command === COMMAND.sessionSetup ? status : undefined),
  });
  it('a wrong password', async () => {
    expectNoSecret(await failureOf((await enter()).logon(WRONG)), WRONG);
  });

  it('an account that is too long', async () => {
    const long = { ...LODGER, user: 'x'.repeat(300) };
    expectNoSecret(await failureOf((await enter()).logon(long)), long);
  });

  it('an answer that somebody has changed', async () => {
    const connection = await enter({
      forge: (answer) => {
        answer.writeUInt8(9, 72);
        return answer;
      },
    });
    const failure = await failureOf(connection.logon(LODGER));
    expect(failure.code).toBe('bad-signature');
    for (const thing of [failure, connection, await connection.closed]) expectNoSecret(thing, LODGER);
  });

  it.each([
    ['refused', 'wrong-password', STATUS.LOGON_FAILURE],
    ['locked', 'account-locked', STATUS.ACCOUNT_LOCKED_OUT],
    ['expired', 'password-expired', STATUS.PASSWORD_EXPIRED],
    ['strange', 'nt-status', 0xc000_0bad],
  ])('a renewal that is %s', async (_name, code, status) => {
    const connection = await enter();
    const session = await connection.logon(LODGER);
    const tree = await session.tree('docs');
    Object.assign(lodge, onSetup(status));
    lodge.expire();
    const failure = await failureOf(tree.stat('a'));
    expect(failure).toMatchObject({ code: 'session-expired', cause: { code } });
    for (const thing of [failure, connection, session, tree]) expectNoSecret(thing, LODGER);
  });

  it('a server that falls silent in the middle of it', async () => {
    const connection = await enter();
    const session = await connection.logon(LODGER);
    lodge.hang = () => true;
    const failures = await Promise.all([failureOf(session.renew()), failureOf(session.tree('docs'))]);
    for (const thing of [...failures, connection, session]) expectNoSecret(thing, LODGER);
  });
});

describe('what lives shows nothing secret:', () => {
  it.each<[string, LodgeOptions]>([
    ['2.1', { dialect: 0x0210 }],
    ['3.0.2, encrypted', { dialect: 0x0302, encrypt: true }],
    ['3.1.1', { dialect: 0x0311 }],
    ['3.1.1, encrypted', { dialect: 0x0311, encrypt: true }],
  ])('connection, session, share and watch of %s', async (_name, options) => {
    const connection = await enter(options);
    const session = await connection.logon(LODGER);
    const tree = await session.tree('docs');
    const watch = await tree.watch('', { recursive: true });
    await session.renew();
    expect(lodge.keys.length).toBeGreaterThanOrEqual(3);
    for (const thing of [connection, session, tree, watch, new Identity(LODGER)]) expectNoSecret(thing, LODGER);
  });
});

describe('the key to log on again', () => {
  const ends: [string, (connection: Connection) => Promise<void>, Credentials][] = [
    ['the session is logged off', async (connection) => (await connection.logon(LODGER)).logoff(), LODGER],
    ['the connection ends', (connection) => connection.logon(LODGER).then(() => connection.close()), LODGER],
    ['the logon fails', async (connection) => void (await failureOf(connection.logon(WRONG))), WRONG],
  ];
  it.each(ends)('is wiped when %s', async (_name, end, credentials) => {
    const keys: Buffer[] = [];
    const wipe = vi.spyOn(Identity.prototype, 'wipe').mockImplementation(function (this: Identity) {
      keys.push(this.key);
      expect(this.key.equals(responseKey(credentials))).toBe(true);
      wipe.mockRestore();
      this.wipe();
    });
    await end(await enter());
    await expect.poll(() => keys.length).toBe(1);
    expect(keys[0]?.equals(Buffer.alloc(16))).toBe(true);
  });
});
