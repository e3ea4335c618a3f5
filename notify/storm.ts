/**
 * Storm control: an hour has room for a few mails, what comes beyond is held and told in one mail at its end. A mailbox full of the
 * same alert hides the one that matters; so the first alert of each kind in the hour is never held. Pure; the queue keeps the window on disk.
 */
import { counted, printable } from '../base/human.ts';
import { type Alert, timeInWords } from './letter.ts';

export const MAILS_PER_WINDOW = 20;
export const WINDOW_MS = 3_600_000;
/** Kinds of alerts that are remembered; there are about thirty. */
const CODES_LIMIT = 100;
/** Lines of the summary; beyond that only the number is told. */
const HELD_LIMIT = 100;

export interface Window {
  /** Wall time of its first mail. */
  startMs: number;
  mailed: number;
  /** Kinds of alerts that were mailed. */
  codes: string[];
  held: number;
  /** The first of what was held, as lines. */
  lines: string[];
}

export type Admission = { window: Window; mail: boolean };

/** Whether a window is over. A clock that was set back ends it too, or a window could last for years. */
export function isOver(window: Window, nowMs: number): boolean {
  return nowMs - window.startMs >= WINDOW_MS || nowMs < window.startMs;
}

/** Counts an alert into the window (undefined when none is open): mailed while there is room or when it is the first of its kind, held beyond. */
export function admit(window: Window | undefined, alert: Alert, nowMs: number): Admission {
  const open = window ?? { startMs: nowMs, mailed: 0, codes: [], held: 0, lines: [] };
  const isFirst = !open.codes.includes(alert.code) && open.codes.length < CODES_LIMIT;
  if (isFirst || open.mailed < MAILS_PER_WINDOW) {
    const codes = isFirst ? [...open.codes, alert.code] : open.codes;
    return { window: { ...open, mailed: open.mailed + 1, codes }, mail: true };
  }
  const line = printable(`${timeInWords(nowMs)} ${alert.code}: ${alert.subject}`);
  const lines = open.lines.length < HELD_LIMIT ? [...open.lines, line] : open.lines;
  return { window: { ...open, held: open.held + 1, lines }, mail: false };
}

/** The one mail for what was held; undefined when nothing was. */
export function summary(window: Window): Alert | undefined {
  if (window.held === 0) return undefined;
  const untold = window.held - window.lines.length;
  return {
    code: 'alerts-held',
    subject: `${counted(window.held, 'further alert')} within an hour`,
    text: `${counted(window.held, 'alert')} came after ${window.mailed} mails within an hour and ${window.held === 1 ? 'was' : 'were'} held back.`,
    next: 'look at «standby events» for all of them',
    details: untold > 0 ? [...window.lines, `and ${counted(untold, 'more', 'more')}`] : window.lines,
  };
}
