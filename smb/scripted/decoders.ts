/** For tests: every decoder of bytes from the server, a line each, with real answers to start from where smbd gives any. */
import { seal, unseal } from '../crypto/sealing.ts';
import { FrameReader } from '../link/frame.ts';
import { derOnly, derValues } from '../logon/der.ts';
import {
  SAMPLE_CHALLENGE,
  SAMPLE_CHALLENGE_TOKEN,
  SAMPLE_FINAL_TOKEN,
  SAMPLE_NEGOTIATE,
} from '../logon/logon-sample.ts';
import { authenticateMessage } from '../logon/ntlm.ts';
import { readTargetInfo } from '../logon/ntlm-target-info.ts';
import { parseToken } from '../logon/spnego.ts';
import { type Listing, parseEnum } from '../rpc/enumeration.ts';
import { NdrReader, NdrWriter } from '../rpc/ndr.ts';
import { checkBindAck, pduLength, responseStub } from '../rpc/pdu.ts';
import { SHARES } from '../rpc/srvsvc.ts';
import { OPEN_FILES } from '../rpc/srvsvc-files.ts';
import { SESSIONS } from '../rpc/srvsvc-sessions.ts';
import { parseDescriptor } from '../security/descriptor.ts';
import { readBufferAnswer, readErrorData } from '../wire/buffer-answer.ts';
import { readChanges } from '../wire/change-notify.ts';
import { readClosed, readCreated, readOpened } from '../wire/create.ts';
import { LAYOUTS, readEntries } from '../wire/directory.ts';
import { readExtended } from '../wire/extended.ts';
import { readHeader, splitChain } from '../wire/header.ts';
import { readFileId, readFileName, readFullSize, readLinkCount, readVolumeSerial } from '../wire/info.ts';
import { readIoctlOutput } from '../wire/ioctl.ts';
import { readNegotiated } from '../wire/negotiate.ts';
import { readRanges } from '../wire/ranges.ts';
import { readData, readWritten } from '../wire/read-write.ts';
import { readReparse, reparseBytes, targetBytes } from '../wire/reparse.ts';
import { settingOf } from '../wire/security.ts';
import { readCopied, readCopyLimits, readResumeKey } from '../wire/server-copy.ts';
import { readSessionAnswer } from '../wire/session-setup.ts';
import { readSnapshots } from '../wire/snapshots.ts';
import { readStreams } from '../wire/streams.ts';
import { readConnectedTree } from '../wire/tree-connect.ts';
import { readFsAttributes, readFsSize, readObjectId, readPhysicalSector } from '../wire/volume.ts';
import { changesBuffer } from './buffers.ts';
import { answers } from './corpus.ts';

export interface Decoder {
  name: string;
  good: Buffer[];
  /** May return anything, or throw a Failure with `malformed` or one of `codes`. */
  decode(bytes: Buffer): unknown;
  codes: readonly string[];
}

const ASKED = 65_536;
const KEY = Buffer.alloc(16, 5);

/** Buffers of answers to QUERY_INFO, QUERY_DIRECTORY and CHANGE_NOTIFY; outputs of IOCTL. */
const buffers = (kind: string): Buffer[] => answers(kind).map((part) => readBufferAnswer(part, ASKED, kind));
const outputs = (kind: string): Buffer[] => answers(kind).map((part) => readIoctlOutput(part, ASKED));
const pipe = outputs('ioctl 0x0011c017');
const ofType = (type: number): Buffer[] => pipe.filter((pdu) => pdu.readUInt8(2) === type);
/** The longest is the list of shares; other lists are refused to those who are no administrators. */
const stubs = ofType(2).map((pdu) => responseStub(pdu).stub);
const tokens = [
  ...answers('sessionSetup').map((part) => readSessionAnswer(part).token),
  SAMPLE_CHALLENGE_TOKEN,
  SAMPLE_FINAL_TOKEN,
];
const challenges = [SAMPLE_CHALLENGE, ...tokens.flatMap((token) => parseToken(token).responseToken ?? [])];

