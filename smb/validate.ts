/**
 * Proves a negotiation of before 3.1.1: asks the server, signed, what it was offered and what it chose
 * (FSCTL_VALIDATE_NEGOTIATE_INFO, MS-SMB2 2.2.31.4, 3.2.5.5). Otherwise somebody in between could have taken encryption
 * or a better dialect out of it.
 */
import { Failure } from '../base/failure.ts';
import type { Line } from './link/line.ts';
import { answerAt } from './link/line.ts';
import type { Terms } from './negotiate.ts';
import { STATUS, statusFailure } from './status/status.ts';
import { PREVIOUS_FILE } from './wire/create.ts';
import { FSCTL, ioctlRequest, readIoctlOutput } from './wire/ioctl.ts';
import { CLIENT_SECURITY_MODE, clientCapabilities } from './wire/negotiate.ts';

const ANSWER_BYTES = 24;
/** How servers that do not know the call answer it: Windows 7 and Server 2008 R2, and others of their time. */
const UNKNOWN_CALL: readonly number[] = [STATUS.FILE_CLOSED, STATUS.INVALID_DEVICE_REQUEST, STATUS.NOT_SUPPORTED];

/** A mismatch ends the connection and throws `bad-signature`. */
export async function validateNegotiation(line: Line, terms: Terms): Promise<void> {
  const about = { doing: 'prove the negotiation with', subject: line.link.subject, lane: 'urgent' } as const;
  const { dialects } = terms.offer;
  const input = Buffer.alloc(24 + dialects.length * 2);
  input.writeUInt32LE(clientCapabilities(terms.offer), 0);
  terms.clientGuid.copy(input, 4);
  input.writeUInt16LE(CLIENT_SECURITY_MODE, 20);
  input.writeUInt16LE(dialects.length, 22);
  dialects.forEach((dialect, index) => {
    input.writeUInt16LE(dialect, 24 + index * 2);
  });
  // The call is about no file: an id of all ones, which here does not mean «the part before».
  const request = ioctlRequest(PREVIOUS_FILE, FSCTL.validateNegotiateInfo, input, ANSWER_BYTES);
  const answer = answerAt(await line.exchange([request], about), 0);
  if (answer.status !== STATUS.SUCCESS) {
    // Servers of before 3.0 do not know the call; that they say so under their signature is proof enough (MS-SMB2 3.2.5.5).
    if (terms.server.dialect === 0x0210 && UNKNOWN_CALL.includes(answer.status)) return;
    throw statusFailure(answer.status, about.doing, about.subject);
  }
  const { negotiated } = terms;
  const expected = Buffer.alloc(ANSWER_BYTES);
  expected.writeUInt32LE(negotiated.capabilities, 0);
  negotiated.guid.copy(expected, 4);
  expected.writeUInt16LE(negotiated.securityMode, 20);
  expected.writeUInt16LE(negotiated.dialect, 22);
  if (readIoctlOutput(answer.part, ANSWER_BYTES).equals(expected)) return;
  const why = new Failure({
    code: 'bad-signature',
    doing: about.doing,
    subject: about.subject,
    what: 'what the server chose is not what arrived here',
    hint: 'something between here and the server weakens the connection; the connection was closed',
  });
  line.link.fail(why);
  throw why;
}
