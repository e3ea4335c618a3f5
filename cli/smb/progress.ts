/** How far a transfer is: on standard error, on a terminal or when asked for, and only once it has taken a while. */
import type { Clock } from '../../base/clock.ts';
import { counted, humanCount, humanDuration, humanSize } from '../../base/human.ts';
import { progressBar } from '../words/bar.ts';

export interface Amount {
  files: number;
  bytes: number;
  /** What it comes to in the end, as far as it is known: what is done, and what is not yet. */
  found: { files: number; bytes: number /** Whether nothing is going to be added. */; all: boolean };
}

/** Of one file, before its first byte. */
export function amountOfOne(bytes: number): Amount {
  return { files: 0, bytes: 0, found: { files: 1, bytes, all: true } };
}

export interface Progress {
  /** Takes the line away where it is drawn over, so that something else can be said there; it comes again. */
  clear(): void;
  /** Takes it away for good. */
  end(): void;
}

/** Nobody needs a progress line for less. */
const QUIET_MS = 2_000;
const TERMINAL_EVERY_MS = 500;
/** Where lines follow each other. */
const LINES_EVERY_MS = 2_000;
/** Carriage return, and EL (ECMA-48 8.3.41). */
const OVER = '\r\u001b[K';
/** ?7, the terminal's automatic wrap (DECAWM): what wraps cannot be drawn over. */
const [NO_WRAP, WRAP] = ['\u001b[?7l', '\u001b[?7h'];

/** One line: amount and rate; once everything is found the part too, and what is left of the time. */
export function progressLine({ files, bytes, found }: Amount, elapsedMs: number): string {
  const perMs = elapsedMs > 0 ? bytes / elapsedMs : 0;
  const rate = `${humanSize(perMs * 1_000)}/s`;
  const filesWords = found.all && found.files === 1 ? '' : `${humanCount(files)} of ${counted(found.files, 'file')}, `;
  const words = `${filesWords}${humanSize(bytes)} of ${humanSize(found.bytes)}`;
  if (!found.all) return `${words} found so far, ${rate}`;
  const left = perMs > 0 ? `, ${humanDuration(Math.max(0, found.bytes - bytes) / perMs)} left` : '';
  const part = found.bytes === 0 ? 1 : bytes / found.bytes;
  return `${progressBar(part)}  ${words}, ${rate}${left}`;
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
  if (!drawn && !asked) return { clear: () => undefined, end: () => undefined };
  const startMs = clock.monoMs();
  let shown = false;
  const timer = setInterval(
    () => {
      const elapsedMs = clock.monoMs() - startMs;
      if (elapsedMs < QUIET_MS) return;
      const line = progressLine(now(), elapsedMs);
      stderr.write(drawn ? `${OVER}${NO_WRAP}${line}${WRAP}` : `${line}\n`);
      shown = true;
    },
    drawn ? TERMINAL_EVERY_MS : LINES_EVERY_MS,
  );
  const clear = (): void => {
    if (shown && drawn) stderr.write(OVER);
    shown = false;
  };
  return {
    clear,
    end() {
      clearInterval(timer);
      clear();
    },
  };
}
