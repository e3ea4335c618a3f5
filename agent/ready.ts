/** Waits until another process is there to hear an order, with a limit. */
import { Failure } from '../base/failure.ts';

const POLL_MS = 20;

/** Throws `gone` when it is not there within the limit. */
export async function whenReady(who: string, limitMs: number, isReady: () => boolean): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!isReady()) {
    if (performance.now() > deadline)
      throw new Failure({
        code: 'gone',
        doing: 'wait for',
        subject: who,
        what: `it is not there after ${limitMs} ms`,
        retry: true,
      });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
