/** Whether an answer is protected as its request was (MS-SMB2 3.2.5.1.1, 3.2.5.1.3). */

import { STATUS, statusFailure } from '../status/status.ts';
import { badAnswer } from '../wire/bytes.ts';
import { FLAG, type Header } from '../wire/header.ts';
import type { Waiting } from './exchange.ts';
import { badSignature, type Protection } from './protection.ts';

/**
 * Throws unless it is, and when it says that the session is gone. Only an interim answer, which carries nothing, may come
 * unsigned: servers do not sign it.
 * @param sealedBy the session whose keys have decrypted the answer; undefined when it came in the clear
 */
export function checkProtected(
  part: Buffer,
  header: Header,
  waiting: Waiting,
  sealedBy: Protection | undefined,
  interim: boolean,
): void {
  const { protection, encrypt, doing, subject } = waiting.exchange.outgoing;
  if (protection === undefined) {
    if (sealedBy !== undefined) throw badAnswer('an encrypted answer to a request outside of any session');
    return;
  }
  if (sealedBy === protection) {
    if (header.status === STATUS.USER_SESSION_DELETED) throw statusFailure(header.status, doing, subject);
    return;
  }
  if (sealedBy !== undefined) throw badAnswer('an answer encrypted for another session');
  if (encrypt) throw badSignature('an answer came in the clear where all must be encrypted');
  const signed = (header.flags & FLAG.signed) !== 0;
  if (interim && !signed) return;
  // A server that has forgotten the session, after a restart say, has no key to sign with. Believing it costs no more than
  // the connection.
  if (!signed && header.status === STATUS.USER_SESSION_DELETED) throw statusFailure(header.status, doing, subject);
  protection.verify(part, header);
  if (header.status === STATUS.USER_SESSION_DELETED) throw statusFailure(header.status, doing, subject);
}
