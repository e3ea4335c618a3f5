/** The brake on a real mirror folder and index, with a main in memory: what is held, what comes back, and what a kill leaves. */
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seeded } from '../../../tryout/files.ts';
import { foldCase } from '../../handback/local.ts';
import { ATTIC_FOLDER } from '../attic.ts';
import { sameSignature } from '../folder.ts';
import { FakeShare } from '../ground.fake.ts';
import { heal } from '../proof/heal.ts';
import { tidy } from '../tidy.ts';
import type { Brake } from './brake.ts';
import { documentOf, noise } from './documents.fake.ts';
import { putBack } from './put-back.ts';

const FILES = 40;
/** What a share of 40 files lets through. */
const THROUGH = 5;
const chance = seeded(20_264);

let share: FakeShare;
let good: Map<string, Buffer>;

function write(file: string, content: Buffer): void {
  share.main.write(file, '');
  const node = share.main.nodes.get(foldCase(file));
  if (node === undefined) throw new Error(`no ${file}`);
  node.content = content;
}

/** A pass that may be called off by the brake. */
async function pass(): Promise<void> {
  await share.pass().catch((error: unknown) => {
    if (!share.ground.brake.on) throw error;
  });
}

const brake = (): Brake => share.ground.brake;
const files = (): string[] => [...good.keys()];

function damaged(): string[] {
  return files().filter((file) => {
    const at = share.at(file);
    return !fs.existsSync(at) || !fs.readFileSync(at).equals(good.get(file) ?? Buffer.alloc(0));
  });
}

/** Each file of the mirror has a row that says what lies there, and each row its file. */
function expectTrueRows(): void {
  const { index, folder, shareId } = share.ground;
  while (index.sweep(200));
  const rows = index.files(shareId, 0, 1_000);
  for (const row of rows) {
    const file = index.path(row.id) ?? '';
    const there = folder.look(file);
    expect(there.kind === 'file' && sameSignature(there.signature, row.local), file).toBe(true);
    expect(there.kind === 'file' && Number(there.signature.size), file).toBe(row.size);
  }
  const seen = share.visible().filter((line) => line.includes('='));
  expect(rows).toHaveLength(seen.length);
}

async function reject(signal = new AbortController().signal): Promise<void> {
  if (brake().state.state === 'tripped') brake().rejecting('rejecting');
  await putBack(new Map([['docs', share.ground]]), brake().notes, brake().state.sinceMs, signal);
  brake().rejecting('rejected');
}

beforeEach(async () => {
  share = new FakeShare();
  good = new Map();
  for (let n = 0; n < 4; n += 1) share.main.write(`d${n}`, undefined);
  for (let n = 0; n < FILES; n += 1) {
    const file = `d${n % 4}/f${n}.${['docx', 'pdf', 'txt', 'jpg'][n % 4]}`;
    good.set(file, documentOf(file.slice(-4).replace('.', ''), chance, 3_000));
    write(file, good.get(file) ?? Buffer.alloc(0));
  }
  await pass();
  expect(damaged()).toEqual([]);
});

afterEach(() => share.clear());

function encryptAll(): void {
  for (const file of files()) write(file, noise(chance, 3_000));
}

