/** RPC packets: what goes out, and what may come in. */
import { describe, expect, it } from 'vitest';
import { isFailure } from '../../base/failure.ts';
import { feedHostile } from '../hostile.fake.ts';
import { bindPdu, checkBindAck, pduLength, requestPdu, responseStub, uuidBytes } from './pdu.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

/** An incoming packet: type, flags, body; the length is right unless told. */
function packet(type: number, body: Buffer, { flags = 3, length = 16 + body.length, authBytes = 0 } = {}): Buffer {
  const header = hex('05 00 00 00 10 00 00 00 0000 0000 01000000');
  header.writeUInt8(type, 2);
  header.writeUInt8(flags, 3);
  header.writeUInt16LE(length, 8);
  header.writeUInt16LE(authBytes, 10);
  return Buffer.concat([header, body]);
}

const NDR = '045d888aeb1cc9119fe808002b104860 02000000';
const ack = (address: string, result: string, syntax = NDR): Buffer =>
  packet(12, hex(`b810 b810 01000000 ${address} 01000000 ${result} ${syntax}`));

/** «\PIPE\srvsvc» with its NUL is 13 bytes; with its length in front, one byte of padding follows. */
const PIPE = '0d00 5c504950455c73727673766300 00';
const GOOD_ACK = ack(PIPE, '0000 0000');

/** The body of an acknowledgement that tells of so many results. */
function withResults(count: number): Buffer {
  const body = Buffer.from(GOOD_ACK.subarray(16));
  body.writeUInt8(count, 24);
  return body;
}

const GOOD_RESPONSE = packet(2, hex('04000000 0000 00 00 aabbccdd'));

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('packets that go out', () => {
  it('bind one interface to NDR', () => {
    const srvsvc = { uuid: uuidBytes('4b324fc8-1670-01d3-1278-5a47bf6ee188'), major: 3, minor: 0 };
    expect(bindPdu(1, srvsvc)).toEqual(
      hex(`05000b03 10000000 4800 0000 01000000
           b810 b810 00000000 01000000 0000 01 00
           c84f324b7016d30112785a47bf6ee188 03000000 ${NDR}`),
    );
  });

  it('carry a call in one fragment', () => {
    expect(requestPdu(7, 15, hex('aabbcc'))).toEqual(
      hex('05000003 10000000 1b00 0000 07000000 03000000 0000 0f00 aabbcc'),
    );
  });

  it('never exceed the fragment that was agreed on', () => {
    expect(() => requestPdu(1, 15, Buffer.alloc(4_280))).toThrow(RangeError);
  });

  it('refuse a UUID that is none', () => {
    expect(() => uuidBytes('4b324fc8')).toThrow(RangeError);
  });
});

describe('pduLength', () => {
  it('tells the length of the fragment, of which only the header is there yet', () => {
    expect(pduLength(packet(2, Buffer.alloc(0), { length: 5_000 }))).toBe(5_000);
  });

  it.each([
    ['shorter than a header', Buffer.alloc(15, 5)],
    ['another version', hex('04000203 10000000 1800 0000 01000000')],
    ['big-endian', hex('05000203 00000000 1800 0000 01000000')],
    ['a length below the header', packet(2, Buffer.alloc(0), { length: 15 })],
  ])('calls it malformed: %s', (_remark, bytes) => {
    expect(codeOf(() => pduLength(bytes))).toBe('malformed');
  });
});

describe('checkBindAck', () => {
  it.each([
    ['with the name of the pipe', GOOD_ACK],
    ['without a name', ack('0000 0000', '0000 0000')],
  ])('accepts an acknowledgement: %s', (_remark, bytes) => {
    expect(codeOf(() => checkBindAck(bytes))).toBe('accepted');
  });

  it.each([
    ['the interface is refused', ack(PIPE, '0200 0100'), 'not-supported'],
    ['the bind is refused', packet(13, hex('0000')), 'not-supported'],
    ['another transfer syntax', ack(PIPE, '0000 0000', '00'.repeat(20)), 'malformed'],
    ['a name beyond the end', ack('ffff', '0000 0000'), 'malformed'],
    ['nothing in it', packet(12, Buffer.alloc(0)), 'malformed'],
    ['two results', packet(12, Buffer.concat([withResults(2), Buffer.alloc(24)])), 'malformed'],
    ['the answer to a call', GOOD_RESPONSE, 'malformed'],
    ['longer than it tells', Buffer.concat([GOOD_ACK, hex('00')]), 'malformed'],
    ['a security trailer', packet(12, GOOD_ACK.subarray(16), { authBytes: 16 }), 'malformed'],
  ])('refuses %s', (_remark, bytes, code) => {
    expect(codeOf(() => checkBindAck(bytes))).toBe(code);
  });

  it('answers hostile bytes with a Failure', () => {
    feedHostile([GOOD_ACK, packet(13, hex('0000'))], ['malformed', 'not-supported', 'access-denied'], checkBindAck);
  });
});

describe('responseStub', () => {
  it('gives the data of a fragment, and whether more follow', () => {
    expect(responseStub(GOOD_RESPONSE)).toEqual({ stub: hex('aabbccdd'), last: true });
    expect(responseStub(packet(2, GOOD_RESPONSE.subarray(16), { flags: 1 }))).toMatchObject({ last: false });
  });

  it.each([
    ['a fault: access denied', packet(3, hex('00000000 0000 00 00 05000000 00000000')), 'access-denied'],
    ['a fault: no such operation', packet(3, hex('00000000 0000 00 00 0200011c 00000000')), 'not-supported'],
    ['a fault cut short', packet(3, hex('00000000')), 'malformed'],
    ['a response cut short', packet(2, hex('00000000')), 'malformed'],
    ['the answer to a bind', GOOD_ACK, 'malformed'],
    ['longer than it tells', packet(2, GOOD_RESPONSE.subarray(16), { length: 27 }), 'malformed'],
  ])('refuses %s', (_remark, bytes, code) => {
    expect(codeOf(() => responseStub(bytes))).toBe(code);
  });

  it('answers hostile bytes with a Failure', () => {
    feedHostile([GOOD_RESPONSE], ['malformed', 'not-supported', 'access-denied'], responseStub);
  });
});
