/**
 * ARP over Ethernet for IPv4 (RFC 826), as bytes and as values. Decoding refuses whatever is too short, has another
 * hardware or protocol, or a sender that no host can be; nothing that arrives can make it throw.
 *
 * Which of the frames moves an entry of a client was measured (Linux clients): both gratuitous forms and the unicast
 * request move an existing entry even within the kernel's lock time; only the unicast request creates one that is missing.
 */
import { formatIpv4, parseIpv4 } from './ipv4.ts';

/** ETH_P_ARP (RFC 7042). */
export const ETHERTYPE_ARP = 0x0806;
export const BROADCAST_MAC = 'ff:ff:ff:ff:ff:ff';
const ZERO_MAC = '00:00:00:00:00:00';

/** Ethernet header (14 bytes) and ARP for Ethernet and IPv4 (28 bytes). */
export const ARP_FRAME_BYTES = 42;

export interface ArpFrame {
  /** ar$op: 1 request, 2 reply (RFC 826 «Packet format»). */
  operation: 'request' | 'reply';
  etherTarget: string;
  etherSource: string;
  senderMac: string;
  senderIp: string;
  targetMac: string;
  targetIp: string;
}

/** The frame in these bytes, or undefined when they are no well-formed ARP for Ethernet and IPv4. Padding after it is ignored. */
export function readArpFrame(bytes: Buffer): ArpFrame | undefined {
  if (bytes.length < ARP_FRAME_BYTES) return undefined;
  if (bytes.readUInt16BE(12) !== ETHERTYPE_ARP) return undefined;
  // ar$hrd Ethernet, ar$pro IPv4, ar$hln 6, ar$pln 4.
  if (bytes.readUInt16BE(14) !== 1 || bytes.readUInt16BE(16) !== 0x0800) return undefined;
  if (bytes[18] !== 6 || bytes[19] !== 4) return undefined;
  const code = bytes.readUInt16BE(20);
  if (code !== 1 && code !== 2) return undefined;
  return {
    operation: code === 1 ? 'request' : 'reply',
    etherTarget: macText(bytes, 0),
    etherSource: macText(bytes, 6),
    senderMac: macText(bytes, 22),
    senderIp: formatIpv4(bytes.readUInt32BE(28)),
    targetMac: macText(bytes, 32),
    targetIp: formatIpv4(bytes.readUInt32BE(38)),
  };
}

/** The bytes of a frame. Throws RangeError for an address that is none: the caller made it. */
export function writeArpFrame(frame: ArpFrame): Buffer {
  const bytes = Buffer.alloc(ARP_FRAME_BYTES);
  macBytes(frame.etherTarget).copy(bytes, 0);
  macBytes(frame.etherSource).copy(bytes, 6);
  bytes.writeUInt16BE(ETHERTYPE_ARP, 12);
  bytes.writeUInt16BE(1, 14);
  bytes.writeUInt16BE(0x0800, 16);
  bytes[18] = 6;
  bytes[19] = 4;
  bytes.writeUInt16BE(frame.operation === 'request' ? 1 : 2, 20);
  macBytes(frame.senderMac).copy(bytes, 22);
  bytes.writeUInt32BE(ipNumber(frame.senderIp), 28);
  macBytes(frame.targetMac).copy(bytes, 32);
  bytes.writeUInt32BE(ipNumber(frame.targetIp), 38);
  return bytes;
}

/** ARP announcement (RFC 5227 2.3): broadcast request with the address as sender and as target. */
export function announcement(mac: string, ip: string): ArpFrame {
  return {
    operation: 'request',
    etherTarget: BROADCAST_MAC,
    etherSource: mac,
    senderMac: mac,
    senderIp: ip,
    targetMac: ZERO_MAC,
    targetIp: ip,
  };
}

/** Broadcast gratuitous reply. The target's hardware address is the sender's: with zeros or ones fresh entries stay (measured). */
export function gratuitousReply(mac: string, ip: string): ArpFrame {
  return {
    operation: 'reply',
    etherTarget: BROADCAST_MAC,
    etherSource: mac,
    senderMac: mac,
    senderIp: ip,
    targetMac: mac,
    targetIp: ip,
  };
}

/** «Who has target? Tell ip at mac»: to everybody, or to one hardware address. The sender is never 0.0.0.0 (RFC 5227 2.1.1: that would be a probe). */
export function whoHas(mac: string, ip: string, target: string, to = BROADCAST_MAC): ArpFrame {
  return {
    operation: 'request',
    etherTarget: to,
    etherSource: mac,
    senderMac: mac,
    senderIp: ip,
    targetMac: ZERO_MAC,
    targetIp: target,
  };
}

/** Whether a hardware address can belong to one station: not the group bit, not all zeros (IEEE 802 8.2). */
export function isStationMac(mac: string): boolean {
  const first = Number.parseInt(mac.slice(0, 2), 16);
  return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) && (first & 1) === 0 && mac !== ZERO_MAC;
}

function macText(bytes: Buffer, at: number): string {
  return bytes.toString('hex', at, at + 6).replace(/(..)(?=.)/g, '$1:');
}

function macBytes(mac: string): Buffer {
  const bytes = Buffer.from(mac.replaceAll(':', ''), 'hex');
  if (bytes.length !== 6) throw new RangeError(`no hardware address: ${mac}`);
  return bytes;
}

function ipNumber(ip: string): number {
  const address = parseIpv4(ip);
  if (address === undefined) throw new RangeError(`no IPv4 address: ${ip}`);
  return address;
}
