/** Tests of the system calls that Node lacks, on a real file system. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getXattr, interfaceIndex, linkDescriptor, O_TMPFILE, setXattr, stampDescriptor, stampPath } from './libc.ts';

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'libc-'));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

describe('libc', () => {
  it('gives a nameless file its name, whole, and never replaces one', () => {
    const fd = fs.openSync(folder, O_TMPFILE | fs.constants.O_WRONLY, 0o600);
    fs.writeSync(fd, 'whole');
    expect(fs.readdirSync(folder)).toEqual([]);
    linkDescriptor(fd, path.join(folder, 'a'));
    fs.closeSync(fd);
    expect(fs.readFileSync(path.join(folder, 'a'), 'utf8')).toBe('whole');

    const other = fs.openSync(folder, O_TMPFILE | fs.constants.O_WRONLY, 0o600);
    expect(() => linkDescriptor(other, path.join(folder, 'a'))).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    fs.closeSync(other);
  });

  it.each([
    [1_700_000_000_123_456_700n, 'the present, to 100 ns'],
    [-1_500_000_000n, 'before 1970, with a fraction'],
    [0n, 'the epoch'],
    [4_300_000_000_000_000_100n, 'after 2106'],
  ])('stamps %d ns (%s)', (writtenNs) => {
    const file = path.join(folder, 'stamped');
    fs.writeFileSync(file, '');
    const fd = fs.openSync(file, 'r+');
    stampDescriptor(fd, { accessedNs: 5n, writtenNs });
    fs.closeSync(fd);
    expect(fs.statSync(file, { bigint: true }).mtimeNs).toBe(writtenNs);
    stampPath(file, { accessedNs: 5n, writtenNs: writtenNs + 100n });
    expect(fs.statSync(file, { bigint: true }).mtimeNs).toBe(writtenNs + 100n);
  });

  it('stamps a symbolic link itself and never what it points to', () => {
    const target = path.join(folder, 'target');
    fs.writeFileSync(target, '');
    const before = fs.statSync(target, { bigint: true }).mtimeNs;
    fs.symlinkSync(target, path.join(folder, 'link'));
    stampPath(path.join(folder, 'link'), { accessedNs: 0n, writtenNs: 77n });
    expect(fs.statSync(target, { bigint: true }).mtimeNs).toBe(before);
    expect(fs.lstatSync(path.join(folder, 'link'), { bigint: true }).mtimeNs).toBe(77n);
  });

  it('keeps extended attributes, and tells an absent one from an error', () => {
    const file = path.join(folder, 'attributed');
    fs.writeFileSync(file, '');
    setXattr(file, 'user.test', Buffer.from([0, 1, 255]));
    expect(getXattr(file, 'user.test')).toEqual(Buffer.from([0, 1, 255]));
    expect(getXattr(file, 'user.none')).toBeUndefined();
    expect(() => getXattr(path.join(folder, 'nothing'), 'user.test')).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });

  it('knows the loopback interface and no invented one', () => {
    expect(interfaceIndex('lo')).toBe(1);
    expect(interfaceIndex('nothere0')).toBeUndefined();
  });
});
