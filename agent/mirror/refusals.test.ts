/** What the mirror makes of a refusal by the main: by the rule of the status, a matter of the path, of the connection, or of the log-on. */
import { describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { STATUS, statusFailure } from '../../smb/status/status.ts';
import { isAboutPath, problemOf } from './ground.ts';
import { carefully, isRefusal } from './links.ts';

const given = (name: keyof typeof STATUS): Failure => statusFailure(STATUS[name], 'read', 'x');
const coded = (code: string): Failure => new Failure({ code, doing: 'read', what: 'it failed' });

describe('isAboutPath', () => {
  it.each([
    'ACCESS_DENIED',
    'NOT_FOUND',
    'VOLUME_DISMOUNTED',
    'CANCELLED',
    'PATH_NOT_COVERED',
    'NOTIFY_CLEANUP',
  ] as const)('%s: the path', (name) => {
    expect(isAboutPath(given(name))).toBe(true);
  });

  it.each(['NETWORK_NAME_DELETED', 'USER_SESSION_DELETED', 'SERVER_SHUTDOWN_IN_PROGRESS'] as const)(
    '%s: the connection',
    (name) => {
      expect(isAboutPath(given(name))).toBe(false);
    },
  );

  it.each(['unreachable', 'refused', 'timeout', 'disconnected', 'bad-signature', 'malformed', 'session-expired'])(
    '%s: the connection',
    (code) => {
      expect(isAboutPath(coded(code))).toBe(false);
    },
  );

  it('the channel to standbyd is no path, and neither is an error that nobody expected', () => {
    expect(isAboutPath(coded('channel-closed'))).toBe(false);
    expect(isAboutPath(new Error('x'))).toBe(false);
  });
});

describe('problemOf', () => {
  it.each([
    ['SHARING_VIOLATION', 'sharing-violation', 500, 'somebody holds it'],
    ['DELETE_PENDING', 'delete-pending', 500, 'somebody holds it'],
    ['FILE_CLOSED', 'nt-status', 500, 'the server has closed the file'],
    ['INSUFF_SERVER_RESOURCES', 'nt-status', 10_000, 'short of resources'],
    ['CLOUD_FILE_NETWORK_UNAVAILABLE', 'nt-status', 60_000, 'kept elsewhere'],
    ['ACCESS_DENIED', 'access-denied', 30_000, 'access denied'],
    ['VIRUS_INFECTED', 'nt-status', 30_000, 'virus scanner'],
  ] as const)('%s is looked at again after its pause, with the reason', (name, code, retryMs, why) => {
    expect(problemOf(given(name))).toEqual({ code, retryMs, why: expect.stringContaining(why) });
  });
});

describe('a refused log-on', () => {
  it.each(['LOGON_FAILURE', 'ACCOUNT_LOCKED_OUT', 'TRUSTED_DOMAIN_FAILURE', 'NO_LOGON_SERVERS'] as const)(
    '%s',
    (name) => {
      expect(isRefusal(given(name))).toBe(true);
    },
  );

  it.each(['guest-only', 'no-signing', 'smb1-only'])('%s', (code) => {
    expect(isRefusal(coded(code))).toBe(true);
  });

  it.each(['BAD_NETWORK_NAME', 'ACCESS_DENIED', 'TOO_MANY_SESSIONS', 'DISK_FULL'] as const)('%s is none', (name) => {
    expect(isRefusal(given(name))).toBe(false);
  });

  it.each([
    ['LOGON_FAILURE', 300_000],
    ['NO_LOGON_SERVERS', 60_000],
  ] as const)('%s is not tried again for %d ms, or until a person asks', async (name, pauseMs) => {
    let now = 0;
    const clock = { wallMs: () => now, monoMs: () => now };
    let tries = 0;
    const { open, askAgain } = carefully(() => {
      tries += 1;
      return Promise.reject(given(name));
    }, clock);
    const attempt = (): Promise<unknown> => open('docs').catch(() => undefined);
    await attempt();
    now += pauseMs - 1;
    await attempt();
    expect(tries).toBe(1);
    now += 1;
    await attempt();
    expect(tries).toBe(2);
    askAgain();
    await attempt();
    await attempt();
    expect(tries).toBe(3);
  });
});