describe('what it lets through', () => {
  it('holds the change that reaches the limit, and everything after it', async () => {
    let called = 0;
    share.tripped = () => {
      called += 1;
    };
    encryptAll();
    await pass();
    expect(called).toBe(1);
    expect(damaged()).toHaveLength(THROUGH);
    expect(brake().state).toMatchObject({ state: 'tripped', share: 'docs', noted: THROUGH, score: 1 });
    expect(brake().state.why).toContain('6 random bytes where there was content');
    expect(brake().list.held.length).toBeGreaterThan(0);
    share.main.write('new.txt', 'new');
    share.main.erase('d0/f0.docx');
    await pass();
    expect(damaged()).toHaveLength(THROUGH);
    expect(fs.existsSync(share.at('new.txt'))).toBe(false);
    expectTrueRows();
  });

  it('judges no additions of a first copy, but replacements', async () => {
    const other = new FakeShare();
    other.main.write('d', undefined);
    for (let n = 0; n < 60; n += 1) {
      other.main.write(`d/f${n}.docx`, '');
      const node = other.main.nodes.get(`d/f${n}.docx`.toUpperCase()) ?? other.main.nodes.get(foldCase(`d/f${n}.docx`));
      if (node !== undefined) node.content = noise(chance, 500);
    }
    await other.pass();
    expect(other.ground.brake.on).toBe(false);
    other.clear();
  });

  it('forgets a sign when the file is well again, and does not bring the version before it back', async () => {
    write('d0/f0.docx', noise(chance, 3_000));
    await pass();
    expect(brake().state.noted).toBe(1);
    write('d0/f0.docx', documentOf('docx', chance, 4_000));
    await pass();
    expect(brake().state.noted).toBe(0);
  });

  it('holds the removal of more than half of a share before it is made, a folder at a time', async () => {
    // Their rows are swept away later, and count until then.
    for (let n = 0; n < 3; n += 1) {
      share.main.erase(`d${n}`);
      await pass();
    }
    expect(brake().state.why).toContain('removed');
    expect(damaged()).toHaveLength(FILES / 2);
    await reject();
    expect(damaged()).toEqual([]);
    expectTrueRows();
  });

  it('counts no file that was made and deleted within the hour', async () => {
    for (let n = 0; n < 4 * FILES; n += 1) {
      share.main.write(`d0/~$${n}.tmp`, `temporary ${n}`);
      if (n % 10 !== 9) continue;
      await pass();
      for (let old = n - 9; old <= n; old += 1) share.main.erase(`d0/~$${old}.tmp`);
      await pass();
    }
    expect(brake().state).toMatchObject({ state: 'off', score: 0 });
  });

  it('counts no file that was made within the hour, also when it was written, renamed, and the engine killed since', async () => {
    for (let round = 0; round < 4; round += 1) {
      for (let n = 0; n < FILES / 2; n += 1) share.main.write(`d0/new${n}.txt`, `made in round ${round}`);
      await pass();
      for (let n = 0; n < FILES / 2; n += 1) share.main.write(`d0/new${n}.txt`, `changed in round ${round}, by and by`);
      await pass();
      for (let n = 0; n < FILES / 4; n += 1) share.moveFolder(`d0/new${n}.txt`, `d1/moved${n}.txt`);
      await pass();
      share.kill();
      for (let n = 0; n < FILES / 4; n += 1) share.main.erase(`d1/moved${n}.txt`);
      for (let n = FILES / 4; n < FILES / 2; n += 1) share.main.erase(`d0/new${n}.txt`);
      await pass();
    }
    expect(brake().state).toMatchObject({ state: 'off', score: 0, noted: 0 });
    // What was here before the hour counts as ever, with the young ones around it.
    share.main.write('d0/last.txt', 'the latest');
    await pass();
    share.restart();
    for (const file of files().slice(0, FILES / 2 + 2)) share.main.erase(file);
    await pass();
    expect(brake().state.why).toContain('removed');
  });

  it('lets a share be moved by copying and deleting', async () => {
    share.main.write('moved', undefined);
    for (const [file, content] of good) {
      const node = share.main.nodes.get(foldCase(file));
      const name = `moved/${path.basename(file)}`;
      write(name, content);
      const copy = share.main.nodes.get(foldCase(name));
      if (copy !== undefined && node !== undefined) copy.written = node.written;
    }
    await pass();
    for (let n = 0; n < 4; n += 1) share.main.erase(`d${n}`);
    await pass();
    expect(brake().on).toBe(false);
    expect(share.visible().filter((line) => !line.startsWith('moved'))).toEqual([]);
  });
});

