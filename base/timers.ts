/** Waiting as a parameter, like the clock: whoever lets something happen later takes Timers, so that tests decide when «later» is. */

export interface Timer {
  cancel(): void;
}

export interface Timers {
  /** Runs once, `ms` milliseconds from now (at most 24 days), unless cancelled. */
  after(ms: number, run: () => void): Timer;
}

export const systemTimers: Timers = {
  after: (ms, run) => {
    const timeout = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timeout) };
  },
};
