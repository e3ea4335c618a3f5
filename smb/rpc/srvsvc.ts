/** The list of shares: NetrShareEnum, level 1, of the server service (MS-SRVS 3.1.4.8), spoken over the pipe `srvsvc`. */
import { malformed } from '../malformed.ts';
import { refusedName } from '../name.ts';
import type { ShareInfo } from '../types.ts';
import { NdrReader, NdrWriter } from './ndr.ts';
import { bindPdu, requestPdu, uuidBytes } from './pdu.ts';

export { checkBindAck, pduLength, responseStub } from './pdu.ts';

const SRVSVC = { uuid: uuidBytes('4b324fc8-1670-01d3-1278-5a47bf6ee188'), major: 3, minor: 0 };
const NETR_SHARE_ENUM = 15;
const LEVEL = 1;

/** Shares of one answer; Windows holds far fewer, and every one costs memory here. */
const SHARES_LIMIT = 10_000;

/** Results of NetrShareEnum (MS-ERREF 2.2): all there, or more to fetch with the resume handle. */
export const SHARE_ENUM_DONE = 0;
export const SHARE_ENUM_MORE = 234;

/** STYPE_* (MS-SRVS 2.2.2.4); what is above the low byte marks clusters and temporary shares. */
const KINDS: readonly ShareInfo['kind'][] = ['disk', 'printer', 'device', 'pipe'];
const SPECIAL = 0x80000000;

const READING = 'read list of shares';

export function bindRequest(callId: number): Buffer {
  return bindPdu(callId, SRVSVC);
}

/** `server` in the form `\\host`; `resumeHandle` is 0 at first, then what the previous answer gave. */
export function shareEnumRequest(callId: number, server: string, resumeHandle: number): Buffer {
  const stub = new NdrWriter()
    .pointer()
    .string(server)
    .u32(LEVEL)
    // The union repeats its level (MS-SRVS 2.2.4.38), then points to an empty container (2.2.4.33).
    .u32(LEVEL)
    .pointer()
    .u32(0)
    .u32(0)
    // As much as the server likes (MAX_PREFERRED_LENGTH).
    .u32(0xffffffff)
    .pointer()
    .u32(resumeHandle)
    .bytes();
  return requestPdu(callId, NETR_SHARE_ENUM, stub);
}

export interface ShareEnum {
  shares: ShareInfo[];
  resumeHandle: number;
  /** A Win32 error; SHARE_ENUM_DONE and SHARE_ENUM_MORE are the two with which the shares count. */
  status: number;
}

/** Reads the joined stubs of a whole answer. Throws `malformed`, also for a share whose name is not safe to use. */
export function parseShareEnum(stub: Buffer): ShareEnum {
  const reader = new NdrReader(stub);
  if (reader.u32() !== LEVEL || reader.u32() !== LEVEL) throw malformed(READING, 'it is of another level');
  const shares = reader.pointer() ? readContainer(reader) : [];
  reader.u32(); // TotalEntries, an estimate
  const resumeHandle = reader.pointer() ? reader.u32() : 0;
  return { shares, resumeHandle, status: reader.u32() };
}

/** SHARE_INFO_1_CONTAINER (MS-SRVS 2.2.4.33): first all fixed parts, then the strings they point to, in the same order. */
function readContainer(reader: NdrReader): ShareInfo[] {
  const count = reader.u32();
  if (!reader.pointer()) {
    if (count !== 0) throw malformed(READING, 'it counts shares and has none');
    return [];
  }
  if (reader.u32() !== count) throw malformed(READING, 'its two counts differ');
  if (count > SHARES_LIMIT || count * 12 > reader.bytesLeft) throw malformed(READING, `it tells of ${count} shares`);
  const fixed = Array.from({ length: count }, () => ({
    hasName: reader.pointer(),
    type: reader.u32(),
    hasComment: reader.pointer(),
  }));
  return fixed.map(({ hasName, type, hasComment }) => {
    const name = hasName ? reader.string() : '';
    const comment = hasComment ? reader.string() : '';
    return shareInfo(name, type, comment);
  });
}

function shareInfo(name: string, type: number, comment: string): ShareInfo {
  const why = refusedName(name);
  if (why !== undefined) throw malformed(READING, `the name of a share is not safe: ${why}`);
  return {
    name,
    comment: comment.toWellFormed(),
    // A kind that is not known here can at least not be a disk.
    kind: KINDS[type & 0xff] ?? 'device',
    special: (type & SPECIAL) !== 0 || name.endsWith('$'),
  };
}
