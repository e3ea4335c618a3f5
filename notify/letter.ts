/**
 * What an alert looks like as a mail: what happened, when, why, what to do next. Pure. Every word that may come from outside
 * (file names, a server's messages) is defused for the header, the plain text and the HTML.
 */
import { humanDuration, printable } from '../base/human.ts';

/** Something that an administrator must hear of. All texts are single sentences without line breaks. */
export interface Alert {
  /** Stable name, from the catalogue of alerts. */
  code: string;
  subject: string;
  /** What happened. */
  text: string;
  /** Why; left out where `text` says it. */
  why?: string;
  /** What to do next. */
  next: string;
  /** Further lines, a list below what happened. */
  details?: readonly string[];
}

export interface Letter {
  subject: string;
  text: string;
  html: string;
}

const MINUTE_MS = 60_000;
/** A mail that arrives later than this says so in its subject: what it tells may be over. */
const LATE_MS = 2 * MINUTE_MS;
/** Letters of a subject; longer ones are cut in most lists of mails anyway. */
const SUBJECT_LIMIT = 200;

/** Composes the mail. `happenedMs` is wall time; `lateMs` how long the mail has waited for the mail server. */
export function compose(alert: Alert, standbyName: string, happenedMs: number, lateMs: number): Letter {
  const late = lateMs > LATE_MS ? ` (delayed ${humanDuration(Math.round(lateMs / MINUTE_MS) * MINUTE_MS)})` : '';
  const parts: [title: string, lines: string[]][] = [
    ['What happened', [alert.text, ...(alert.details ?? []).map((line) => `- ${line}`)]],
    ['When', [`${timeInWords(happenedMs)}${late}`]],
    ...(alert.why === undefined || alert.why === '' ? [] : [['Why', [alert.why]] satisfies [string, string[]]]),
    ['What to do next', [alert.next]],
  ];
  const safe = parts.map(([title, lines]): [string, string[]] => [title, lines.map(printable)]);
  // Whoever gets mail from several boxes must see which one writes; a subject that says so already says it once.
  const named = alert.subject.startsWith(`${standbyName} `) ? alert.subject : `${standbyName}: ${alert.subject}`;
  const foot = `Sent by the standby ${printable(standbyName)} (${printable(alert.code)}).`;
  return {
    subject: `${printable(named).slice(0, SUBJECT_LIMIT)}${late}`,
    text: `${safe.map(([title, lines]) => `${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`).join('\n')}\n${foot}\n`,
    html: [
      '<!doctype html>',
      '<html><body>',
      ...safe.map(([title, lines]) => `<h3>${escaped(title)}</h3>\n<p>${lines.map(escaped).join('<br>\n')}</p>`),
      `<p><small>${escaped(foot)}</small></p>`,
      '</body></html>',
      '',
    ].join('\n'),
  };
}

/** `2026-11-21 22:03:05 +01:00`: the time of this box, with its offset, so that it can be compared with any log. */
export function timeInWords(wallMs: number): string {
  const offsetMinutes = -new Date(wallMs).getTimezoneOffset();
  const local = new Date(wallMs + offsetMinutes * 60_000).toISOString();
  const size = Math.abs(offsetMinutes);
  const offset = `${offsetMinutes < 0 ? '-' : '+'}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`;
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${offset}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replace(/[&<>"']/gu, (char) => ENTITIES[char] ?? '');
}
