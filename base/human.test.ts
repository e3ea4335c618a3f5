/** Tests of the words for sizes, durations and outside text. */
import { describe, expect, it } from 'vitest';
import { counted, humanDuration, humanSize, printable } from './human.ts';

describe('human words', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9_949, '9.9 kB'],
    [9_950, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [666_000_000, '666 MB'],
  ])('a size of %d bytes reads %s', (bytes, words) => {
    expect(humanSize(bytes)).toBe(words);
  });

  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
    [9_960, '10 s'],
    [59_600, '1 min'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [6_720_000, '1 h 52 min'],
    [183_600_000, '2 d 3 h'],
  ])('a duration of %d ms reads %s', (ms, words) => {
    expect(humanDuration(ms)).toBe(words);
  });

  it('makes the noun follow the number', () => {
    expect(counted(1, 'file')).toBe('1 file');
    expect(counted(2000, 'entry', 'entries')).toBe('2,000 entries');
  });

  it('defuses what a hostile file name could do to a terminal, a log line or a mail', () => {
    expect(printable('a\u001b[31m\nb\u202egpj.exe\ud800')).toBe('a\\u001b[31m\\u000ab\\u202egpj.exe\\ud800');
    expect(printable('Übersicht 𝄞.txt')).toBe('Übersicht 𝄞.txt');
  });
});
