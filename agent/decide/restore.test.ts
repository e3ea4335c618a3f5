/** The whole table of a restore: one row per case, then every combination against a model that knows only contents. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Action, type BaseSide, judge, type MainSide, type Question, type StandbySide } from './restore.ts';

const placed = { size: 10, mtimeNs: 1_000n, ctimeNs: 2_000n, ino: 5n };
const file = { kind: 'file', size: 10, written: 100n, changed: 110n, attributes: 0x20 } as const;
const folder = { kind: 'directory', size: 0, written: 100n, changed: 110n, attributes: 0x10 } as const;

const BASES: Record<string, BaseSide | undefined> = {
  none: undefined,
  file: { ...file, local: placed },
  folder: { ...folder, local: { ...placed, size: 0 } },
  'never copied': { ...file, local: undefined },
};
const MAINS: Record<string, MainSide | undefined> = {
  none: undefined,
  same: file,
  'same, no ChangeTime': { ...file, changed: 0n },
  touched: { ...file, changed: 999n },
  written: { ...file, written: 999n, changed: 999n },
  'other size': { ...file, size: 11, written: 999n, changed: 999n },
  'older time': { ...file, written: 1n },
  folder,
  link: { ...file, kind: 'other', attributes: 0x420 },
};
const STANDBYS: Record<string, StandbySide | undefined> = {
  none: undefined,
  untouched: { kind: 'file', signature: placed, attributes: 0x20 },
  written: { kind: 'file', signature: { ...placed, mtimeNs: 5_000n, ctimeNs: 5_000n }, attributes: 0x20 },
  'time put back': { kind: 'file', signature: { ...placed, ctimeNs: 5_000n }, attributes: 0x20 },
  'other inode': { kind: 'file', signature: { ...placed, ino: 6n }, attributes: 0x20 },
  hidden: { kind: 'file', signature: { ...placed, ctimeNs: 5_000n }, attributes: 0x22 },
  'other size': { kind: 'file', signature: { ...placed, size: 12, mtimeNs: 5_000n }, attributes: 0x20 },
  folder: { kind: 'directory', signature: placed, attributes: undefined },
  link: { kind: 'other', signature: placed, attributes: undefined },
};

function ask(base: string, main: string, standby: string, content: Question['content'] = 'not-compared') {
  return judge({ base: BASES[base], main: MAINS[main], standby: STANDBYS[standby], content });
}

/** Base, main, standby, content, action, remark. */
type Row = [string, string, string, Question['content'], Action, string];

