/**
 * The log: one line per decision or event, with constant keys. JSON for machines, one sentence for people; with journald
 * behind stderr each line starts with the syslog priority in angle brackets (sd-daemon(3), SD_ERR …).
 * Text from outside is defused here, in one place, so that no file name can forge a line.
 */
import type { Clock } from './clock.ts';
import { printable } from './human.ts';

export type LogLevel = 'debug' | 'info' | 'notice' | 'warning' | 'error' | 'critical';

/** Syslog priorities (RFC 5424 6.2.1). */
const PRIORITY: Record<LogLevel, number> = { critical: 2, error: 3, warning: 4, notice: 5, info: 6, debug: 7 };

export type LogFields = Record<string, string | number | boolean | undefined>;

export interface Log {
  debug(what: string, fields?: LogFields): void;
  info(what: string, fields?: LogFields): void;
  notice(what: string, fields?: LogFields): void;
  warning(what: string, fields?: LogFields): void;
  error(what: string, fields?: LogFields): void;
  critical(what: string, fields?: LogFields): void;
  /** A log whose lines name another part of the program. */
  from(part: string): Log;
}

export interface LogOptions {
  clock: Clock;
  format: 'json' | 'human';
  /** Prefix `<N>` for journald. */
  priorityPrefix: boolean;
  least: LogLevel;
  write(line: string): void;
}

export function openLog(part: string, options: LogOptions): Log {
  const say = (level: LogLevel, what: string, fields: LogFields = {}): void => {
    if (PRIORITY[level] > PRIORITY[options.least]) return;
    const prefix = options.priorityPrefix ? `<${PRIORITY[level]}>` : '';
    const time = new Date(options.clock.wallMs()).toISOString();
    const line =
      options.format === 'json'
        ? JSON.stringify({ time, level, part, what: printable(what), ...defused(fields) })
        : `${options.priorityPrefix ? '' : `${time} `}${level === 'info' ? '' : `${level.toUpperCase()} `}${part}: ${printable(what)}${tail(fields)}`;
    options.write(`${prefix}${line}\n`);
  };
  return {
    debug: (what, fields) => say('debug', what, fields),
    info: (what, fields) => say('info', what, fields),
    notice: (what, fields) => say('notice', what, fields),
    warning: (what, fields) => say('warning', what, fields),
    error: (what, fields) => say('error', what, fields),
    critical: (what, fields) => say('critical', what, fields),
    from: (other) => openLog(other, options),
  };
}

function defused(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? printable(value) : value]),
  );
}

function tail(fields: LogFields): string {
  const words = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? JSON.stringify(printable(value)) : value}`);
  return words.length === 0 ? '' : ` (${words.join(' ')})`;
}
