/**
 * Mails to the administrator. An alert is on disk before `enqueue` returns and is tried until the mail server has accepted it, also
 * across restarts: at once, then with growing pauses, for five days (RFC 5321 4.5.4.1). A mail is removed when its 250 has come; should
 * we die between the two it is sent again with the same Message-ID.
 *
 * Nothing here throws into the caller: who tells people of a trouble must not get a second one. When the disk takes no mail (it may
 * be the disk that the alert is about), the mail is kept in memory and sent all the same.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { textOf } from '../base/failure.ts';
import { counted, humanDuration } from '../base/human.ts';
import type { Log } from '../base/log.ts';
import type { Timer, Timers } from '../base/timers.ts';
import { type Alert, compose } from './letter.ts';
import { type MailTransport, sendMail } from './send.ts';
import { openStore, type StoredMail } from './store.ts';
import { admit, isOver, summary, WINDOW_MS, type Window } from './storm.ts';

export type { Alert } from './letter.ts';
export type { MailTransport } from './send.ts';

export interface MailQueueOptions {
  /** One file per waiting mail goes here; made when it is not there. */
  folder: string;
  transport: MailTransport;
  /** Asked at each attempt; undefined when the mail server wants none. */
  password(): string | undefined;
  /** Who writes, as people know it. */
  standbyName: string;
  clock: Clock;
  timers: Timers;
  log: Log;
}

export interface MailState {
  /** Mails not yet accepted. */
  waiting: number;
  /** What the last attempt met; '' when all is well. */
  problem: string;
}

export interface MailQueue {
  /** Takes charge of an alert: `queued` (durable), `held` (durable; told in the hour's summary), `memory` (the disk refused it). Never throws. */
  enqueue(alert: Alert): 'queued' | 'held' | 'memory';
  /** Never throws. */
  state(): MailState;
  /** Stops; what waits on disk goes on after the next start. */
  close(): Promise<void>;
}

/** Pauses after the first, second … failed round; the last one repeats. */
const PAUSES_MS = [5_000, 15_000, 60_000, 300_000, 900_000];
const GIVE_UP_MS = 5 * 24 * 3_600_000;
/** And for so long by a clock that nobody sets: a box whose clock was wrong at its start must not throw away what is minutes old. */
const TRIED_MS = 3_600_000;
/** One mail, from connecting to its 250. */
const SEND_LIMIT_MS = 90_000;
/** Mails kept when the disk refuses them; the storm window bounds their rate. */
const MEMORY_LIMIT = 100;

