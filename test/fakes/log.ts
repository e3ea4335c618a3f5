/** A log for tests that do not look at the log. */
import type { Log } from '../../base/log.ts';

const nothing = (): void => {};

export const silentLog: Log = {
  debug: nothing,
  info: nothing,
  notice: nothing,
  warning: nothing,
  error: nothing,
  critical: nothing,
  from: () => silentLog,
};
