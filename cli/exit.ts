/** The exit codes: stable, for scripts. What cannot be told apart from outside has one code. */
import type { ErrorCode } from '../api/errors.ts';

export const exitCodes = {
  ok: { code: 0, doc: 'done' },
  unexpected: { code: 1, doc: 'failed for a reason that has no code of its own; the message says which' },
  usage: { code: 2, doc: 'the command line is wrong, or something that must be given is missing' },
  refused: { code: 3, doc: 'refused: the standby is in a state in which it does not do this' },
  daemon: { code: 4, doc: 'the daemon is not reachable, or closed the connection' },
  confirm: { code: 5, doc: 'a dangerous command was not confirmed' },
  partial: { code: 6, doc: 'done in part; the messages name what could not be done' },
  password: { code: 10, doc: 'the password is wrong' },
  unreachable: { code: 11, doc: 'the server cannot be reached, or does not answer' },
  smb1: { code: 12, doc: 'the server speaks only SMB 1' },
  guest: { code: 13, doc: 'the server allows only guests' },
  access: { code: 14, doc: 'access denied: the user may log on, but not read this' },
  settings: { code: 15, doc: 'the settings or the passwords file are wrong' },
  account: { code: 16, doc: 'the account is locked, disabled, expired, or may not log on' },
  answer: { code: 17, doc: 'the server answers something that cannot be used' },
  share: { code: 18, doc: 'the server has no such share' },
  missing: { code: 19, doc: 'the share has no file or folder of that name' },
  exists: { code: 20, doc: 'something of that name is there already; nothing was overwritten' },
  held: { code: 21, doc: 'somebody has the file open, or is changing it; the same command may succeed later' },
  weak: { code: 22, doc: 'the server does not speak as safely as is demanded: SMB dialect or encryption' },
  different: { code: 23, doc: 'main and mirror differ' },
  interrupted: { code: 130, doc: 'ended with Ctrl-C' },
} as const satisfies Record<string, { code: number; doc: string }>;

export type ExitName = keyof typeof exitCodes;

const BY_ANSWER: Record<ErrorCode, ExitName> = {
  'bad-request': 'usage',
  'not-found': 'unexpected',
  'bad-method': 'unexpected',
  refused: 'refused',
  'too-large': 'usage',
  'bad-type': 'unexpected',
  confirm: 'confirm',
  'wrong-password': 'password',
  'account-unusable': 'account',
  'server-unreachable': 'unreachable',
  'smb1-only': 'smb1',
  'guest-only': 'guest',
  'too-weak': 'weak',
  'access-denied': 'access',
  'bad-share': 'share',
  'server-answer': 'answer',
  'bad-settings': 'settings',
  busy: 'daemon',
  failed: 'unexpected',
  unexpected: 'unexpected',
};

/** Failures that arise in this program. */
const BY_OWN_FAILURE: Record<string, ExitName> = {
  usage: 'usage',
  interrupted: 'interrupted',
  'daemon-unreachable': 'daemon',
  'settings-missing': 'settings',
  'settings-invalid': 'settings',
  'secrets-missing': 'settings',
  'secrets-readable': 'settings',
  'secrets-owner': 'settings',
  'secrets-invalid': 'settings',
  'no-such-file': 'missing',
  exists: 'exists',
  'sharing-violation': 'held',
  locked: 'held',
  'delete-pending': 'held',
  changed: 'held',
};

/** The exit code for the code of an error, whether the daemon answered it or it arose here. */
export function exitCodeOf(errorCode: string): number {
  const name = new Map(Object.entries({ ...BY_ANSWER, ...BY_OWN_FAILURE })).get(errorCode);
  return exitCodes[name ?? 'unexpected'].code;
}

/** The table as text, one code a line. */
export function exitCodeTable(): string {
  return Object.values(exitCodes)
    .map(({ code, doc }) => `${String(code).padStart(4)}  ${doc}`)
    .join('\n');
}
