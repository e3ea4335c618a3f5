/**
 * What happened, for people: decisions and alerts with their time, kept in a file of lines that is appended to and read again after a
 * restart. The log of the system may be gone when somebody asks; this is not.
 */
import fs from 'node:fs';
import path from 'node:path';
import { EVENTS_LIMIT, type EventList, type LogEvent, logEvent } from '../api/event.ts';
import { failureOf } from '../base/failure.ts';
import { readIfThere } from '../base/file.ts';
import { printable } from '../base/human.ts';

export interface Journal {
  /** Appends an event and tells its number. Never throws: a full disk must not stop a takeover; the event is then kept in memory only. */
  add(event: Omit<LogEvent, 'id'>): LogEvent;
  after(id: number): EventList;
  /** The newest events at or above «warning», oldest first. */
  alerts(most: number): LogEvent[];
}

/** Events kept in memory and, after a restart, read back. */
const KEPT = 5_000;
/** A journal file larger than this is put aside as `.1` and begun anew. */
const FILE_LIMIT_BYTES = 5_000_000;

const ALERTING: ReadonlySet<LogEvent['level']> = new Set(['warning', 'error', 'critical']);

export function openJournal(stateFolder: string, problem: (what: string) => void): Journal {
  const file = path.join(stateFolder, 'events.jsonl');
  const text = readIfThere(file) ?? '';
  const events = readBack(text);
  /** A line that was cut short (power failure, full disk) must not swallow the next one. */
  let isTorn = text !== '' && !text.endsWith('\n');
  let last = events.at(-1)?.id ?? 0;
  return {
    add(told) {
      last += 1;
      const event: LogEvent = {
        ...told,
        id: last,
        what: printable(told.what),
        why: printable(told.why),
        next: printable(told.next),
      };
      events.push(event);
      if (events.length > KEPT) events.splice(0, events.length - KEPT);
      try {
        append(file, `${isTorn ? '\n' : ''}${JSON.stringify(event)}\n`);
        isTorn = false;
      } catch (error) {
        isTorn = true;
        problem(failureOf(error, 'append to', file).message);
      }
      return event;
    },
    after(id) {
      return { events: events.filter((event) => event.id > id).slice(0, EVENTS_LIMIT), last };
    },
    alerts: (most) => events.filter((event) => ALERTING.has(event.level)).slice(-most),
  };
}

function append(file: string, line: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  if ((fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) > FILE_LIMIT_BYTES) fs.renameSync(file, `${file}.1`);
  fs.appendFileSync(file, line, { mode: 0o600 });
}

/** Lines that cannot be understood (cut short by a power failure) are passed over: they cannot be repaired, and the rest is good. */
function readBack(text: string): LogEvent[] {
  const events: LogEvent[] = [];
  for (const line of text.split('\n').slice(-KEPT)) {
    if (line === '') continue;
    const parsed = logEvent.safeParse(parseJson(line));
    if (parsed.success) events.push(parsed.data);
  }
  return events;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
