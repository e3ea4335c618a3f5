/** An event for people: when, how grave, what; then why and what to do next. */
import type { LogEvent } from '../../api/event.ts';
import { printable } from '../../base/human.ts';
import type { Colour, Screen } from '../screen.ts';
import { moment } from './time.ts';

const COLOURS: Record<LogEvent['level'], Colour | undefined> = {
  info: undefined,
  notice: 'bold',
  warning: 'amber',
  error: 'red',
  critical: 'red',
};

export function eventLines(event: LogEvent, paint: Screen['paint']): string[] {
  const colour = COLOURS[event.level];
  const level = event.level.padEnd(8);
  return [
    `${moment(event.atMs)}  ${colour === undefined ? level : paint(level, colour)}  ${printable(event.what)}`,
    ...(event.why === '' ? [] : [`    Why: ${printable(event.why)}`]),
    ...(event.next === '' ? [] : [`    Next: ${printable(event.next)}`]),
  ];
}
