/**
 * NT statuses (MS-ERREF 2.3.1) on their way to people: each becomes a Failure with a code from types.ts, words and a hint.
 * The values stand in status-codes.ts, their meanings in status-meanings.ts.
 */
import { Failure } from '../base/failure.ts';
import { STATUS, type StatusName } from './status-codes.ts';
import { MEANINGS, type Meaning, OTHER } from './status-meanings.ts';

export { STATUS };

const BY_VALUE = new Map<number, { name: string; meaning: Meaning }>();
for (const name of Object.keys(STATUS)) {
  if (isStatusName(name)) BY_VALUE.set(STATUS[name], { name: `STATUS_${name}`, meaning: MEANINGS[name] ?? OTHER });
}

function isStatusName(name: string): name is StatusName {
  return Object.hasOwn(STATUS, name);
}

/** `STATUS_ACCESS_DENIED`, or `0xC0001234` when it has no name here. */
export function statusName(status: number): string {
  return BY_VALUE.get(status)?.name ?? `0x${(status >>> 0).toString(16).toUpperCase().padStart(8, '0')}`;
}

/** The Failure for an answer with this status; its code is one of types.ts, `nt-status` when none fits. */
export function statusFailure(status: number, doing: string, subject: string): Failure {
  const meaning = BY_VALUE.get(status)?.meaning ?? OTHER;
  return new Failure({
    code: meaning.code,
    doing,
    subject,
    what: `${meaning.what} (${statusName(status)})`,
    hint: meaning.hint,
    retry: meaning.retry ?? false,
  });
}
