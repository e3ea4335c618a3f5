/**
 * The kept connection to the main, with a session on it when a log-on is set and accepted, and what is asked there:
 * ECHO, the known file. Where the log-on is denied the connection is kept all the same: servers answer ECHO without a session
 * (MS-SMB2 3.3.5.19).
 */

import { type Failure, isFailure, textOf } from '../../base/failure.ts';
import type { Connection, Session } from '../../smb/types.ts';
import type { ProbePlan } from '../messages.ts';
import type { Finding } from './classify.ts';
import { findingOfFetching } from './classify.ts';
import { fetchKnown } from './fetch.ts';
import type { LogonGate } from './logon-gate.ts';
import type { After } from './round.ts';

export interface KeptSession {
  readonly connection: Connection;
  /** Reads the known file, logging on before when that is due. Undefined when nothing can be said now. */
  fetch(): Promise<Finding | undefined>;
  /** Logs on when a log-on is set and the gate allows it. Undefined when nothing was found against us. */
  logOn(): Promise<Finding | undefined>;
  readonly loggedOn: boolean;
  close(): void;
}

export function keepSession(
  connection: Connection,
  plan: ProbePlan,
  world: { after: After; gate: LogonGate },
): KeptSession {
  const { gate } = world;
  let session: Session | undefined;
  let loggingOn: Promise<Finding | undefined> | undefined;

  const logOnce = async (logon: NonNullable<ProbePlan['logon']>): Promise<Finding | undefined> => {
    try {
      session = await connection.logon(logon, gate.turn({ ...plan, logon }));
      return undefined;
    } catch (error) {
      if (isFailure(error, 'unanswered')) return resting(error);
      const finding = findingOfFetching(error);
      if (finding === undefined || finding.outcome === 'frozen') return finding;
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      return { outcome: 'denied', detail: `${code}: ${textOf(error)}` };
    }
  };

  const logOn = async (): Promise<Finding | undefined> => {
    const { logon } = plan;
    if (logon === undefined || session !== undefined) return undefined;
    if (loggingOn !== undefined) return loggingOn;
    if (!gate.may({ ...plan, logon })) {
      const refusal = gate.refusal({ ...plan, logon });
      if (refusal === undefined) return undefined;
      return resting(refusal);
    }
    loggingOn = logOnce(logon);
    try {
      return await loggingOn;
    } finally {
      loggingOn = undefined;
    }
  };

  return {
    connection,
    logOn,
    get loggedOn() {
      return session !== undefined;
    },
    async fetch() {
      if (plan.logon === undefined) return { outcome: 'unknown', detail: 'no log-on is set' };
      const against = await logOn();
      if (against !== undefined || session === undefined) return against;
      if (plan.known === undefined) return { outcome: 'unknown', detail: 'no known file yet' };
      const reading = fetchKnown(session, plan.known);
      const { late, callOff } = deadline(plan.fetchTimeoutMs, world.after);
      const finding = await Promise.race([reading, late]);
      callOff();
      // A read that hangs would keep its request and its memory: the connection ends with it.
      if (finding?.outcome === 'frozen') connection.close();
      return finding;
    },
    close: () => connection.close(),
  };
}

/** Why nothing is tried now. That log-ons before were not answered says nothing of the main as it is. */
function resting({ code }: Failure): Finding {
  return { outcome: code === 'unanswered' ? 'unknown' : 'denied', detail: `${code}: not tried again yet` };
}

function deadline(ms: number, after: After): { late: Promise<Finding>; callOff(): void } {
  let callOff = (): void => {};
  const late = new Promise<Finding>((resolve) => {
    callOff = after(ms, () => resolve({ outcome: 'frozen', detail: `the known file was not read in ${ms} ms` }));
  });
  return { late, callOff };
}
