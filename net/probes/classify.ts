/**
 * What a failed probe proves about the main. Pure. Only three outcomes speak against it: refused, silent, frozen.
 * Everything that our own log-on, our own rights, or a strange but living server can cause is `denied` or `changed`: that
 * makes us blind, not the main dead.
 */
import { Failure } from '../../base/failure.ts';
import type { Outcome } from '../messages.ts';

export interface Finding {
  outcome: Outcome;
  detail: string;
}

/** Why connecting or NEGOTIATE failed (codes of smb/types.ts). Rethrows what is no Failure: a fault of ours. */
export function findingOfConnecting(error: unknown): Finding {
  const failure = failureOrThrow(error);
  switch (failure.code) {
    case 'refused':
      return { outcome: 'refused', detail: 'the host lives and refuses connections' };
    // Closed before it answered: the listener is there and nobody serves behind it.
    case 'disconnected':
      return { outcome: 'refused', detail: 'the connection was closed at once' };
    case 'unreachable':
      return { outcome: 'silent', detail: 'no answer to TCP' };
    case 'timeout':
      return { outcome: 'frozen', detail: 'TCP answers, SMB does not' };
    default:
      return { outcome: 'denied', detail: `${failure.code}: ${failure.what}` };
  }
}

/** Why reading the known file failed; undefined when it only shows that the session ended, which the next ECHO looks into. */
export function findingOfFetching(error: unknown): Finding | undefined {
  const failure = failureOrThrow(error);
  switch (failure.code) {
    case 'disconnected':
    case 'session-expired':
    case 'bad-signature':
      return undefined;
    case 'timeout':
      return { outcome: 'frozen', detail: 'the known file was not read in time' };
    case 'not-found':
    case 'bad-share':
    case 'not-a-directory':
    case 'is-a-directory':
    case 'delete-pending':
    case 'sharing-violation':
    case 'locked':
      return { outcome: 'changed', detail: `${failure.code}: ${failure.what}` };
    default:
      return { outcome: 'denied', detail: `${failure.code}: ${failure.what}` };
  }
}

/** What a missed ECHO means, given what a new connection and ARP found meanwhile. */
export function findingOfMissedEcho(negotiate: Outcome | undefined, arp: Outcome | undefined): Finding {
  switch (negotiate) {
    case 'refused':
      return { outcome: 'refused', detail: 'no answer on the kept session; new connections are refused' };
    case 'silent':
      return { outcome: 'silent', detail: 'no answer on the kept session, nor to TCP' };
    case 'answered':
      return { outcome: 'frozen', detail: 'the kept session does not answer; a new connection does' };
    case 'frozen':
    case 'denied':
      return { outcome: 'frozen', detail: 'no answer on the kept session; TCP answers' };
    case 'changed':
    case 'unknown':
    case undefined:
      return arp === 'silent'
        ? { outcome: 'silent', detail: 'no answer on the kept session, nor to ARP' }
        : { outcome: 'frozen', detail: 'no answer on the kept session' };
  }
}

function failureOrThrow(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}
