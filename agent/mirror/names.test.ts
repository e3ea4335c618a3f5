/** Names are kept as they are, or refused. */
import { describe, expect, it } from 'vitest';
import { nameOf, parentOf, whyUnfit } from './names.ts';

describe('a name', () => {
  for (const { remark, path, fits } of [
    { remark: 'of 255 bytes', path: `a/${'x'.repeat(255)}`, fits: true },
    { remark: 'of 256 bytes', path: `a/${'x'.repeat(256)}`, fits: false },
    { remark: 'of 85 letters with three bytes each', path: '見'.repeat(85), fits: true },
    { remark: 'of 86 letters with three bytes each', path: '見'.repeat(86), fits: false },
    { remark: 'that is one of our temps', path: 'a/.~standby-1.tmp', fits: false },
    { remark: 'that only resembles one', path: 'a/~standby-1.tmp', fits: true },
    { remark: 'below a path of more than PATH_MAX', path: 'deep/'.repeat(800), fits: false },
    { remark: 'with trailing dot and space', path: 'a/odd. ', fits: true },
  ])
    it(`${remark} ${fits ? 'fits' : 'is refused'}`, () => {
      expect(whyUnfit(path) === undefined).toBe(fits);
    });
});

it('splits a path', () => {
  expect([nameOf('a/b/c'), parentOf('a/b/c'), nameOf('a'), parentOf('a')]).toEqual(['c', 'a/b', 'a', '']);
});