describe('while it is on', () => {
  it('lets nothing be healed from the main, puts nothing away, and says of what is held that it is', async () => {
    encryptAll();
    await pass();
    const before = share.visible();
    const tree = share.main.tree();
    const { signal } = new AbortController();
    const held = brake().list.held[0]?.path ?? '';
    const healed = await heal(share.ground, tree, held, await tree.stat(held), signal);
    expect(healed.failed).toContain('the brake is on');
    fs.writeFileSync(share.at('d0/stranger.txt'), 'nobody knows it');
    await tidy(share.ground, tree, signal);
    share.main.erase('d1/f1.pdf');
    expect((await heal(share.ground, tree, 'd1/f1.pdf', undefined, signal)).kept).toEqual([]);
    expect(share.visible().filter((line) => !line.includes('stranger'))).toEqual(before);
    expect(fs.existsSync(share.at('d0/stranger.txt'))).toBe(true);
    expect(brake().holds('docs', held)).toContain('the brake is on');
    expect(brake().holds('docs', `${held}/below`)).toContain('the brake is on');
    expect(brake().holds('docs', 'd9/other.txt')).toBeUndefined();
    brake().allow(Date.now());
    expect(brake().holds('docs', held)).toBeUndefined();
  });
});

describe('reject', () => {
  it('puts back what was replaced, removed and renamed, takes away what was added, and keeps the damaged in the attic', async () => {
    write('d0/f0.docx', noise(chance, 3_000));
    write('d1/f1.pdf.locked', noise(chance, 3_000));
    await pass();
    share.main.erase('d1/f1.pdf');
    const node = share.main.nodes.get(foldCase('d2/f2.txt'));
    if (node === undefined) throw new Error('no d2/f2.txt');
    share.main.nodes.delete(foldCase('d2/f2.txt'));
    node.path = 'd2/f2.txt.x7q';
    share.main.nodes.set(foldCase(node.path), node);
    await pass();
    expect(share.outcomes).toContain('followed d2/f2.txt.x7q');
    encryptAll();
    await pass();
    expect(brake().on).toBe(true);
    await reject();
    expect(damaged()).toEqual([]);
    expect(share.visible().some((line) => /locked|x7q/.test(line))).toBe(false);
    expect(brake().state).toMatchObject({ state: 'rejected', open: 0, missing: 0 });
    expect(share.attic().some((line) => line.startsWith('docs/d1/f1.pdf.locked='))).toBe(true);
    expectTrueRows();
  });

  it('brings back the latest good version, also when the attic has had one of that day', async () => {
    const second = documentOf('docx', chance, 4_000);
    write('d0/f0.docx', second);
    await pass();
    write('d0/f0.docx', noise(chance, 3_000));
    await pass();
    encryptAll();
    await pass();
    await reject();
    expect(fs.readFileSync(share.at('d0/f0.docx')).equals(second)).toBe(true);
  });

  it('ends the same wherever it is killed', async () => {
    encryptAll();
    await pass();
    for (let step = 0; step < 12; step += 1) {
      const { index } = share.ground;
      const put = index.put.bind(index);
      let left = step % 4;
      // Between the rename and the row.
      index.put = (...args) => {
        left -= 1;
        if (left < 0) throw new Error('killed');
        return put(...args);
      };
      const end = new AbortController();
      const settle = brake().notes.settle.bind(brake().notes);
      brake().notes.settle = (id, outcome) => {
        if (left < 0) end.abort();
        else settle(id, outcome);
      };
      await reject(end.signal).catch(() => {});
      share.kill();
      expect(brake().on).toBe(true);
    }
    brake().rejecting('rejecting');
    await reject();
    expect(damaged()).toEqual([]);
    expectTrueRows();
  });

  it('leaves alone what somebody has changed here since it tripped', async () => {
    encryptAll();
    await pass();
    const [file = ''] = damaged();
    fs.writeFileSync(share.at(file), 'written during a takeover');
    const late = Date.now() + 60_000;
    const trees = new Map([['docs', share.ground]]);
    // As if it had tripped long before.
    await putBack(trees, brake().notes, late - 120_000, new AbortController().signal);
    expect(fs.readFileSync(share.at(file), 'utf8')).toBe('written during a takeover');
    expect(brake().list.changes.find((change) => change.path === file)?.outcome).toBe('changed since');
  });

  it('says so when the attic has a version no more, and leaves what is there', async () => {
    encryptAll();
    await pass();
    const before = damaged();
    fs.rmSync(path.join(share.mirrorPath, ATTIC_FOLDER), { recursive: true });
    fs.mkdirSync(path.join(share.mirrorPath, ATTIC_FOLDER));
    await reject();
    expect(brake().state.missing).toBe(THROUGH);
    expect(damaged()).toEqual(before);
  });
});

