/**
 * NT statuses (MS-ERREF 2.3.1) on their way to callers and people: each becomes a Failure with a code from types.ts, words, a hint,
 * and the action that its rule gives. The rows stand in status-table.ts, the rules in status-rules.ts.
 */
import { Failure } from '../../base/failure.ts';
import { type Action, actionOfCode } from './action.ts';
import type { Rule } from './status-rule.ts';
import { RULES } from './status-rules.ts';
import { type StatusName, TABLE } from './status-table.ts';
import { ruleOfUnknown } from './status-unknown.ts';

const ROWS = Object.entries(TABLE).map(([name, [value, rule]]) => ({ name, value, rule: RULES[rule] }));
const BY_VALUE: ReadonlyMap<number, { name: string; rule: Rule }> = new Map(ROWS.map((row) => [row.value, row]));

/** The values, by name. */
export const STATUS: Readonly<Record<StatusName, number>> = Object.fromEntries(
  ROWS.map(({ name, value }) => [name, value]),
  // Object.entries forgets which names there are.
) as Record<StatusName, number>;

/** A refusal by the server; what to do about it is for whoever asked, see actionOf. */
class Refusal extends Failure {
  readonly action: Action;

  constructor(status: number, rule: Rule, doing: string, subject: string) {
    super({
      code: rule.code,
      doing,
      subject,
      what: `${rule.what} (${statusName(status)})`,
      hint: rule.hint,
      retry: rule.action.do === 'retry' || rule.action.do === 'reconnect',
    });
    this.action = rule.action;
  }
}

/** `STATUS_ACCESS_DENIED`, or `0xC0001234` when it has no name here. */
export function statusName(status: number): string {
  const name = BY_VALUE.get(status)?.name;
  return name === undefined ? `0x${(status >>> 0).toString(16).toUpperCase().padStart(8, '0')}` : `STATUS_${name}`;
}

/** The Failure for an answer with this status; its code is one of types.ts, `nt-status` when none fits. */
export function statusFailure(status: number, doing: string, subject: string): Failure {
  return new Refusal(status, BY_VALUE.get(status)?.rule ?? ruleOfUnknown(status), doing, subject);
}

/**
 * What a Failure of this client means for whoever asked: by the status that the server gave, else by its code. Undefined for a
 * Failure that is none of this client's: it says nothing about the server or the way to it.
 */
export function actionOf(failure: Failure): Action | undefined {
  return failure instanceof Refusal ? failure.action : actionOfCode(failure);
}
