/**
 * Connection-oriented DCE/RPC packets (C706 12.6, MS-RPCE 2.2.2) in little-endian order, without authentication of their
 * own: the SMB session around the pipe has that.
 *
 *   0 version 5.0 │ 2 type │ 3 flags │ 4 data representation │ 8 fragment length │ 10 auth length │ 12 call id │ 16 …
 */
import { Failure } from '../../base/failure.ts';
import { malformed } from '../malformed.ts';

const HEADER_BYTES = 16;
const RESPONSE_HEADER_BYTES = 24;
/** Fragments offered and accepted: what Windows uses on pipes (MS-RPCE 3.3.1.5.1 asks for at least 1,432). */
const FRAGMENT_LIMIT = 4_280;

const TYPE = { request: 0, response: 2, fault: 3, bind: 11, bindAck: 12, bindNak: 13 } as const;
const FIRST = 1;
const LAST = 2;

/** Little-endian, ASCII, IEEE (C706 14.1). */
const DATA_REPRESENTATION = 0x00000010;

const READING = 'read RPC answer';

/** A syntax of C706 12.6.3.1: UUID in its wire order, and version. */
export interface Syntax {
  uuid: Buffer;
  major: number;
  minor: number;
}

/** The wire form of a UUID in text: the first three groups are little-endian numbers (C706 A.1). */
export function uuidBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16) throw new RangeError(`not a UUID: ${text}`);
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

/** NDR 2.0, the only transfer syntax offered (C706 14). */
const NDR: Syntax = { uuid: uuidBytes('8a885d04-1ceb-11c9-9fe8-08002b104860'), major: 2, minor: 0 };

/** Bind with one presentation context, number 0 (C706 12.6.4.3). */
export function bindPdu(callId: number, abstract: Syntax): Buffer {
  const body = Buffer.alloc(12);
  body.writeUInt16LE(FRAGMENT_LIMIT, 0);
  body.writeUInt16LE(FRAGMENT_LIMIT, 2);
  body.writeUInt8(1, 8);
  const context = Buffer.from([0, 0, 1, 0]);
  return pdu(TYPE.bind, callId, Buffer.concat([body, context, syntaxBytes(abstract), syntaxBytes(NDR)]));
}

/** Request in one fragment, on context 0 (C706 12.6.4.9). */
export function requestPdu(callId: number, operation: number, stub: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(stub.length, 0);
  head.writeUInt16LE(operation, 6);
  return pdu(TYPE.request, callId, Buffer.concat([head, stub]));
}

function pdu(type: number, callId: number, body: Buffer): Buffer {
  const length = HEADER_BYTES + body.length;
  if (length > FRAGMENT_LIMIT) throw new RangeError(`an RPC request of ${length} bytes does not fit into one fragment`);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(5, 0);
  header.writeUInt8(type, 2);
  header.writeUInt8(FIRST | LAST, 3);
  header.writeUInt32LE(DATA_REPRESENTATION, 4);
  header.writeUInt16LE(length, 8);
  header.writeUInt32LE(callId, 12);
  return Buffer.concat([header, body]);
}

function syntaxBytes({ uuid, major, minor }: Syntax): Buffer {
  const version = Buffer.alloc(4);
  version.writeUInt16LE(major, 0);
  version.writeUInt16LE(minor, 2);
  return Buffer.concat([uuid, version]);
}

/**
 * Bytes of the whole fragment that begins here, its header included: 16–65,535. Needs the first 16 bytes of it.
 * Throws `malformed` for anything that is no RPC packet.
 */
export function pduLength(bytes: Buffer): number {
  if (bytes.length < HEADER_BYTES) throw malformed(READING, `it has only ${bytes.length} bytes`);
  if (bytes.readUInt8(0) !== 5) throw malformed(READING, 'it is not of RPC version 5');
  if (bytes.readUInt32LE(4) !== DATA_REPRESENTATION) throw malformed(READING, 'its numbers are not little-endian');
  const length = bytes.readUInt16LE(8);
  if (length < HEADER_BYTES) throw malformed(READING, `it tells a length of ${length} bytes`);
  return length;
}

/** Sees to it that the bind was accepted (C706 12.6.4.4). `pdu` is one whole fragment. */
export function checkBindAck(pdu: Buffer): void {
  if (wholeType(pdu) !== TYPE.bindAck) throw malformed(READING, 'it does not answer a bind');
  // The secondary address has a length in front, and the results begin at the next multiple of 4.
  const addressBytes = pdu.length < 26 ? 0 : pdu.readUInt16LE(24);
  const resultsAt = Math.ceil((26 + addressBytes) / 4) * 4;
  if (resultsAt + 28 > pdu.length) throw malformed(READING, 'its bind results lie outside of it');
  if (pdu.readUInt8(resultsAt) !== 1) throw malformed(READING, 'it has not exactly one bind result');
  const result = pdu.readUInt16LE(resultsAt + 4);
  if (result !== 0) throw refused(`the server refuses this interface (result ${result})`);
  if (!pdu.subarray(resultsAt + 8, resultsAt + 24).equals(NDR.uuid)) {
    throw malformed(READING, 'it chose a transfer syntax that was not offered');
  }
}

/**
 * The stub data of one fragment of a response (C706 12.6.4.10), and whether it is the last. `pdu` is one whole fragment.
 * Throws `access-denied` or `not-supported` for a fault, `malformed` for anything else that is no response.
 */
export function responseStub(pdu: Buffer): { stub: Buffer; last: boolean } {
  if (wholeType(pdu) !== TYPE.response) throw malformed(READING, 'it does not answer a request');
  if (pdu.length < RESPONSE_HEADER_BYTES) throw malformed(READING, 'it ends within its header');
  return { stub: pdu.subarray(RESPONSE_HEADER_BYTES), last: (pdu.readUInt8(3) & LAST) !== 0 };
}

/** The type of a fragment that is all there and has no security trailer; throws for a fault and for a refused bind. */
function wholeType(pdu: Buffer): number {
  if (pduLength(pdu) !== pdu.length) throw malformed(READING, 'its length is not the one it tells');
  if (pdu.readUInt16LE(10) !== 0) throw malformed(READING, 'it has a security trailer that nobody asked for');
  const type = pdu.readUInt8(2);
  if (type === TYPE.bindNak) throw refused('the server refuses the bind');
  if (type === TYPE.fault) throw fault(pdu);
  return type;
}

/** Fault (C706 12.6.4.7): status at 24; 5 is nca_s_fault_access_denied (MS-RPCE 2.2.1.1). */
function fault(pdu: Buffer): Failure {
  if (pdu.length < RESPONSE_HEADER_BYTES + 4) return malformed(READING, 'its fault ends within its header');
  const status = pdu.readUInt32LE(RESPONSE_HEADER_BYTES);
  if (status !== 5) return refused(`the call failed on the server (fault 0x${status.toString(16).padStart(8, '0')})`);
  return new Failure({
    code: 'access-denied',
    doing: 'call server',
    what: 'the account may not ask this',
  });
}

/** Without a hint: whoever asked knows what helps. */
function refused(what: string): Failure {
  return new Failure({ code: 'not-supported', doing: 'call server', what });
}
