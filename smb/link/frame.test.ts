/** Frames: whatever pieces the stream comes in, the messages are the same, and each owns its bytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framed } from '../scripted/server.ts';
import { FrameReader } from './frame.ts';

/** Feeds a stream in pieces of these lengths (the last one repeats) and returns the messages. */
function read(stream: Buffer, pieces: readonly number[], limitBytes = 1_000_000): Buffer[] {
  const messages: Buffer[] = [];
  const reader = new FrameReader(limitBytes, (message) => {
    messages.push(message);
    return false;
  });
  for (let at = 0, index = 0; at < stream.length; index += 1) {
    const length = pieces[Math.min(index, pieces.length - 1)] ?? 1;
    const room = reader.buffer();
    const taken = stream.copy(room, 0, at, Math.min(at + length, stream.length));
    reader.took(taken);
    at += taken;
  }
  return messages;
}

describe('the frame reader', () => {
  it('finds the same messages however the stream is cut', () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 60_000, max: 400_000 })), {
      minLength: 1,
      maxLength: 6,
    });
    const pieces = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1_000, max: 300_000 })), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(sizes, pieces, (lengths, cuts) => {
        const messages = lengths.map((length, index) => Buffer.alloc(length, index + 1));
        const found = read(Buffer.concat(messages.map(framed)), [...cuts, 50_000]);
        expect(found.length).toBe(messages.length);
        for (const [index, message] of messages.entries()) expect(found[index]?.equals(message)).toBe(true);
      }),
      { seed: 7, numRuns: 150 },
    );
  });

  it('finds a message whose bytes come one at a time', () => {
    expect(read(framed(Buffer.from('hello')), [1])).toEqual([Buffer.from('hello')]);
  });

  it('never gives two messages the same memory', () => {
    const [first, second] = read(Buffer.concat([framed(Buffer.from('one')), framed(Buffer.from('two'))]), [100]);
    first?.fill(0);
    expect(second).toEqual(Buffer.from('two'));
  });

  it('reads the rest of a big message straight into it', () => {
    const reader = new FrameReader(1_000_000, () => false);
    const stream = framed(Buffer.alloc(500_000));
    reader.took(stream.copy(reader.buffer(), 0, 0, 1_004));
    expect(reader.buffer().length).toBe(499_000);
  });

  it('uses the memory of a message again that is done with, and of no other one', () => {
    const seen: { message: Buffer; done: boolean }[] = [];
    const reader = new FrameReader(1_000_000, (message) => {
      seen.push({ message, done: seen.length === 1 });
      return seen.length === 2;
    });
    const stream = Buffer.concat([1, 2, 3, 4].map((value) => framed(Buffer.alloc(100_000, value))));
    for (let at = 0; at < stream.length; ) {
      const taken = stream.copy(reader.buffer(), 0, at);
      reader.took(taken);
      at += taken;
    }
    expect(seen.map(({ message }) => message.length)).toEqual([100_000, 100_000, 100_000, 100_000]);
    const [first, second, third, fourth] = seen.map(({ message }) => message);
    expect(first?.every((byte) => byte === 1)).toBe(true);
    expect(third?.buffer).toBe(second?.buffer);
    expect(third?.every((byte) => byte === 3)).toBe(true);
    expect(fourth?.buffer).not.toBe(third?.buffer);
  });

  it.each([
    ['empty', Buffer.from([0, 0, 0, 0])],
    ['over the limit', Buffer.from([0, 0x0f, 0xff, 0xff])],
    ['of another kind', Buffer.from([0x85, 0, 0, 0])],
  ])('takes no message that is %s', (_remark, prefix) => {
    expect(() => read(prefix, [4])).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
});