const TABLE: Row[] = [
  ['none', 'none', 'none', 'not-compared', 'nothing', 'nothing anywhere'],
  ['none', 'same', 'none', 'not-compared', 'nothing', 'new on the main'],
  ['never copied', 'same', 'none', 'not-compared', 'nothing', 'never here: its absence is no deletion'],
  ['never copied', 'none', 'none', 'not-compared', 'nothing', 'never here'],
  ['file', 'none', 'none', 'not-compared', 'nothing', 'deleted on both'],
  ['file', 'same', 'none', 'not-compared', 'remove', 'deleted here'],
  ['file', 'same, no ChangeTime', 'none', 'not-compared', 'remove', 'a server without ChangeTime'],
  ['file', 'touched', 'none', 'not-compared', 'leave', 'size and time stand, and still perhaps written'],
  ['file', 'written', 'none', 'not-compared', 'leave', 'the main’s change wins over a deletion'],
  ['file', 'older time', 'none', 'not-compared', 'leave', 'an older time is a change too'],
  ['file', 'other size', 'none', 'not-compared', 'leave', 'the main’s change wins over a deletion'],
  ['file', 'folder', 'none', 'not-compared', 'leave', 'something else has the name'],
  ['file', 'link', 'none', 'not-compared', 'leave', 'links are not removed'],
  ['folder', 'folder', 'none', 'not-compared', 'remove-directory', 'deleted here'],
  ['folder', 'same', 'none', 'not-compared', 'leave', 'became a file on the main'],
  ['folder', 'none', 'none', 'not-compared', 'nothing', 'deleted on both'],

  ['file', 'same', 'untouched', 'not-compared', 'nothing', 'nobody did anything'],
  ['file', 'written', 'untouched', 'not-compared', 'nothing', 'changed only on the main'],
  ['file', 'none', 'untouched', 'not-compared', 'nothing', 'the main’s deletion stands'],
  ['file', 'folder', 'untouched', 'not-compared', 'nothing', 'changed only on the main'],

  ['none', 'none', 'written', 'not-compared', 'send-new', 'new here'],
  ['file', 'none', 'written', 'not-compared', 'send-new', 'a change wins over the main’s deletion'],
  ['folder', 'none', 'written', 'not-compared', 'send-new', 'a folder became a file'],
  ['file', 'same', 'written', 'not-compared', 'compare', 'same size: only the bytes can tell'],
  ['file', 'same', 'written', 'different', 'send', 'changed only here'],
  ['file', 'same', 'time put back', 'different', 'send', 'the signature tells, not the time'],
  ['file', 'same', 'other inode', 'different', 'send', 'replaced here'],
  ['file', 'same', 'written', 'unreadable', 'send', 'locked there: it will stay open'],
  ['file', 'same', 'other size', 'not-compared', 'send', 'another size needs no comparison'],
  ['file', 'same, no ChangeTime', 'other size', 'not-compared', 'send', 'a server without ChangeTime'],
  ['file', 'same', 'written', 'equal', 'stamp', 'only the time is new'],
  ['file', 'same', 'hidden', 'equal', 'stamp', 'only an attribute is new'],
  ['file', 'same', 'time put back', 'equal', 'equal', 'metadata that the main does not have'],
  ['file', 'touched', 'written', 'equal', 'equal', 'the main’s metadata stands'],
  ['file', 'touched', 'other size', 'not-compared', 'conflict', 'perhaps written on the main'],
  ['file', 'written', 'written', 'not-compared', 'compare', 'both changed, perhaps to the same'],
  ['file', 'written', 'written', 'equal', 'equal', 'both changed to the same'],
  ['file', 'written', 'written', 'different', 'conflict', 'both changed'],
  ['file', 'written', 'written', 'unreadable', 'conflict', 'both changed, and who knows'],
  ['file', 'older time', 'other size', 'not-compared', 'conflict', 'clocks are not asked'],
  ['none', 'same', 'written', 'different', 'conflict', 'new on both'],
  ['none', 'same', 'written', 'equal', 'equal', 'new on both, the same'],
  ['never copied', 'same', 'written', 'different', 'conflict', 'new here where the main has one we never had'],
  ['folder', 'same', 'written', 'different', 'conflict', 'both made a file of the folder'],
  ['none', 'folder', 'written', 'not-compared', 'conflict', 'a file here, a folder there'],
  ['file', 'folder', 'written', 'not-compared', 'conflict', 'changed here, became a folder there'],
  ['folder', 'folder', 'written', 'not-compared', 'send-for-directory', 'the folder became a file here'],
  ['file', 'link', 'written', 'not-compared', 'conflict', 'links are not replaced'],

  ['none', 'none', 'folder', 'not-compared', 'make-directory', 'new here'],
  ['none', 'folder', 'folder', 'not-compared', 'nothing', 'made on both'],
  ['none', 'same', 'folder', 'not-compared', 'conflict-directory', 'a folder here, a file there'],
  ['folder', 'folder', 'folder', 'not-compared', 'nothing', 'known to both'],
  ['folder', 'none', 'folder', 'not-compared', 'nothing', 'made again only if something is put into it'],
  ['folder', 'same', 'folder', 'not-compared', 'nothing', 'goes beside only if something is put into it'],
  ['file', 'none', 'folder', 'not-compared', 'make-directory', 'the name is free there'],
  ['file', 'same', 'folder', 'not-compared', 'make-directory-for-file', 'became a folder here'],
  ['file', 'touched', 'folder', 'not-compared', 'conflict-directory', 'perhaps written on the main'],
  ['file', 'written', 'folder', 'not-compared', 'conflict-directory', 'changed on the main'],
  ['file', 'link', 'folder', 'not-compared', 'conflict-directory', 'links are not replaced'],
  ['file', 'same', 'link', 'not-compared', 'leave', 'nothing an SMB user made'],
  ['none', 'none', 'link', 'not-compared', 'leave', 'nothing an SMB user made'],
];

