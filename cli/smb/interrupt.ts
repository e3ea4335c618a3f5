/** Ctrl-C while something must be tidied up: the first asks for an end, a second one ends the program at once. A closed terminal counts as Ctrl-C. */
import { Failure } from '../../base/failure.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `work` ends soon after the signal aborts; its reason is a Failure `interrupted`. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    release();
    controller.abort(new Failure({ code: 'interrupted', doing: 'work', what: 'ended with Ctrl-C' }));
  };
  const release = (): void => {
    for (const signal of SIGNALS) process.off(signal, stop);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    // What fails because it was ended is no failure of its own.
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    release();
  }
}
