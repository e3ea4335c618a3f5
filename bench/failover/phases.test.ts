/** The split of an outage. */
import { expect, test } from 'vitest';
import { phasesOf, phaseWords } from './phases.ts';
import type { Result } from './result.ts';

const whole: Result = {
  deadMs: 1_000,
  pause: { lastGoodMs: 995, backMs: 1_530 },
  laterPauseMs: 0,
  decidedMs: 1_350,
  addressMs: 1_490,
  provenMs: 1_550,
};
const { decidedMs: _decided, provenMs: _proven, ...silent } = whole;
const { pause: _pause, ...lasting } = whole;

test('an outage is split at the decision and at the address, and a proof after the user is back adds nothing to it', () => {
  expect(phasesOf(whole)).toEqual({ detectMs: 350, takeOverMs: 140, reconnectMs: 40, provenMs: 200 });
});

test.each([
  { remark: 'a contender that tells nothing', run: silent, words: 'reconnect 40 ms' },
  {
    remark: 'a user who is not back',
    run: lasting,
    words: 'detect 350 ms, take over 140 ms, decision to proof 200 ms',
  },
])('$remark leaves out what is not known', ({ run, words }) => {
  expect(phaseWords([phasesOf(run)])).toBe(words);
});

test('each phase has a median of its own', () => {
  const slow: Result = { ...whole, decidedMs: 1_450 };
  const quick: Result = { ...whole, decidedMs: 1_300, addressMs: 1_310 };
  expect(phaseWords([whole, slow, quick].map(phasesOf))).toBe(
    'detect 350 ms, take over 40 ms, reconnect 40 ms, decision to proof 200 ms',
  );
});
