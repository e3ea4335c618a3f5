/**
 * Writes lines to a descriptor (our standard error) without ever waiting for its reader and without ever failing: a journal that hangs must not stop a
 * takeover, and a pipe whose reader is gone must not end us. The writes go through Node's thread pool, one at a time; what does not fit the
 * buffer is counted and said later.
 */
import fs from 'node:fs';
import { errnoOf } from './failure.ts';

/** What waits at most, in characters. */
const WAITING_LIMIT = 1_048_576;
/** A descriptor that somebody made non-blocking takes more when its reader has read. */
const FULL_PAUSE_MS = 50;
/** A write that takes longer has a reader that hangs. */
const HANGING_MS = 1_000;

export interface Lines {
  /** `line` ends with a line feed. */
  write(line: string): void;
  /** Writes at once what still waits, unless the reader is known to hang; for the end of the process. */
  flush(): void;
}

export function openLines(fd: number): Lines {
  let waiting: string[] = [];
  let waitingLength = 0;
  let lost = 0;
  /** Being written, from `done` on. */
  let current: Buffer | undefined;
  let done = 0;
  let begunMs = 0;

  const next = (): void => {
    if (waiting.length === 0) {
      current = undefined;
      return;
    }
    const gap = lost === 0 ? '' : `(${lost} lines were lost: nobody read them)\n`;
    begunMs = performance.now();
    current = Buffer.from(`${waiting.join('')}${gap}`);
    done = 0;
    waiting = [];
    waitingLength = 0;
    lost = 0;
    go();
  };

  const go = (): void => {
    const buffer = current;
    if (buffer === undefined) return;
    fs.write(fd, buffer, done, buffer.length - done, null, (error, written) => {
      if (error !== null && errnoOf(error) === 'EAGAIN') {
        setTimeout(go, FULL_PAUSE_MS).unref();
        return;
      }
      // Any other error means that nobody will read it.
      done += error === null ? written : buffer.length;
      if (done < buffer.length) go();
      else next();
    });
  };

  return {
    write(line) {
      if (waitingLength + line.length > WAITING_LIMIT) {
        lost += 1;
        return;
      }
      waiting.push(line);
      waitingLength += line.length;
      if (current === undefined) next();
    },
    flush() {
      const text = waiting.join('');
      waiting = [];
      waitingLength = 0;
      if (text === '' || (current !== undefined && performance.now() - begunMs > HANGING_MS)) return;
      try {
        fs.writeSync(fd, text);
      } catch {
        // Nobody reads it.
      }
    },
  };
}
