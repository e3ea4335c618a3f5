/**
 * Connections to the main for the shares: each share has one for its watch and urgent reads, and one for its passes.
 *
 * A wrong password must not lock the account: log-ons go one at a time until one has succeeded, and after one was refused
 * nobody tries again for a while; all shares hear the same answer instead.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';
import { type Failure, isFailure } from '../../base/failure.ts';
import { PAUSE_MS } from '../../smb/status/action.ts';
import { actionOf } from '../../smb/status/status.ts';
import type { ServerInfo, Tree } from '../../smb/types.ts';
import type { Use } from './load/load.ts';

export interface Link {
  readonly tree: Tree;
  readonly server: ServerInfo;
  /** Milliseconds for the answer to an ECHO; throws when there was none in time. */
  echo(timeoutMs: number): Promise<number>;
  close(): void;
  /** Resolves once, with why it ended. */
  readonly closed: Promise<Error>;
}

/** `use`: for a pass, or for what is live unless told. */
export type OpenLink = (share: string, use?: Use) => Promise<Link>;

/**
 * The server refuses the log-on, and another try with the same credentials will not change that before a person, or the domain of the
 * server, has acted.
 */
export function isRefusal(error: unknown): error is Failure {
  if (!isFailure(error)) return false;
  const action = actionOf(error);
  return (
    error.code === 'logon-denied' || (action?.do === 'stop' && (action.at === 'account' || action.at === 'server'))
  );
}

const REFUSAL_PAUSE_MS = 300_000;

/** A domain controller that is away costs no account anything: it is asked again sooner. */
function pauseAfter(refusal: Failure): number {
  const action = actionOf(refusal);
  return action?.do === 'retry' ? PAUSE_MS[action.pause] : REFUSAL_PAUSE_MS;
}

export interface CarefulOpen {
  open: OpenLink;
  /** A person asks: what was refused may be mended, so the next one tries. What the account bears is judged where it logs on. */
  askAgain(): void;
}

/** Wraps `open` with the care for the account that is told above. */
export function carefully(open: OpenLink, clock: Clock): CarefulOpen {
  let refused: { failure: Failure; ms: number } | undefined;
  let proven = false;
  let turn: Promise<unknown> = Promise.resolve();
  const attempt = async (share: string, use?: Use): Promise<Link> => {
    if (refused !== undefined && clock.monoMs() - refused.ms < pauseAfter(refused.failure)) throw refused.failure;
    try {
      const link = await open(share, use);
      refused = undefined;
      proven = true;
      return link;
    } catch (error) {
      if (isRefusal(error)) {
        refused = { failure: error, ms: clock.monoMs() };
        proven = false;
      }
      throw error;
    }
  };
  return {
    open(share, use) {
      if (proven) return attempt(share, use);
      const mine = turn.then(() => attempt(share, use));
      turn = mine.catch(() => {});
      return mine;
    },
    askAgain() {
      refused = undefined;
    },
  };
}

/** Opens a link, unless the signal comes first: then nobody waits for a dead main, and a link that comes late is closed. */
export async function openUnlessAborted(open: OpenLink, share: string, signal: AbortSignal, use?: Use): Promise<Link> {
  signal.throwIfAborted();
  const opening = open(share, use);
  const aborted = Promise.withResolvers<never>();
  const stop = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([opening, aborted.promise]);
  } catch (error) {
    opening.then((link) => link.close()).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Closes the link when the signal is aborted, so that whatever waits for an answer hears at once. Returns how to forget it. */
export function closeOnAbort(link: Link, signal: AbortSignal): () => void {
  const close = (): void => link.close();
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });
  return () => signal.removeEventListener('abort', close);
}

const ECHO_EVERY_MS = 10_000;
const ECHO_LIMIT_MS = 10_000;
const ECHO_MISSES = 2;

/** Rejects when the link has ended or no longer answers; a watch alone would wait for ever on a dead line. */
export async function watchLink(link: Link, signal: AbortSignal): Promise<never> {
  const gone = new AbortController();
  link.closed.then((why) => gone.abort(why)).catch(() => {});
  const either = AbortSignal.any([signal, gone.signal]);
  for (let missed = 0; ; ) {
    try {
      await pause(ECHO_EVERY_MS, undefined, { signal: either });
    } catch (error) {
      throw gone.signal.aborted ? gone.signal.reason : error;
    }
    try {
      await link.echo(ECHO_LIMIT_MS);
      missed = 0;
    } catch (error) {
      missed += 1;
      if (missed >= ECHO_MISSES || !isFailure(error, 'timeout')) throw error;
    }
  }
}
