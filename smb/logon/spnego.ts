/**
 * SPNEGO (RFC 4178) with NTLMSSP as the only mechanism: nothing is negotiated, so two tokens go out and two come in.
 * What it is still needed for: Windows and Samba expect it around NTLM, and its MIC protects the list of mechanisms.
 */
import { Failure } from '../../base/failure.ts';
import { malformed } from '../malformed.ts';
import { type DerValue, der, derOnly, derValues, TAG } from './der.ts';

/** 1.3.6.1.5.5.2 (RFC 4178 4.1) and 1.3.6.1.4.1.311.2.2.10 (MS-NLMP 1.9), as DER contents. */
const SPNEGO = Buffer.from('2b0601050502', 'hex');
const NTLMSSP = Buffer.from('2b06010401823702020a', 'hex');

/** What Windows says in its last token: the server has yet to answer. */
const ACCEPT_INCOMPLETE = 1;

const READING = 'read security token';

export interface SpnegoAnswer {
  /** Undefined where the server left it out. `request-mic` of RFC 4178 4.2.2 counts as incomplete. */
  state: 'completed' | 'incomplete' | 'rejected' | undefined;
  /** The NTLM message in it, without anything around. */
  responseToken: Buffer | undefined;
  mechListMic: Buffer | undefined;
}

/**
 * NegTokenInit (RFC 4178 4.2.1) around NTLM's NEGOTIATE. `mechTypes` is the list of mechanisms exactly as it stands in the
 * token: the MIC of the last token is made over these bytes.
 */
export function firstToken(ntlmNegotiate: Buffer): { token: Buffer; mechTypes: Buffer } {
  const mechTypes = der(TAG.sequence, der(TAG.objectId, NTLMSSP));
  const init = der(
    TAG.sequence,
    der(TAG.context(0), mechTypes),
    der(TAG.context(2), der(TAG.octetString, ntlmNegotiate)),
  );
  return { token: der(TAG.application0, der(TAG.objectId, SPNEGO), der(TAG.context(0), init)), mechTypes };
}

/** NegTokenResp (RFC 4178 4.2.2) around NTLM's AUTHENTICATE. Samba 4.17 waits for ever for a MIC that is missing here. */
export function lastToken(ntlmAuthenticate: Buffer, mechListMic: Buffer): Buffer {
  return der(
    TAG.context(1),
    der(
      TAG.sequence,
      der(TAG.context(0), der(TAG.enumerated, Buffer.from([ACCEPT_INCOMPLETE]))),
      der(TAG.context(2), der(TAG.octetString, ntlmAuthenticate)),
      der(TAG.context(3), der(TAG.octetString, mechListMic)),
    ),
  );
}

/**
 * Reads what the server answered, a NegTokenResp. An empty token, which a server may send with its final success, has
 * nothing in it. Throws `malformed`, or `not-supported` when the server chose another mechanism than NTLM.
 */
export function parseToken(token: Buffer): SpnegoAnswer {
  const answer: SpnegoAnswer = { state: undefined, responseToken: undefined, mechListMic: undefined };
  if (token.length === 0) return answer;
  let highest = -1;
  for (const field of derValues(derOnly(derOnly(token, TAG.context(1)), TAG.sequence))) {
    const number = field.tag - TAG.context(0);
    if (number <= highest) throw malformed(READING, 'its fields are repeated or out of order');
    highest = number;
    readField(field, answer);
  }
  return answer;
}

function readField(field: DerValue, answer: SpnegoAnswer): void {
  switch (field.tag) {
    case TAG.context(0):
      answer.state = stateOf(derOnly(field.content, TAG.enumerated));
      return;
    case TAG.context(1):
      if (!derOnly(field.content, TAG.objectId).equals(NTLMSSP)) throw otherMechanism();
      return;
    case TAG.context(2):
      answer.responseToken = derOnly(field.content, TAG.octetString);
      return;
    case TAG.context(3):
      answer.mechListMic = derOnly(field.content, TAG.octetString);
      return;
  }
  throw malformed(READING, `it has an unknown field 0x${field.tag.toString(16)}`);
}

function stateOf(content: Buffer): NonNullable<SpnegoAnswer['state']> {
  if (content.length === 1) {
    switch (content[0]) {
      case 0:
        return 'completed';
      case 1:
      case 3:
        return 'incomplete';
      case 2:
        return 'rejected';
    }
  }
  throw malformed(READING, 'it has an unknown state');
}

function otherMechanism(): Failure {
  return new Failure({
    code: 'not-supported',
    doing: 'log on',
    what: 'the server does not want NTLM',
    hint: 'allow NTLMv2 on the server for this account; a server that takes only Kerberos cannot be used',
  });
}
