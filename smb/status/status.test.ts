/** What NT statuses become for people and for callers; and docs/nt-status.md, which shows the same to people. */
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure, isFailure } from '../../base/failure.ts';
import { chain, startLine } from '../scripted/signing.ts';
import { ACCESS, DISPOSITION } from '../wire/create.ts';
import { actionOf, STATUS, statusFailure, statusName } from './status.ts';
import { MEANT } from './status-actions-sample.ts';
import { statusPage } from './status-page.ts';
import { TABLE } from './status-table.ts';

/** The codes of types.ts that an answer can lead to. */
const CODES = [
  'wrong-password',
  'account-locked',
  'account-disabled',
  'password-expired',
  'logon-denied',
  'bad-share',
  'access-denied',
  'not-found',
  'exists',
  'not-a-directory',
  'is-a-directory',
  'not-empty',
  'sharing-violation',
  'locked',
  'delete-pending',
  'no-space',
  'bad-name',
  'disconnected',
  'session-expired',
  'bad-signature',
  'not-supported',
  'nt-status',
];

describe('statusName', () => {
  it.each([
    [0, 'STATUS_SUCCESS'],
    [0xc0000022, 'STATUS_ACCESS_DENIED'],
    [0xc00000cc, 'STATUS_BAD_NETWORK_NAME'],
    [0xc0abcdef, '0xC0ABCDEF'],
    [0x17, '0x00000017'],
    [-1, '0xFFFFFFFF'],
  ])('of %d is %s', (status, name) => {
    expect(statusName(status)).toBe(name);
  });
});

describe('statusFailure', () => {
  it.each([
    ['LOGON_FAILURE', 'wrong-password', false],
    ['ACCOUNT_LOCKED_OUT', 'account-locked', false],
    ['ACCOUNT_DISABLED', 'account-disabled', false],
    ['PASSWORD_EXPIRED', 'password-expired', false],
    ['PASSWORD_MUST_CHANGE', 'password-expired', false],
    ['ACCOUNT_RESTRICTION', 'logon-denied', false],
    ['NTLM_BLOCKED', 'logon-denied', false],
    ['NO_LOGON_SERVERS', 'logon-denied', true],
    ['BAD_NETWORK_NAME', 'bad-share', false],
    ['ACCESS_DENIED', 'access-denied', false],
    ['OBJECT_NAME_NOT_FOUND', 'not-found', false],
    ['OBJECT_PATH_NOT_FOUND', 'not-found', false],
    ['OBJECT_NAME_COLLISION', 'exists', false],
    ['NOT_A_DIRECTORY', 'not-a-directory', false],
    ['FILE_IS_A_DIRECTORY', 'is-a-directory', false],
    ['DIRECTORY_NOT_EMPTY', 'not-empty', false],
    ['SHARING_VIOLATION', 'sharing-violation', true],
    ['FILE_LOCK_CONFLICT', 'locked', true],
    ['DELETE_PENDING', 'delete-pending', true],
    ['DISK_FULL', 'no-space', false],
    ['OBJECT_NAME_INVALID', 'bad-name', false],
    ['NETWORK_NAME_DELETED', 'disconnected', true],
    ['NETWORK_SESSION_EXPIRED', 'session-expired', true],
    ['USER_SESSION_DELETED', 'session-expired', true],
    ['NOT_SUPPORTED', 'not-supported', false],
    ['STOPPED_ON_SYMLINK', 'not-supported', false],
    ['INSUFFICIENT_RESOURCES', 'nt-status', true],
    ['INVALID_PARAMETER', 'nt-status', false],
  ] as const)('of %s has the code %s; worth a retry: %s', (name, code, retry) => {
    expect(statusFailure(STATUS[name], 'open', 'x')).toMatchObject({ code, retry });
  });

  it('says what was done to what, what happened, and the status by name', () => {
    const failure = statusFailure(STATUS.SHARING_VIOLATION, 'open file', 'books/july.xlsx');
    expect(failure.message).toBe(
      'open file books/july.xlsx: another program has it open and lets nobody else in (STATUS_SHARING_VIOLATION)',
    );
    expect(failure.hint).toContain('tried again later');
  });

  it('shows a status without a name as a number', () => {
    expect(statusFailure(0xc0abcdef, 'read', 'x')).toMatchObject({
      code: 'nt-status',
      retry: false,
      what: 'the server refused (0xC0ABCDEF)',
    });
  });

  it('has for every status a documented code, words and a hint', () => {
    for (const status of Object.values(STATUS)) {
      const { code, what, hint } = statusFailure(status, 'open', 'x');
      expect(CODES, statusName(status)).toContain(code);
      expect(what).not.toBe('');
      expect(hint).toMatch(/./);
    }
  });

  it('has no value twice', () => {
    expect(new Set(Object.values(STATUS)).size).toBe(Object.keys(STATUS).length);
  });
});