export const DECODERS: readonly Decoder[] = [
  decoder('header', answers('echo', 'create', 'interim', 'error'), readHeader),
  decoder('chain', answers('chain'), splitChain),
  decoder('frames', answers('chain').map(prefixed), frames),
  decoder('NEGOTIATE', answers('negotiate'), (part) => readNegotiated(part)),
  decoder('SESSION_SETUP', answers('sessionSetup'), readSessionAnswer),
  decoder('TREE_CONNECT', answers('treeConnect'), readConnectedTree),
  decoder('CREATE', answers('create'), readCreated),
  decoder('CREATE, without the file id', answers('create'), readOpened),
  decoder('CLOSE', answers('close'), readClosed),
  decoder('READ', answers('read'), (part) => readData(part, ASKED)),
  decoder('WRITE', answers('write'), readWritten),
  decoder('IOCTL', answers('ioctl 0x0011c017', 'ioctl 0x00140204'), (part) => readIoctlOutput(part, ASKED)),
  decoder('a buffer', answers('queryInfo 1.5', 'queryDirectory 37'), (part) => readBufferAnswer(part, ASKED, 'it')),
  decoder('an error', answers('error'), readErrorData),
  ...LAYOUTS.map((layout) =>
    decoder(
      `entries of class ${layout.class}`,
      layout === LAYOUTS[0] ? buffers('queryDirectory 37') : [entriesOf(layout.nameAt)],
      (bytes) => readEntries(bytes, layout),
    ),
  ),
  decoder('changes', [...buffers('changeNotify'), changesBuffer([4, 'a\\old'], [5, 'a\\new'], [3, 'x'])], readChanges),
  decoder('file id', buffers('queryInfo 1.6'), readFileId),
  decoder('link count', buffers('queryInfo 1.5'), readLinkCount),
  decoder('file name', [...buffers('queryInfo 1.48'), ...buffers('queryInfo 1.21')], readFileName),
  decoder('streams', buffers('queryInfo 1.22'), readStreams),
  decoder('extended attributes', buffers('queryInfo 1.15'), readExtended),
  decoder('volume', buffers('queryInfo 2.1'), readVolumeSerial),
  decoder('space', buffers('queryInfo 2.7'), readFullSize),
  decoder('file system', buffers('queryInfo 2.5'), readFsAttributes),
  decoder('size of the file system', buffers('queryInfo 2.3'), readFsSize),
  decoder('sectors', buffers('queryInfo 2.11'), readPhysicalSector),
  decoder('object id', buffers('queryInfo 2.8'), readObjectId),
  decoder('security descriptor', buffers('queryInfo 3.0'), parseDescriptor),
  decoder('setting of a security descriptor', buffers('queryInfo 3.0'), (bytes) => settingOf(bytes, true)),
  decoder('reparse point', reparsePoints(), readReparse),
  decoder('ranges', outputs('ioctl 0x000940cf'), (bytes) => readRanges(bytes, { from: 0, to: 2 ** 40 })),
  decoder('snapshots', outputs('ioctl 0x00144064'), readSnapshots),
  decoder('key for a copy', outputs('ioctl 0x00140078'), readResumeKey),
  decoder('outcome of a copy', outputs('ioctl 0x001480f2'), readCopied),
  decoder('limits of a copy', outputs('ioctl 0x001480f2'), readCopyLimits),
  decoder('DER', tokens, (bytes) => derValues(derOnly(bytes, 0xa1))),
  decoder('SPNEGO', tokens, parseToken, 'not-supported'),
  decoder('NTLM challenge', challenges, logon, 'not-supported'),
  decoder('NTLM target info', challenges.map(targetInfoOf), readTargetInfo),
  decoder('length of an RPC packet', pipe, pduLength),
  decoder('bind acknowledgement', ofType(12), checkBindAck, 'not-supported', 'access-denied'),
  decoder('RPC response', ofType(2), responseStub, 'not-supported', 'access-denied'),
  decoder('NDR strings', [new NdrWriter().string('share').u32(7).pointer().string('größer').bytes()], strings),
  decoder(
    'shares',
    stubs.filter((stub) => stub.length === Math.max(...stubs.map((each) => each.length))),
    (stub) => parseEnum(SHARES, stub),
  ),
  decoder('open files', [stubOf(OPEN_FILES, 5)], (stub) => parseEnum(OPEN_FILES, stub)),
  ...SESSIONS.map((level) =>
    decoder(`sessions of level ${level.level}`, [stubOf(level, level.fixedBytes / 4)], (stub) =>
      parseEnum(level, stub),
    ),
  ),
  ...(['aes-128-gcm', 'aes-128-ccm'] as const).map((cipher) =>
    decoder(
      `sealed with ${cipher}`,
      answers('chain').map((message) => Buffer.concat(seal(cipher, KEY, 7n, 1n, [message]))),
      (bytes) => unseal(cipher, KEY, 7n, bytes),
      'bad-signature',
    ),
  ),
];

