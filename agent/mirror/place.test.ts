/** Publishing a file: what lies at its name is replaced in one step, kept, or moved away, and never followed. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Attic } from './attic.ts';
import { Directory, type Signature } from './folder.ts';
import { openDraft, publish } from './place.ts';

let folder: string;
let dir: Directory;
let attic: Attic;
const WALL_MS = Date.UTC(2026, 2, 4, 5);

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'place-'));
  fs.mkdirSync(path.join(folder, 'share'));
  dir = new Directory(fs.openSync(path.join(folder, 'share'), fs.constants.O_RDONLY));
  attic = new Attic(folder);
});

afterEach(() => {
  dir.close();
  attic.close();
  fs.rmSync(folder, { recursive: true });
});

function place(content: string, before?: Signature): Signature {
  const fd = openDraft(dir);
  try {
    fs.writeSync(fd, content);
    return publish(fd, dir, 'file', before, {
      move: (at, name) => attic.move(at, name, 'docs', 'a/file', WALL_MS),
      link: (at, name) => attic.link(at, name, 'docs', 'a/file', WALL_MS),
      keep: (at, name, old) => attic.keep(at, name, old, 'docs', 'a/file', WALL_MS),
    });
  } finally {
    fs.closeSync(fd);
  }
}

function read(): string {
  return fs.readFileSync(path.join(folder, 'share', 'file'), 'utf8');
}

/** What the attic holds, with content. */
function kept(): string[] {
  const root = path.join(folder, '.standby-attic');
  return fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const at = path.join(entry.parentPath, entry.name);
      return `${path.relative(root, at)}=${entry.isFile() ? fs.readFileSync(at, 'utf8') : fs.readlinkSync(at)}`;
    })
    .sort();
}

it('places a new file, and its signature is that of the file', () => {
  const signature = place('new');
  const stat = fs.statSync(path.join(folder, 'share', 'file'), { bigint: true });
  expect(signature).toEqual({ size: 3n, mtimeNs: stat.mtimeNs, ctimeNs: stat.ctimeNs, ino: stat.ino });
  expect(fs.readdirSync(path.join(folder, 'share'))).toEqual(['file']);
});

it('keeps the first version of a day that it replaces, and of the later ones those that had stood for a while', () => {
  const second = place('second', place('first'));
  const third = place('third', second);
  expect(kept()).toEqual(['2026-03-04/docs/a/file=first']);
  const fd = fs.openSync(path.join(folder, 'share'), fs.constants.O_RDONLY);
  const stood = { ...third, ctimeNs: third.ctimeNs - 700_000_000_000n };
  attic.keep(new Directory(fd), 'file', stood, 'docs', 'a/file', WALL_MS);
  fs.closeSync(fd);
  expect(kept()).toEqual(['2026-03-04/docs/a/file=first', '2026-03-04/docs~2/a/file=third']);
  expect(read()).toBe('third');
  expect(fs.readdirSync(path.join(folder, 'share'))).toEqual(['file']);
});

it('keeps what somebody else put there or changed, each time of the same day', () => {
  const signature = place('ours');
  fs.appendFileSync(path.join(folder, 'share', 'file'), ' and theirs');
  place('second', signature);
  place('third');
  expect(read()).toBe('third');
  expect(kept()).toEqual(['2026-03-04/docs/a/file=ours and theirs', '2026-03-04/docs~2/a/file=second']);
});

it('moves a symbolic link away and does not follow it', () => {
  fs.writeFileSync(path.join(folder, 'precious'), 'precious');
  fs.symlinkSync('../precious', path.join(folder, 'share', 'file'));
  place('ours');
  expect(read()).toBe('ours');
  expect(fs.readFileSync(path.join(folder, 'precious'), 'utf8')).toBe('precious');
  expect(kept()).toEqual(['2026-03-04/docs/a/file=../precious']);
});

it('moves a directory away with all its content', () => {
  fs.mkdirSync(path.join(folder, 'share', 'file'));
  fs.writeFileSync(path.join(folder, 'share', 'file', 'inner'), 'inner');
  place('ours');
  expect(read()).toBe('ours');
  expect(kept()).toEqual(['2026-03-04/docs/a/file/inner=inner']);
});

it('does not leave the attic through a link in it', () => {
  fs.mkdirSync(path.join(folder, 'outside'));
  fs.mkdirSync(path.join(folder, '.standby-attic', '2026-03-04'));
  fs.symlinkSync('../../outside', path.join(folder, '.standby-attic', '2026-03-04', 'docs'));
  fs.writeFileSync(path.join(folder, 'share', 'file'), 'theirs');
  place('ours');
  expect(fs.readdirSync(path.join(folder, 'outside'))).toEqual([]);
  expect(kept()).toContain('2026-03-04/docs~2/a/file=theirs');
});

it('forgets the days that have waited long enough, and no other', async () => {
  for (const day of ['2026-02-01', '2026-02-23', '2026-02-26', 'not a day'])
    fs.mkdirSync(path.join(folder, '.standby-attic', day));
  await attic.prune(WALL_MS);
  expect(fs.readdirSync(path.join(folder, '.standby-attic')).sort()).toEqual(['2026-02-26', 'not a day']);
});
