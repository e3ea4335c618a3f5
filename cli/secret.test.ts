/** Files with passwords are read whole or not at all: a part of a password would be tried, and be wrong. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readSecretFile } from './secret.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'secret-'));
  file = path.join(folder, 'account');
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(folder, { recursive: true });
});

const write = (text: string): void => fs.writeFileSync(file, text, { mode: 0o600 });

it('takes 4,096 bytes, and refuses one more', () => {
  write('x'.repeat(4_096));
  expect(readSecretFile(file)).toHaveLength(4_096);
  write(`${'#'.repeat(4_090)}\npassword=hunter2`);
  expect(() => readSecretFile(file)).toThrow('more than 4096 bytes');
});

it('reads on where it gets pieces, as from a pipe', () => {
  write('username=alice\npassword=hunter2\n');
  const whole = fs.readSync;
  vi.spyOn(fs, 'readSync').mockImplementation((fd, buffer, ...rest: unknown[]) =>
    whole(fd, buffer, Number(rest[0]), Math.min(7, Number(rest[1])), null),
  );
  expect(readSecretFile(file)).toBe('username=alice\npassword=hunter2\n');
});
