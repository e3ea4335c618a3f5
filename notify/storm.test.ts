/** Tests of storm control. */
import { expect, it } from 'vitest';
import { admit, isOver, MAILS_PER_WINDOW, summary, WINDOW_MS, type Window } from './storm.ts';

const alertOf = (n: number) => ({ code: 'degraded', subject: `trouble ${n}`, text: 't', next: 'n' });

function after(count: number): { window: Window | undefined; mailed: number } {
  let window: Window | undefined;
  let mailed = 0;
  for (let n = 1; n <= count; n += 1) {
    const admission = admit(window, alertOf(n), 1_000 + n);
    window = admission.window;
    if (admission.mail) mailed += 1;
  }
  return { window, mailed };
}

it('mails what has room in the hour and holds the rest', () => {
  expect(after(MAILS_PER_WINDOW)).toMatchObject({ mailed: MAILS_PER_WINDOW, window: { held: 0 } });
  expect(after(MAILS_PER_WINDOW + 7)).toMatchObject({ mailed: MAILS_PER_WINDOW, window: { held: 7 } });
});

it('summarises what was held, and nothing when nothing was', () => {
  const quiet = after(3).window;
  const loud = after(MAILS_PER_WINDOW + 2).window;
  if (quiet === undefined || loud === undefined) throw new Error('no window');
  expect(summary(quiet)).toBeUndefined();
  expect(summary(loud)).toMatchObject({
    subject: '2 further alerts within an hour',
    details: [expect.stringContaining(`degraded: trouble ${MAILS_PER_WINDOW + 1}`), expect.stringContaining('trouble')],
  });
});

it('never holds the first of a kind, and holds its repetitions', () => {
  const { window } = after(MAILS_PER_WINDOW + 5);
  const takenOver = { code: 'taken-over', subject: 'STANDBY1 serves', text: 't', next: 'n' };
  const first = admit(window, takenOver, 9_000);
  expect(first).toMatchObject({ mail: true, window: { held: 5, codes: ['degraded', 'taken-over'] } });
  expect(admit(first.window, takenOver, 9_001)).toMatchObject({ mail: false, window: { held: 6 } });
});

it('cannot be flooded by ever new kinds', () => {
  let window: Window | undefined;
  let mailed = 0;
  for (let n = 0; n < 1_000; n += 1) {
    const admission = admit(window, { ...alertOf(n), code: `kind-${n}` }, 1_000);
    window = admission.window;
    if (admission.mail) mailed += 1;
  }
  expect(mailed).toBe(100);
});

it('keeps a bounded list, and the full number', () => {
  const { window } = after(MAILS_PER_WINDOW + 5_000);
  if (window === undefined) throw new Error('no window');
  expect(window.lines.length).toBe(100);
  expect(summary(window)?.details?.at(-1)).toBe('and 4,900 more');
});

it.each([
  [WINDOW_MS - 1, false, 'within the hour'],
  [WINDOW_MS, true, 'after it'],
  [-1, true, 'the clock was set back'],
])('a window looked at %d ms after its start is over: %s (%s)', (ms, over) => {
  expect(isOver({ startMs: 5_000_000, mailed: 1, codes: [], held: 0, lines: [] }, 5_000_000 + ms)).toBe(over);
});
