/** The Failure for bytes from the server that do not follow their format. */
import { Failure } from '../base/failure.ts';

/** `doing` names what was being read (`read NTLM challenge`), `what` the rule that was broken. */
export function malformed(doing: string, what: string): Failure {
  return new Failure({
    code: 'malformed',
    doing,
    what,
    hint: 'the server, or something between it and us, does not speak the protocol correctly; look at its version and at its log',
  });
}
