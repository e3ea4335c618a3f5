/** What is wrong with the way the program was called. */
import { Failure, failureOf } from '../base/failure.ts';

/** A Failure with the exit code for usage errors. */
export function usage(what: string, hint?: string): Failure {
  return new Failure({ code: 'usage', doing: 'read the command line', what, ...(hint === undefined ? {} : { hint }) });
}

/** A file named on the command line that cannot be read, as a usage error. */
export function unreadable(error: unknown, file: string): Failure {
  const { doing, what, hint } = failureOf(error, 'read', file);
  return new Failure({ code: 'usage', doing, subject: file, what, ...(hint === undefined ? {} : { hint }) });
}
