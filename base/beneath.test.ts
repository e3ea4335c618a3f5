/** A directory below another one, and never outside it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDirectoryBeneath } from './beneath.ts';

let folder: string;
let fd: number;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'beneath-'));
  fs.mkdirSync(path.join(folder, 'root', 'a', 'b'), { recursive: true });
  fs.mkdirSync(path.join(folder, 'outside', 'b'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'root', 'file'), '');
  fs.symlinkSync('../outside', path.join(folder, 'root', 'out'));
  fs.symlinkSync('a', path.join(folder, 'root', 'in'));
  fd = fs.openSync(path.join(folder, 'root'), fs.constants.O_RDONLY);
});

afterEach(() => {
  fs.closeSync(fd);
  fs.rmSync(folder, { recursive: true });
});

it('opens what is there, and the folder itself', () => {
  for (const at of ['', 'a', 'a/b']) {
    const found = openDirectoryBeneath(fd, at);
    expect(fs.fstatSync(found).ino).toBe(fs.statSync(path.join(folder, 'root', at)).ino);
    fs.closeSync(found);
  }
});

describe('refuses', () => {
  for (const { remark, at, code } of [
    { remark: 'a link that leads out', at: 'out', code: 'ELOOP' },
    { remark: 'a path through such a link', at: 'out/b', code: 'ELOOP' },
    { remark: 'a link that stays inside', at: 'in/b', code: 'ELOOP' },
    { remark: 'a step upwards', at: '..', code: 'EXDEV' },
    { remark: 'a step upwards in the middle', at: 'a/../../outside', code: 'EXDEV' },
    { remark: 'an absolute path', at: '/tmp', code: 'EXDEV' },
    { remark: 'a file', at: 'file', code: 'ENOTDIR' },
    { remark: 'what is not there', at: 'a/none', code: 'ENOENT' },
  ])
    it(remark, () => {
      expect(() => openDirectoryBeneath(fd, at)).toThrow(expect.objectContaining({ code }));
    });
});
