/** Restoring as a whole, against a main in memory and a mirror in a real folder. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMain, fault } from './fake-main.ts';
import { FakeMirror } from './fake-mirror.ts';
import { fileTimeOfNs } from './filetime.ts';
import { carryOut, type HandbackDeps, planRestore } from './index.ts';
import { foldCase } from './local.ts';

let main: FakeMain;
let mirror: FakeMirror;
let deps: HandbackDeps;

beforeEach(() => {
  main = new FakeMain();
  mirror = new FakeMirror();
  const tree = main.tree();
  deps = { view: mirror, statePath: mirror.statePath, decision: 'd1', shares: ['docs'], treeOf: async () => tree };
  main.write('report.docx', 'base');
  main.write('Büro', undefined);
  main.write('Büro/Übersicht.txt', 'base');
  main.write('Büro/untouched.txt', 'base');
  mirror.copyAll(main);
});

afterEach(() => {
  mirror.clear();
});

async function restore() {
  const plan = await planRestore(deps);
  return { plan, result: await carryOut(deps, plan.hash) };
}

function temps(): string[] {
  return main
    .files()
    .map((file) => file.path)
    .filter((name) => name.includes('.~standby-'));
}

/** Requests that change something. */
function changes(): string[] {
  return main.requests.filter((request) => /^(store|makeDir|rename|remove|setBasic|writeSec)/.test(request));
}

describe('what is sent', () => {
  it('is nothing when nobody worked on the standby, and the main is not even asked about single files', async () => {
    main.write('report.docx', 'newer on the main');
    const { plan, result } = await restore();
    expect(plan).toMatchObject({ send: 0, remove: 0, conflicts: 0, leave: 0, sample: [] });
    expect(result).toEqual({ sent: 0, removed: 0, conflicts: 0, open: 0, problems: [] });
    expect(main.requests).toEqual([]);
  });

  it('is a changed, a new and a deleted file, and nothing else', async () => {
    mirror.write('Büro/Übersicht.txt', 'changed here');
    mirror.write('Büro/neu ä.txt', 'new here');
    mirror.write('Büro/leer', undefined);
    mirror.erase('report.docx');
    const { plan, result } = await restore();
    expect(plan).toMatchObject({ send: 3, sendBytes: 20, remove: 1, conflicts: 0, leave: 0 });
    expect(result).toMatchObject({ sent: 3, removed: 1, conflicts: 0, open: 0, problems: [] });
    expect(main.textOf('Büro/Übersicht.txt')).toBe('changed here');
    expect(main.textOf('Büro/neu ä.txt')).toBe('new here');
    expect(main.statNow('Büro/leer')?.directory).toBe(true);
    expect(main.statNow('report.docx')).toBeUndefined();
    expect(temps()).toEqual([]);
    expect(mirror.kept().toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: 'd1/docs/Büro/Übersicht.txt', text: 'base' },
      { path: 'd1/docs/report.docx', text: 'base' },
    ]);
  });

  it('carries times to 100 ns, the creation time, attributes and access rules of what it replaces', async () => {
    const before = main.statNow('report.docx');
    mirror.write('report.docx', 'changed');
    mirror.marks = { attributes: 0x22, created: 5n };
    const sent = mirror.signatureOf('report.docx');
    await restore();
    const after = main.statNow('report.docx');
    expect(after?.written).toBe(fileTimeOfNs(sent?.mtimeNs ?? 0n));
    expect(after?.created).toBe(before?.created);
    expect(after?.attributes).toBe(0x22);
    const security = await main.tree().readSecurity('report.docx');
    expect(security.toString()).toBe('inherited by report.docx');
  });

  it('is only the time when only the time was changed', async () => {
    fs.utimesSync(path.join(mirror.root, 'report.docx'), 1_700_000_000, 1_700_000_000);
    const { plan } = await restore();
    expect(plan.sample).toMatchObject([{ action: 'stamp', path: 'report.docx' }]);
    expect(changes()).toEqual(['setBasic report.docx']);
    expect(main.statNow('report.docx')?.written).toBe(fileTimeOfNs(1_700_000_000_000_000_000n));
  });

  it('makes folders again that the main deleted, when something was put into them here', async () => {
    main.erase('Büro');
    mirror.write('Büro/neu.txt', 'new here');
    const { result } = await restore();
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
    const { result } = await restore();
    expect(result).toMatchObject({ sent: 1, open: 0 });
    expect(main.textOf('report.docx')).toBe('changed');
  });
});

