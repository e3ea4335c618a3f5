/**
 * How late our own clock runs. A process that did not get to run for a while sees time limits pass that nobody else broke:
 * such a silence is our own fault and never the main's. Time is passed in.
 */

/** How often tick is to be called. */
export const TICK_MS = 50;
/** Later than this counts as late. */
export const LATE_MS = 200;

export interface Lateness {
  /** Called every TICK_MS. */
  tick(nowMs: number): void;
  /** Whether we were late at any moment since then. Looks at the present too: a timer may fire before the tick that would notice. */
  lateSince(sinceMs: number, nowMs: number): boolean;
  /** The worst lateness since the last call, milliseconds, the present included. */
  takeWorstMs(nowMs: number): number;
}

export function openLateness(nowMs: number): Lateness {
  let lastTickMs = nowMs;
  let lastLateMs = Number.NEGATIVE_INFINITY;
  let worstMs = 0;
  const look = (now: number): void => {
    const lateMs = now - lastTickMs - TICK_MS;
    worstMs = Math.max(worstMs, lateMs);
    if (lateMs > LATE_MS) lastLateMs = now;
  };
  const tick = (now: number): void => {
    look(now);
    lastTickMs = now;
  };
  return {
    tick,
    lateSince(sinceMs, now) {
      look(now);
      return lastLateMs >= sinceMs;
    },
    takeWorstMs(now) {
      tick(now);
      const worst = worstMs;
      worstMs = 0;
      return worst;
    },
  };
}
