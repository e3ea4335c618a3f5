/** Looking, settling and healing against a main in memory, and disks that fail. */
import fs from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stampPath } from '../../../base/libc.ts';
import type { Tree } from '../../../smb/types.ts';
import { FakeShare } from '../ground.fake.ts';
import { differencesOf } from './aspects.ts';
import { heal } from './heal.ts';
import { LocalCopy } from './local.ts';
import { lookAt } from './look.ts';
import { type Lag, type OpenLook, settle } from './settle.ts';
import { ProofStore } from './store.ts';
import { Tour } from './tour.ts';

let share: FakeShare;

beforeEach(() => {
  share = new FakeShare();
});

afterEach(() => {
  vi.restoreAllMocks();
  share.clear();
});

const OPTIONS = { hash: false, gentle: undefined };
const never = new AbortController().signal;
const look = (path: string, tree: Tree = share.main.tree()) => lookAt(share.ground, tree, path, undefined, OPTIONS);

async function mirrored(...files: string[]): Promise<void> {
  share.main.write('a', undefined);
  for (const file of files) share.main.write(file, `content of ${file}`);
  await share.pass();
}

/** Another content, and nothing that the index could see it by: what a disk does. */
function rot(file: string, content: string): void {
  const { index, rootId, shareId } = share.ground;
  const row = index.find(rootId, file);
  if (row === undefined) throw new Error(`no row for ${file}`);
  fs.writeFileSync(share.at(file), content);
  stampPath(share.at(file), { accessedNs: 0n, writtenNs: row.local.mtimeNs });
  const { size, mtimeNs, ctimeNs, ino } = fs.statSync(share.at(file), { bigint: true });
  index.put(shareId, row.parent, row.name, 'file', row, { size, mtimeNs, ctimeNs, ino });
}

function diskFails(): void {
  vi.spyOn(LocalCopy.prototype, 'read').mockRejectedValue(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }));
}

describe('a look', () => {
  it('takes a copy that the disk does not give back for rotten, and healing keeps what is left of it', async () => {
    await mirrored('a/one.txt');
    diskFails();
    const found = await look('a/one.txt');
    expect(found).toMatchObject({ kind: 'different', differences: [{ aspect: 'unreadable' }] });
    const read = vi.spyOn(fs, 'readFileSync').mockImplementation(() => {
      throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    });
    if (found.kind !== 'different') return;
    const { failed, kept } = await heal(share.ground, share.main.tree(), 'a/one.txt', found.main, never);
    expect(read).toHaveBeenCalled();
    expect([failed, kept.length]).toEqual([undefined, 1]);
    vi.restoreAllMocks();
    expect((await look('a/one.txt')).kind).toBe('same');
    expect(share.attic()).toEqual(['docs/a/one.txt=content of a/one.txt']);
  });

  it('says nothing of a copy that is replaced while it is read', async () => {
    await mirrored('a/one.txt');
    const tree = share.main.tree();
    const meanwhile: Tree = {
      ...tree,
      fetch: async (...call) => {
        const fetched = await tree.fetch(...call);
        fs.writeFileSync(share.at('a/one.txt'), 'something else now');
        return fetched;
      },
    };
    expect((await look('a/one.txt', meanwhile)).kind).toBe('moving');
  });

  it('follows no link that lies where the copy should be', async () => {
    await mirrored('a/one.txt');
    const { size } = fs.statSync(share.at('a/one.txt'));
    fs.rmSync(share.at('a/one.txt'));
    fs.writeFileSync(`${share.folder}/outside`, 'content of a/one.txt');
    expect(size).toBe('content of a/one.txt'.length);
    fs.symlinkSync(`${share.folder}/outside`, share.at('a/one.txt'));
    expect(await look('a/one.txt')).toMatchObject({ kind: 'different', differences: [{ aspect: 'kind' }] });
  });

  it('finds nothing under another spelling of a name', async () => {
    await mirrored('a/one.txt');
    fs.copyFileSync(share.at('a/one.txt'), share.at('a/ONE.TXT'));
    expect(await look('a/Two.txt')).toEqual({ kind: 'gone' });
    const { main, ground } = share;
    const extra = await lookAt(ground, main.tree(), 'a/ONE.TXT', undefined, { ...OPTIONS, isUnlisted: true });
    expect(extra).toMatchObject({ kind: 'different', differences: [{ aspect: 'not-on-main' }] });
    fs.rmSync(share.at('a/ONE.TXT'));
    // The main would find both.
    expect((await main.tree().stat('A/ONE.TXT')).size).toBeGreaterThan(0);
    expect((await look('a/ONE.TXT')).kind).toBe('gone');
    expect((await look('A/one.txt')).kind).toBe('gone');
    expect((await look('a/one.txt')).kind).toBe('same');
  });

  it('compares every aspect that it is given', async () => {
    await mirrored('a/one.txt');
    const local = { kind: 'file', size: 3, mtimeNs: 0n, marks: undefined } as const;
    const main = await share.main.tree().stat('a/one.txt');
    const signature = { size: 3n, mtimeNs: 0n, ctimeNs: 0n, ino: 0n };
    const pair = { tree: share.main.tree(), path: 'a/one.txt', main, local: { ...local, signature } };
    const more = { name: 'rules', differs: async () => 'other rules' };
    expect((await differencesOf(pair)).map(({ aspect }) => aspect)).toEqual([
      'size',
      'written',
      'attributes',
      'created',
    ]);
    expect(await differencesOf(pair, [more])).toEqual([{ aspect: 'rules', what: 'other rules' }]);
  });
});

