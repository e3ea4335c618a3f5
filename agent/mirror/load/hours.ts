/** Which limit of the bandwidth holds at a moment, by the clock and the time zone of this box. Pure but for the zone, which is the process's. */
import type { Limit } from '../../engine-messages.ts';

const DAYS = 7;

/**
 * The lowest limit that holds now, bytes per second; undefined when none does. Local times are taken from Date, so that a limit begins and
 * ends by the clock on the wall also on the days on which that is set forward or back.
 */
export function limitAt(limits: readonly Limit[], wallMs: number): number | undefined {
  const now = new Date(wallMs);
  const minute = now.getHours() * 60 + now.getMinutes();
  const holding = limits
    .filter((limit) => holds(limit, now.getDay(), minute))
    .map(({ bytesPerSecond }) => bytesPerSecond);
  return holding.length === 0 ? undefined : Math.min(...holding);
}

function holds({ fromMinute, toMinute, days }: Limit, day: number, minute: number): boolean {
  if (fromMinute < toMinute) return days.includes(day) && minute >= fromMinute && minute < toMinute;
  const yesterday = (day + DAYS - 1) % DAYS;
  return (days.includes(day) && minute >= fromMinute) || (days.includes(yesterday) && minute < toMinute);
}
