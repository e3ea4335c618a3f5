/** The AV pairs with which a server describes itself in its CHALLENGE, and which go back in the answer (MS-NLMP 2.2.2.1). */
import { malformed } from '../malformed.ts';
import type { FileTime } from '../types.ts';

/** AvId (MS-NLMP 2.2.2.1). */
const AV = { end: 0, flags: 6, timestamp: 7, targetName: 9 } as const;
/** MsvAvFlags: the AUTHENTICATE message has a MIC. */
const AV_FLAG_MIC = 2;

/** Bytes of the server's AV pairs: names of a computer and a domain need a few hundred. */
const LIMIT = 16_384;

const READING = 'read NTLM challenge';

interface AvPair {
  id: number;
  value: Buffer;
}

export interface TargetInfo {
  /** Without the end mark. */
  pairs: AvPair[];
  /** MsvAvTimestamp. */
  timestamp: FileTime | undefined;
}

/** Reads what the server tells of itself. Throws `malformed`. */
export function readTargetInfo(bytes: Buffer): TargetInfo {
  if (bytes.length > LIMIT) throw malformed(READING, `its target info has ${bytes.length} bytes`);
  const pairs = parsePairs(bytes);
  const timestamp = pairs.find((pair) => pair.id === AV.timestamp)?.value;
  if (timestamp !== undefined && timestamp.length !== 8) throw malformed(READING, 'its time has not 8 bytes');
  return { pairs, timestamp: timestamp?.readBigUInt64LE(0) };
}

/** A sequence of AV_PAIR (MS-NLMP 2.2.2.1) up to MsvAvEOL; each takes at least 4 bytes, so their number is limited too. */
function parsePairs(bytes: Buffer): AvPair[] {
  const pairs: AvPair[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const id = bytes.readUInt16LE(at);
    const length = bytes.readUInt16LE(at + 2);
    if (id === AV.end) return pairs;
    at += 4;
    if (at + length > bytes.length) throw malformed(READING, 'a value of its target info goes beyond its end');
    pairs.push({ id, value: bytes.subarray(at, at + length) });
    at += length;
  }
  throw malformed(READING, 'its target info has no end mark');
}

/** The server's pairs with the flag for the MIC, and with our target name instead of the server's (MS-NLMP 3.1.5.1.2). */
export function answeredTargetInfo({ pairs }: TargetInfo, targetName: string | undefined): Buffer {
  const theirs = pairs.find((pair) => pair.id === AV.flags)?.value;
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(((theirs?.length === 4 ? theirs.readUInt32LE(0) : 0) | AV_FLAG_MIC) >>> 0);
  return Buffer.concat([
    ...pairs.filter(({ id }) => id !== AV.flags && id !== AV.targetName).map(pairBytes),
    pairBytes({ id: AV.flags, value: flags }),
    ...(targetName === undefined ? [] : [pairBytes({ id: AV.targetName, value: Buffer.from(targetName, 'utf16le') })]),
    pairBytes({ id: AV.end, value: Buffer.alloc(0) }),
  ]);
}

function pairBytes({ id, value }: AvPair): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value]);
}
