/** What NT statuses become for people and for callers. */
import { describe, expect, it } from 'vitest';
import { STATUS, statusFailure, statusName } from './status.ts';

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
      expect(hint).not.toBe('');
    }
  });

  it('has no value twice', () => {
    expect(new Set(Object.values(STATUS)).size).toBe(Object.keys(STATUS).length);
  });
});
