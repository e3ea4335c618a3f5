/**
 * When a log-on may be tried, so that we never lock the account: for ourselves, and for the people who share it. Pure.
 *
 * A server locks an account after so many wrong passwords (often 5) that each came within so long (often 30 min) after the last:
 * its count begins anew only when that long nothing came. So a steady retry locks the account in the end, however slow it is,
 * where the server remembers longer than we wait. Hence, over all our processes together:
 *
 *   wrong password          no retry until the password file changes or a person asks
 *   locked, disabled, …     these do not count; once an hour, since a person may mend them on the server alone
 *   other refusals          once in ten minutes
 *   asked again and again   no more than 3 wrong passwords in 30 min, whatever file changes and whoever asks
 *
 * Two processes that begin in the same moment do not see each other's refusal: one more than told here, which leaves 4.
 */

/** What became of one log-on, or a wish of a person's; shared by all processes that use the account. */
export type Note =
  | { kind: 'refused'; account: string; generation: string; code: string; what: string; atMs: number }
  | { kind: 'accepted'; account: string; generation: string; atMs: number }
  | { kind: 'asked'; atMs: number };

/** Who would log on: the account, and which state of the password file its password is from. */
export interface Attempt {
  account: string;
  generation: string;
}

export const WINDOW_MS = 30 * 60_000;
export const WRONG_LIMIT = 3;
const LONG_REST_MS = 60 * 60_000;
const SHORT_REST_MS = 10 * 60_000;

/**
 * Milliseconds of rest after a refusal of a log-on, by its code (types.ts); undefined when only another password or a person's wish
 * ends it. After a code that is not here nothing is held back: it says something of the connection.
 */
const RESTS: ReadonlyMap<string, number | undefined> = new Map([
  ['wrong-password', undefined],
  ['account-locked', LONG_REST_MS],
  ['account-disabled', LONG_REST_MS],
  ['password-expired', LONG_REST_MS],
  ['logon-denied', SHORT_REST_MS],
  ['guest-only', SHORT_REST_MS],
  ['access-denied', SHORT_REST_MS],
  ['not-supported', SHORT_REST_MS],
  ['nt-status', SHORT_REST_MS],
]);

export function concernsAccount(code: string): boolean {
  return RESTS.has(code);
}

export type Verdict =
  | { kind: 'try' }
  /** `until`: a time, ms since 1970, or undefined when only another password or a person's wish changes it. */
  | { kind: 'rest'; refusal: Extract<Note, { kind: 'refused' }>; untilMs: number | undefined };

/**
 * @param nowMs ms since 1970. The clock may have gone back since a note: a refusal from far ahead is as old as one from long ago, and
 *   what would lift a refusal does not while it lies ahead, or no later refusal would count until the clock is there again.
 */
export function mayLogOn(notes: readonly Note[], attempt: Attempt, nowMs: number): Verdict {
  const refusals = notes
    .filter((note) => note.kind === 'refused')
    .filter((note) => note.account === attempt.account)
    .sort((a, b) => a.atMs - b.atMs);
  const past = notes.filter((note) => note.atMs <= nowMs);
  const acceptedMs = latest(past, (note) => note.kind === 'accepted' && note.account === attempt.account);
  const wrong = refusals.filter(
    (note) => note.code === 'wrong-password' && note.atMs > acceptedMs && Math.abs(nowMs - note.atMs) < WINDOW_MS,
  );
  const first = wrong.at(-WRONG_LIMIT);
  if (first !== undefined) return { kind: 'rest', refusal: wrong.at(-1) ?? first, untilMs: first.atMs + WINDOW_MS };

  const liftedMs = Math.max(
    acceptedMs,
    latest(past, (note) => note.kind === 'asked'),
  );
  const last = refusals.findLast((note) => note.generation === attempt.generation && note.atMs > liftedMs);
  if (last === undefined) return { kind: 'try' };
  const restMs = RESTS.get(last.code);
  if (restMs === undefined) return { kind: 'rest', refusal: last, untilMs: undefined };
  if (Math.abs(nowMs - last.atMs) >= restMs) return { kind: 'try' };
  return { kind: 'rest', refusal: last, untilMs: last.atMs + restMs };
}

function latest(notes: readonly Note[], fits: (note: Note) => boolean): number {
  return notes.reduce(
    (latestMs, note) => (fits(note) ? Math.max(latestMs, note.atMs) : latestMs),
    Number.NEGATIVE_INFINITY,
  );
}
