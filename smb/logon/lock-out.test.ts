/** The rules that keep us from locking the account: row by row, and against servers that lock in every way that they can be set to. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Attempt, mayLogOn, type Note, WINDOW_MS, WRONG_LIMIT } from './lock-out.ts';

const MINUTE_MS = 60_000;
const NOW_MS = 1_800_000_000_000;
const ANN: Attempt = { account: '\\ann', generation: 'one' };

const refused = (code: string, agoMs: number, attempt = ANN): Note => ({
  kind: 'refused',
  ...attempt,
  code,
  what: 'no',
  atMs: NOW_MS - agoMs,
});
const accepted = (agoMs: number): Note => ({ kind: 'accepted', ...ANN, atMs: NOW_MS - agoMs });
const asked = (agoMs: number): Note => ({ kind: 'asked', atMs: NOW_MS - agoMs });
const may = (...notes: Note[]): boolean => mayLogOn(notes, ANN, NOW_MS).kind === 'try';

describe('a log-on', () => {
  it.each([
    ['wrong-password', 1, false],
    ['wrong-password', 10_000, false],
    ['account-locked', 59, false],
    ['account-locked', 60, true],
    ['account-disabled', 59, false],
    ['account-disabled', 60, true],
    ['password-expired', 59, false],
    ['password-expired', 60, true],
    ['logon-denied', 9, false],
    ['logon-denied', 10, true],
    ['nt-status', 9, false],
    ['nt-status', 10, true],
  ])('after %s %d minutes ago: %s', (code, agoMinutes, expected) => {
    expect(may(refused(code, agoMinutes * MINUTE_MS))).toBe(expected);
  });

  const other = { ...ANN, generation: 'two' };
  const rows: [string, boolean, Note[]][] = [
    ['nothing was tried', true, []],
    ['it was accepted since', true, [accepted(1), refused('wrong-password', 2)]],
    ['it was accepted before', false, [accepted(3), refused('wrong-password', 2)]],
    ['a person asks since', true, [refused('wrong-password', 2), asked(1)]],
    ['a person asked before', false, [refused('wrong-password', 2), asked(3)]],
    ['another password was wrong', true, [refused('wrong-password', 2, other)]],
    ['another account was refused', true, [refused('wrong-password', 2, { ...ANN, account: '\\bob' })]],
    ['two other passwords were wrong', true, [1, 2].map((ago) => refused('wrong-password', ago, other))],
    ['three other passwords were wrong', false, [1, 2, 3].map((ago) => refused('wrong-password', ago, other))],
    [
      'a person asks a third time',
      false,
      [asked(1), ...[2, 4, 6].map((ago) => refused('wrong-password', ago)), asked(5)],
    ],
    [
      'three were wrong before it was accepted',
      true,
      [accepted(1), ...[2, 4, 6].map((ago) => refused('wrong-password', ago, other))],
    ],
    ['the clock has gone back a year', true, [refused('account-locked', -365 * 24 * 60 * MINUTE_MS)]],
    [
      'it was accepted by a clock that went back before the refusal',
      false,
      [accepted(-999), refused('wrong-password', 1)],
    ],
    ['a person asked by a clock that went back before the refusal', false, [asked(-999), refused('wrong-password', 1)]],
    ['the clock has gone back, and the password was wrong', false, [refused('wrong-password', -MINUTE_MS)]],
  ];
  it.each(rows)('when %s: %s', (_name, expected, notes) => {
    expect(may(...notes)).toBe(expected);
  });

  it('says until when it rests', () => {
    const rest = mayLogOn([refused('account-locked', MINUTE_MS)], ANN, NOW_MS);
    expect(rest).toMatchObject({ kind: 'rest', untilMs: NOW_MS + 59 * MINUTE_MS, refusal: { code: 'account-locked' } });
    expect(mayLogOn([refused('wrong-password', MINUTE_MS)], ANN, NOW_MS)).toMatchObject({ untilMs: undefined });
  });
});

describe('whatever happens, a server', () => {
  /** Minutes pass, then one of two processes wants to log on, a person asks, or the password file changes (to a wrong one too). */
  const step = fc.record({
    minutes: fc.nat(45),
    what: fc.constantFrom('both', 'engine', 'probe', 'engine', 'probe', 'ask', 'new file'),
  });

  it('that locks after 5 wrong passwords within 30 minutes never does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const notes: Note[] = [];
        const wrongMs: number[] = [];
        let nowMs = NOW_MS;
        let generation = 0;
        for (const { minutes, what } of steps) {
          nowMs += minutes * MINUTE_MS + 1;
          if (what === 'ask') notes.push({ kind: 'asked', atMs: nowMs });
          if (what === 'new file') generation += 1;
          if (what === 'ask' || what === 'new file') continue;
          const attempt = { ...ANN, generation: String(generation) };
          if (mayLogOn(notes, attempt, nowMs).kind !== 'try') continue;
          // Both ask before either has noted what it was told.
          for (let times = what === 'both' ? 2 : 1; times > 0; times -= 1) {
            wrongMs.push(nowMs);
            notes.push({ kind: 'refused', ...attempt, code: 'wrong-password', what: '', atMs: nowMs });
          }
          const recent = wrongMs.filter((atMs) => nowMs - atMs < WINDOW_MS);
          expect(recent.length).toBeLessThanOrEqual(WRONG_LIMIT + 1);
        }
      }),
      { seed: 20_261_122, numRuns: 2_000 },
    );
  });

  it('that never forgets a wrong password meets one from each process and no more, when nobody does anything', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { maxLength: 200 }), (pauses) => {
        const notes: Note[] = [];
        let nowMs = NOW_MS;
        let wrong = 0;
        pauses.forEach((minutes, index) => {
          nowMs += minutes * MINUTE_MS + 1;
          if (mayLogOn(notes, ANN, nowMs).kind !== 'try') return;
          const times = index === 0 ? 2 : 1;
          for (let each = 0; each < times; each += 1) {
            wrong += 1;
            notes.push({ kind: 'refused', ...ANN, code: 'wrong-password', what: '', atMs: nowMs });
          }
        });
        expect(wrong).toBeLessThanOrEqual(2);
      }),
      { seed: 20_261_122 },
    );
  });
});
