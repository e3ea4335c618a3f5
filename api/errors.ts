/**
 * Every error the daemon can answer with: a stable code, its HTTP status, and what it means. Codes never change their
 * meaning; programs compare codes, people read `what` and `hint`.
 */
import { z } from 'zod';

export const errorCodes = {
  'bad-request': { status: 400, doc: 'The request cannot be understood; `what` names the field.' },
  'not-found': { status: 404, doc: 'There is no such path.' },
  'bad-method': { status: 405, doc: 'The path exists, but not with this method.' },
  refused: { status: 409, doc: 'The standby is in a state in which it does not do this; `what` says why.' },
  'too-large': { status: 413, doc: 'The request body exceeds the limit.' },
  'bad-type': { status: 415, doc: 'The request body is not application/json.' },
  confirm: { status: 422, doc: "`confirm` is not the main's name: the dangerous command was not carried out." },
  'wrong-password': { status: 502, doc: 'The main refuses this user with this password.' },
  'account-unusable': { status: 502, doc: 'The account is locked, disabled, expired, or may not log on.' },
  'server-unreachable': {
    status: 502,
    doc: 'The main cannot be reached, refuses the connection, or does not answer in time.',
  },
  'smb1-only': { status: 502, doc: 'The main speaks only SMB 1, which is neither signed nor safe.' },
  'too-weak': {
    status: 502,
    doc: 'The main does not speak as safely as is demanded: its SMB dialect is too old, or it does not encrypt.',
  },
  'guest-only': { status: 502, doc: 'The main lets this user in only as a guest: nothing is signed then.' },
  'access-denied': { status: 502, doc: 'The user may log on, but not read what is asked.' },
  'bad-share': { status: 502, doc: 'The main has no share of that name.' },
  'server-answer': { status: 502, doc: 'The main answers something that cannot be used; `what` has the NT status.' },
  'bad-settings': { status: 422, doc: 'The settings hold errors; `what` lists them all.' },
  busy: { status: 503, doc: 'Too many streams are open.' },
  failed: { status: 500, doc: 'The command began and failed; `what` says at what.' },
  unexpected: { status: 500, doc: 'A fault of the program itself; its log has more.' },
} as const satisfies Record<string, { status: number; doc: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** The body of every answer whose status is 400 or above. `hint` is '' when there is nothing to advise. */
export const errorBody = z.object({
  error: z.object({
    /** One of errorCodes; a newer daemon may know more. */
    code: z.string(),
    what: z.string(),
    hint: z.string(),
  }),
});
export type ErrorBody = z.infer<typeof errorBody>;
