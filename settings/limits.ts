/**
 * Limits of the bandwidth by hours, as people write them: a rate (`20mbit`), hours (`08-18`), days (`mon-fri`). Hours and days are those of
 * the box's own time zone; what begins on a day ends on the next when its end is not later than its beginning.
 */
import { z } from 'zod';

/** As it stands in the file. */
export interface LimitText {
  rate: string;
  hours?: string | undefined;
  days?: string | undefined;
}

/** A limit after reading. */
export interface Limit {
  bytesPerSecond: number;
  /** Minutes since midnight, 0 to 1,439; the first that counts. */
  fromMinute: number;
  /** The first that counts no more, 1 to 1,440; not later than `fromMinute` when it is one of the next day. */
  toMinute: number;
  /** The days on which it begins: 0 is Sunday, as Date counts. */
  days: readonly number[];
}

/** Decimal, as networks are sold and as tc(8) has them. */
const BITS: Readonly<Record<string, number>> = { kbit: 1e3, mbit: 1e6, gbit: 1e9 };
const LEAST_BITS = 64e3;
const MOST_BITS = 100e9;
const DAY_NAMES: readonly string[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAY_MINUTES = 1_440;

const ALL_HOURS = '00-24';
const ALL_DAYS = 'mon-sun';
/** In the file. */
const LIMITS = 20;

/** Bytes per second; undefined when it is no rate between 64 kbit and 100 gbit. */
export function parseRate(text: string): number | undefined {
  const [, number, unit = ''] = /^([0-9]{1,6}(?:\.[0-9]{1,3})?) ?([kmg]bit)(?:\/s)?$/iu.exec(text) ?? [];
  const bits = Number(number) * (BITS[unit.toLowerCase()] ?? Number.NaN);
  return bits >= LEAST_BITS && bits <= MOST_BITS ? Math.round(bits / 8) : undefined;
}

/** Minutes of a day, as in Limit; undefined when it is no span like `08-18` or `22:30-06`. */
export function parseHours(text: string): { fromMinute: number; toMinute: number } | undefined {
  const [, fromHour, fromMinutes = '0', toHour, toMinutes = '0'] =
    /^([0-9]{1,2})(?::([0-9]{2}))?-([0-9]{1,2})(?::([0-9]{2}))?$/u.exec(text) ?? [];
  if (fromHour === undefined || toHour === undefined || Number(fromMinutes) > 59 || Number(toMinutes) > 59)
    return undefined;
  const fromMinute = Number(fromHour) * 60 + Number(fromMinutes);
  const toMinute = Number(toHour) * 60 + Number(toMinutes);
  if (fromMinute >= DAY_MINUTES || toMinute > DAY_MINUTES || fromMinute === toMinute) return undefined;
  return { fromMinute, toMinute: toMinute === 0 ? DAY_MINUTES : toMinute };
}

/** Days in the order of the week; undefined when it is nothing like `mon-fri` or `sat,sun`. */
export function parseDays(text: string): number[] | undefined {
  const days = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const [first, last = first, ...more] = part.trim().split('-').map(dayOf);
    if (first === undefined || last === undefined || first < 0 || last < 0 || more.length > 0) return undefined;
    for (let day = first; ; day = (day + 1) % DAY_NAMES.length) {
      days.add(day);
      if (day === last) break;
    }
  }
  return [...days].sort((a, b) => a - b);
}

function dayOf(name: string): number {
  return DAY_NAMES.indexOf(name.trim());
}

/** As it would stand in the file, in the plainest form. */
export function limitText({ bytesPerSecond, fromMinute, toMinute, days }: Limit): {
  rate: string;
  hours: string;
  days: string;
} {
  return {
    rate: rateText(bytesPerSecond),
    hours: `${hourText(fromMinute)}-${hourText(toMinute)}`,
    days: daysText(days),
  };
}

/** `20mbit`: exact, in the largest unit that leaves at most three digits behind the point. */
export function rateText(bytesPerSecond: number): string {
  const bits = bytesPerSecond * 8;
  const [unit, size] = Object.entries(BITS).findLast(([, each]) => bits >= each) ?? ['kbit', 1e3];
  return `${Number((bits / size).toFixed(3))}${unit}`;
}

function hourText(minute: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return minute % 60 === 0 ? two(minute / 60) : `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

/** The week begins on Monday; days that follow each other are drawn together. */
function daysText(days: readonly number[]): string {
  const week = [1, 2, 3, 4, 5, 6, 0].filter((day) => days.includes(day));
  const spans: [first: number, last: number][] = [];
  for (const day of week) {
    const span = spans.at(-1);
    if (span !== undefined && (span[1] + 1) % DAY_NAMES.length === day) span[1] = day;
    else spans.push([day, day]);
  }
  return spans
    .map(([first, last]) => (first === last ? DAY_NAMES[first] : `${DAY_NAMES[first]}-${DAY_NAMES[last]}`))
    .join(',');
}

function parsed<T>(parse: (text: string) => T | undefined, what: string) {
  return z.string().transform((text, context): T => {
    const value = parse(text.trim());
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: what });
    return z.NEVER;
  });
}

const limit = z
  .strictObject({
    rate: parsed(parseRate, 'is not a rate like 512kbit, 20mbit or 1gbit, from 64kbit to 100gbit').describe(
      'how much may come from the main in a second, for example 20mbit',
    ),
    hours: parsed(parseHours, 'is not a span of a day like 08-18, 08:30-17:45 or 22-06')
      .prefault(ALL_HOURS)
      .describe('from when to when, by the clock of this box, for example 08-18; all day when left out'),
    days: parsed(parseDays, 'is not a list of days like mon-fri, sat,sun or wed')
      .prefault(ALL_DAYS)
      .describe('on which days it begins, for example mon-fri; every day when left out'),
  })
  .transform(({ rate, hours, days }): Limit => ({ bytesPerSecond: rate, ...hours, days }));

/** The field of the settings. Where several limits hold at once, the lowest counts. */
export const limits = z.array(limit).max(LIMITS);
