/** Asks the main something small now and then, and tells the load how long it took: the urgent lane of the live connection, beside all bulk. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../../base/clock.ts';
import { isAboutPath } from '../ground.ts';
import type { Link } from '../links.ts';
import type { Load } from './load.ts';

const LOOK_MS = 250;
const GRAIN_MS = 10;

/** Until the signal; throws what ends the connection. */
export async function measureMain(
  link: Pick<Link, 'tree'>,
  load: Load,
  clock: Clock,
  signal: AbortSignal,
): Promise<never> {
  const delay = monitorEventLoopDelay({ resolution: GRAIN_MS });
  for (;;) {
    await pause(LOOK_MS, undefined, { signal });
    if (!load.takeTurn()) continue;
    const { inFlight } = load;
    const askedMs = clock.monoMs();
    delay.reset();
    delay.enable();
    try {
      await link.tree.stat('');
      // What we ourselves were late is not the main's.
      const lateMs = Math.max(0, delay.max / 1e6 - GRAIN_MS);
      load.answered(Math.max(0, clock.monoMs() - askedMs - lateMs), inFlight);
    } catch (error) {
      if (!isAboutPath(error)) throw error;
    } finally {
      delay.disable();
    }
  }
}
