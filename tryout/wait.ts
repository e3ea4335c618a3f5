/** Waits for a condition with a deadline; nothing in the play sleeps for a fixed time. */
import { Failure } from '../base/failure.ts';

const POLL_MS = 20;

/** Resolves with the first value of `look` that is not undefined; throws what was waited for, and the last thing seen, after `limitMs`. */
export async function until<T>(
  what: string,
  limitMs: number,
  look: () => T | undefined | Promise<T | undefined>,
  seen: () => string = () => '',
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) {
      throw new Failure({
        code: 'too-long',
        doing: 'wait until',
        subject: what,
        what: `not so after ${limitMs} ms${seen() === '' ? '' : `; last seen: ${seen()}`}`,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