/** Opens the queue and goes on with what waits there. Throws a Failure when the folder cannot be used. */
export function openMailQueue(options: MailQueueOptions): MailQueue {
  const { clock, timers, log } = options;
  const store = openStore(options.folder);
  const unsaved: StoredMail[] = [];
  /** Accepted, and the disk has not let go of them: never sent again while we live. */
  const accepted = new Set<string>();
  /** When each waiting mail was first looked at in this life, by the monotonic clock. */
  const metMs = new Map<string, number>();
  let window: Window | undefined = store.readWindow();
  let windowTimer: Timer | undefined;
  let retryTimer: Timer | undefined;
  let failedRounds = 0;
  let problem = '';
  let running: Promise<void> | undefined;
  let wanted = false;
  const closing = new AbortController();

  /** Whatever fails on the disk is told in the log, and the mail goes on from memory. */
  const onDisk = (doing: string, act: () => void): boolean => {
    try {
      act();
      return true;
    } catch (error) {
      log.error(`cannot ${doing}: ${textOf(error)}`);
      return false;
    }
  };

  const keep = (mail: StoredMail): 'queued' | 'memory' => {
    if (onDisk('keep a mail on disk', () => store.put(mail))) return 'queued';
    if (unsaved.length < MEMORY_LIMIT) unsaved.push(mail);
    else
      log.error('a mail is lost: the disk refuses it and the memory set aside is full', {
        subject: mail.alert.subject,
      });
    return 'memory';
  };

  const endWindow = (): void => {
    if (window === undefined) return;
    const told = summary(window);
    // The id says which window: dying before the window is removed repeats the same mail, not another.
    if (told !== undefined) keep({ id: `held-${window.startMs}`, wallMs: clock.wallMs(), alert: copied(told) });
    window = undefined;
    windowTimer?.cancel();
    onDisk('remove the storm window', () => store.writeWindow(undefined));
    if (told !== undefined) go();
  };

  const watchWindow = (): void => {
    windowTimer?.cancel();
    if (window === undefined) return;
    const leftMs = Math.max(0, Math.min(WINDOW_MS, window.startMs + WINDOW_MS - clock.wallMs()));
    windowTimer = timers.after(leftMs, endWindow);
  };

  const onDiskNow = (): StoredMail[] => {
    const { mails, unreadable } = store.list();
    for (const file of unreadable) log.error('a queued mail cannot be understood and was set aside', { file });
    return mails;
  };

  /** One round over what waits, oldest first; true when nothing is left. */
  const round = async (): Promise<boolean> => {
    let left = 0;
    const waiting = unsaved.slice();
    if (!onDisk('read the mail queue', () => waiting.unshift(...onDiskNow()))) left += 1;
    for (const mail of waiting) {
      if (closing.signal.aborted) return false;
      if (accepted.has(mail.id)) {
        forget(mail);
        continue;
      }
      const lateMs = Math.max(0, clock.wallMs() - mail.wallMs);
      const firstMs = metMs.get(mail.id) ?? clock.monoMs();
      metMs.set(mail.id, firstMs);
      if (lateMs > GIVE_UP_MS && clock.monoMs() - firstMs > TRIED_MS) {
        log.error(`gave up a mail that no server took for ${humanDuration(GIVE_UP_MS)}`, {
          subject: mail.alert.subject,
          problem,
        });
        forget(mail);
        continue;
      }
      const sent = await attempt(mail, lateMs);
      switch (sent.kind) {
        case 'accepted':
          for (const recipient of sent.refused) log.warning('the mail server refuses a recipient', { recipient });
          log.info('mailed', { subject: mail.alert.subject, lateMs });
          accepted.add(mail.id);
          forget(mail);
          break;
        case 'refused':
          left += 1;
          problem = sent.what;
          log.warning(`the mail server refuses a mail: ${sent.what}`, { subject: mail.alert.subject });
          break;
        case 'away':
          problem = sent.what;
          log.warning(`cannot mail now: ${sent.what}`, { server: options.transport.server, failedRounds });
          return false;
      }
    }
    if (left === 0) problem = '';
    return left === 0;
  };

  const forget = (mail: StoredMail): void => {
    const at = unsaved.indexOf(mail);
    if (at >= 0) unsaved.splice(at, 1);
    else if (!onDisk('remove a mail from disk', () => store.remove(mail))) return;
    accepted.delete(mail.id);
    metMs.delete(mail.id);
  };

  const attempt = async (mail: StoredMail, lateMs: number) => {
    const limit = new AbortController();
    const timer = timers.after(SEND_LIMIT_MS, () => limit.abort());
    try {
      const letter = compose(mail.alert, options.standbyName, mail.wallMs, lateMs);
      const identity = { id: mail.id, code: mail.alert.code, date: new Date(mail.wallMs) };
      return await sendMail(
        options.transport,
        options.password(),
        letter,
        identity,
        AbortSignal.any([limit.signal, closing.signal]),
      );
    } finally {
      timer.cancel();
    }
  };

  /** Runs rounds until none is wanted any more; a failed one is repeated after a pause. */
  const rounds = async (): Promise<void> => {
    while (wanted && !closing.signal.aborted) {
      wanted = false;
      let clear = false;
      try {
        clear = await round();
      } catch (error) {
        problem = textOf(error);
        log.error(`cannot mail: ${problem}`);
      }
      failedRounds = clear ? 0 : failedRounds + 1;
    }
    if (failedRounds === 0 || closing.signal.aborted) return;
    const pauseMs = PAUSES_MS[Math.min(failedRounds, PAUSES_MS.length) - 1] ?? 0;
    retryTimer = timers.after(pauseMs, go);
  };

  function go(): void {
    wanted = true;
    retryTimer?.cancel();
    running ??= rounds().finally(() => {
      running = undefined;
      if (wanted && !closing.signal.aborted) go();
    });
  }

  if (window !== undefined && isOver(window, clock.wallMs())) endWindow();
  watchWindow();
  go();
  return {
    enqueue(alert) {
      const nowMs = clock.wallMs();
      if (window !== undefined && isOver(window, nowMs)) endWindow();
      const opened = window === undefined;
      const admission = admit(window, alert, nowMs);
      window = admission.window;
      const { mail } = admission;
      const kept = mail ? keep({ id: randomUUID(), wallMs: nowMs, alert: copied(alert) }) : 'held';
      const saved = onDisk('keep the storm window', () => store.writeWindow(admission.window));
      if (opened) watchWindow();
      if (mail) go();
      else log.notice('an alert is held for the summary of the hour', { code: alert.code, subject: alert.subject });
      return kept === 'held' && !saved ? 'memory' : kept;
    },
    state() {
      try {
        // Whoever is accepted and still known could not be removed from the disk.
        return { waiting: unsaved.length + Math.max(0, store.count() - accepted.size), problem };
      } catch (error) {
        return { waiting: unsaved.length, problem: textOf(error) };
      }
    },
    async close() {
      closing.abort();
      windowTimer?.cancel();
      retryTimer?.cancel();
      await running;
      const lost = unsaved.length;
      if (lost > 0) log.error(`${counted(lost, 'mail')} could be neither sent nor kept on disk`);
    },
  };
}

/** A copy of our own: the caller may go on changing its object. */
function copied(alert: Alert): StoredMail['alert'] {
  const { details, ...rest } = alert;
  return details === undefined ? { ...rest } : { ...rest, details: [...details] };
}
