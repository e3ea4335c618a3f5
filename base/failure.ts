/**
 * The one error class of the project. Expected outcomes are values; a Failure is a broken expectation that carries
 * what a person needs: what was being done, to what, what happened, and what to do next.
 */

export interface FailureParts {
  /** Stable, lower case, words joined by «-»: `wrong-password`, `no-space`. Callers compare it; it never changes its meaning. */
  code: string;
  /** What was being done, as a verb phrase: `open journal`. */
  doing: string;
  /** The thing it was done to: a path, an address, a share. */
  subject?: string;
  /** What happened, lower case, no full stop. */
  what: string;
  /** What a person can do about it; separate from what happened. */
  hint?: string;
  /** Whether the same call may succeed later without anybody changing anything. */
  retry?: boolean;
  cause?: unknown;
}

export class Failure extends Error {
  readonly code: string;
  readonly doing: string;
  readonly subject: string | undefined;
  readonly what: string;
  readonly hint: string | undefined;
  readonly retry: boolean;

  constructor(parts: FailureParts) {
    const subject = parts.subject === undefined ? '' : ` ${parts.subject}`;
    super(`${parts.doing}${subject}: ${parts.what}`, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = 'Failure';
    this.code = parts.code;
    this.doing = parts.doing;
    this.subject = parts.subject;
    this.what = parts.what;
    this.hint = parts.hint;
    this.retry = parts.retry ?? false;
  }
}

export function isFailure(error: unknown, ...codes: string[]): error is Failure {
  return error instanceof Failure && (codes.length === 0 || codes.includes(error.code));
}

/** The text of anything thrown, for a log line. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The errno name of a Node system error (`ENOENT`), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/**
 * Wraps a Node system error in a Failure whose code is the errno in lower case (`enoent`, `enospc`).
 * A Failure is passed through unchanged, since it already says what was being done.
 */
export function failureOf(error: unknown, doing: string, subject?: string, hint?: string): Failure {
  if (error instanceof Failure) return error;
  const errno = errnoOf(error);
  const named = errno === undefined ? undefined : ERRNO_WORDS[errno];
  return new Failure({
    code: errno?.toLowerCase() ?? 'unexpected',
    doing,
    what: named ?? textOf(error),
    cause: error,
    ...(subject === undefined ? {} : { subject }),
    ...(hint === undefined ? {} : { hint }),
  });
}

const ERRNO_WORDS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOSPC: 'no space left on device',
  EDQUOT: 'disk quota exceeded',
  EROFS: 'read-only file system',
  EEXIST: 'already exists',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  ENOTEMPTY: 'directory not empty',
  EIO: 'input/output error',
  ENAMETOOLONG: 'name too long for this file system',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by the other side',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'timed out',
  EADDRINUSE: 'address already in use',
};
