/** Tests of the announcement times and of the cap on reactions. */
import { describe, expect, it } from 'vitest';
import { type AnnounceState, FIRST_ROUNDS_MS, nextRoundMs, openCap } from './announce-schedule.ts';

/** Sends every round exactly when due, until `untilMs`, and returns when. */
function rounds(untilMs: number, rivalFrames: readonly number[] = []): number[] {
  const state: AnnounceState = { takenMs: 1_000, lastRoundMs: undefined, rivalMs: undefined };
  const sent: number[] = [];
  for (let nowMs = 1_000; nowMs <= 1_000 + untilMs; nowMs += 1) {
    if (rivalFrames.includes(nowMs - 1_000)) state.rivalMs = nowMs;
    if (nextRoundMs(state, nowMs) > nowMs) continue;
    state.lastRoundMs = nowMs;
    sent.push(nowMs - 1_000);
  }
  return sent;
}

describe('announcements', () => {
  it('come fast at first, then more than a second apart, then once a minute', () => {
    expect(rounds(125_000)).toEqual([...FIRST_ROUNDS_MS, 64_300, 124_300]);
  });

  it('come every 250 ms while a rival is seen, and calm down 10 s after its last frame', () => {
    const sent = rounds(100_000, [20_000]).filter((ms) => ms > 5_000);
    expect(sent.slice(0, 3)).toEqual([20_000, 20_250, 20_500]);
    expect(sent.filter((ms) => ms < 30_000)).toHaveLength(40);
    expect(sent.filter((ms) => ms >= 30_250)).toEqual([89_750]);
  });

  it('never wait in the past: after a pause the missed first rounds are one round, not a burst', () => {
    const state: AnnounceState = { takenMs: 0, lastRoundMs: 800, rivalMs: undefined };
    expect(nextRoundMs(state, 800)).toBe(1_900);
  });
});

describe('the cap on reactions', () => {
  it('lets the burst through, then the rate', () => {
    const cap = openCap(10, 5);
    let allowed = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs += 1) if (cap.allows(nowMs)) allowed += 1;
    expect(allowed).toBe(5 + 99);
  });

  it('gains nothing from a clock that goes back', () => {
    const cap = openCap(1_000, 1);
    expect([cap.allows(100), cap.allows(50), cap.allows(50)]).toEqual([true, false, false]);
  });
});
