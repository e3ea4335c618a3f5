/** The try-out leaves nothing behind, however it ends: its namespaces take everything away with them. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { until } from '../../tryout/wait.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Command lines of every process that has to do with a play. */
function players(): string[] {
  const found: string[] = [];
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const line = fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (/tryout\/main\.ts|agent\/main\.ts|net\/main\.ts|agent\/engine\.ts|smbd /.test(line)) found.push(line);
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

function start(): { child: ChildProcess; told(): string } {
  let told = '';
  const child = spawn(path.join(ROOT, 'tryout/start'), [], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  return { child, told: () => told };
}

it('is gone with all its servers, mounts and namespaces when it is killed in the middle', async () => {
  const namespaces = fs.readdirSync('/run/netns');
  const { child, told } = start();
  await until('the play has begun', 40_000, () => (told().includes('first copy') ? true : undefined), told);
  expect(players().length).toBeGreaterThan(5);
  child.kill('SIGKILL');
  await until(
    'nobody is left',
    10_000,
    () => (players().length === 0 ? true : undefined),
    () => players().join('\n'),
  );
  const mounts = fs.readFileSync('/proc/mounts', 'utf8');
  expect(mounts).not.toContain('/run/disk-standby');
  expect(fs.readdirSync('/run/netns')).toEqual(namespaces);
});
