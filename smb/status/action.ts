/**
 * What a failure means for whoever asked: the part of each rule that programs act on. People get words and a hint besides.
 * Which status has which action stands in status-table.ts and status-rules.ts, and for people in docs/nt-status.md.
 */
import type { Failure } from '../../base/failure.ts';

export type Action =
  /**
   * The same request, unchanged, on the same connection, after a pause: nobody has to do anything. The pause is the first one;
   * who tries again and again doubles it.
   */
  | { do: 'retry'; pause: Pause }
  /**
   * This path only: go on with the others, and show the reason. It says nothing about other paths and proves nothing about the
   * path, least of all that it is gone: only the code `not-found` says that.
   */
  | { do: 'skip' }
  /** The server cannot do this at all: the feature is off for the whole share, and asking again is no use. */
  | { do: 'degrade' }
  /** Nothing more comes over this connection or session: open a new one and log on again. What was under way is unknown. */
  | { do: 'reconnect' }
  /** It stays so until a person acts; the program may look again seldom, and no other path of the same will fare better. */
  | { do: 'stop'; at: Stop };

/** How soon a retry makes sense, see PAUSE_MS. */
export type Pause = 'soon' | 'later' | 'seldom';

/**
 * What stands still: the `account` (another log-on with the same credentials may lock it), the `server` as it is set up, this
 * `share`, or whatever needs `room` on it.
 */
export type Stop = 'account' | 'server' | 'share' | 'room';

/** Milliseconds before the first retry: a program lets go of a file, a server gets its breath back, a person or a machine far away acts. */
export const PAUSE_MS: Readonly<Record<Pause, number>> = { soon: 500, later: 10_000, seldom: 60_000 };

/** For Failures without a status of the server, and for those that others make of them: by their code (types.ts). */
const BY_CODE: ReadonlyMap<string, Action> = new Map([
  ...all({ do: 'reconnect' }, 'unreachable', 'refused', 'timeout', 'disconnected', 'session-expired'),
  // After an answer that cannot be trusted nothing later on the same connection can be.
  ...all({ do: 'reconnect' }, 'bad-signature', 'malformed'),
  ...all({ do: 'stop', at: 'server' }, 'smb1-only', 'no-signing', 'too-weak', 'guest-only'),
  ...all({ do: 'stop', at: 'account' }, 'wrong-password', 'account-locked', 'account-disabled'),
  ...all({ do: 'stop', at: 'account' }, 'password-expired', 'logon-denied'),
  ...all({ do: 'stop', at: 'share' }, 'bad-share'),
  ...all({ do: 'stop', at: 'room' }, 'no-space'),
  ...all({ do: 'skip' }, 'access-denied', 'not-found', 'exists', 'not-a-directory', 'is-a-directory', 'not-empty'),
  // To ask the same again would be to act on what is known to be wrong: whoever asked has to look first.
  ...all({ do: 'skip' }, 'bad-name', 'changed'),
  ...all({ do: 'retry', pause: 'soon' }, 'sharing-violation', 'locked', 'delete-pending'),
  ...all({ do: 'degrade' }, 'not-supported'),
]);

function all(action: Action, ...codes: string[]): [string, Action][] {
  return codes.map((code) => [code, action]);
}

/** By the code alone; undefined for a code that is none of types.ts: then it is no failure of the server or the way to it. */
export function actionOfCode({ code, retry }: Failure): Action | undefined {
  if (code === 'nt-status') return retry ? { do: 'retry', pause: 'later' } : { do: 'skip' };
  return BY_CODE.get(code);
}
