/** Lets something happen at most once in a while: at once when it last happened long ago, else at the end of the interval, once for all calls. */
import type { Clock } from '../../base/clock.ts';

export interface Pace {
  /** There is something to send. */
  due(): void;
  stop(): void;
}

export function openPace(everyMs: number, clock: Clock, act: () => void): Pace {
  let lastMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const run = (): void => {
    timer = undefined;
    lastMs = clock.monoMs();
    act();
  };
  return {
    due() {
      if (timer !== undefined) return;
      timer = setTimeout(run, Math.max(0, lastMs + everyMs - clock.monoMs()));
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
