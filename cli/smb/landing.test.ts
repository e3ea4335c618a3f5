/** A local file appears whole or not at all, and never over what is there: also when that comes up while content arrives. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { Landing } from './landing.ts';

const WRITTEN = 127_445_736_001_234_567n;
const CONTENT = Buffer.from('the content');

let folder: string;
let folderFd: number;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'landing-'));
  folderFd = fs.openSync(folder, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.closeSync(folderFd);
  fs.rmSync(folder, { recursive: true });
});

const here = (name: string): string => path.join(folder, name);

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
}

/** What a whole fetch does, with something in between. */
async function land(name: string, overwrite: boolean, between: () => void = () => {}): Promise<void> {
  const landing = await Landing.open(folderFd, name, overwrite);
  try {
    await landing.write(CONTENT.subarray(4), 4);
    between();
    await landing.write(CONTENT.subarray(0, 4), 0);
    await landing.finish(WRITTEN, true);
  } catch (error) {
    await landing.abandon();
    throw error;
  }
}

describe('a landing', () => {
  it('has no name of its own before it is whole', async () => {
    await land('one', false, () => expect(fs.readdirSync(folder)).toEqual([expect.stringMatching(/\.part$/)]));
    expect(fs.readdirSync(folder)).toEqual(['one']);
    expect(fs.readFileSync(here('one'))).toEqual(CONTENT);
    expect(fs.statSync(here('one'), { bigint: true }).mtimeNs).toBe(1_100_100_000_123_456_700n);
  });

  it.each([
    ['a file', () => fs.writeFileSync(here('one'), 'mine')],
    ['a folder', () => fs.mkdirSync(here('one'))],
    ['a link into nothing', () => fs.symlinkSync('nowhere', here('one'))],
  ])('replaces nothing when %s gets the name meanwhile', async (_, appear) => {
    expect(await codeOf(land('one', false, appear))).toBe('exists');
    expect(fs.readdirSync(folder)).toEqual(['one']);
    if (fs.lstatSync(here('one')).isFile()) expect(fs.readFileSync(here('one'), 'utf8')).toBe('mine');
  });

  it('replaces a link and not what it points to, and no folder, when it may', async () => {
    fs.writeFileSync(here('precious'), 'mine');
    fs.symlinkSync('precious', here('one'));
    await land('one', true);
    expect(fs.lstatSync(here('one')).isFile()).toBe(true);
    expect(fs.readFileSync(here('precious'), 'utf8')).toBe('mine');
    fs.mkdirSync(here('folder'));
    expect(await codeOf(land('folder', true))).toBe('is-a-directory');
    expect(await codeOf(land('later', true, () => fs.mkdirSync(here('later'))))).toBe('eisdir');
    expect(fs.readdirSync(folder).sort()).toEqual(['folder', 'later', 'one', 'precious']);
  });

  it('replaces no pipe and no device, also when it may', async () => {
    execFileSync('mkfifo', [here('pipe')]);
    expect(await codeOf(land('pipe', true))).toBe('not-a-plain-file');
    expect(fs.lstatSync(here('pipe')).isFIFO()).toBe(true);
    expect(fs.readdirSync(folder)).toEqual(['pipe']);
  });

  it('does without a file system that has no hard links, unless it may replace', async () => {
    vi.spyOn(fs, 'linkSync').mockImplementation(() => {
      throw Object.assign(new Error('link'), { code: 'EPERM' });
    });
    expect(await codeOf(land('one', false))).toBe('no-hard-links');
    expect(fs.readdirSync(folder)).toEqual([]);
    await land('one', true);
    expect(fs.readdirSync(folder)).toEqual(['one']);
  });

  it('has its content on the disk before it replaces anything', async () => {
    fs.writeFileSync(here('one'), 'mine');
    const landing = await Landing.open(folderFd, 'one', true);
    await landing.write(CONTENT, 0);
    const steps: string[] = [];
    const handle = await fs.promises.open(folder);
    const prototype: fs.promises.FileHandle = Object.getPrototypeOf(handle);
    await handle.close();
    const { sync } = prototype;
    vi.spyOn(prototype, 'sync').mockImplementation(function (this: fs.promises.FileHandle) {
      steps.push('sync');
      return sync.call(this);
    });
    const rename = fs.renameSync;
    vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
      steps.push('rename');
      rename(from, to);
    });
    await landing.finish(WRITTEN, false);
    expect(steps).toEqual(['sync', 'rename']);
    expect(fs.readFileSync(here('one'))).toEqual(CONTENT);
  });

  it('tells why it cannot begin, and gives up without a word', async () => {
    fs.writeFileSync(here('file'), '');
    const fileFd = fs.openSync(here('file'), 'r');
    expect(await codeOf(Landing.open(fileFd, 'one', false))).toBe('enotdir');
    fs.closeSync(fileFd);
    const landing = await Landing.open(folderFd, 'one', false);
    const [temp = ''] = fs.readdirSync(folder).filter((name) => name.endsWith('.part'));
    fs.rmSync(here(temp));
    fs.mkdirSync(here(temp));
    await landing.abandon();
  });

  it('refuses a name that is too long for the disk before anything arrives', async () => {
    expect(await codeOf(land('漢'.repeat(86), false))).toBe('bad-local-name');
    await land('漢'.repeat(85), false);
    expect(fs.readdirSync(folder)).toHaveLength(1);
  });
});