describe('what the main did meanwhile', () => {
  it('is never overwritten: both versions stay', async () => {
    main.write('report.docx', 'written on the main');
    mirror.write('report.docx', 'written here');
    fs.utimesSync(path.join(mirror.root, 'report.docx'), 1_700_000_000, 1_700_000_000);
    const { plan, result } = await restore();
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
    await restore();
    const files = main.files().length;
    const { plan, result } = await restore();
    expect(plan).toMatchObject({ send: 0, conflicts: 0, leave: 1 });
    expect(result).toMatchObject({ conflicts: 0, open: 0 });
    expect(main.files().length).toBe(files);
  });

  it('is recognised as the same when both wrote the same', async () => {
    main.write('report.docx', 'the same');
    mirror.write('report.docx', 'the same');
    const { plan } = await restore();
    expect(plan).toMatchObject({ send: 0, conflicts: 0, leave: 1 });
    expect(changes()).toEqual([]);
    expect(mirror.rows.get('report.docx')?.written).toBe(main.statNow('report.docx')?.written);
  });

  it('keeps a folder that was deleted here and got a new file there', async () => {
    main.write('Büro/newer.txt', 'newer');
    mirror.erase('Büro');
    const { result } = await restore();
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
    const { result } = await restore();
    expect(result).toMatchObject({ open: 0 });
    expect(main.textOf('report.docx/inside')).toBe('new');
    expect(mirror.kept()).toEqual([{ path: 'd1/docs/report.docx', text: 'base' }]);
  });

  it('makes a file of a folder when nothing new is in the folder', async () => {
    mirror.erase('Büro');
    mirror.write('Büro', 'a file now');
    const { result } = await restore();
    expect(result).toMatchObject({ open: 0 });
    expect(main.textOf('Büro')).toBe('a file now');
  });

  it('puts the file beside the folder when the main has something new in it', async () => {
    main.write('Büro/newer.txt', 'newer');
    mirror.erase('Büro');
    mirror.write('Büro', 'a file now');
    const { result } = await restore();
    expect(result).toMatchObject({ open: 0 });
    expect(main.textOf('Büro/newer.txt')).toBe('newer');
    expect(main.files().find((file) => file.path.startsWith('Büro (standby'))?.text).toBe('a file now');
    expect((await planRestore(deps)).send).toBe(0);
  });

  it('puts the folder beside the file that the main made of it, when something in it was changed here', async () => {
    main.erase('Büro');
    main.write('Büro', 'a file on the main');
    mirror.write('Büro/Übersicht.txt', 'changed here');
    const { result } = await restore();
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
    const { result } = await restore();
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
    const { plan, result } = await restore();
    expect(plan).toMatchObject({ remove: 0, leave: 2 });
    expect(result).toMatchObject({ removed: 0, open: 0 });
    expect(main.files().length).toBe(3);
  });

  it('plans nothing when the mirror is not there', async () => {
    fs.renameSync(mirror.root, `${mirror.root}-away`);
    await expect(planRestore(deps)).rejects.toMatchObject({ code: 'mirror-missing' });
    expect(fs.readdirSync(path.join(mirror.statePath, 'plans'))).toEqual([]);
  });

  it('takes a symbolic link in the mirror for nothing of a user’s, and follows it nowhere', async () => {
    const outside = path.join(mirror.folder, 'outside');
    fs.mkdirSync(outside);
    fs.writeFileSync(path.join(outside, 'secret'), 'secret');
    fs.symlinkSync(outside, path.join(mirror.root, 'link'));
    mirror.erase('report.docx');
    fs.symlinkSync(path.join(outside, 'secret'), path.join(mirror.root, 'report.docx'));
    const { plan } = await restore();
    expect(plan).toMatchObject({ send: 0, remove: 0, leave: 2 });
    expect(main.files().some((file) => file.text === 'secret')).toBe(false);
  });

  it('keeps open what the main does not let be looked at', async () => {
    mirror.write('report.docx', 'longer than before');
    main.before = (request, at) => {
      if (request === 'stat' && at === 'report.docx') throw fault('access-denied', at);
    };
    const { plan, result } = await restore();
    expect(plan.sample).toMatchObject([{ action: 'blocked', path: 'report.docx' }]);
    expect(result).toMatchObject({ sent: 0, open: 1 });
  });

  it('holds a name with a line separator in one line of the plan', async () => {
    mirror.write('two\u2028lines\n.txt', 'new');
    const { result } = await restore();
    expect(result).toMatchObject({ sent: 1, open: 0 });
    expect(main.textOf('two\u2028lines\n.txt')).toBe('new');
  });
});

