/** Tests of the event stream's text: what is written can be read back however it is cut. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STREAM_BEAT, type StreamMessage, streamReader, writeStreamMessage } from './stream.ts';

const event = fc.record({
  id: fc.integer({ min: 1 }),
  atMs: fc.integer(),
  level: fc.constantFrom('info', 'notice', 'warning', 'error', 'critical'),
  code: fc.string(),
  what: fc.string({ unit: 'binary' }),
  why: fc.string(),
  next: fc.string(),
});
const progress = fc.record({
  done: fc.nat(),
  total: fc.nat(),
  bytesPerSecond: fc.nat(),
  leftMs: fc.integer({ min: -1 }),
});
const message: fc.Arbitrary<StreamMessage> = fc.oneof(
  event.map((value) => ({ kind: 'event' as const, event: value })),
  progress.map((value) => ({ kind: 'restore' as const, progress: value })),
);

describe('the event stream', () => {
  it('gives back every message, whatever is in it and wherever the text is cut', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.array(fc.nat(400), { maxLength: 10 }), (messages, cuts) => {
        const text = messages.map((one) => writeStreamMessage(one) + STREAM_BEAT).join('');
        const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
        const read = streamReader();
        const got = places.flatMap((place, index) => read(text.slice(places[index - 1] ?? 0, place)));
        expect(got).toEqual(messages);
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it('carries the id of an event, so that a reader can ask for what it missed', () => {
    const one = { id: 42, atMs: 0, level: 'info' as const, code: 'mode', what: 'x', why: '', next: '' };
    expect(writeStreamMessage({ kind: 'event', event: one })).toContain('\nid: 42\n');
  });

  it.each([
    ['a comment', ': beat\n\n'],
    ['a kind that a newer daemon sends', 'event: weather\ndata: {"kind":"weather"}\n\n'],
    ['data without a kind', 'data: 1\n\n'],
  ])('passes over %s', (_, text) => {
    expect(streamReader()(text)).toEqual([]);
  });

  it('refuses a message that is not what the contract says, and one without end', () => {
    expect(() => streamReader()('event: status\ndata: {"kind":"status"}\n\n')).toThrow();
    const read = streamReader();
    expect(() => {
      for (let count = 0; count < 5; count += 1) read('x'.repeat(1_048_576));
    }).toThrow('too long');
  });
});
