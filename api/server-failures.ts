/**
 * What the failures of a file server are called in the contract, wherever they arise: codes of the SMB client (smb/types.ts), which
 * this room does not know. Standbyd answers with them, and the command ends with their exit codes.
 */
import type { ErrorCode } from './errors.ts';

/** Codes that are not here concern one file, or have no code of their own. */
export const SERVER_FAILURES: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['unreachable', 'server-unreachable'],
  // A living host that answers RST; in the contract «refused» is a standby that does not do something in its state.
  ['refused', 'server-unreachable'],
  ['timeout', 'server-unreachable'],
  // Log-ons before were not answered.
  ['unanswered', 'server-unreachable'],
  ['smb1-only', 'smb1-only'],
  ['too-weak', 'too-weak'],
  ['guest-only', 'guest-only'],
  ['wrong-password', 'wrong-password'],
  ['account-locked', 'account-unusable'],
  ['account-disabled', 'account-unusable'],
  ['password-expired', 'account-unusable'],
  ['logon-denied', 'account-unusable'],
  ['access-denied', 'access-denied'],
  ['bad-share', 'bad-share'],
  ['no-signing', 'server-answer'],
  ['bad-signature', 'server-answer'],
  ['malformed', 'server-answer'],
  ['disconnected', 'server-answer'],
  ['session-expired', 'server-answer'],
  ['not-supported', 'server-answer'],
  ['nt-status', 'server-answer'],
]);
