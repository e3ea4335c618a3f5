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
 *   no answer to the proof  a wrong password, for all we know: the server may have counted it and then been lost. The first costs
 *                           no rest, a second in 30 min 2 min of it
 *   asked again and again   no more than 3 of both together in 30 min, whatever file changes and whoever asks
 *
 * That a proof goes out is noted before it does, and whoever has noted it counts once more before sending (mayProve): of several
 * processes in the same moment the last to note sees all, so 3 are 3. A log-on that the server accepts sets its count, and ours, to 0.
 */

/** What became of one log-on, or a wish of a person's; shared by all processes that use the account. */
export type Note =
  | { kind: 'refused'; account: string; generation: string; code: string; what: string; atMs: number }
  /** The proof of the password goes out, or went out and nobody heard what the server made of it. */
  | { kind: 'unanswered'; account: string; generation: string; atMs: number }
  | { kind: 'accepted'; account: string; generation: string; atMs: number }
  | { kind: 'asked'; atMs: number };

/** Who would log on: the account, and which state of the password file its password is from. */
export interface Attempt {
  account: string;
  generation: string;
}

export const WINDOW_MS = 30 * 60_000;
export const WRONG_LIMIT = 3;
/** Rest after the second of two unanswered log-ons: a network that fails twice in the same instant is rare, and mended soon. */
export const UNANSWERED_REST_MS = 2 * 60_000;
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

/** Whether a Failure of a log-on is the server's own answer to it. After any other one nobody knows what the server counted. */
export function concernsAccount(code: string): boolean {
  return RESTS.has(code);
}

type Refused = Extract<Note, { kind: 'refused' }>;
type Unanswered = Extract<Note, { kind: 'unanswered' }>;

export type Verdict =
  | { kind: 'try' }
  /** `until`: a time, ms since 1970, or undefined when only another password or a person's wish changes it. */
  | { kind: 'rest'; refusal: Refused | Unanswered; untilMs: number | undefined };

/**
 * @param nowMs ms since 1970. The clock may have gone back since a note: a refusal from far ahead is as old as one from long ago, and
 *   what would lift a refusal does not while it lies ahead, or no later refusal would count until the clock is there again.
 */
export function mayLogOn(notes: readonly Note[], attempt: Attempt, nowMs: number): Verdict {
  const counted = countedByServer(notes, attempt, nowMs);
  const newest = counted.at(-1);
  const first = counted.at(-WRONG_LIMIT);
  if (newest !== undefined && first !== undefined)
    return { kind: 'rest', refusal: newest, untilMs: first.atMs + WINDOW_MS };

  const askedMs = latest(notes, nowMs, ({ kind }) => kind === 'asked');
  const liftedMs = Math.max(askedMs, acceptedMs(notes, attempt, nowMs));
  // That another password was right does not make this one so.
  const rightMs = Math.max(askedMs, acceptedMs(notes, attempt, nowMs, attempt.generation));
  const last = notes
    .filter((note) => note.kind === 'refused')
    .filter((note) => note.account === attempt.account && note.generation === attempt.generation)
    .filter((note) => note.atMs > (note.code === 'wrong-password' ? rightMs : liftedMs))
    .reduce<Refused | undefined>(
      (later, note) => (later === undefined || note.atMs >= later.atMs ? note : later),
      undefined,
    );
  if (last !== undefined) {
    const restMs = RESTS.get(last.code);
    if (restMs === undefined) return { kind: 'rest', refusal: last, untilMs: undefined };
    if (Math.abs(nowMs - last.atMs) < restMs) return { kind: 'rest', refusal: last, untilMs: last.atMs + restMs };
  }

  const unheard = counted.filter((note) => note.kind === 'unanswered').filter((note) => note.atMs > liftedMs);
  const second = unheard.length < 2 ? undefined : unheard.at(-1);
  if (second !== undefined && Math.abs(nowMs - second.atMs) < UNANSWERED_REST_MS)
    return { kind: 'rest', refusal: second, untilMs: second.atMs + UNANSWERED_REST_MS };
  return { kind: 'try' };
}

/** Whether the proof may go out now that it is noted as `unanswered`, in `notes` too: others may have noted theirs since mayLogOn. */
export function mayProve(notes: readonly Note[], attempt: Attempt, nowMs: number): boolean {
  return countedByServer(notes, attempt, nowMs).length <= WRONG_LIMIT;
}

/** Whether that the server has let us in just now changes anything for anybody. */
export function isNews(notes: readonly Note[], attempt: Attempt, nowMs: number): boolean {
  const knownMs = acceptedMs(notes, attempt, nowMs, attempt.generation);
  return notes.some(
    (note) =>
      (note.kind === 'refused' || note.kind === 'unanswered') &&
      note.account === attempt.account &&
      note.atMs >= knownMs,
  );
}

/** What the server may have counted since it let us in, within the time that it may remember; by time. */
function countedByServer(notes: readonly Note[], attempt: Attempt, nowMs: number): (Refused | Unanswered)[] {
  const sinceMs = acceptedMs(notes, attempt, nowMs);
  return notes
    .filter((note) => note.kind === 'unanswered' || note.kind === 'refused')
    .filter((note) => note.kind === 'unanswered' || note.code === 'wrong-password')
    .filter(
      (note) => note.account === attempt.account && note.atMs > sinceMs && Math.abs(nowMs - note.atMs) < WINDOW_MS,
    )
    .sort((a, b) => a.atMs - b.atMs);
}

/** @param generation with which it was accepted; with whichever unless told */
function acceptedMs(notes: readonly Note[], { account }: Attempt, nowMs: number, generation?: string): number {
  return latest(
    notes,
    nowMs,
    (note) =>
      note.kind === 'accepted' &&
      note.account === account &&
      (generation === undefined || note.generation === generation),
  );
}

function latest(notes: readonly Note[], nowMs: number, fits: (note: Note) => boolean): number {
  return notes
    .filter((note) => note.atMs <= nowMs)
    .reduce((latestMs, note) => (fits(note) ? Math.max(latestMs, note.atMs) : latestMs), Number.NEGATIVE_INFINITY);
}
