/** Tests of the lock that ends with its process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lockFile, lockHolder } from './lock.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lock-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

describe('a lock on a file', () => {
  it('is had by one at a time, and says by whom', () => {
    const file = path.join(folder, 'one');
    const lock = lockFile(file);
    expect(lock).toBeDefined();
    expect(lockFile(file)).toBeUndefined();
    expect(lockHolder(file)).toBe(process.pid);
    lock?.release();
    expect(lockHolder(file)).toBeUndefined();
    expect(lockFile(file)).toBeDefined();
  });

  it('ends with a process that is killed', async () => {
    const file = path.join(folder, 'two');
    const program = `import { lockFile } from ${JSON.stringify(path.resolve('base/lock.ts'))}; lockFile(${JSON.stringify(file)}); console.log('locked'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    expect(lockHolder(file)).toBe(child.pid);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(lockHolder(file)).toBeUndefined();
  });

  it('is refused through a symbolic link', () => {
    fs.symlinkSync(path.join(folder, 'elsewhere'), path.join(folder, 'link'));
    expect(() => lockFile(path.join(folder, 'link'))).toThrow('open lock');
  });
});
