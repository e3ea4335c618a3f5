/** One file of the main that is replaced, removed or stamped: its read-only mark, its access rules, and who else writes to it. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileTimeOfNs } from '../../smb/file-time.ts';
import { STATUS, statusFailure } from '../../smb/status/status.ts';
import { type FakeMain, fault } from './fake-main.ts';
import type { FakeMirror } from './fake-mirror.ts';
import { FakeWorld } from './fake-world.ts';

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

describe('what is read-only on the main', () => {
  async function readOnly(name: string): Promise<void> {
    await main.tree().setBasic(name, { attributes: 0x21 });
    const stat = main.statNow(name);
    if (stat !== undefined) mirror.learned('docs', name, stat, mirror.signatureOf(name));
    mirror.marks = { attributes: 0x20, created: undefined };
  }

  it.each(['rename', 'removeFile'] as const)('is read-only again when the %s fails', async (failing) => {
    await readOnly('report.docx');
    if (failing === 'rename') mirror.write('report.docx', 'changed');
    else mirror.erase('report.docx');
    main.before = (request, at) => {
      if (request === failing && at === 'report.docx') throw fault('access-denied', at);
    };
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 0, removed: 0, open: 1 });
    expect(main.textOf('report.docx')).toBe('base');
    expect(main.statNow('report.docx')?.attributes).toBe(0x21);
  });

  it('is left alone when a user of the main writes to it as soon as he can', async () => {
    await readOnly('report.docx');
    mirror.write('report.docx', 'changed');
    let cleared = false;
    main.before = (request, at) => {
      if (cleared && request === 'alone') main.write(at, 'written on the main');
      cleared ||= request === 'setBasic';
    };
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 0, open: 1 });
    expect(main.textOf('report.docx')).toBe('written on the main');
  });
});

describe('somebody writes to the main in the moment in which', () => {
  it('a file is removed there: it stays', async () => {
    mirror.erase('report.docx');
    main.before = (request, at) => {
      if (request === 'removeFile') main.write(at, 'written on the main');
    };
    expect((await world.restore()).result).toMatchObject({ removed: 0, open: 1 });
    expect(main.textOf('report.docx')).toBe('written on the main');
  });

  it('a time is set there: his time stays', async () => {
    fs.utimesSync(path.join(mirror.root, 'report.docx'), 1_700_000_000, 1_700_000_000);
    main.before = (request, at) => {
      if (request === 'setBasic') main.write(at, 'main');
    };
    expect((await world.restore()).result).toMatchObject({ sent: 0, open: 1 });
    const { written } = main.statNow('report.docx') ?? {};
    expect(written).not.toBe(fileTimeOfNs(1_700_000_000_000_000_000n));
  });
});

describe('access rules', () => {
  const denied = (...requests: string[]): FakeMain['before'] => {
    return (request, at) => {
      if (requests.includes(request)) throw fault('access-denied', at);
    };
  };

  it('that may not be set keep the main’s file as it is: nobody may read more than before', async () => {
    main.own('report.docx', 'us', 'only Ann');
    mirror.write('report.docx', 'changed');
    main.before = denied('writeSecurity');
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 0, open: 1, problems: [{ path: 'report.docx' }] });
    expect(result.problems[0]?.why).toContain('keep the access rules of report.docx');
    expect([main.textOf('report.docx'), main.ownership('report.docx')]).toEqual(['base', 'us: only Ann']);
    expect(world.temps()).toEqual([]);
  });

  it('hold for the unfinished file already: no content is shown to more people on its way', async () => {
    main.own('report.docx', 'Ann', 'only Ann');
    mirror.write('report.docx', 'changed');
    const seen = new Set<string>();
    main.before = () => {
      for (const temp of world.temps()) if (main.textOf(temp) !== '') seen.add(main.ownership(temp));
    };
    await world.restore();
    expect([...seen]).toEqual(['Ann: only Ann']);
  });

  it('that cannot be read keep it too', async () => {
    mirror.write('report.docx', 'changed');
    main.before = denied('readSecurity');
    expect((await world.restore()).result).toMatchObject({ sent: 0, open: 1 });
    expect(main.textOf('report.docx')).toBe('base');
  });

  it('are carried without the owner where we may not give files away, and that is told', async () => {
    main.own('report.docx', 'Ann', 'only Ann');
    main.mayGive = false;
    mirror.write('report.docx', 'changed');
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 1, open: 0, problems: [{ path: 'report.docx' }] });
    expect(result.problems[0]?.why).toContain('its owner');
    expect(main.ownership('report.docx')).toBe('us: only Ann');
  });

  it('that the server shows in another way are told of', async () => {
    main.own('report.docx', 'us', 'only Ann');
    mirror.write('report.docx', 'changed');
    let set = '';
    main.before = (request, at) => {
      if (set !== '' && request === 'readSecurity') main.own(set, 'us', 'everybody');
      if (request === 'writeSecurity') set = at;
    };
    const { result } = await world.restore();
    expect(result).toMatchObject({ sent: 1, open: 0, problems: [{ path: 'report.docx' }] });
    expect(result.problems[0]?.why).toContain('shows others');
  });

  it('of a server that knows none are no obstacle', async () => {
    mirror.write('report.docx', 'changed');
    main.before = (request, at) => {
      if (request === 'readSecurity') throw fault('not-supported', at);
    };
    expect((await world.restore()).result).toMatchObject({ sent: 1, open: 0, problems: [] });
  });

  it('of a file that the server can only not follow keep it: that says nothing of whether it knows rules', async () => {
    mirror.write('report.docx', 'changed');
    main.before = (request, at) => {
      if (request === 'readSecurity') throw statusFailure(STATUS.STOPPED_ON_SYMLINK, 'read permissions of', at);
    };
    expect((await world.restore()).result).toMatchObject({ sent: 0, open: 1 });
    expect(main.textOf('report.docx')).toBe('base');
  });

  it('of the main’s file hold for the version that is put beside it', async () => {
    main.write('report.docx', 'written on the main');
    main.own('report.docx', 'Ann', 'only Ann');
    mirror.write('report.docx', 'written here');
    await world.restore();
    const beside = main.files().find((file) => file.path.startsWith('report (standby'));
    expect(main.ownership(beside?.path ?? '')).toBe('Ann: only Ann');
  });
});
