/** A log for tests that keeps its lines to itself. */
import { systemClock } from '../../base/clock.ts';
import { openLog } from '../../base/log.ts';

export const silentLog = openLog('test', {
  clock: systemClock,
  format: 'json',
  priorityPrefix: false,
  least: 'critical',
  write: () => {},
});
