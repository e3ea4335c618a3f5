/**
 * Waits for the message that answers an order to another process, with a deadline. The answer may also be that the process is gone.
 */
import { Failure } from '../base/failure.ts';

export interface Answers<Message> {
  /** Offers a message to whoever waits. */
  hear(message: Message): void;
  /** Everyone who waits fails: the process is gone. */
  lose(why: string): void;
  /**
   * Resolves with what `pick` makes of the first message for which it is not false; `pick` may throw to fail.
   * Throws `too-long` after the limit and `gone` when the process ends first.
   */
  wait<T>(doing: string, limitMs: number, pick: (message: Message) => T | false): Promise<T>;
}

export function openAnswers<Message>(): Answers<Message> {
  const waiting = new Set<{ hear(message: Message): void; lose(why: string): void }>();
  return {
    hear(message) {
      for (const each of [...waiting]) each.hear(message);
    },
    lose(why) {
      for (const each of [...waiting]) each.lose(why);
    },
    wait(doing, limitMs, pick) {
      return new Promise((resolve, reject) => {
        const end = (): void => {
          clearTimeout(timer);
          waiting.delete(entry);
        };
        const fail = (code: string, what: string): void => {
          end();
          reject(new Failure({ code, doing, what, retry: true }));
        };
        // A restore may take days: limits that long do not fit a timer, and the process's own beats guard it.
        const timer =
          limitMs === Number.POSITIVE_INFINITY
            ? undefined
            : setTimeout(() => fail('too-long', `no answer within ${limitMs} ms`), limitMs);
        const entry = {
          hear(message: Message): void {
            try {
              const picked = pick(message);
              if (picked === false) return;
              end();
              resolve(picked);
            } catch (error) {
              end();
              reject(error);
            }
          },
          lose: (why: string) => fail('gone', why),
        };
        waiting.add(entry);
      });
    },
  };
}
