/** Turns what the daemon throws into an answer of the contract: every Failure code that has a code there, and «failed» for the rest. */
import { type ErrorBody, type ErrorCode, errorCodes } from '../../api/errors.ts';
import { SERVER_FAILURES } from '../../api/server-failures.ts';
import { isFailure } from '../../base/failure.ts';

export interface Reply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** Codes of request.ts and of the settings, and what they are called in the contract. */
const OWN_FAILURES: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['request-bad', 'bad-request'],
  ['request-too-large', 'too-large'],
  ['request-type', 'bad-type'],
  ['settings-missing', 'bad-settings'],
  ['settings-invalid', 'bad-settings'],
  ['secrets-missing', 'bad-settings'],
  ['secrets-readable', 'bad-settings'],
  ['secrets-owner', 'bad-settings'],
  ['secrets-invalid', 'bad-settings'],
]);

export function errorReply(code: ErrorCode, what: string, hint = ''): Reply {
  return { status: errorCodes[code].status, body: { error: { code, what, hint } } satisfies ErrorBody };
}

/** What is answered for anything thrown. A fault of the program tells the client nothing of its inside; the log has it. */
export function replyToThrown(error: unknown): Reply {
  if (!isFailure(error)) {
    return errorReply('unexpected', 'the daemon met a fault of its own', 'its log has more: journalctl -u standby');
  }
  // A `refused` that is thrown is a main that refuses the connection; a command that the standby refuses is an answer, never thrown.
  const code = OWN_FAILURES.get(error.code) ?? SERVER_FAILURES.get(error.code) ?? 'failed';
  return errorReply(code, error.message, error.hint ?? '');
}
