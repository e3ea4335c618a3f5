/** For tests: time by hand for a Link, whose time limits are looked at by an interval of its own. */
import { vi } from 'vitest';
import type { Clock } from '../../base/clock.ts';

export interface SlowTime {
  clock: Clock;
  /** Lets so many milliseconds pass, in steps so small that nobody takes them for a late clock of our own. What is on the wire arrives meanwhile. */
  pass(ms: number): Promise<void>;
  /** Gives the real time back. */
  end(): void;
}

const STEP_MS = 100;

/** To be called before the Link is made. */
export function startSlowTime(): SlowTime {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let nowMs = 0;
  return {
    clock: { wallMs: () => nowMs, monoMs: () => nowMs },
    pass: async (ms) => {
      for (const end = nowMs + ms; nowMs < end; ) {
        nowMs += STEP_MS;
        vi.advanceTimersByTime(STEP_MS);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    end: () => {
      vi.useRealTimers();
    },
  };
}
