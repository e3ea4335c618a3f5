/** A job that repeats: never twice at once, at most as often as told, and sooner when asked. */
import type { Clock } from '../../base/clock.ts';

/** Timers as a parameter, so that tests move time by hand. Returns how to call it off. */
export type After = (ms: number, run: () => void) => () => void;

export const systemAfter: After = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

export interface Round {
  /** Now; when it is just running, once more right after. */
  now(): void;
  /** No further run begins. */
  stop(): void;
}

/** Runs the job at once and then everyMs from begin to begin. A job that throws ends the round and reaches `broken`. */
export function openRound(
  everyMs: () => number,
  job: () => Promise<void>,
  world: { clock: Clock; after: After; broken(error: unknown): void },
): Round {
  let running = false;
  let again = false;
  let stopped = false;
  let callOff = (): void => {};
  const run = (): void => {
    if (stopped) return;
    running = true;
    again = false;
    const beganMs = world.clock.monoMs();
    job().then(
      () => {
        running = false;
        if (stopped) return;
        const restMs = again ? 0 : Math.max(0, everyMs() - (world.clock.monoMs() - beganMs));
        callOff = world.after(restMs, run);
      },
      (error) => {
        stopped = true;
        world.broken(error);
      },
    );
  };
  run();
  return {
    now() {
      if (stopped) return;
      again = true;
      if (running) return;
      callOff();
      run();
    },
    stop() {
      stopped = true;
      callOff();
    },
  };
}
