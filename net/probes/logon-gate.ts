/**
 * When we may log on. A watcher that repeats a wrong password locks the account, for the mirror and perhaps for people: the rules
 * are those of smb/logon/lock-out.ts, over the whole life of the process, whatever plans come and go, and together with the mirror
 * engine where the plan says where to meet. Besides, no two log-ons begin within a second.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Failure } from '../../base/failure.ts';
import { LogonGuard } from '../../smb/logon/logon-guard.ts';
import { type Notes, ownNotes, sharedNotes } from '../../smb/logon/logon-notes.ts';
import type { LogonTurn } from '../../smb/types.ts';
import type { ProbePlan } from '../messages.ts';

/** Between any two log-ons: a server that throws us out again and again is not stormed. */
export const LOGON_SPACING_MS = 1_000;

type Plan = Pick<ProbePlan, 'ledger'> & { logon: NonNullable<ProbePlan['logon']> };

export interface LogonGate {
  may(plan: Plan): boolean;
  /** Through which the log-on of a session goes, and every renewal of it; throws `refusal` while nothing may be tried. */
  turn(plan: Plan): LogonTurn;
  /** Why nothing is tried now; undefined when a log-on may be tried. */
  refusal(plan: Plan): Failure | undefined;
}

export function openLogonGate(clock: Clock): LogonGate {
  const own = ownNotes();
  const shared = new Map<string, Notes>();
  /** So that what tells two passwords apart is of no use to anybody else. */
  const salt = randomBytes(16);
  let lastMs = Number.NEGATIVE_INFINITY;
  /** Kept while plans mean the same account and password: the log-ons of all sessions wait for one another in it. */
  let present: { key: string; guard: LogonGuard } | undefined;

  const notesIn = (folder: string): Notes => {
    const known = shared.get(folder) ?? sharedNotes(folder, 'net');
    shared.set(folder, known);
    return known;
  };
  const guardOf = ({ logon, ledger }: Plan): LogonGuard => {
    const generation = ledger?.generation ?? createHash('sha256').update(salt).update(logon.password).digest('hex');
    const key = JSON.stringify([ledger?.folder, generation, logon.domain, logon.user]);
    if (present?.key !== key) {
      const notes = ledger === undefined ? own : notesIn(ledger.folder);
      present = { key, guard: new LogonGuard(clock, notes, logon, generation) };
    }
    return present.guard;
  };
  return {
    may: (plan) => clock.monoMs() - lastMs >= LOGON_SPACING_MS && guardOf(plan).refusal === undefined,
    turn(plan) {
      const guard = guardOf(plan);
      return (logOn) => {
        lastMs = clock.monoMs();
        return guard.run(logOn);
      };
    },
    refusal: (plan) => guardOf(plan).refusal,
  };
}
