/** Passes of several shares, one after the other, in the order in which they ask. */
import type { Gate } from './session.ts';

export function oneAtATime(): Gate {
  let last: Promise<void> = Promise.resolve();
  return {
    async enter(signal) {
      const before = last;
      const { promise: left, resolve: leave } = Promise.withResolvers<void>();
      last = before.then(() => left);
      // Whoever is called off waits no longer: the pass of another share may take hours.
      const off = Promise.withResolvers<void>();
      const stop = (): void => off.resolve();
      signal.addEventListener('abort', stop, { once: true });
      if (!signal.aborted) await Promise.race([before, off.promise]);
      signal.removeEventListener('abort', stop);
      if (signal.aborted) leave();
      signal.throwIfAborted();
      return leave;
    },
  };
}