describe('the judgement of a restore', () => {
  it.each(TABLE)('base %s, main %s, standby %s, content %s: %s (%s)', (base, main, standby, content, action) => {
    expect(ask(base, main, standby, content).action).toBe(action);
  });

  it('says why in every case', () => {
    for (const base of Object.keys(BASES))
      for (const main of Object.keys(MAINS))
        for (const standby of Object.keys(STANDBYS)) expect(ask(base, main, standby).why).not.toBe('');
  });

  it('does not take the attribute that says «no attribute» for a change', () => {
    const base: BaseSide = { ...file, attributes: 0x80, local: placed };
    const standby: StandbySide = { kind: 'file', signature: { ...placed, ctimeNs: 9n }, attributes: 0 };
    expect(judge({ base, main: { ...file, attributes: 0x80 }, standby, content: 'equal' }).action).toBe('equal');
  });
});

/** Contents that a side may have; `folder` is a kind, not a content. */
type Thing = 'one' | 'two' | 'three' | 'folder' | undefined;

/** What is under the name, beside it, and kept, after the action. Knows nothing of bases and times. */
function carry(action: string, main: Thing, standby: Thing): { named: Thing; beside: Thing; kept: Thing } {
  const still = { named: main, beside: undefined, kept: undefined };
  switch (action) {
    case 'send':
      return { named: standby, beside: undefined, kept: main };
    case 'send-new':
    case 'make-directory':
      return { ...still, named: standby };
    case 'make-directory-for-file':
      return { named: standby, beside: undefined, kept: main };
    case 'conflict':
    case 'conflict-directory':
    case 'send-for-directory':
      return { ...still, beside: standby };
    case 'remove':
      return { named: undefined, beside: undefined, kept: main };
    default:
      return still;
  }
}

describe('a model that knows only contents', () => {
  const thing = fc.constantFrom<Thing>('one', 'two', 'three', 'folder', undefined);
  const world = fc.record({
    base: thing,
    main: thing,
    standby: thing,
    mainTouched: fc.boolean(),
    hereTouched: fc.boolean(),
  });

  it('finds every content that a user made on either side again, and the main’s own newer one under its name', () => {
    fc.assert(
      fc.property(world, ({ base, main, standby, mainTouched, hereTouched }) => {
        const mainMoved = main !== base || mainTouched;
        const hereMoved = standby !== base || hereTouched;
        const content = main === standby ? 'equal' : 'different';
        const { action } = judge({
          base: base === undefined ? undefined : { ...mainSide(base, false), local: signature(base, false) },
          main: main === undefined ? undefined : mainSide(main, mainMoved),
          standby: standby === undefined ? undefined : standbySide(standby, hereMoved),
          content,
        });
        const after = carry(action, main, standby);
        if (isText(main)) expect([after.named, after.kept]).toContain(main);
        if (isText(main) && mainMoved) expect(after.named).toBe(main);
        if (isText(standby) && hereMoved) expect([after.named, after.beside]).toContain(standby);
        if (!hereMoved) expect(after).toEqual({ named: main, beside: undefined, kept: undefined });
        if (isText(standby) && hereMoved && isText(base) && !mainMoved) expect(after.named).toBe(standby);
      }),
      { numRuns: 3_000, seed: 7 },
    );
  });

  function isText(what: Thing): boolean {
    return what !== undefined && what !== 'folder';
  }

  function mainSide(what: Exclude<Thing, undefined>, moved: boolean): BaseSide {
    const kind = what === 'folder' ? 'directory' : 'file';
    const written = moved ? 900n : 100n;
    return { kind, size: what.length, written, changed: written, attributes: 0x20, local: undefined };
  }

  function standbySide(what: Exclude<Thing, undefined>, moved: boolean): StandbySide {
    return { kind: what === 'folder' ? 'directory' : 'file', signature: signature(what, moved), attributes: undefined };
  }

  function signature(what: Exclude<Thing, undefined>, moved: boolean) {
    return { size: what.length, mtimeNs: moved ? 9n : 1n, ctimeNs: moved ? 9n : 1n, ino: 4n };
  }
});
