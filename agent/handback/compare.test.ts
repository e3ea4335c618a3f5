/** What a restore takes for a matter of one file, and what ends it: by the rule of the status that the main gave. */
import { describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { STATUS, statusFailure } from '../../smb/status/status.ts';
import { isAboutOneObject } from './compare.ts';

describe('isAboutOneObject', () => {
  it.each([
    'ACCESS_DENIED',
    'OBJECT_NAME_NOT_FOUND',
    'OBJECT_NAME_COLLISION',
    'SHARING_VIOLATION',
    'FILE_LOCK_CONFLICT',
    'DELETE_PENDING',
    'OBJECT_NAME_INVALID',
    'NOT_SUPPORTED',
    'STOPPED_ON_SYMLINK',
    'NOT_FOUND',
    'VIRUS_INFECTED',
    'CRC_ERROR',
    'INSUFFICIENT_RESOURCES',
    'CLOUD_FILE_PROVIDER_NOT_RUNNING',
  ] as const)('%s leaves its line open', (name) => {
    expect(isAboutOneObject(statusFailure(STATUS[name], 'look at', 'x'))).toBe(true);
  });

  it.each([
    'NETWORK_NAME_DELETED',
    'USER_SESSION_DELETED',
    'NETWORK_SESSION_EXPIRED',
    'SERVER_SHUTDOWN_IN_PROGRESS',
    'DISK_FULL',
    'DISK_QUOTA_EXCEEDED',
    'BAD_NETWORK_NAME',
    'LOGON_FAILURE',
    'ACCOUNT_LOCKED_OUT',
  ] as const)('%s ends the run', (name) => {
    expect(isAboutOneObject(statusFailure(STATUS[name], 'look at', 'x'))).toBe(false);
  });

  it.each(['timeout', 'malformed', 'bad-signature', 'enospc', 'eio', 'enametoolong'])('%s ends the run', (code) => {
    expect(isAboutOneObject(new Failure({ code, doing: 'look at', what: 'x' }))).toBe(false);
  });

  it('something that is no Failure ends the run', () => {
    expect(isAboutOneObject(new Error('x'))).toBe(false);
  });
});
