/** The Failure for a descriptor, a SID or a text that does not follow its format. */
import { Failure } from '../../base/failure.ts';

/** `what` names the rule that was broken. */
export function badDescriptor(what: string): Failure {
  return new Failure({
    code: 'malformed',
    doing: 'read the security descriptor',
    what,
    hint: 'look at the permissions on the server, and set them anew there',
  });
}

/** For values that fit into no descriptor. */
export function unbuildable(what: string): Failure {
  return new Failure({
    code: 'malformed',
    doing: 'build the security descriptor',
    what,
    hint: 'give fewer rules, or other ones',
  });
}

/** For text in SDDL, and for SIDs and GUIDs as text; `text` is the part that is wrong. */
export function badText(text: string, what: string): Failure {
  return new Failure({
    code: 'malformed',
    doing: 'read security text',
    subject: JSON.stringify(text.slice(0, 80)),
    what,
    hint: 'give it in SDDL: O:owner G:group D:(A;;FA;;;BA)…, without blanks between the parts',
  });
}
