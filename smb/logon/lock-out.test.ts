/** The rules that keep us from locking the account: row by row, and against servers that lock in every way that they can be set to. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Attempt, mayLogOn, mayProve, type Note, WINDOW_MS, WRONG_LIMIT } from './lock-out.ts';

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
const unanswered = (agoMs: number, attempt = ANN): Note => ({ kind: 'unanswered', ...attempt, atMs: NOW_MS - agoMs });
const accepted = (agoMs: number, attempt = ANN): Note => ({ kind: 'accepted', ...attempt, atMs: NOW_MS - agoMs });
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
    ['another password was accepted since', false, [accepted(1, other), refused('wrong-password', 2)]],
    ['another password shows that the account is open', true, [accepted(1, other), refused('account-locked', 2)]],
    ['one log-on was not answered', true, [unanswered(1)]],
    ['two were not answered just now', false, [unanswered(1), unanswered(2)]],
    ['two with other passwords were not answered just now', false, [unanswered(1, other), unanswered(2)]],
    ['two were not answered two minutes ago', true, [unanswered(2 * MINUTE_MS), unanswered(3 * MINUTE_MS)]],
    ['two were not answered and a person asks', true, [asked(1), unanswered(2), unanswered(3)]],
    ['two were not answered before one was accepted', true, [accepted(1), unanswered(2), unanswered(3)]],
    ['three were not answered in half an hour', false, [3, 20, 29].map((ago) => unanswered(ago * MINUTE_MS))],
    [
      'three were not answered in half an hour and a person asks',
      false,
      [asked(1), ...[3, 20, 29].map((ago) => unanswered(ago * MINUTE_MS))],
    ],
    ['three were not answered in more than that', true, [3, 20, 30].map((ago) => unanswered(ago * MINUTE_MS))],
    [
      'two were wrong and one was not answered',
      false,
      [refused('wrong-password', 4, other), unanswered(3 * MINUTE_MS), refused('wrong-password', 5, other)],
    ],
    [
      'a log-on of another account was not answered',
      true,
      [1, 2, 3].map((ago) => unanswered(ago, { ...ANN, account: '\\bob' })),
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

describe('the proof', () => {
  it('goes out when no more than three may be counted, its own among them', () => {
    const notes = [unanswered(0), unanswered(0), unanswered(0)];
    expect(mayProve(notes, ANN, NOW_MS)).toBe(true);
    expect(mayProve([...notes, unanswered(0)], ANN, NOW_MS)).toBe(false);
    expect(mayProve([...notes, refused('wrong-password', 9, { ...ANN, generation: 'two' })], ANN, NOW_MS)).toBe(false);
    expect(mayProve([...notes, refused('account-locked', 9)], ANN, NOW_MS)).toBe(true);
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

  /**
   * Processes that each check, note, count once more and send, in any order with one another; the password is wrong, and an answer
   * comes late or never.
   */
  it('counts no more than three wrong passwords in 30 minutes, however the steps of processes fall together', () => {
    const turn = fc.record({ who: fc.nat(5), minutes: fc.constantFrom(0, 0, 0, 0, 1, 9), lost: fc.boolean() });
    let most = 0;
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 200 }), (turns) => {
        const notes: Note[] = [];
        const provedMs: number[] = [];
        const at = new Map<number, { step: 'checked' | 'noted' | 'sent'; note?: Note }>();
        let nowMs = NOW_MS;
        for (const { who, minutes, lost } of turns) {
          nowMs += minutes * MINUTE_MS;
          const attempt = { ...ANN, generation: String(who) };
          const state = at.get(who);
          if (state === undefined) {
            if (mayLogOn(notes, attempt, nowMs).kind === 'try') at.set(who, { step: 'checked' });
          } else if (state.step === 'checked') {
            const note: Note = { kind: 'unanswered', ...attempt, atMs: nowMs };
            notes.push(note);
            at.set(who, { step: 'noted', note });
          } else if (state.step === 'noted') {
            const may = mayProve(notes, attempt, nowMs);
            if (may) provedMs.push(nowMs);
            else notes.splice(notes.indexOf(state.note ?? notes[0] ?? { kind: 'asked', atMs: 0 }), 1);
            if (may && !lost) at.set(who, { ...state, step: 'sent' });
            else at.delete(who);
          } else {
            notes.push({ kind: 'refused', ...attempt, code: 'wrong-password', what: '', atMs: nowMs });
            if (state.note !== undefined) notes.splice(notes.indexOf(state.note), 1);
            at.delete(who);
          }
          const recent = provedMs.filter((ms) => nowMs - ms < WINDOW_MS).length;
          most = Math.max(most, recent);
        }
      }),
      { seed: 20_261_122, numRuns: 2_000 },
    );
    console.log(`2000 runs of up to 200 steps, at most ${most} proofs in the window`);
    expect(most).toBe(WRONG_LIMIT);
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
