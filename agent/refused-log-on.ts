/**
 * A refused log-on of ours is met by the mirror engine, in each share, and by the probes, which make the main «degraded»: one
 * trouble, of which people are told once. Whoever is first tells it. Pure.
 */
import type { Facts } from './decide/types.ts';
import type { ShareState } from './engine-messages.ts';

export interface RefusedLogOn {
  /** Whether an alert is to be told; `isLogOn`: it is about a log-on of ours that was refused. */
  tell(isLogOn: boolean): boolean;
  /** The trouble is over once every share is worked on again. */
  heard(shares: readonly Pick<ShareState, 'state'>[]): void;
}

export function openRefusedLogOn(): RefusedLogOn {
  let isTold = false;
  return {
    tell(isLogOn) {
      if (!isLogOn) return true;
      if (isTold) return false;
      isTold = true;
      return true;
    },
    heard(shares) {
      if (shares.length > 0 && shares.every(({ state }) => WORKING.has(state))) isTold = false;
    },
  };
}

/** Whether «degraded» means a refused log-on of the probes: with other trouble at the same time, it is that of which people are told. */
export function isRefusedLogOn(code: string, { fetch, negotiate }: Facts['layers']): boolean {
  return code === 'degraded' && fetch?.outcome === 'denied' && negotiate?.outcome === 'answered';
}

const WORKING: ReadonlySet<ShareState['state']> = new Set(['first-pass', 'live', 'scanning']);
