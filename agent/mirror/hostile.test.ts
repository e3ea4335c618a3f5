/** A main, a disk and a clock at their worst: what must not be published, removed, forgotten or waited for. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unixNs } from '../../smb/file-time.ts';
import type { Stat, Tree } from '../../smb/types.ts';
import { FakeShare } from './ground.fake.ts';
import { Space } from './space.ts';

let share: FakeShare;

beforeEach(async () => {
  share = new FakeShare();
  share.main.write('a', undefined);
  share.main.write('a/one.txt', 'one');
  share.main.write('a/two.txt', 'two');
  await share.pass();
  share.outcomes.length = 0;
});

afterEach(() => {
  share.clear();
});

function stat(file: string): Stat {
  const found = share.main.statNow(file);
  if (found === undefined) throw new Error(`no ${file} on the main`);
  return found;
}

function changedMs(file: string): number {
  return Number(unixNs(stat(file).changed) / 1_000_000n);
}

it('does not publish what was written within one tick of the server’s clock before it was read', async () => {
  share.main.write('a/one.txt', 'AAAABBBB');
  // The second half is written while we read, and the stamps do not move: the clock has not ticked.
  share.disguise = (tree): Tree => ({
    ...tree,
    async fetch(file, _hint, sink) {
      const before = stat(file);
      sink.begin?.(before);
      await sink.data(Buffer.from('AAAAxxxx'), 0);
      return { before, after: before, bytes: before.size };
    },
  });
  share.mainMs = () => changedMs('a/one.txt') + 5;
  await share.pass();
  expect(fs.readFileSync(share.at('a/one.txt'), 'utf8')).toBe('one');
  share.disguise = (tree) => tree;
  share.mainMs = () => changedMs('a/one.txt') + 1_000;
  await share.pass();
  expect(share.visible()).toEqual(share.wanted());
});

it('copies a file whose time lies far ahead of the main’s clock', async () => {
  share.main.write('a/one.txt', 'from the future');
  share.mainMs = () => changedMs('a/one.txt') - 3_600_000;
  await share.pass();
  expect(share.visible()).toEqual(share.wanted());
});

it('overwrites nothing when another server answers on the connection of a pass', async () => {
  share.main.write('a/one.txt', 'of somebody else');
  share.disguise = (tree) => ({ ...tree, identity: async () => ({ volumeSerial: 8, rootFileId: 1n }) });
  await expect(share.pass()).rejects.toThrow('another volume');
  expect(fs.readFileSync(share.at('a/one.txt'), 'utf8')).toBe('one');
});

it('keeps what it replaces in the attic, once for a day', async () => {
  share.main.write('a/one.txt', 'second');
  await share.pass();
  share.main.write('a/one.txt', 'third');
  await share.pass();
  expect(share.visible()).toEqual(share.wanted());
  expect(share.attic()).toEqual(['docs/a/one.txt=one']);
});

it('neither replaces nor keeps anything when only ChangeTime moved', async () => {
  const { ino } = fs.statSync(share.at('a/one.txt'));
  share.main.touch('a/one.txt');
  await share.pass();
  await share.pass();
  expect(fs.statSync(share.at('a/one.txt')).ino).toBe(ino);
  expect(share.outcomes).toEqual(['placed a/one.txt']);
  expect(share.attic()).toEqual([]);
});

it('looks into a directory that took the name of another one', async () => {
  share.main.write('b', undefined);
  share.main.write('b/three.txt', 'three');
  await share.pass();
  const before = share.ground.index.find(share.ground.rootId, 'a');
  share.main.erase('a');
  share.moveFolder('b', 'a');
  const { id, listed } = before ?? { id: 0, listed: false };
  expect(listed).toBe(true);
  share.disguise = (tree): Tree => ({
    ...tree,
    async *list(directory) {
      // The listing that shows the new one under the old name is the last that arrives.
      if (directory !== '') throw new Error('cut');
      yield* tree.list(directory);
    },
  });
  await expect(share.pass()).rejects.toThrow('cut');
  expect(share.ground.index.row(id)?.listed).toBe(false);
});

for (const { remark, listed } of [
  { remark: 'as its listing says', listed: 2 ** 50 },
  { remark: 'though its listing said otherwise', listed: 3 },
])
  it(`goes on with the others when a file is larger than the disk, ${remark}, and touches no attic for it`, async () => {
    share.main.erase('a/two.txt');
    await share.pass();
    share.main.write('a/huge.bin', 'xxx');
    share.main.write('a/small.txt', 'small');
    const isHuge = (file: string): boolean => file.endsWith('huge.bin');
    share.disguise = (tree): Tree => ({
      ...tree,
      async *list(directory) {
        for await (const batch of tree.list(directory))
          yield {
            ...batch,
            entries: batch.entries.map((entry) => (isHuge(entry.name) ? { ...entry, size: listed } : entry)),
          };
      },
      async fetch(file, hint, sink) {
        if (!isHuge(file)) return tree.fetch(file, hint, sink);
        const before = { ...stat(file), size: 2 ** 50 };
        sink.begin?.(before);
        throw new Error('a byte was read');
      },
    });
    await share.pass();
    expect(fs.readFileSync(share.at('a/small.txt'), 'utf8')).toBe('small');
    expect(share.problems()).toEqual([expect.stringContaining('a/huge.bin: it needs 1.1 PB')]);
    expect(share.attic()).toEqual(['docs/a/two.txt=two']);
  });

it('gives up one day of the attic when the disk refused once, and not all of them', async () => {
  let days = 5;
  const space = new Space({
    mirrorPath: share.mirrorPath,
    reserveBytes: 0,
    attic: {
      forgetOldest: async () => {
        days -= 1;
        return days >= 0;
      },
    },
    monoMs: () => performance.now(),
    changed: () => {},
  });
  space.refused();
  await space.wait(10, new AbortController().signal);
  expect(days).toBe(4);
});

it('deletes only temps that it made itself, and puts away what merely looks like one', async () => {
  fs.writeFileSync(share.at('a/.~standby-77-1.tmp'), 'ours');
  fs.mkdirSync(share.at('a/.~standby-letters'));
  fs.writeFileSync(share.at('a/.~standby-letters/dear.txt'), 'dear');
  fs.writeFileSync(share.at('.~standby-notes.txt'), 'notes');
  await share.pass();
  expect(share.visible()).toEqual(share.wanted());
  expect(share.attic()).toEqual(['docs/.~standby-notes.txt=notes', 'docs/a/.~standby-letters/dear.txt=dear']);
});

it('puts away a copy under an old spelling that the index has forgotten', async () => {
  fs.writeFileSync(share.at('a/ONE.TXT'), 'the same letters');
  await share.pass();
  expect(share.visible()).toEqual(share.wanted());
  expect(share.attic()).toEqual(['docs/a/ONE.TXT=the same letters']);
});

it('names the attic’s days so that a clock of ours that was behind does not let them be pruned', async () => {
  share.ground = { ...share.ground, clock: { ...share.ground.clock, wallMs: () => 0 } };
  share.main.erase('a/one.txt');
  await share.pass();
  await share.ground.attic.prune(share.mainMs());
  expect(share.attic()).toEqual(['docs/a/one.txt=one']);
});

it('finishes removing a day of the attic that an earlier process began to remove', async () => {
  const going = path.join(share.mirrorPath, '.standby-attic', 'going-2026-01-01-1');
  fs.mkdirSync(going);
  fs.writeFileSync(path.join(going, 'old'), 'old');
  await share.ground.attic.prune(Date.now());
  expect(fs.existsSync(going)).toBe(false);
});

it('counts problems right, and tells them again only when something is new', () => {
  const { problems } = share.ground;
  const wrong = (why: string) => ({ code: 'test', why });
  for (let n = 0; n < 5; n += 1) problems.add('docs', `a/${n}`, wrong('first'), n);
  const { version } = problems;
  problems.add('docs', 'a/3', wrong('first'), 10);
  expect(problems.version).toBe(version);
  problems.add('docs', 'a/3', wrong('second'), 10);
  expect(problems.version).toBeGreaterThan(version);
  problems.clear('docs', 'a/0');
  problems.clear('docs', 'a/0');
  expect(problems.count('docs')).toBe(4);
  problems.clearOlder('docs', 4);
  expect(problems.count('docs')).toBe(2);
  expect(problems.list(10).map((problem) => problem.path)).toEqual(['a/3', 'a/4']);
});

it('tries again soon when the clock was set back since a problem was noted', () => {
  const { problems } = share.ground;
  const hourMs = 3_600_000;
  problems.add('docs', 'a/one.txt', { code: 'locked', why: 'held', retryMs: 500 }, 10 * hourMs);
  expect(problems.due('docs', 10 * hourMs, 10)).toEqual([]);
  expect(problems.due('docs', 9 * hourMs, 10)).toEqual(['a/one.txt']);
  expect(problems.due('docs', 9 * hourMs, 10)).toEqual([]);
});
