/** How far a transfer is: on standard error, on a terminal or when asked for, and only once it has taken a while. */
import type { Clock } from '../../base/clock.ts';
import { counted, humanDuration, humanSize } from '../../base/human.ts';
import { progressBar } from '../words/bar.ts';

export interface Amount {
  files: number;
  bytes: number;
  /** What it will be in the end; undefined as long as nobody knows. */
  totalBytes: number | undefined;
}

export interface Progress {
  /** Takes the line away again where it was drawn over. */
  end(): void;
}

/** Nobody needs a progress line for less. */
const QUIET_MS = 2_000;
const TERMINAL_EVERY_MS = 500;
/** Where lines follow each other. */
const LINES_EVERY_MS = 2_000;
/** Carriage return, and EL (ECMA-48 8.3.41). */
const OVER = '\r\u001b[K';

/** One line: part, amount, rate, and what is left of the time where it can be known. */
export function progressLine(amount: Amount, elapsedMs: number): string {
  const { files, bytes, totalBytes } = amount;
  const perMs = elapsedMs > 0 ? bytes / elapsedMs : 0;
  const rate = `${humanSize(perMs * 1_000)}/s`;
  if (totalBytes === undefined) return `${counted(files, 'file')}, ${humanSize(bytes)}, ${rate}`;
  const left = perMs > 0 ? `, ${humanDuration(Math.max(0, totalBytes - bytes) / perMs)} left` : '';
  const part = totalBytes === 0 ? 1 : bytes / totalBytes;
  return `${progressBar(part)}  ${humanSize(bytes)} of ${humanSize(totalBytes)}, ${rate}${left}`;
}

/** The figures of what is done, for the last line: `3 files, 12 MB in 0.4 s (30 MB/s)`. */
export function doneWords(files: number, bytes: number, elapsedMs: number): string {
  const rate = elapsedMs >= 1 ? ` (${humanSize((bytes / elapsedMs) * 1_000)}/s)` : '';
  return `${counted(files, 'file')}, ${humanSize(bytes)} in ${humanDuration(elapsedMs)}${rate}`;
}

/** @param asked whether lines are wanted where there is no terminal; `now` tells the amount whenever a line is due */
export function openProgress(clock: Clock, asked: boolean, now: () => Amount): Progress {
  const { stderr } = process;
  const drawn = stderr.isTTY === true;
  if (!drawn && !asked) return { end: () => undefined };
  const startMs = clock.monoMs();
  let shown = false;
  const timer = setInterval(
    () => {
      const elapsedMs = clock.monoMs() - startMs;
      if (elapsedMs < QUIET_MS) return;
      const line = progressLine(now(), elapsedMs);
      stderr.write(drawn ? `${OVER}${line}` : `${line}\n`);
      shown = true;
    },
    drawn ? TERMINAL_EVERY_MS : LINES_EVERY_MS,
  );
  return {
    end() {
      clearInterval(timer);
      if (shown && drawn) stderr.write(OVER);
    },
  };
}
