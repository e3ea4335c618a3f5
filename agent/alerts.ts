/** What people must hear: into the journal, to whoever watches, and by mail. Never throws: telling must not stop acting. */
import path from 'node:path';
import type { LogEvent } from '../api/event.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { systemTimers } from '../base/timers.ts';
import { type MailState, openMailQueue } from '../notify/index.ts';
import type { Settings } from '../settings/schema.ts';
import { readSecrets } from '../settings/secrets.ts';
import type { News } from './http/daemon.ts';
import type { Journal } from './journal.ts';

export interface AlertsParts {
  settings: Settings;
  standbyName: string;
  clock: Clock;
  log: Log;
  journal: Journal;
  tell(news: News): void;
}

export interface Notice {
  code: string;
  subject: string;
  text: string;
  next: string;
}

export interface Alerts {
  raise(notice: Notice): void;
  /** A decision that needs nobody's attention by itself: told to whoever watches, not mailed. */
  decided(mode: string, why: string): void;
  /** How the mails fare; null when nobody is told by mail. */
  mail(): MailState | null;
  close(): Promise<void>;
}

/** Alerts that mean: users are or may soon be without files, or data is at stake. */
const CRITICAL: ReadonlySet<string> = new Set([
  'taken-over',
  'down-manual',
  'down-not-ready',
  'take-over-failed',
  'isolated',
  'rival',
  'disk-full',
]);
/** Alerts of things that went well. */
const GOOD: ReadonlySet<string> = new Set(['handed-back', 'restored', 'main-recovered']);

export function openAlerts(parts: AlertsParts): Alerts {
  const { settings, clock, log, journal } = parts;
  const queue =
    settings.mail === undefined
      ? undefined
      : openMailQueue({
          folder: path.join(settings.state, 'mail'),
          transport: settings.mail,
          // Read anew for each attempt: a wrong one that was corrected in the file lets the waiting mails go.
          password: () => readSecrets(settings.secrets).mailPassword,
          standbyName: parts.standbyName,
          clock,
          timers: systemTimers,
          log,
        });

  const add = (event: Omit<LogEvent, 'id' | 'atMs'>): void => {
    parts.tell({ kind: 'event', event: journal.add({ ...event, atMs: clock.wallMs() }) });
  };

  return {
    raise(notice) {
      const { code, subject, text, next } = notice;
      const level = CRITICAL.has(code) ? 'critical' : GOOD.has(code) ? 'notice' : 'warning';
      add({ level, code, what: subject, why: text, next });
      queue?.enqueue({ code, subject, text, next });
    },
    decided: (mode, why) => add({ level: 'info', code: mode, what: why, why: '', next: '' }),
    mail: () => queue?.state() ?? null,
    close: async () => queue?.close(),
  };
}
