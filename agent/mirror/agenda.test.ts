/** What is due and when the next is, bounded. */
import { expect, it } from 'vitest';
import { Agenda } from './agenda.ts';

const taken = (
  agenda: Agenda<{ n: number }>,
  nowMs: number,
  limit = 10,
  isBusy?: (path: string) => boolean,
): string[] => agenda.take(nowMs, limit, isBusy).taken.map(([path, { n }]) => `${path}${n}`);

it('gives out what is due, once, and tells when the next is', () => {
  const agenda = new Agenda<{ n: number }>(10);
  agenda.note('a', 10, { n: 1 });
  agenda.note('b', 30, { n: 2 });
  expect(agenda.take(5, 10)).toEqual({ taken: [], nextMs: 10 });
  expect(agenda.take(10, 10)).toEqual({ taken: [['a', { n: 1 }]], nextMs: 30 });
  expect(taken(agenda, 40)).toEqual(['b2']);
  expect(agenda.take(40, 10)).toEqual({ taken: [], nextMs: Number.POSITIVE_INFINITY });
});

it('keeps the earlier of two times, and asks how to merge', () => {
  const agenda = new Agenda<{ n: number }>(10);
  agenda.note('a', 10, { n: 1 });
  agenda.note('a', 50, { n: 7 }, (known) => {
    known.n += 7;
  });
  expect(taken(agenda, 10)).toEqual(['a8']);
});

it('replaces what it knew when told to', () => {
  const agenda = new Agenda<{ n: number }>(1);
  agenda.note('a', 10, { n: 1 });
  agenda.replace('a', 50, { n: 2 });
  expect(taken(agenda, 49)).toEqual([]);
  expect(taken(agenda, 50)).toEqual(['a2']);
});

it('refuses what it has no room for, and nothing that it knows', () => {
  const agenda = new Agenda<{ n: number }>(1);
  expect(agenda.note('a', 1, { n: 1 })).toBe(true);
  expect(agenda.note('b', 1, { n: 1 })).toBe(false);
  expect(agenda.note('a', 1, { n: 1 })).toBe(true);
  expect(agenda.size).toBe(1);
});

it('leaves what is busy, and what is beyond the limit, and says that the latter is due now', () => {
  const agenda = new Agenda<{ n: number }>(10);
  for (const path of ['a', 'b', 'c']) agenda.note(path, 1, { n: 0 });
  expect(agenda.take(5, 1, (path) => path === 'a')).toEqual({ taken: [['b', { n: 0 }]], nextMs: 5 });
  expect(agenda.take(5, 5, (path) => path === 'a')).toEqual({
    taken: [['c', { n: 0 }]],
    nextMs: Number.POSITIVE_INFINITY,
  });
  expect(taken(agenda, 5)).toEqual(['a0']);
});
