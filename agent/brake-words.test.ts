/** What people are told of the brake, and that a takeover does not ask about it. */
import { describe, expect, it } from 'vitest';
import { openAnswers } from './answers.ts';
import { answerBrake, BRAKE_OFF, brakeNotice, withBrake } from './brake-words.ts';
import { decide } from './decide/index.ts';
import { noFacts } from './decide/learn.ts';
import type { Policy, StandbyEvent, State } from './decide/types.ts';
import type { BrakeState, FromEngine, ToEngine } from './engine-messages.ts';

const tripped: BrakeState = { ...BRAKE_OFF, state: 'tripped', share: 'Office', why: '30 files', sinceMs: 1, score: 1 };
const fine = { level: 'ok', sentence: 'Protected.', after: 'Next: nothing.' } as const;

describe('the sentence', () => {
  it('is about the brake while it is on', () => {
    expect(withBrake(fine, BRAKE_OFF, 'standing-by', 'FILES01')).toBe(fine);
    const { level, sentence, after } = withBrake(fine, tripped, 'standing-by', 'FILES01');
    expect({ level, sentence }).toEqual({
      level: 'warn',
      sentence: 'The brake is on: what changes on FILES01 looks like damage and is not copied.',
    });
    expect(after).toContain('what was here before is served');
    expect(withBrake(fine, { ...tripped, state: 'rejected' }, 'standing-by', 'FILES01').after).toContain('brake allow');
  });

  it('lets worse things go first', () => {
    const serving = { level: 'serve', sentence: 'STANDBY1 is serving.', after: 'Next: Recover IP.' } as const;
    expect(withBrake(serving, tripped, 'active', 'FILES01')).toEqual({
      ...serving,
      after: 'Next: Recover IP. The brake is on: standby brake show.',
    });
  });

  it('of the alert says what, why and what next', () => {
    const notice = brakeNotice(tripped, 'FILES01', 'STANDBY1');
    expect(notice).toMatchObject({ code: 'brake', subject: expect.stringContaining('FILES01') });
    expect(notice.text).toContain('30 files');
    expect(notice.next).toContain('standby brake reject');
  });
});

describe('an answer', () => {
  const asked: ToEngine[] = [];
  const answers = openAnswers<FromEngine>();
  const engine = {
    answers,
    send: (message: ToEngine) => {
      asked.push(message);
      if (message.kind === 'brake' && message.act !== 'list') answers.hear({ kind: 'brake-done', act: message.act });
      return true;
    },
  };

  it.each([
    ['allow', BRAKE_OFF, 'standing-by'],
    ['reject', BRAKE_OFF, 'standing-by'],
    ['reject', { ...tripped, state: 'rejected' }, 'standing-by'],
    ['reject', tripped, 'active'],
    ['reject', tripped, 'handed-back'],
  ] as const)('%s is refused where it has no sense', async (act, brake, mode) => {
    expect(await answerBrake(engine, act, brake, mode)).toMatchObject({ accepted: false });
    expect(asked).toEqual([]);
  });

  it('goes to the engine and waits until that has taken it', async () => {
    expect(await answerBrake(engine, 'reject', tripped, 'standing-by')).toMatchObject({ accepted: true });
    expect(asked).toEqual([{ kind: 'brake', act: 'reject' }]);
  });
});

describe('a takeover', () => {
  const policy: Policy = {
    takeover: 'automatic',
    patienceMs: { refused: 10_000, silent: 3_000, frozen: 5_000 },
    witnessFreshMs: 2_500,
    retryMs: 5_000,
    mainName: 'FILES01',
    standbyName: 'STANDBY1',
    address: '192.168.10.20',
  };

  it('is made while mirroring stands still', () => {
    let state: State = {
      durable: { mode: { kind: 'standing-by' }, pausedUntilWallMs: undefined, sinceWallMs: 0, why: '' },
      facts: { ...noFacts(0), netAlive: true, engineAlive: true },
    };
    const tell = (nowMs: number, event: object): void => {
      const whole = { nowMs, wallMs: nowMs, freshId: 'd1', ...event } as StandbyEvent;
      state = decide(state, whole, policy).state;
    };
    const braked = { complete: true, live: false, missingFiles: 0, missingBytes: 0, frozenFor: '' };
    for (let nowMs = 0; nowMs < 20_000; nowMs += 250) {
      const isUp = nowMs < 5_000;
      tell(nowMs, { kind: 'mirror', ...braked });
      for (const layer of ['link', 'witness'])
        tell(nowMs, { kind: 'evidence', layer, outcome: 'answered', ms: 1, detail: '' });
      for (const layer of ['arp', 'echo', 'negotiate', 'fetch'])
        tell(nowMs, { kind: 'evidence', layer, outcome: isUp ? 'answered' : 'silent', ms: 1, detail: '' });
      if (isUp) expect(state.durable.mode.kind).toBe('standing-by');
    }
    expect(state.durable.mode.kind).toBe('taking-over');
  });
});
