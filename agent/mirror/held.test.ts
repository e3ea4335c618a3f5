/** The list of held files says what the problems say, and since when. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeShare } from './ground.fake.ts';

const HELD = { code: 'sharing-violation', why: 'somebody holds it', retryMs: 100 };
let share: FakeShare;

beforeEach(() => {
  share = new FakeShare();
});

afterEach(() => {
  share.clear();
});

const listed = (): string[] => share.ground.held.list(10).map(({ path, sinceMs }) => `${path} since ${sinceMs}`);

it('remembers the first time through every later try, and over a restart', () => {
  for (const ms of [1_000, 2_000, 3_000]) share.ground.problems.add('docs', 'a.txt', HELD, ms);
  share.restart();
  share.ground.problems.add('docs', 'a.txt', { ...HELD, code: 'locked' }, 4_000);
  expect(listed()).toEqual(['a.txt since 1000']);
  expect(share.ground.held.has('docs', 'a.txt')).toBe(true);
  expect(share.ground.held.count('docs')).toBe(1);
  expect(share.ground.held.count('other')).toBe(0);
});

it('ends with the problem, and with one that is no holding', () => {
  share.ground.problems.add('docs', 'a.txt', HELD, 1_000);
  share.ground.problems.add('docs', 'b.txt', HELD, 1_000);
  share.ground.problems.clear('docs', 'a.txt');
  share.ground.problems.add('docs', 'b.txt', { code: 'access-denied', why: 'no', retryMs: 100 }, 2_000);
  expect(listed()).toEqual([]);
  share.ground.problems.add('docs', 'b.txt', HELD, 3_000);
  expect(listed()).toEqual(['b.txt since 3000']);
});

it('knows nothing of problems that are others', () => {
  share.ground.problems.add('docs', 'a.txt', { code: 'changing', why: 'it changes', retryMs: 100 }, 1_000);
  expect(listed()).toEqual([]);
});

it('tells when the copy was made, and that there is none', async () => {
  share.main.write('here.txt', 'here');
  await share.pass();
  const before = Date.now();
  share.ground.problems.add('docs', 'here.txt', HELD, before);
  share.ground.problems.add('docs', 'not here.txt', HELD, before + 1);
  const [here, notHere] = share.ground.held.list(10);
  expect(Math.abs((here?.copiedMs ?? 0) - before)).toBeLessThan(60_000);
  expect(notHere?.copiedMs).toBe(0);
});

it('stays when a listing shows the file as it is here: of an open file that may be old', async () => {
  share.main.write('here.txt', 'here');
  share.main.write('other.txt', 'other');
  await share.pass();
  share.ground.problems.add('docs', 'here.txt', HELD, 1_000);
  share.ground.problems.add('docs', 'other.txt', { code: 'changing', why: 'it changes', retryMs: 100 }, 1_000);
  await share.pass();
  expect(listed()).toEqual(['here.txt since 1000']);
  expect(share.ground.problems.has('docs', 'other.txt')).toBe(false);
});
