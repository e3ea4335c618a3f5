/** The progress line on a terminal: drawn over, never wrapped, and out of the way of what else is said. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { amountOfOne, openProgress } from './progress.ts';

const { stderr } = process;
const terminal = Object.getOwnPropertyDescriptor(stderr, 'isTTY');
let written: string[];

beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  vi.spyOn(stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  if (terminal === undefined) Reflect.deleteProperty(stderr, 'isTTY');
  else Object.defineProperty(stderr, 'isTTY', terminal);
});

const on = (isTerminal: boolean): void => {
  Object.defineProperty(stderr, 'isTTY', { value: isTerminal, configurable: true });
};
const clock = { wallMs: () => Date.now(), monoMs: () => Date.now() };

it('makes room before something else is said, and comes again', () => {
  on(true);
  const progress = openProgress(clock, false, () => amountOfOne(1_000));
  progress.clear();
  vi.advanceTimersByTime(1_900);
  expect(written).toEqual([]);
  vi.advanceTimersByTime(100);
  const line = '\r\u001b[K\u001b[?7l[....................]   0 %  0 B of 1.0 kB, 0 B/s\u001b[?7h';
  expect(written).toEqual([line]);
  progress.clear();
  progress.clear();
  expect(written).toEqual([line, '\r\u001b[K']);
  vi.advanceTimersByTime(500);
  progress.end();
  vi.advanceTimersByTime(5_000);
  expect(written).toEqual([line, '\r\u001b[K', line, '\r\u001b[K']);
});

it('is lines where there is no terminal, and only when asked for', () => {
  on(false);
  openProgress(clock, false, () => amountOfOne(1_000)).end();
  const progress = openProgress(clock, true, () => amountOfOne(1_000));
  vi.advanceTimersByTime(4_000);
  progress.end();
  expect(written).toEqual(Array(2).fill('[....................]   0 %  0 B of 1.0 kB, 0 B/s\n'));
});
