/** The plan between showing and carrying out, and trouble on the way, against a main in memory. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parentOf } from './beneath.ts';
import { type FakeMain, fault } from './fake-main.ts';
import type { FakeMirror } from './fake-mirror.ts';
import { FakeWorld } from './fake-world.ts';
import { carryOut, planRestore } from './index.ts';
import { LEFT_FREE_BYTES } from './keep.ts';
import { foldCase } from './local.ts';

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

describe('the plan', () => {
  it('is a file for root only, and changes nothing on main or mirror', async () => {
    mirror.write('report.docx', 'changed');
    mirror.erase('Büro');
    const plan = await planRestore(world.deps);
    expect(fs.statSync(plan.file).mode & 0o777).toBe(0o600);
    expect(world.changes()).toEqual([]);
    expect((await planRestore(world.deps)).hash).toBe(plan.hash);
  });

  it('is not carried out when its file is not the one that was shown', async () => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(world.deps);
    fs.appendFileSync(plan.file, '{}\n');
    await expect(carryOut(world.deps, plan.hash)).rejects.toMatchObject({ code: 'plan-changed' });
    expect(world.changes()).toEqual([]);
  });

  it('is not carried out when a newer one was shown, or none', async () => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(world.deps);
    mirror.write('report.docx', 'changed again');
    await planRestore(world.deps);
    for (const hash of [plan.hash, 'x', '0'.repeat(64)])
      await expect(carryOut(world.deps, hash)).rejects.toMatchObject({ code: 'no-such-plan' });
  });

  it('is not carried out on another volume', async () => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(world.deps);
    const tree = { ...main.tree(), identity: async () => ({ volumeSerial: 8, rootFileId: 1n }) };
    await expect(carryOut({ ...world.deps, treeOf: async () => tree }, plan.hash)).rejects.toMatchObject({
      code: 'other-main',
    });
  });

  it('stops before it touches anything when the connection was made anew and leads to another volume', async () => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(world.deps);
    const [first, anew] = [main.tree(), main.tree()];
    anew.identity = async () => ({ volumeSerial: 7, rootFileId: 2n });
    let asked = 0;
    const treeOf = async () => {
      asked += 1;
      return asked === 1 ? first : anew;
    };
    await expect(carryOut({ ...world.deps, treeOf }, plan.hash)).rejects.toMatchObject({ code: 'other-main' });
    expect(world.changes()).toEqual([]);
  });

  it.each([
    ['the main', () => main.write('report.docx', 'newer')],
    ['the standby', () => mirror.write('report.docx', 'newer here')],
  ])('leaves a line open when %s changed the file since', async (_who, change) => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(world.deps);
    change();
    const was = main.textOf('report.docx');
    const result = await carryOut(world.deps, plan.hash);
    expect(result).toMatchObject({ sent: 0, open: 1 });
    expect(result.problems).toHaveLength(1);
    expect(main.textOf('report.docx')).toBe(was);
    expect(world.temps()).toEqual([]);
  });
});

describe('trouble while it is carried out', () => {
  it.each([
    ['shares nothing', () => main.held],
    ['shares reading and writing', () => main.open],
  ])('leaves open what another client of the main has open and %s, and does the others', async (_how, taken) => {
    mirror.write('report.docx', 'changed');
    mirror.write('Büro/Übersicht.txt', 'changed');
    mirror.erase('Büro/untouched.txt');
    taken().add(foldCase('report.docx')).add(foldCase('Büro/untouched.txt'));
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 1, removed: 0, open: 2 });
    expect(main.textOf('report.docx')).toBe('base');
    expect(world.temps()).toEqual([]);
    taken().clear();
    expect((await world.restore()).result).toMatchObject({ sent: 1, removed: 1, open: 0 });
  });

  it('does not even send what another client has open', async () => {
    mirror.write('report.docx', 'changed');
    main.open.add('REPORT.DOCX');
    await world.restore();
    expect(world.changes()).toEqual([]);
  });

  it('leaves open what another client has opened while it was sent', async () => {
    mirror.write('report.docx', 'changed');
    main.before = (request) => {
      if (request === 'store') main.open.add('REPORT.DOCX');
    };
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 0, open: 1, problems: [{ why: 'it is open on the main' }] });
    expect(main.textOf('report.docx')).toBe('base');
    expect(world.temps()).toEqual([]);
  });

  it('stops when the main is full; the old content is whole and nothing of ours is left', async () => {
    mirror.write('report.docx', 'changed');
    main.freeBytes = 4;
    const plan = await planRestore(world.deps);
    await expect(carryOut(world.deps, plan.hash)).rejects.toMatchObject({ code: 'no-space' });
    expect(main.textOf('report.docx')).toBe('base');
    expect(world.temps()).toEqual([]);
  });

  it('stops before it takes the room that the standby itself needs, and the main is as it was', async () => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(world.deps);
    const room = vi.spyOn(fs, 'statfsSync');
    const withRoom = (bytes: number) => room.mockReturnValue({ ...fs.statfsSync('/'), bavail: bytes, bsize: 1 });
    withRoom(LEFT_FREE_BYTES + 3);
    await expect(carryOut(world.deps, plan.hash)).rejects.toMatchObject({
      code: 'no-space',
      hint: expect.stringContaining('kept'),
    });
    expect(main.textOf('report.docx')).toBe('base');
    expect(world.temps()).toEqual([]);
    withRoom(LEFT_FREE_BYTES + 4);
    expect(await carryOut(world.deps, plan.hash)).toMatchObject({ sent: 1 });
    room.mockRestore();
  });

  it('keeps a file whose name leaves no room for a number, also for the second time', async () => {
    const name = `${'ü'.repeat(125)}.txt`;
    for (const before of ['once', 'twice']) {
      main.write(name, before);
      const stat = main.statNow(name);
      mirror.write(name, before);
      if (stat !== undefined) mirror.learned('docs', name, stat, mirror.signatureOf(name));
      mirror.write(name, `${before}, changed`);
      expect((await world.restore()).result).toMatchObject({ sent: 1, open: 0 });
    }
    expect(
      mirror
        .kept()
        .map((file) => file.text)
        .toSorted(),
    ).toEqual(['once', 'twice']);
  });

  it('stops before the main is touched when the old content cannot be kept', async () => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(world.deps);
    fs.mkdirSync(path.join(mirror.statePath, 'kept'));
    fs.writeFileSync(path.join(mirror.statePath, 'kept', 'd1'), 'in the way');
    await expect(carryOut(world.deps, plan.hash)).rejects.toMatchObject({ doing: 'keep a copy' });
    expect(world.changes()).toEqual([]);
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
      const plan = await planRestore(world.deps);
      let count = 0;
      main.before = () => {
        if (count >= cut) throw fault('disconnected', 'main');
        count += 1;
      };
      const ended = await carryOut(world.deps, plan.hash).catch((error: unknown) => error);
      finished = !(ended instanceof Error);
      main.before = () => {};
      expect([before, changed]).toContain(main.textOf('report.docx'));
      if (!finished) await world.restore();
      expect(main.textOf('report.docx')).toBe(changed);
      expect(world.temps()).toEqual([]);
      expect(mirror.kept().map((file) => file.text)).toContain(before);
    }
    expect(cut).toBeGreaterThan(12);
  });

  it('removes what a run that was cut off left behind, also when that file needs nothing any more', async () => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(world.deps);
    let broken = false;
    main.before = (request) => {
      broken ||= request === 'readSecurity';
      if (broken) throw fault('disconnected', 'main');
    };
    await expect(carryOut(world.deps, plan.hash)).rejects.toMatchObject({ code: 'disconnected' });
    main.before = () => {};
    expect(world.temps()).toHaveLength(1);
    main.write('report.docx', 'changed');
    await world.restore();
    expect(world.temps()).toEqual([]);
  });

  it('goes on when an unfinished file of an earlier run cannot be removed, and tells of it each time', async () => {
    mirror.write('report.docx', 'changed');
    const plan = await planRestore(world.deps);
    let broken = false;
    main.before = (request) => {
      broken ||= request === 'readSecurity';
      if (broken) throw fault('disconnected', 'main');
    };
    await expect(carryOut(world.deps, plan.hash)).rejects.toMatchObject({ code: 'disconnected' });
    main.before = () => {};
    const [temp = ''] = world.temps();
    main.write('report.docx', 'changed');
    main.held.add(foldCase(temp));
    for (let run = 0; run < 2; run += 1)
      expect((await world.restore()).result).toMatchObject({ open: 0, problems: [{ path: temp }] });
    main.held.clear();
    expect((await world.restore()).result.problems).toEqual([]);
    expect(world.temps()).toEqual([]);
  });

  it('leaves a line open when the file changes here while it is sent, and does the others', async () => {
    mirror.write('report.docx', 'changed');
    mirror.write('Büro/neu.txt', 'new');
    let stored = false;
    main.before = (request, at) => {
      if (request !== 'store' || stored || parentOf(at) !== '') return;
      stored = true;
      mirror.write('report.docx', 'cut');
    };
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 1, open: 1 });
    expect(main.textOf('report.docx')).toBe('base');
    expect(world.temps()).toEqual([]);
  });
});

it('tells its progress line by line', async () => {
  mirror.write('report.docx', 'changed');
  mirror.erase('Büro/Übersicht.txt');
  const plan = await planRestore(world.deps);
  const seen: unknown[] = [];
  await carryOut(world.deps, plan.hash, (progress) => seen.push(progress));
  expect(seen).toEqual([
    { done: 1, total: 2, bytes: 7, totalBytes: 7 },
    { done: 2, total: 2, bytes: 7, totalBytes: 7 },
  ]);
});