describe('the plan', () => {
  it('is a file for root only, and changes nothing on main or mirror', async () => {
    mirror.write('report.docx', 'changed');
    mirror.erase('Büro');
    const plan = await planRestore(deps);
    expect(fs.statSync(plan.file).mode & 0o777).toBe(0o600);
    expect(changes()).toEqual([]);
    expect((await planRestore(deps)).hash).toBe(plan.hash);
  });

  it('is not carried out when its file is not the one that was shown', async () => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(deps);
    fs.appendFileSync(plan.file, '{}\n');
    await expect(carryOut(deps, plan.hash)).rejects.toMatchObject({ code: 'plan-changed' });
    expect(changes()).toEqual([]);
  });

  it('is not carried out when a newer one was shown, or none', async () => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(deps);
    mirror.write('report.docx', 'changed again');
    await planRestore(deps);
    for (const hash of [plan.hash, 'x', '0'.repeat(64)])
      await expect(carryOut(deps, hash)).rejects.toMatchObject({ code: 'no-such-plan' });
  });

  it('is not carried out on another volume', async () => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(deps);
    const tree = { ...main.tree(), identity: async () => ({ volumeSerial: 8, rootFileId: 1n }) };
    await expect(carryOut({ ...deps, treeOf: async () => tree }, plan.hash)).rejects.toMatchObject({
      code: 'other-main',
    });
  });

  it.each([
    ['the main', () => main.write('report.docx', 'newer')],
    ['the standby', () => mirror.write('report.docx', 'newer here')],
  ])('leaves a line open when %s changed the file since', async (_who, change) => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(deps);
    change();
    const was = main.textOf('report.docx');
    const result = await carryOut(deps, plan.hash);
    expect(result).toMatchObject({ sent: 0, open: 1 });
    expect(result.problems).toHaveLength(1);
    expect(main.textOf('report.docx')).toBe(was);
    expect(temps()).toEqual([]);
  });
});

describe('trouble while it is carried out', () => {
  it('leaves a file open that is in use on the main, and does the others', async () => {
    mirror.write('report.docx', 'changed');
    mirror.write('Büro/Übersicht.txt', 'changed');
    main.held.add(foldCase('report.docx'));
    const { result } = await restore();
    expect(result).toMatchObject({ sent: 1, open: 1 });
    main.held.clear();
    expect((await restore()).result).toMatchObject({ sent: 1, open: 0 });
  });

  it('stops when the main is full; the old content is whole and nothing of ours is left', async () => {
    mirror.write('report.docx', 'changed');
    main.freeBytes = 4;
    const plan = await planRestore(deps);
    await expect(carryOut(deps, plan.hash)).rejects.toMatchObject({ code: 'no-space' });
    expect(main.textOf('report.docx')).toBe('base');
    expect(temps()).toEqual([]);
  });

  it('stops before the main is touched when the old content cannot be kept', async () => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(deps);
    fs.mkdirSync(path.join(mirror.statePath, 'kept'));
    fs.writeFileSync(path.join(mirror.statePath, 'kept', 'd1'), 'in the way');
    await expect(carryOut(deps, plan.hash)).rejects.toMatchObject({ doing: 'keep a copy' });
    expect(changes()).toEqual([]);
  });

  it('shows old or new content, whole, whichever request of a replacement is the last; a new plan ends the work', async () => {
    let cut = 0;
    for (let finished = false; !finished; cut += 1) {
      const before = `before ${cut}`;
      main.write('report.docx', before);
      mirror.erase('report.docx');
      mirror.write('report.docx', before);
      const stat = main.statNow('report.docx');
      if (stat !== undefined) mirror.learned('docs', 'report.docx', stat, mirror.signatureOf('report.docx'));
      const changed = `changed ${cut}, and longer`;
      mirror.write('report.docx', changed);
      const plan = await planRestore(deps);
      let count = 0;
      main.before = () => {
        if (count >= cut) throw fault('disconnected', 'main');
        count += 1;
      };
      const ended = await carryOut(deps, plan.hash).catch((error: unknown) => error);
      finished = !(ended instanceof Error);
      main.before = () => {};
      expect([before, changed]).toContain(main.textOf('report.docx'));
      if (!finished) await restore();
      expect(main.textOf('report.docx')).toBe(changed);
      expect(temps()).toEqual([]);
      expect(mirror.kept().map((file) => file.text)).toContain(before);
    }
    expect(cut).toBeGreaterThan(12);
  });

  it('removes what a run that was cut off left behind, also when that file needs nothing any more', async () => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(deps);
    let broken = false;
    main.before = (request) => {
      broken ||= request === 'readSecurity';
      if (broken) throw fault('disconnected', 'main');
    };
    await expect(carryOut(deps, plan.hash)).rejects.toMatchObject({ code: 'disconnected' });
    main.before = () => {};
    expect(temps()).toHaveLength(1);
    main.write('report.docx', 'changed');
    await restore();
    expect(temps()).toEqual([]);
  });

  it('tells of access rules that the main did not let us set, and goes on', async () => {
    mirror.write('report.docx', 'changed');
    main.before = (request, at) => {
      if (request === 'writeSecurity') throw fault('access-denied', at);
    };
    const { result } = await restore();
    expect(result).toMatchObject({ sent: 1, open: 0, problems: [{ path: 'report.docx' }] });
  });
});

it('tells its progress line by line', async () => {
  mirror.write('report.docx', 'changed');
  mirror.erase('Büro/Übersicht.txt');
  const plan = await planRestore(deps);
  const seen: unknown[] = [];
  await carryOut(deps, plan.hash, (progress) => seen.push(progress));
  expect(seen).toEqual([
    { done: 1, total: 2, bytes: 7, totalBytes: 7 },
    { done: 2, total: 2, bytes: 7, totalBytes: 7 },
  ]);
});