describe('healing', () => {
  it('keeps every version that it replaces, also the second of a day and big ones', async () => {
    await mirrored('a/one.txt');
    for (const content of ['rotten once', 'rotten twice']) {
      rot('a/one.txt', content);
      const { failed, kept } = await heal(
        share.ground,
        share.main.tree(),
        'a/one.txt',
        share.main.statNow('a/one.txt'),
        never,
      );
      expect([failed, kept.length]).toEqual([undefined, 1]);
    }
    expect(share.attic()).toEqual(['docs/a/one.txt=rotten once', 'docs~2/a/one.txt=rotten twice']);
    expect(share.visible()).toEqual(share.wanted());
  });

  it('places nothing when it is called off, or when the main changes meanwhile', async () => {
    await mirrored('a/one.txt');
    fs.writeFileSync(share.at('a/one.txt'), 'rotten');
    const off = new AbortController();
    share.main.before = (request) => {
      if (request === 'fetch') off.abort();
    };
    const main = share.main.statNow('a/one.txt');
    await expect(heal(share.ground, share.main.tree(), 'a/one.txt', main, off.signal)).rejects.toThrow();
    share.main.before = (request) => {
      if (request === 'fetch') share.main.write('a/one.txt', 'changed while it was read');
    };
    const { failed } = await heal(share.ground, share.main.tree(), 'a/one.txt', main, never);
    expect(failed).toContain('changes while it is read');
    expect(fs.readFileSync(share.at('a/one.txt'), 'utf8')).toBe('rotten');
    expect(share.attic()).toEqual([]);
  });

  it('puts nothing away that the main has, whatever it was told', async () => {
    await mirrored('a/one.txt');
    await heal(share.ground, share.main.tree(), 'a/one.txt', undefined, never);
    expect(share.visible()).toEqual(share.wanted());
    expect(share.attic()).toEqual([]);
  });
});

describe('a difference', () => {
  const OLD_MS = 3_600_000;

  /** Follows the looks to their end; returns how it ended and how long that took. */
  function follow(marks: (looks: number) => string | undefined, lag: Lag = 'none'): { kind: string; ms: number } {
    let open: OpenLook | undefined;
    let ms = 0;
    for (let looks = 1; looks < 100; looks += 1) {
      const settled = settle(open, marks(looks), OLD_MS, lag);
      if (settled.kind !== 'again') return { kind: settled.kind, ms };
      open = settled.open;
      ms += settled.inMs;
    }
    throw new Error('it never ends');
  }

  it('is real only when the main has stood still for six seconds', () => {
    expect(follow(() => 'v1')).toEqual({ kind: 'real', ms: 6_000 });
  });

  it('of a main that never stands still is no difference', () => {
    expect(follow((looks) => `v${looks}`).kind).toBe('changing');
    expect(follow(() => undefined).kind).toBe('changing');
  });

  it('that the mirror has not noticed yet gets more time, and one that it is copying all of it', () => {
    expect(follow(() => 'v1', 'behind')).toEqual({ kind: 'real', ms: 40_000 });
    expect(follow(() => 'v1', 'copying').kind).toBe('changing');
  });

  it('ends with each order of looks, and is real only after three looks at one version', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('v1', 'v2', undefined), { minLength: 12, maxLength: 12 }), (marks) => {
        const seen: (string | undefined)[] = [];
        const end = follow((looks) => {
          seen.push(marks[looks - 1]);
          return marks[looks - 1];
        });
        if (end.kind === 'real') expect(new Set(seen.slice(-4)).size).toBe(1);
      }),
      { numRuns: 500, seed: 11 },
    );
  });

  it('in a file that the main changed a moment ago waits until it is old', () => {
    const first = settle(undefined, 'v1', 100, 'none');
    if (first.kind !== 'again') throw new Error(first.kind);
    const second = settle(first.open, 'v1', 600, 'none');
    expect(second).toMatchObject({ kind: 'again', inMs: 4_400, open: { quiet: 0 } });
  });
});

describe('a proof', () => {
  it('is lost when another file takes the place of the copy, and goes with its row', async () => {
    await mirrored('a/one.txt', 'a/two.txt');
    const store = new ProofStore(share.ground.index);
    const idOf = (file: string): number => share.ground.index.find(share.ground.rootId, file)?.id ?? 0;
    for (const file of ['a/one.txt', 'a/two.txt']) store.prove(idOf(file), 5_000);
    const two = idOf('a/two.txt');
    share.main.write('a/one.txt', 'another content');
    share.main.erase('a/two.txt');
    await share.pass();
    expect([store.provenMs(idOf('a/one.txt')), store.provenMs(two)]).toEqual([0, 0]);
    store.prove(idOf('a/one.txt'), 6_000);
    share.restart();
    expect(new ProofStore(share.ground.index).provenMs(idOf('a/one.txt'))).toBe(6_000);
  });
});

describe('a tour', () => {
  it('goes on anywhere, also where a folder has gone meanwhile', async () => {
    for (const folder of ['a', 'a/b', 'a/b/c', 'a/é', 'b', 'b/x', 'c']) share.main.write(folder, undefined);
    await share.pass();
    const all: string[] = [];
    const tour = new Tour(share.ground, undefined);
    for (let stop = tour.next(); stop !== undefined; stop = tour.next()) all.push(stop.path);
    expect(all).toEqual(['', 'a', 'a/b', 'a/b/c', 'a/é', 'b', 'b/x', 'c']);
    for (const [n, cursor] of all.entries()) {
      const rest: string[] = [];
      const next = new Tour(share.ground, cursor);
      for (let stop = next.next(); stop !== undefined; stop = next.next()) rest.push(stop.path);
      expect(rest).toEqual(all.slice(n + 1));
    }
    share.main.erase('a/b');
    await share.pass();
    expect(new Tour(share.ground, 'a/b/c').next()?.path).toBe('a/é');
  });
});