describe('each row of the table', () => {
  /** What an opening ends with when the server answers so. */
  async function refusedWith(value: number): Promise<Failure> {
    // A line of its own for each: some of them end it.
    const server = await startLine(512, (parts) => [chain(parts.map((to) => ({ to, status: value })))]);
    const name = Buffer.from('x', 'utf16le');
    const create = { name, access: ACCESS.readData, disposition: DISPOSITION.open, options: 0 };
    try {
      await server.line.onFile(create, [], { doing: 'open', subject: 'x', lane: 'urgent' });
    } catch (error) {
      if (isFailure(error)) return error;
      throw error;
    } finally {
      server.close();
    }
    throw new Error('it was not refused');
  }

  // The success itself refuses nothing, and PENDING is no answer: those two end no request.
  const rows = Object.entries(TABLE).filter(([name]) => !['SUCCESS', 'PENDING'].includes(name));

  it.each(rows)('%s comes through the wire with its action', async (name, [value]) => {
    const failure = await refusedWith(value);
    const action = actionOf(failure);
    expect(action).toEqual(MEANT.get(name));
    expect(failure.what).toContain(`(STATUS_${name})`);
    expect(failure.retry).toBe(action?.do === 'retry' || action?.do === 'reconnect');
  });

  it('is meant to be there, and none lacks', () => {
    expect([...MEANT.keys()].sort()).toEqual(Object.keys(TABLE).sort());
  });

  it('proves an absence for these four only: on it the mirror removes its copy', () => {
    const gone = Object.entries(TABLE).filter(([, [value]]) => statusFailure(value, 'x', 'y').code === 'not-found');
    expect(gone.map(([name]) => name).sort()).toEqual([
      'FILE_DELETED',
      'NO_SUCH_FILE',
      'OBJECT_NAME_NOT_FOUND',
      'OBJECT_PATH_NOT_FOUND',
    ]);
  });
});

describe('a status without a row', () => {
  it.each([
    [0x00000042, { do: 'skip' }, 'means nothing here'],
    [0x40000042, { do: 'skip' }, 'means nothing here'],
    [0x80000042, { do: 'skip' }, 'the server refused'],
    [0xc0004242, { do: 'skip' }, 'the server refused'],
    [0xe0040001, { do: 'skip' }, 'in front of the file system'],
    [0xc01c0099, { do: 'skip' }, 'in front of the file system'],
    [0xc000cf77, { do: 'skip' }, 'kept elsewhere'],
    [0xc0040001, { do: 'skip' }, 'its disk'],
    [0xc0380001, { do: 'skip' }, 'its disk'],
    [0xc0e70001, { do: 'skip' }, 'its disk'],
    [0xc0210000, { do: 'retry', pause: 'seldom' }, 'locked by its encryption'],
    [0xc0130001, { do: 'retry', pause: 'later' }, 'not available at the moment'],
    [0xc05d0077, { do: 'stop', at: 'server' }, 'the way we speak SMB'],
    [0xc0090001, { do: 'stop', at: 'account' }, 'forbids the logon'],
    [0xc0020001, { do: 'skip' }, 'failed by itself'],
  ])('0x%x', (status, action, what) => {
    const failure = statusFailure(status, 'open', 'x');
    expect(actionOf(failure)).toEqual(action);
    expect(failure.what).toContain(what);
  });

  it('never proves that something is gone, whatever its value', () => {
    const known = new Set<number>(Object.values(TABLE).map(([value]) => value));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (status) => {
        const failure = statusFailure(status, 'open', 'x');
        if (!known.has(status)) expect(['nt-status', 'logon-denied', 'not-supported']).toContain(failure.code);
        expect(actionOf(failure)).toBeDefined();
      }),
      { seed: 20_240_701, numRuns: 2_000 },
    );
  });
});

describe('actionOf a Failure without a status', () => {
  const of = (code: string, retry = false): unknown => actionOf(new Failure({ code, doing: 'x', what: 'y', retry }));

  it.each([
    ['timeout', { do: 'reconnect' }],
    ['unreachable', { do: 'reconnect' }],
    ['refused', { do: 'reconnect' }],
    ['malformed', { do: 'reconnect' }],
    ['bad-signature', { do: 'reconnect' }],
    ['guest-only', { do: 'stop', at: 'server' }],
    ['smb1-only', { do: 'stop', at: 'server' }],
    ['no-signing', { do: 'stop', at: 'server' }],
    ['changed', { do: 'skip' }],
    ['not-found', { do: 'skip' }],
    ['closed', undefined],
    ['too-large', undefined],
    ['enospc', undefined],
    ['main-changed', undefined],
  ])('%s', (code, action) => {
    expect(of(code)).toEqual(action);
  });

  it('agrees with the action of each rule of that code, except where a rule knows better', () => {
    const better = new Set(['nt-status', 'not-supported', 'locked', 'logon-denied']);
    for (const value of Object.values(STATUS)) {
      const failure = statusFailure(value, 'open', 'x');
      if (!better.has(failure.code)) expect(actionOf(failure), failure.message).toEqual(of(failure.code));
    }
  });

  it('nt-status is tried again when it says so itself', () => {
    expect(of('nt-status')).toEqual({ do: 'skip' });
    expect(of('nt-status', true)).toEqual({ do: 'retry', pause: 'later' });
  });
});

it('docs/nt-status.md is what the table says', async () => {
  await expect(statusPage()).toMatchFileSnapshot(path.resolve(import.meta.dirname, '../../docs/nt-status.md'));
});
