/** Memory: what is saved comes back as it was, and what is not understood comes back as nothing. */
import { describe, expect, it } from 'vitest';
import { durableFrom, resume, start } from './index.ts';
import type { Durable, Mode } from './types.ts';

const taking = {
  kind: 'taking-over',
  decision: 'd1',
  why: 'w',
  forced: true,
  startedMs: 5,
  from: 'idle',
  mayHaveWritten: false,
} as const;

/** Each mode, with the steps that a restart issues again. */
const modes: [Mode, string][] = [
  [{ kind: 'idle' }, ''],
  [{ kind: 'idle', because: 'restored' }, ''],
  [{ kind: 'syncing' }, 'start-mirror'],
  [{ kind: 'standing-by' }, 'start-mirror'],
  [{ kind: 'suspecting', how: 'frozen', layer: 'fetch', from: 'standing-by' }, 'start-mirror'],
  [{ ...taking, step: 'stop-mirror' }, 'stop-mirror'],
  [{ ...taking, step: 'freeze' }, 'freeze'],
  [{ ...taking, step: 'open-shares' }, 'open-shares'],
  // Nobody knows whether the address is held, and nobody has looked since.
  [{ ...taking, step: 'take-address' }, 'release-address'],
  [{ ...taking, step: 'prove-served' }, 'release-address'],
  [
    { kind: 'undoing', decision: 'd1', step: 'close-shares', why: 'w', from: 'syncing', mayHaveWritten: true },
    'close-shares',
  ],
  [
    { kind: 'undoing', decision: 'd1', step: 'start-mirror', why: 'w', from: 'syncing', mayHaveWritten: false },
    'start-mirror',
  ],
  [{ kind: 'active', decision: 'd1' }, 'open-shares, take-address'],
  [{ kind: 'handing-back', decision: 'd1', step: 'release-address' }, 'release-address'],
  [{ kind: 'handed-back', decision: 'd1' }, ''],
  [{ kind: 'restoring', decision: 'd1', step: 'restore', planHash: 'p1' }, 'restore'],
  [{ kind: 'restoring', decision: 'd1', step: 'thaw', planHash: 'p1' }, 'thaw'],
];

const durableOf = (mode: Mode): Durable => ({ mode, pausedUntilWallMs: -1, sinceWallMs: 7, why: 'because' });

describe('memory', () => {
  it.each(modes)('of %j comes back', (mode) => {
    expect(durableFrom(JSON.parse(JSON.stringify(durableOf(mode))))).toEqual(durableOf(mode));
  });

  it.each(modes)('of %j is resumed with: %s', (mode, steps) => {
    const effects = resume(start(durableOf(mode), 50, 60));
    expect(effects.map((effect) => (effect.kind === 'step' ? effect.step.effect : effect.kind)).join(', ')).toBe(steps);
  });

  it.each<[unknown, string]>([
    [undefined, 'nothing at all'],
    ['active', 'a word'],
    [{ ...durableOf({ kind: 'idle' }), mode: { kind: 'asleep' } }, 'an unknown mode'],
    [{ ...durableOf({ kind: 'idle' }), mode: { kind: 'active' } }, 'a decision that is missing'],
    [{ ...durableOf({ kind: 'idle' }), mode: { ...taking, step: 'dance' } }, 'an unknown step'],
    [{ ...durableOf({ kind: 'idle' }), mode: { kind: 'toString' } }, 'a name that every object has'],
    [{ mode: { kind: 'idle' } }, 'times that are missing'],
  ])('of %j is refused: %s', (value) => {
    expect(durableFrom(value)).toBeUndefined();
  });

  it('of a takeover that was past its order remembers that users may have written', () => {
    const { mode } = start(durableOf({ ...taking, step: 'take-address' }), 50, 60).durable;
    expect(mode).toMatchObject({ step: 'release-address', mayHaveWritten: true, startedMs: 50 });
  });
});
