/** Splits outages into what they were spent on. Pure. */
import { figures } from '../report.ts';
import type { Result } from './result.ts';

/** One takeover in ms; what its contender does not show is undefined. The first three follow each other and end when the user is back. */
export interface Phases {
  /** Death → decision. */
  detectMs: number | undefined;
  /** Decision → the kernel of the standby has the address. */
  takeOverMs: number | undefined;
  /** That → the user's first good operation. */
  reconnectMs: number | undefined;
  /** Decision → the contender has proven that it serves; the user may be back before. */
  provenMs: number | undefined;
}

export function phasesOf({ deadMs, decidedMs, addressMs, provenMs, pause }: Result): Phases {
  return {
    detectMs: between(deadMs, decidedMs),
    takeOverMs: between(decidedMs, addressMs),
    reconnectMs: between(addressMs, pause?.backMs),
    provenMs: between(decidedMs, provenMs),
  };
}

function between(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : to - from;
}

/** The medians of each phase over several runs as a clause, for example `detect 350 ms, take over 138 ms, reconnect 38 ms`. */
export function phaseWords(runs: readonly Phases[]): string {
  const median = (phase: keyof Phases): number | undefined => {
    const known = runs.map((run) => run[phase]).filter((ms) => ms !== undefined);
    return known.length === 0 ? undefined : Math.round(figures(known).median);
  };
  const word = (name: string, phase: keyof Phases): string[] => {
    const ms = median(phase);
    return ms === undefined ? [] : [`${name} ${ms} ms`];
  };
  return [
    ...word('detect', 'detectMs'),
    ...word('take over', 'takeOverMs'),
    ...word('reconnect', 'reconnectMs'),
    ...word('decision to proof', 'provenMs'),
  ].join(', ');
}
