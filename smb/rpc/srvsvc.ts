/** The server service, spoken over the pipe `srvsvc` (MS-SRVS 2.1), and its list of shares: NetrShareEnum, level 1 (3.1.4.8). */
import { malformed } from '../malformed.ts';
import { refusedName } from '../name.ts';
import type { ShareInfo } from '../types.ts';
import type { Listing } from './enumeration.ts';
import { bindPdu, uuidBytes } from './pdu.ts';

const SRVSVC = { uuid: uuidBytes('4b324fc8-1670-01d3-1278-5a47bf6ee188'), major: 3, minor: 0 };

export function bindRequest(callId: number): Buffer {
  return bindPdu(callId, SRVSVC);
}

/** STYPE_* (MS-SRVS 2.2.2.4); what is above the low byte marks clusters and temporary shares. */
const KINDS: readonly ShareInfo['kind'][] = ['disk', 'printer', 'device', 'pipe'];
const SPECIAL = 0x80000000;

interface FixedShare {
  hasName: boolean;
  type: number;
  hasComment: boolean;
}

/** SHARE_INFO_1 (MS-SRVS 2.2.4.23). */
export const SHARES: Listing<ShareInfo, FixedShare> = {
  operation: 15,
  level: 1,
  filters: 0,
  fixedBytes: 12,
  rowsLimit: 10_000,
  reading: 'read list of shares',
  fixed: (reader) => ({ hasName: reader.pointer(), type: reader.u32(), hasComment: reader.pointer() }),
  row(reader, { hasName, type, hasComment }) {
    const name = hasName ? reader.string() : '';
    const comment = hasComment ? reader.string() : '';
    return shareInfo(name, type, comment);
  },
};

/** Throws `malformed` for a share whose name is not safe to use. */
function shareInfo(name: string, type: number, comment: string): ShareInfo {
  const why = refusedName(name);
  if (why !== undefined) throw malformed(SHARES.reading, `the name of a share is not safe: ${why}`);
  return {
    name,
    comment: comment.toWellFormed(),
    // A kind that is not known here can at least not be a disk.
    kind: KINDS[type & 0xff] ?? 'device',
    special: (type & SPECIAL) !== 0 || name.endsWith('$'),
  };
}
