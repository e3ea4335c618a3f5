/**
 * Time as a parameter: whoever needs the time takes a Clock, so that tests and the simulation move it by hand.
 * Wall time is for people and file stamps; only monotonic time measures a duration (the wall may jump).
 */

export interface Clock {
  /** Milliseconds since 1970, UTC. May jump either way. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start; never goes back. */
  monoMs(): number;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => performance.now(),
};
