/**
 * When we may log on. A watcher that repeats a wrong password locks the account, for the mirror and perhaps for people: the rules
 * are those of smb/logon/lock-out.ts, over the whole life of the process, whatever plans come and go, and together with the mirror
 * engine where the plan says where to meet. Besides, no two log-ons within a second.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Failure } from '../../base/failure.ts';
import { LogonGuard } from '../../smb/logon/logon-guard.ts';
import { type Notes, ownNotes, sharedNotes } from '../../smb/logon/logon-notes.ts';
import type { ProbePlan } from '../messages.ts';

/** Between any two log-ons: a server that throws us out again and again is not stormed. */
export const LOGON_SPACING_MS = 1_000;

type Plan = Pick<ProbePlan, 'ledger'> & { logon: NonNullable<ProbePlan['logon']> };

export interface LogonGate {
  may(plan: Plan): boolean;
  /** A log-on begins. */
  begun(): void;
  refused(plan: Plan, error: unknown): void;
  accepted(plan: Plan): void;
  /** The refusal for which nothing is tried now; undefined when a log-on may be tried. */
  refusal(plan: Plan): Failure | undefined;
}

export function openLogonGate(clock: Clock): LogonGate {
  const own = ownNotes();
  const shared = new Map<string, Notes>();
  /** So that what tells two passwords apart is of no use to anybody else. */
  const salt = randomBytes(16);
  let lastMs = Number.NEGATIVE_INFINITY;

  const notesIn = (folder: string): Notes => {
    const known = shared.get(folder) ?? sharedNotes(folder, 'net');
    shared.set(folder, known);
    return known;
  };
  const guardOf = ({ logon, ledger }: Plan): LogonGuard => {
    if (ledger !== undefined) return new LogonGuard(clock, notesIn(ledger.folder), logon, ledger.generation);
    const generation = createHash('sha256').update(salt).update(logon.password).digest('hex');
    return new LogonGuard(clock, own, logon, generation);
  };
  return {
    may: (plan) => clock.monoMs() - lastMs >= LOGON_SPACING_MS && guardOf(plan).refusal === undefined,
    begun() {
      lastMs = clock.monoMs();
    },
    refused: (plan, error) => guardOf(plan).refused(error),
    accepted: (plan) => guardOf(plan).accepted(),
    refusal: (plan) => guardOf(plan).refusal,
  };
}
