/** Whether a server that has answered NEGOTIATE does what is required of it, and how to tell people that it does not. Pure. */
import { Failure } from '../base/failure.ts';
import type { Dialect, Requirements, ServerInfo } from './types.ts';

const NAMES: Record<Dialect, string> = { 528: 'SMB 2.1', 768: 'SMB 3.0', 770: 'SMB 3.0.2', 785: 'SMB 3.1.1' };

/** As people know it: «SMB 3.0.2». */
export function dialectName(dialect: Dialect): string {
  return NAMES[dialect];
}

/**
 * The Failure `too-weak` that says what is required and what the server offers; undefined when all is met.
 * The answer to NEGOTIATE may be forged: that only the log-on shows (in 3.1.1), or the proof that follows it.
 */
export function tooWeak(
  require: Requirements,
  server: Pick<ServerInfo, 'dialect' | 'cipher'>,
  subject: string,
): Failure | undefined {
  const offered = `the server offers ${dialectName(server.dialect)}`;
  if (require.dialect !== undefined && server.dialect < require.dialect)
    return failure(
      subject,
      `${dialectName(require.dialect)} or later is required, and ${offered}`,
      'allow a later dialect on the server, or update it; or require less, where this network can be trusted',
    );
  if (require.encryption === true && server.cipher === undefined)
    return failure(
      subject,
      `encryption is required, and ${offered} without a cipher that we know`,
      'allow SMB encryption on the server, which takes SMB 3.0 or later; or do not require it, where this network can be trusted',
    );
  return undefined;
}

function failure(subject: string, what: string, hint: string): Failure {
  return new Failure({ code: 'too-weak', doing: 'negotiate with', subject, what, hint });
}
