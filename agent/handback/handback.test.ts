/** What a restore does, against a main in memory and a mirror in a real folder. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileTimeOfNs } from '../../smb/file-time.ts';
import { FakeMain, fault } from './fake-main.ts';
import type { FakeMirror } from './fake-mirror.ts';
import { FakeWorld } from './fake-world.ts';
import { planRestore } from './index.ts';

let world: FakeWorld;
let main: FakeMain;
let mirror: FakeMirror;

beforeEach(() => {
  world = new FakeWorld();
  ({ main, mirror } = world);
});

afterEach(() => {
  mirror.clear();
});

describe('what is sent', () => {
  it('is nothing when nobody worked on the standby, and the main is not even asked about single files', async () => {
    main.write('report.docx', 'newer on the main');
    const { plan, result } = await world.restore();
    expect(plan).toMatchObject({ send: 0, remove: 0, conflicts: 0, leave: 0, sample: [] });
    expect(result).toEqual({ sent: 0, removed: 0, conflicts: 0, open: 0, problems: [] });
    expect(main.requests).toEqual([]);
  });

  it('is a changed, a new and a deleted file, and nothing else', async () => {
    mirror.write('Büro/Übersicht.txt', 'changed here');
    mirror.write('Büro/neu ä.txt', 'new here');
    mirror.write('Büro/leer', undefined);
    mirror.erase('report.docx');
    const { plan, result } = await world.restore();
    expect(plan).toMatchObject({ send: 3, sendBytes: 20, remove: 1, conflicts: 0, leave: 0 });
    expect(result).toMatchObject({ sent: 3, removed: 1, conflicts: 0, open: 0, problems: [] });
    expect(main.textOf('Büro/Übersicht.txt')).toBe('changed here');
    expect(main.textOf('Büro/neu ä.txt')).toBe('new here');
    expect(main.statNow('Büro/leer')?.directory).toBe(true);
    expect(main.statNow('report.docx')).toBeUndefined();
    expect(world.temps()).toEqual([]);
    expect(mirror.kept().toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: 'd1/docs/Büro/Übersicht.txt', text: 'base' },
      { path: 'd1/docs/report.docx', text: 'base' },
    ]);
  });

  it('carries times to 100 ns, the creation time, attributes and access rules of what it replaces', async () => {
    const before = main.statNow('report.docx');
    main.own('report.docx', 'Ann', 'only Ann');
    mirror.write('report.docx', 'changed');
    mirror.marks = { attributes: 0x22, created: 5n };
    const sent = mirror.signatureOf('report.docx');
    await world.restore();
    const after = main.statNow('report.docx');
    expect(after?.written).toBe(fileTimeOfNs(sent?.mtimeNs ?? 0n));
    expect(after?.created).toBe(before?.created);
    expect(after?.attributes).toBe(0x22);
    expect(main.ownership('report.docx')).toBe('Ann: only Ann');
  });

  it('is only the time when only the time was changed', async () => {
    fs.utimesSync(path.join(mirror.root, 'report.docx'), 1_700_000_000, 1_700_000_000);
    const { plan } = await world.restore();
    expect(plan.sample).toMatchObject([{ action: 'stamp', path: 'report.docx' }]);
    expect(world.changes()).toEqual(['setBasic report.docx']);
    expect(main.statNow('report.docx')?.written).toBe(fileTimeOfNs(1_700_000_000_000_000_000n));
  });

  it('makes folders again that the main deleted, when something was put into them here', async () => {
    main.erase('Büro');
    mirror.write('Büro/neu.txt', 'new here');
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 2, open: 0 });
    expect(main.textOf('Büro/neu.txt')).toBe('new here');
    expect(main.textOf('Büro/untouched.txt')).toBeUndefined();
  });

  it('replaces a file whose read-only mark was taken away here', async () => {
    await main.tree().setBasic('report.docx', { attributes: 0x21 });
    mirror.copyAll(new FakeMain());
    const stat = main.statNow('report.docx');
    if (stat !== undefined) mirror.learned('docs', 'report.docx', stat, mirror.signatureOf('report.docx'));
    mirror.marks = { attributes: 0x20, created: undefined };
    mirror.write('report.docx', 'changed');
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 1, open: 0 });
    expect(main.textOf('report.docx')).toBe('changed');
  });
});

describe('what the main did meanwhile', () => {
  it('is never overwritten: both versions stay', async () => {
    main.write('report.docx', 'written on the main');
    mirror.write('report.docx', 'written here');
    fs.utimesSync(path.join(mirror.root, 'report.docx'), 1_700_000_000, 1_700_000_000);
    const { plan, result } = await world.restore();
    expect(plan.conflicts).toBe(1);
    expect(result).toMatchObject({ sent: 0, conflicts: 1, open: 0 });
    expect(main.textOf('report.docx')).toBe('written on the main');
    const beside = main
      .files()
      .find((file) => /^report \(standby \d{4}-\d\d-\d\d \d\d-\d\d-\d\d\)\.docx$/.test(file.path));
    expect(beside?.text).toBe('written here');
    expect(mirror.rows.has('report.docx')).toBe(false);
  });

  it('makes no second copy beside it when it is restored again', async () => {
    main.write('report.docx', 'written on the main');
    mirror.write('report.docx', 'written here');
    await world.restore();
    const files = main.files().length;
    const { plan, result } = await world.restore();
    expect(plan).toMatchObject({ send: 0, conflicts: 0, leave: 1 });
    expect(result).toMatchObject({ conflicts: 0, open: 0 });
    expect(main.files().length).toBe(files);
  });

  it('is recognised as the same when both wrote the same', async () => {
    main.write('report.docx', 'the same');
    mirror.write('report.docx', 'the same');
    const { plan } = await world.restore();
    expect(plan).toMatchObject({ send: 0, conflicts: 0, leave: 1 });
    expect(world.changes()).toEqual([]);
    expect(mirror.rows.get('report.docx')?.written).toBe(main.statNow('report.docx')?.written);
  });

  it('keeps a folder that was deleted here and got a new file there', async () => {
    main.write('Büro/newer.txt', 'newer');
    mirror.erase('Büro');
    const { result } = await world.restore();
    expect(result).toMatchObject({ removed: 2, open: 0 });
    expect(main.files().map((file) => file.path)).toEqual(['report.docx', 'Büro/newer.txt']);
    expect(mirror.rows.has('Büro')).toBe(false);
  });
});

describe('files and folders that change places', () => {
  it('makes a folder of a file, with what is in it', async () => {
    mirror.erase('report.docx');
    mirror.write('report.docx', undefined);
    mirror.write('report.docx/inside', 'new');
    const { result } = await world.restore();
    expect(result).toMatchObject({ open: 0 });
    expect(main.textOf('report.docx/inside')).toBe('new');
    expect(mirror.kept()).toEqual([{ path: 'd1/docs/report.docx', text: 'base' }]);
  });

  it('makes a file of a folder when nothing new is in the folder', async () => {
    mirror.erase('Büro');
    mirror.write('Büro', 'a file now');
    const { result } = await world.restore();
    expect(result).toMatchObject({ open: 0 });
    expect(main.textOf('Büro')).toBe('a file now');
  });

  it('puts the file beside the folder when the main has something new in it', async () => {
    main.write('Büro/newer.txt', 'newer');
    mirror.erase('Büro');
    mirror.write('Büro', 'a file now');
    const { result } = await world.restore();
    expect(result).toMatchObject({ open: 0 });
    expect(main.textOf('Büro/newer.txt')).toBe('newer');
    expect(main.files().find((file) => file.path.startsWith('Büro (standby'))?.text).toBe('a file now');
    expect((await planRestore(world.deps)).send).toBe(0);
  });

  it('puts the folder beside the file that the main made of it, when something in it was changed here', async () => {
    main.erase('Büro');
    main.write('Büro', 'a file on the main');
    mirror.write('Büro/Übersicht.txt', 'changed here');
    const { result } = await world.restore();
    expect(result).toMatchObject({ open: 0, conflicts: 1 });
    expect(main.textOf('Büro')).toBe('a file on the main');
    const sent = main.files().filter((file) => /^Büro \(standby .*\)\/Übersicht\.txt$/.test(file.path));
    expect(sent.map((file) => file.text)).toEqual(['changed here']);
  });
});

describe('names that differ only in case', () => {
  it('are one name: the main’s file is neither deleted nor doubled, and the mirror takes its spelling', async () => {
    fs.renameSync(path.join(mirror.root, 'report.docx'), path.join(mirror.root, 'Report.DOCX'));
    fs.renameSync(path.join(mirror.root, 'Büro'), path.join(mirror.root, 'BÜRO'));
    mirror.write('BÜRO/Übersicht.txt', 'changed here');
    const { result } = await world.restore();
    expect(result).toMatchObject({ removed: 0, sent: 1, open: 0 });
    expect(main.files().map((file) => [file.path, file.text])).toEqual([
      ['report.docx', 'base'],
      ['Büro/Übersicht.txt', 'changed here'],
      ['Büro/untouched.txt', 'base'],
    ]);
    expect(fs.readdirSync(mirror.root).toSorted()).toEqual(['Büro', 'report.docx']);
  });
});

describe('doubt', () => {
  it('deletes nothing on the main when the whole mirror of a share is empty', async () => {
    for (const name of fs.readdirSync(mirror.root)) mirror.erase(name);
    const { plan, result } = await world.restore();
    expect(plan).toMatchObject({ remove: 0, leave: 2 });
    expect(result).toMatchObject({ removed: 0, open: 0 });
    expect(main.files().length).toBe(3);
  });

  it('plans nothing when the mirror is not there', async () => {
    fs.renameSync(mirror.root, `${mirror.root}-away`);
    await expect(planRestore(world.deps)).rejects.toMatchObject({ code: 'mirror-missing' });
    expect(fs.readdirSync(path.join(mirror.statePath, 'plans'))).toEqual([]);
  });

  it('takes a symbolic link in the mirror for nothing of a user’s, and follows it nowhere', async () => {
    const outside = path.join(mirror.folder, 'outside');
    fs.mkdirSync(outside);
    fs.writeFileSync(path.join(outside, 'secret'), 'secret');
    fs.symlinkSync(outside, path.join(mirror.root, 'link'));
    mirror.erase('report.docx');
    fs.symlinkSync(path.join(outside, 'secret'), path.join(mirror.root, 'report.docx'));
    const { plan } = await world.restore();
    expect(plan).toMatchObject({ send: 0, remove: 0, leave: 2 });
    expect(main.files().some((file) => file.text === 'secret')).toBe(false);
  });

  it('keeps open what the main does not let be looked at', async () => {
    mirror.write('report.docx', 'longer than before');
    main.before = (request, at) => {
      if (request === 'stat' && at === 'report.docx') throw fault('access-denied', at);
    };
    const { plan, result } = await world.restore();
    expect(plan).toMatchObject({ leave: 0, blocked: 1, sample: [{ action: 'blocked', path: 'report.docx' }] });
    expect(result).toMatchObject({ sent: 0, open: 1 });
  });

  it('holds a name with a line separator in one line of the plan', async () => {
    mirror.write('two\u2028lines\n.txt', 'new');
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 1, open: 0 });
    expect(main.textOf('two\u2028lines\n.txt')).toBe('new');
  });
});
