/**
 * When a difference is real. The main lives while it is compared: what was changed a moment ago is on its way, and differs for that
 * long. So nothing is called different at first sight; it is looked at again until it is the same, or the main has stood still
 * for several looks and the copy still differs, or the main never stands still. Pure.
 */

/** What is remembered between looks. */
export interface OpenLook {
  looks: number;
  /** Looks since the main was last seen to change. */
  quiet: number;
  mark: string;
}

export type Settled =
  | { kind: 'again'; inMs: number; open: OpenLook }
  /** It never stood still. */
  | { kind: 'changing' }
  /** The main stands still, and the copy is not what it has. */
  | { kind: 'real' };

/** How the mirror stands to what it has not got. */
export type Lag =
  /** As far as it knows, it has what the main has: nothing is on its way. */
  | 'none'
  /** The main has another version than the one that was copied: it will be copied when it is noticed. */
  | 'behind'
  /** The same, and copying is under way. */
  | 'copying';

/** Pauses before the next look, by the quiet looks so far: six seconds in all. */
const QUIET_PAUSES_MS = [500, 1_500, 4_000];
/** Where the mirror is behind: longer than its later looks at what moved take to come (live.ts), forty seconds in all. */
const BEHIND_PAUSES_MS = [1_000, 4_000, 10_000, 25_000];
const MOVED_PAUSE_MS = 1_000;
const COPYING_PAUSE_MS = 2_000;
const LOOKS_LIMIT = 12;
/** A file of the main that changed so recently, by the main's own clock, may still be on its way. */
const STILL_MS = 5_000;

/**
 * @param before undefined at the first look @param mark of the main's version; undefined when it moved while it was looked at
 * @param ageMs since the main's version was made
 */
export function settle(before: OpenLook | undefined, mark: string | undefined, ageMs: number, lag: Lag): Settled {
  const looks = (before?.looks ?? 0) + 1;
  const isSame = before !== undefined && mark !== undefined && before.mark === mark;
  // A version that stands but is young says nothing yet: it neither counts nor throws away what was counted.
  const isOld = ageMs >= STILL_MS;
  const quiet = isSame ? before.quiet + (isOld && lag !== 'copying' ? 1 : 0) : 0;
  const pauses = lag === 'none' ? QUIET_PAUSES_MS : BEHIND_PAUSES_MS;
  if (quiet >= pauses.length) return { kind: 'real' };
  if (looks >= LOOKS_LIMIT) return { kind: 'changing' };
  const pauseMs = (before !== undefined && !isSame ? MOVED_PAUSE_MS : pauses[quiet]) ?? MOVED_PAUSE_MS;
  const oldInMs = isSame && !isOld ? STILL_MS - Math.max(0, ageMs) : 0;
  const inMs = Math.max(pauseMs, oldInMs, lag === 'copying' ? COPYING_PAUSE_MS : 0);
  return { kind: 'again', inMs, open: { looks, quiet, mark: mark ?? '' } };
}
