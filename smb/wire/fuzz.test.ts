/** Every decoder against arbitrary and against slightly wrong bytes: an answer or a Failure `malformed`, never anything else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFailure } from '../../base/failure.ts';
import { FrameReader } from '../frame.ts';
import { answerHeader, negotiateAnswer } from '../scripted/server.ts';
import { readBufferAnswer, readErrorData } from './buffer-answer.ts';
import { readChanges } from './change-notify.ts';
import { readClosed, readCreated } from './create.ts';
import { readEntries } from './directory.ts';
import { readHeader, splitChain } from './header.ts';
import { readFileId, readFullSize, readVolumeSerial } from './info.ts';
import { readIoctlOutput } from './ioctl.ts';
import { readNegotiated } from './negotiate.ts';
import { readData, readWritten } from './read-write.ts';
import { readSessionAnswer } from './session-setup.ts';
import { readConnectedTree } from './tree-connect.ts';

const RUNS = { seed: 20_240_229, numRuns: 1_500 };
const ASKED = 65_536;

function frames(bytes: Buffer): void {
  const reader = new FrameReader(100_000, () => undefined);
  for (let at = 0; at < bytes.length; ) {
    const room = reader.buffer();
    const length = bytes.copy(room, 0, at);
    reader.took(length);
    at += length;
  }
}

/** Each with the structure size of its body, 0 where it reads something else than a part. */
const DECODERS: [name: string, structureSize: number, decode: (bytes: Buffer) => unknown][] = [
  ['header', 0, readHeader],
  ['chain', 0, splitChain],
  ['frames', 0, frames],
  ['NEGOTIATE', 65, readNegotiated],
  ['SESSION_SETUP', 9, readSessionAnswer],
  ['TREE_CONNECT', 16, readConnectedTree],
  ['CREATE', 89, readCreated],
  ['CLOSE', 60, readClosed],
  ['READ', 17, (part) => readData(part, ASKED)],
  ['WRITE', 17, readWritten],
  ['IOCTL', 49, (part) => readIoctlOutput(part, ASKED)],
  ['a buffer', 9, (part) => readBufferAnswer(part, ASKED, 'it')],
  ['an error', 9, readErrorData],
  ['directory entries', 0, readEntries],
  ['changes', 0, readChanges],
  ['file id', 0, readFileId],
  ['volume', 0, readVolumeSerial],
  ['space', 0, readFullSize],
];

/** Runs it; anything but `malformed` is thrown on. */
function onlyMalformed(decode: (bytes: Buffer) => unknown, bytes: Buffer): void {
  try {
    decode(bytes);
  } catch (error) {
    if (!isFailure(error, 'malformed')) throw error;
  }
}

describe.each(DECODERS)('the decoder of %s', (_name, structureSize, decode) => {
  it('takes arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => onlyMalformed(decode, Buffer.from(bytes))),
      RUNS,
    );
  });

  it('takes bytes that begin rightly and go on with small numbers, which point everywhere inside', () => {
    const small = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(160), fc.constant(255)), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(small, (numbers) => {
        const body = Buffer.from(numbers);
        if (structureSize > 0 && body.length >= 2) body.writeUInt16LE(structureSize, 0);
        const bytes = structureSize > 0 ? Buffer.concat([answerHeader({ command: 0 }), body]) : body;
        onlyMalformed(decode, bytes);
      }),
      RUNS,
    );
  });
});

describe('a sound answer to NEGOTIATE', () => {
  const sound = Buffer.concat([answerHeader({ command: 0 }), negotiateAnswer()]);

  it('is taken', () => {
    expect(readNegotiated(sound)).toMatchObject({ dialect: 0x0311, signing: 'aes-gmac', cipher: 'aes-128-gcm' });
  });

  it('cut anywhere is malformed', () => {
    for (let length = 0; length < sound.length - 4; length += 1)
      expect(() => readNegotiated(sound.subarray(0, length))).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it('with any byte changed is taken or malformed', () => {
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(sound);
        changed[at] = value;
        onlyMalformed(readNegotiated, changed);
      }),
      RUNS,
    );
  });
});
