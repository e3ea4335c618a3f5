/** What the settings leave out: which names that are, and what becomes of what is here from before. */
import fs from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_EXCLUDES } from '../../settings/excludes.ts';
import { Excludes } from './excludes.ts';
import { FakeShare } from './ground.fake.ts';

describe('the usual rules', () => {
  const usual = new Excludes(DEFAULT_EXCLUDES);

  it.each([
    ['$RECYCLE.BIN/S-1-5/$R1.docx', '/$RECYCLE.BIN'],
    ['system volume information', '/System Volume Information'],
    ['Letters/~$july.docx', '~$*'],
    ['Letters/THUMBS.DB', 'Thumbs.db'],
    ['a/b/x.TMP', '*.tmp'],
    ['a.tmp/b/c.txt', '*.tmp'],
  ])('leave out %s', (path, rule) => {
    expect(usual.ruleFor(path)).toBe(rule);
  });

  it.each(['docs/pagefile.sys', 'a/$RECYCLE.BIN/x', 'tmp', 'a.tmpl', '~july.docx', 'Thumbs.db.txt', ''])(
    'keep «%s»',
    (path) => {
      expect(usual.ruleFor(path)).toBeUndefined();
    },
  );
});

it('matches as a plain reading of the pattern does', () => {
  const letter = fc.constantFrom('A', 'B', '*', '?');
  fc.assert(
    fc.property(
      fc.array(letter, { minLength: 1, maxLength: 6 }),
      fc.string({ unit: fc.constantFrom('A', 'B'), minLength: 1, maxLength: 8 }),
      (parts, name) => {
        const pattern = parts.join('');
        const plain = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(new Excludes([pattern]).ruleFor(name) !== undefined).toBe(plain.test(name));
      },
    ),
    { numRuns: 2_000, seed: 5 },
  );
});

describe('a pass', () => {
  let share: FakeShare;

  beforeEach(() => {
    share = new FakeShare();
  });

  afterEach(() => {
    share.clear();
  });

  it('copies nothing that is left out, and puts away what is here from before a rule', async () => {
    for (const folder of ['a', 'cache', 'cache/deep']) share.main.write(folder, undefined);
    for (const file of ['a/keep.txt', 'a/x.tmp', 'cache/deep/y.txt']) share.main.write(file, file);
    await share.pass();
    expect(share.visible()).toHaveLength(6);
    share.excludes = ['*.tmp', '/cache'];
    share.restart();
    share.main.write('a/z.tmp', 'new');
    await share.pass();
    expect(share.visible()).toEqual(['a/', 'a/keep.txt=a/keep.txt']);
    expect(share.attic()).toEqual(['docs/a/x.tmp=a/x.tmp', 'docs/cache/deep/y.txt=cache/deep/y.txt']);
    expect(share.ground.index.find(share.ground.rootId, 'a/x.tmp')).toBeUndefined();
    share.excludes = [];
    share.restart();
    await share.pass();
    expect(share.visible()).toEqual(share.wanted());
    expect(fs.existsSync(share.at('a/z.tmp'))).toBe(true);
  });
});
