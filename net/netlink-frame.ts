/**
 * The bytes of rtnetlink(7) for IPv4 addresses: RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR, and the answers.
 * Host byte order; both processors that are supported are little endian. Decoding is bounds-checked.
 */
import type { Network } from './ipv4.ts';

/** What we add is marked by this route metric: a /32 has no prefix route, so the kernel only stores it (IFA_RT_PRIORITY, Linux 4.18). */
export const OUR_MARK = 0x53_74_62_79;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
const NLM_F_REQUEST = 0x1;
const NLM_F_ACK = 0x4;
const NLM_F_REPLACE = 0x100;
const NLM_F_DUMP = 0x300;
const NLM_F_CREATE = 0x400;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_CACHEINFO = 6;
const IFA_RT_PRIORITY = 9;
const AF_INET = 2;
const HEADER_BYTES = 16;

export interface AddressOnInterface extends Network {
  interfaceIndex: number;
  /** Added by us (or by our predecessor that was killed). */
  ours: boolean;
}

/** Adds a /32, or renews its lifetime (whole seconds) when it is there. */
export function addAddress(seq: number, interfaceIndex: number, address: number, lifetimeSeconds: number): Buffer {
  // struct ifa_cacheinfo: preferred, valid, created, updated.
  const lifetime = Buffer.alloc(16);
  lifetime.writeUInt32LE(lifetimeSeconds, 0);
  lifetime.writeUInt32LE(lifetimeSeconds, 4);
  const body = [
    ifaddrmsg(32, interfaceIndex),
    attribute(IFA_LOCAL, addressBytes(address)),
    attribute(IFA_ADDRESS, addressBytes(address)),
    attribute(IFA_CACHEINFO, lifetime),
    attribute(IFA_RT_PRIORITY, word(OUR_MARK)),
  ];
  return message(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, seq, body);
}

export function deleteAddress(seq: number, interfaceIndex: number, address: number): Buffer {
  const body = [
    ifaddrmsg(32, interfaceIndex),
    attribute(IFA_LOCAL, addressBytes(address)),
    attribute(IFA_ADDRESS, addressBytes(address)),
  ];
  return message(RTM_DELADDR, NLM_F_REQUEST | NLM_F_ACK, seq, body);
}

/** Asks for every IPv4 address of this network namespace. */
export function listAddresses(seq: number): Buffer {
  return message(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, seq, [ifaddrmsg(0, 0)]);
}

export type NetlinkAnswer =
  | { kind: 'address'; seq: number; address: AddressOnInterface }
  /** The end of a list. */
  | { kind: 'done'; seq: number }
  /** errno of a refused request, 0 for «done as asked». */
  | { kind: 'acknowledged'; seq: number; errno: number };

/** The answers in one datagram; messages of other types are left out, and a length that cannot be ends the reading. */
export function readAnswers(bytes: Buffer): NetlinkAnswer[] {
  const answers: NetlinkAnswer[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    if (length < HEADER_BYTES || at + length > bytes.length) break;
    const answer = readAnswer(bytes.subarray(at, at + length));
    if (answer !== undefined) answers.push(answer);
    at += align(length);
  }
  return answers;
}

function readAnswer(bytes: Buffer): NetlinkAnswer | undefined {
  const type = bytes.readUInt16LE(4);
  const seq = bytes.readUInt32LE(8);
  const body = bytes.subarray(HEADER_BYTES);
  if (type === NLMSG_DONE) return { kind: 'done', seq };
  // struct nlmsgerr begins with the negative errno.
  if (type === NLMSG_ERROR && body.length >= 4) return { kind: 'acknowledged', seq, errno: -body.readInt32LE(0) };
  if (type !== RTM_NEWADDR || body.length < 8 || body[0] !== AF_INET) return undefined;
  const attributes = readAttributes(body.subarray(8));
  const local = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
  if (local === undefined || local.length !== 4) return undefined;
  const mark = attributes.get(IFA_RT_PRIORITY);
  return {
    kind: 'address',
    seq,
    address: {
      interfaceIndex: body.readUInt32LE(4),
      address: local.readUInt32BE(0),
      prefixLength: body[1] ?? 0,
      ours: body[1] === 32 && mark?.length === 4 && mark.readUInt32LE(0) === OUR_MARK,
    },
  };
}

function readAttributes(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) break;
    found.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 4, at + length));
    at += align(length);
  }
  return found;
}

function message(type: number, flags: number, seq: number, body: Buffer[]): Buffer {
  const content = Buffer.concat(body);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(HEADER_BYTES + content.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt32LE(seq, 8);
  return Buffer.concat([header, content]);
}

/** struct ifaddrmsg: family, prefix length, flags, scope (global), interface index. */
function ifaddrmsg(prefixLength: number, interfaceIndex: number): Buffer {
  const bytes = Buffer.from([AF_INET, prefixLength, 0, 0, 0, 0, 0, 0]);
  bytes.writeUInt32LE(interfaceIndex, 4);
  return bytes;
}

function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(align(4 + value.length));
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  value.copy(bytes, 4);
  return bytes;
}

function addressBytes(address: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(address);
  return bytes;
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function align(length: number): number {
  return (length + 3) & ~3;
}
