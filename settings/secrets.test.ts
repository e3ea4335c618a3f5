/** Tests of the secrets file: who may read it is checked before it is believed, and no message tells what is in it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { readSecrets, writeSecrets } from './secrets.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'secrets-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const file = path.join(folder, 'secrets.yaml');
beforeEach(() => fs.rmSync(file, { force: true }));

function failure(): Failure {
  try {
    readSecrets(file);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('was read');
}

it('comes back as written, whatever the letters, and belongs to its owner only', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }), (mainPassword) => {
      writeSecrets(file, { mainPassword, mailPassword: '123' });
      expect(readSecrets(file)).toEqual({ mainPassword, mailPassword: '123' });
    }),
    { seed: 1, numRuns: 100 },
  );
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
});

describe('a file that cannot be trusted', () => {
  it.each([0o640, 0o604, 0o620, 0o601])('is refused with the command that helps: mode %o', (mode) => {
    fs.writeFileSync(file, 'mainPassword: hunter2\n');
    fs.chmodSync(file, mode);
    expect(failure()).toMatchObject({ code: 'secrets-readable', hint: expect.stringContaining(`chmod 0600 ${file}`) });
  });

  it('is refused when it belongs to somebody else', () => {
    writeSecrets(file, { mainPassword: 'hunter2' });
    fs.chownSync(file, 64_100, 0);
    expect(failure()).toMatchObject({ code: 'secrets-owner', hint: `chown root: ${file}` });
  });

  it('is refused when it is a link', () => {
    fs.symlinkSync('/etc/hostname', file);
    expect(failure().code).toBe('eloop');
  });

  it('is refused when it is a folder', () => {
    fs.mkdirSync(file);
    expect(failure().code).toBe('secrets-invalid');
    fs.rmdirSync(file);
  });

  it('is missed when it is not there', () => {
    expect(failure().code).toBe('secrets-missing');
  });
});

describe('a file with mistakes', () => {
  it.each([
    ['mainPassword: [hunter2\n', 'broken YAML'],
    ['mainPassword: !hunter2 x\n', 'a tag'],
    ['mainPassword: a\nmainPassword: hunter2\n', 'a key twice'],
    ['mainPassword: {hunter2: 1}\n', 'another kind'],
    ['', 'nothing'],
    ['hunter2\n', 'only the password'],
    ['hunter2: x\n', 'a password with a colon'],
    ['mainPassword: 12345\n', 'a number'],
  ])('is refused and not quoted: %j (%s)', (text) => {
    fs.writeFileSync(file, text, { mode: 0o600 });
    const { code, message } = failure();
    expect(code).toBe('secrets-invalid');
    expect(message).not.toMatch(/hunter2|12345/);
    expect(message).toMatch(/secrets\.yaml:\d+: /);
  });
});