describe('what lasts', () => {
  it('counts after a kill what it had seen before', async () => {
    const some = files();
    for (let n = 0; n < THROUGH; n += 1) {
      write(some[n] ?? '', noise(chance, 3_000));
      await pass();
      share.kill();
    }
    expect(brake().on).toBe(false);
    expect(damaged()).toHaveLength(THROUGH);
    write(some[THROUGH] ?? '', noise(chance, 3_000));
    await pass();
    expect(brake().on).toBe(true);
    share.kill();
    expect(brake().state).toMatchObject({ state: 'tripped', noted: THROUGH });
    expect(damaged()).toHaveLength(THROUGH);
  });

  it('has noted what was placed right before a kill', async () => {
    const { index } = share.ground;
    index.put = () => {
      throw new Error('killed');
    };
    write('d0/f0.docx', noise(chance, 3_000));
    await share.pass().catch(() => share.kill());
    expect(damaged()).toEqual(['d0/f0.docx']);
    expect(brake().state.noted).toBe(1);
    encryptAll();
    await pass();
    await reject();
    expect(damaged()).toEqual([]);
    expectTrueRows();
  });

  it('counts as tripped when its state cannot be read', () => {
    share.ground.index.setMeta('brake', '{"state": 7}');
    share.restart();
    expect(brake().state).toMatchObject({ state: 'tripped', why: 'what the brake stood at could not be read' });
  });

  it('has its tables also in an index that was made before it', () => {
    share.ground.index.commit();
    const database = new DatabaseSync(path.join(share.statePath, 'index.sqlite'));
    database.exec('DROP TABLE brake_notes; DROP TABLE brake_held');
    database.close();
    share.restart();
    expect(brake().state).toMatchObject({ state: 'off', noted: 0 });
  });

  it('lets the attic give up no day that reject may need, and every day after allow', async () => {
    encryptAll();
    await pass();
    expect(await share.ground.attic.forgetOldest()).toBe(false);
    await share.ground.attic.prune(Date.now() + 30 * 86_400_000);
    expect(share.attic().length).toBeGreaterThanOrEqual(THROUGH);
    brake().allow(Date.now());
    expect(await share.ground.attic.forgetOldest()).toBe(true);
  });
});

describe('allow', () => {
  it('accepts what had changed by then, and judges what changes after', async () => {
    encryptAll();
    await pass();
    brake().allow(Date.now());
    await pass();
    expect(damaged()).toHaveLength(FILES);
    expect(brake().state).toMatchObject({ state: 'off', noted: 0, held: 0 });
    expectTrueRows();
    for (const [file, content] of good) write(file, content);
    await pass();
    expect(damaged()).toEqual([]);
    encryptAll();
    await pass();
    expect(brake().on).toBe(true);
  });

  it('accepts nothing that changes on the main while the pass after it runs', async () => {
    encryptAll();
    await pass();
    // By the main's clock everything changed after that.
    brake().allow(0);
    await pass();
    expect(brake().on).toBe(true);
    expect(damaged().length).toBeLessThanOrEqual(2 * THROUGH);
  });
});