function decoder(name: string, good: Buffer[], decode: (bytes: Buffer) => unknown, ...codes: string[]): Decoder {
  if (good.length === 0) throw new Error(`there is nothing to fuzz ${name} with`);
  return { name, good, decode, codes: ['malformed', ...codes] };
}

function prefixed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(message.length);
  return Buffer.concat([prefix, message, prefix, message]);
}

function frames(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  const reader = new FrameReader(100_000, (message) => {
    found.push(message);
    return false;
  });
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.copy(reader.buffer(), 0, at);
    reader.took(length);
    at += length;
  }
  return found;
}

/** Two entries with a name at this place; the fields before it are alike in all classes up to the length of the name. */
function entriesOf(nameAt: number): Buffer {
  const entry = (name: string, last: boolean): Buffer => {
    const bytes = Buffer.alloc(Math.ceil((nameAt + 2 * name.length) / 8) * 8);
    bytes.writeUInt32LE(last ? 0 : bytes.length, 0);
    bytes.writeUInt32LE(0x480, 56);
    bytes.writeUInt32LE(2 * name.length, 60);
    bytes.write(name, nameAt, 'utf16le');
    return bytes;
  };
  return Buffer.concat([entry('..', false), entry('a file.txt', true)]);
}

function reparsePoints(): Buffer[] {
  const names = { substitute: '\\??\\C:\\target', shown: 'C:\\target' };
  return [
    reparseBytes(targetBytes({ kind: 'symlink', ...names, relative: false })),
    reparseBytes(targetBytes({ kind: 'mount-point', ...names })),
    reparseBytes({ tag: 0x17, owner: '00'.repeat(16), data: Buffer.from('of somebody else') }),
  ];
}

function logon(challenge: Buffer): unknown {
  const identity = { user: 'alice', domain: '', key: Buffer.alloc(16, 3) };
  return authenticateMessage({
    identity,
    negotiate: SAMPLE_NEGOTIATE,
    challenge,
    random: (bytes) => Buffer.alloc(bytes),
    now: 0n,
  });
}

function targetInfoOf(challenge: Buffer): Buffer {
  const at = challenge.readUInt32LE(44);
  return challenge.subarray(at, at + challenge.readUInt16LE(40));
}

function strings(bytes: Buffer): unknown {
  const reader = new NdrReader(bytes);
  return [reader.string(), reader.u32(), reader.pointer(), reader.string(), reader.bytesLeft];
}

/** A stub with two rows in which every pointer leads to a string. @param numbers of the fixed part of a row */
function stubOf<Row, Fixed>(listing: Listing<Row, Fixed>, numbers: number): Buffer {
  const writer = new NdrWriter().u32(listing.level).u32(listing.level).pointer().u32(2).pointer().u32(2);
  for (let left = 2 * numbers; left > 0; left -= 1) writer.pointer();
  for (let left = 8; left > 0; left -= 1) writer.string('a string');
  return writer.u32(2).pointer().u32(0).u32(0).bytes();
}
