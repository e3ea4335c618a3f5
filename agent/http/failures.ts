/** Turns what the daemon throws into an answer of the contract: every Failure code that has a code there, and «failed» for the rest. */
import { type ErrorBody, type ErrorCode, errorCodes } from '../../api/errors.ts';
import { isFailure } from '../../base/failure.ts';

export interface Reply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/**
 * Codes of request.ts, the SMB client (smb/types.ts) and the settings, and what they are called in the contract. A `refused` that
 * is thrown is a main that refuses the connection; a command that the standby refuses is an answer, never thrown.
 */
const CODES: Record<string, ErrorCode> = {
  'request-bad': 'bad-request',
  'request-too-large': 'too-large',
  'request-type': 'bad-type',
  unreachable: 'server-unreachable',
  refused: 'server-unreachable',
  timeout: 'server-unreachable',
  'smb1-only': 'smb1-only',
  'too-weak': 'too-weak',
  'guest-only': 'guest-only',
  'wrong-password': 'wrong-password',
  'account-locked': 'account-unusable',
  'account-disabled': 'account-unusable',
  'password-expired': 'account-unusable',
  'logon-denied': 'account-unusable',
  'access-denied': 'access-denied',
  'bad-share': 'bad-share',
  'no-signing': 'server-answer',
  'bad-signature': 'server-answer',
  malformed: 'server-answer',
  disconnected: 'server-answer',
  'session-expired': 'server-answer',
  'not-supported': 'server-answer',
  'nt-status': 'server-answer',
  'settings-missing': 'bad-settings',
  'settings-invalid': 'bad-settings',
  'secrets-missing': 'bad-settings',
  'secrets-readable': 'bad-settings',
  'secrets-owner': 'bad-settings',
  'secrets-invalid': 'bad-settings',
};

export function errorReply(code: ErrorCode, what: string, hint = ''): Reply {
  return { status: errorCodes[code].status, body: { error: { code, what, hint } } satisfies ErrorBody };
}

/** What is answered for anything thrown. A fault of the program tells the client nothing of its inside; the log has it. */
export function replyToThrown(error: unknown): Reply {
  if (!isFailure(error)) {
    return errorReply('unexpected', 'the daemon met a fault of its own', 'its log has more: journalctl -u standby');
  }
  return errorReply(CODES[error.code] ?? 'failed', error.message, error.hint ?? '');
}
