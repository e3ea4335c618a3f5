/** Copies that the server makes by itself: content, times, and what is never overwritten, against a real smbd. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustRun } from '../../base/command.ts';
import { Failure } from '../../base/failure.ts';
import { type Stand, startStand } from '../scripted/stand.ts';
import type { Tree } from '../types.ts';

let stand: Stand;
let tree: Tree;

beforeAll(async () => {
  stand = await startStand({ share: ['map readonly = no'] });
  ({ tree } = await stand.tree());
});
afterAll(() => stand.stop());

const local = (name: string): string => path.join(stand.folder, name);

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
}

describe('a copy by the server', () => {
  // Around one chunk, one request, and several.
  it.each([0, 1, 4_095, 1_048_576, 1_048_577, 16_777_216, 16_777_217, 37_000_003])(
    'of %d bytes has the same content, times and attributes',
    async (size) => {
      const content = randomBytes(size);
      fs.writeFileSync(local(`from ${size}`), content);
      fs.mkdirSync(local(`in ${size}`));
      const times = { created: 130_000_000_000_000_000n, written: 131_000_000_000_000_009n };
      await tree.setBasic(`from ${size}`, { ...times, attributes: 0x3 });
      expect(await tree.copy(`from ${size}`, `in ${size}/to`)).toMatchObject({ size, ...times });
      expect(fs.readFileSync(local(`in ${size}/to`)).equals(content)).toBe(true);
      expect(await tree.stat(`in ${size}/to`)).toMatchObject({ size, ...times, attributes: 0x3 });
      expect(fs.readFileSync(local(`from ${size}`)).equals(content)).toBe(true);
    },
  );

  it('never touches what is there', async () => {
    fs.writeFileSync(local('new'), 'new');
    fs.writeFileSync(local('old'), 'old');
    fs.mkdirSync(local('directory'));
    expect(await codeOf(tree.copy('new', 'old'))).toBe('exists');
    expect(await codeOf(tree.copy('new', 'new'))).toBe('exists');
    expect(await codeOf(tree.copy('new', 'directory'))).toBe('is-a-directory');
    expect(fs.readFileSync(local('old'), 'utf8')).toBe('old');
    expect(fs.readFileSync(local('new'), 'utf8')).toBe('new');
  });

  it('says what is missing', async () => {
    expect(await codeOf(tree.copy('none', 'to'))).toBe('not-found');
    expect(await codeOf(tree.copy('new', 'no directory/to'))).toBe('not-found');
    expect(await codeOf(tree.copy('directory', 'to'))).toBe('is-a-directory');
    expect(fs.existsSync(local('to'))).toBe(false);
  });

  it('for which there is no room leaves nothing behind', async () => {
    const full = local('full');
    fs.mkdirSync(full);
    await mustRun('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=777', 'tmpfs', full], { timeLimitMs: 5_000 });
    try {
      fs.writeFileSync(local('three'), randomBytes(3_000_000));
      expect(await codeOf(tree.copy('three', 'full/three'))).toBe('no-space');
      expect(fs.readdirSync(full)).toEqual([]);
    } finally {
      await expect.poll(() => stand.openFiles()).toEqual([]);
      await mustRun('umount', [full], { timeLimitMs: 5_000 });
    }
  });

  it('is never left open by us', async () => {
    expect(await stand.openFiles()).toEqual([]);
  });
});
