/** What the SMB client says (the codes of smb/types.ts), under the codes that this command has for the same thing everywhere. */
import { SERVER_FAILURES } from '../../api/server-failures.ts';
import { Failure, isFailure } from '../../base/failure.ts';
import { actionOfCode } from '../../smb/status/action.ts';

/** What concerns one file. Codes that are not here are the same on both sides, or have no exit code of their own. */
const FILE_FAILURES: ReadonlyMap<string, string> = new Map([
  // In the API «not-found» is a route.
  ['not-found', 'no-such-file'],
  ['bad-name', 'usage'],
]);

/** Whether everything else would fail as well: about the connection, the account or the share, and not about one file. */
export function endsEverything(error: unknown): boolean {
  const action = isFailure(error) ? actionOfCode(error)?.do : undefined;
  return action === 'reconnect' || action === 'stop';
}

/** The same failure with the code of the command line; anything but a Failure as it is. */
export function told(error: unknown): unknown {
  if (!isFailure(error)) return error;
  const { doing, subject, what, hint, retry } = error;
  return new Failure({
    code: FILE_FAILURES.get(error.code) ?? SERVER_FAILURES.get(error.code) ?? error.code,
    doing,
    what,
    retry,
    cause: error,
    ...(subject === undefined ? {} : { subject }),
    ...(hint === undefined ? {} : { hint }),
  });
}
