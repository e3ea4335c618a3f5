/**
 * When a held address is announced. Pure: milliseconds come in, milliseconds go out.
 *
 * Measured: one announcement can be lost, and a client that was just answered by the main may be stolen back, so the set is
 * repeated fast at first, then more than a second apart (clients and switches that limit updates), then rarely. While a
 * rival claims the address, every 250 ms holds the clients' wrong time to a few per cent without flooding.
 */

/** After taking, milliseconds. */
export const FIRST_ROUNDS_MS: readonly number[] = [0, 10, 50, 150, 350, 700, 1_900, 3_100, 4_300];
export const REFRESH_MS = 60_000;
export const RIVAL_REFRESH_MS = 250;
/** A rival counts as present for this long after its last frame. */
export const RIVAL_MEMORY_MS = 10_000;

/** How soon to react, after each other. */
export const ON_RIVAL_MS: readonly number[] = [0, 5, 50];
export const ON_WHO_HAS_MS: readonly number[] = [0, 1, 10, 100];

export interface AnnounceState {
  takenMs: number;
  /** When the last round was sent; undefined before the first. */
  lastRoundMs: number | undefined;
  /** The last frame of a rival; undefined when none was ever seen. */
  rivalMs: number | undefined;
}

/** When the next round is due; may lie in the past. */
export function nextRoundMs(state: AnnounceState, nowMs: number): number {
  const { takenMs, lastRoundMs, rivalMs } = state;
  if (lastRoundMs === undefined) return takenMs;
  const sent = lastRoundMs - takenMs;
  const first = FIRST_ROUNDS_MS.find((offset) => offset > sent);
  const rhythm =
    lastRoundMs + (rivalMs !== undefined && nowMs - rivalMs < RIVAL_MEMORY_MS ? RIVAL_REFRESH_MS : REFRESH_MS);
  return first === undefined ? rhythm : Math.min(takenMs + first, rhythm);
}

export interface Cap {
  /** Whether one more may go now; counts it when so. */
  allows(nowMs: number): boolean;
}

/**
 * A token bucket. Two hosts that answer each other without a limit sent 160,000 frames in 12 s; at ten a second the clients
 * were wrong 5 % of the time. Time that goes backwards fills nothing.
 */
export function openCap(perSecond: number, burst: number): Cap {
  let tokens = burst;
  let lastMs: number | undefined;
  return {
    allows(nowMs) {
      if (lastMs !== undefined) tokens = Math.min(burst, tokens + (Math.max(0, nowMs - lastMs) * perSecond) / 1_000);
      lastMs = nowMs;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
