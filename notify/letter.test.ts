/** Tests of what a mail looks like. */
import { describe, expect, it } from 'vitest';
import { type Alert, compose } from './letter.ts';

const ALERT: Alert = {
  code: 'taken-over',
  subject: 'FILESRV does not answer, the standby serves its files',
  text: 'FILESRV (192.168.1.10) was silent for 3 s and the standby has taken its address.',
  why: 'no ARP answer since 21:03:02, while the gateway answers',
  next: 'repair FILESRV, then run «standby recover-ip»',
};

const AT_MS = Date.UTC(2026, 10, 21, 21, 3, 5);

it('tells what happened, when, why and what to do next, in this order', () => {
  const { subject, text, html } = compose(ALERT, 'STANDBY', AT_MS, 0);
  expect(subject).toBe('STANDBY: FILESRV does not answer, the standby serves its files');
  expect(text).toMatch(
    /^What happened\n {2}FILESRV .*\n\nWhen\n {2}2026-11-2\d \d\d:\d\d:05 [+-]\d\d:\d\d\n\nWhy\n {2}no ARP .*\n\nWhat to do next\n {2}repair .*\n\nSent by the standby STANDBY \(taken-over\)\.\n$/u,
  );
  expect(html.indexOf('What happened')).toBeLessThan(html.indexOf('What to do next'));
});

it.each([
  [0, ''],
  [120_000, ''],
  [121_000, ' (delayed 2 min)'],
  [47 * 60_000, ' (delayed 47 min)'],
])('a wait of %d ms ends the subject with «%s»', (lateMs, end) => {
  expect(compose(ALERT, 'S', AT_MS, lateMs).subject).toBe(`S: ${ALERT.subject}${end}`);
});

it('leaves out a why that is not told, and lists details', () => {
  const { why: _why, ...rest } = ALERT;
  const { text } = compose({ ...rest, details: ['a.txt', 'b.txt'] }, 'S', AT_MS, 0);
  expect(text).not.toContain('Why');
  expect(text).toContain('its address.\n  - a.txt\n  - b.txt\n\nWhen');
});

describe('text from outside', () => {
  const evil = 'a\r\nBcc: x@evil.example\n<script>&"\'\u202e\u0000';

  it('stays one line of text and no HTML, wherever it stands', () => {
    const letter = compose(
      { code: evil, subject: evil, text: evil, why: evil, next: evil, details: [evil] },
      evil,
      AT_MS,
      0,
    );
    expect(letter.subject).not.toMatch(/\p{Cc}/u);
    expect(letter.html).not.toContain('<script>');
    expect(letter.html).toContain('&lt;script&gt;&amp;&quot;&#39;\\u202e\\u0000');
    expect(letter.text.split('\n').filter((line) => line.startsWith('Bcc'))).toEqual([]);
  });

  it('makes no endless subject', () => {
    expect(compose({ ...ALERT, subject: 'x'.repeat(5_000) }, 'S', AT_MS, 0).subject.length).toBe(200);
  });
});
