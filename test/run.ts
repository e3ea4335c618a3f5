/**
 * All tests, as `npm test` runs them: type check, lint, then every suite inside namespaces of its own, where real servers
 * and addresses disturb nobody. The last line is `N passed, N failed`; type check and lint count as one test each.
 * The exit code is 0 only when something ran and nothing failed.
 *
 *   bin/node test/run.ts [--long] [vitest's own filters and options]
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';

const ROOT = path.dirname(import.meta.dirname);
const LIMIT_MS = 15 * 60_000;
/** With --long the full numbers run. */
const LONG_LIMIT_MS = 6 * 3_600_000;
const CHECK_LIMIT_MS = 3 * 60_000;

interface Tally {
  passed: number;
  failed: number;
}

interface Ended {
  exitCode: number | null;
  tooLong: boolean;
}

/** What vitest's JSON reporter tells, as far as it counts here. A file that could not be loaded has failed and has no tests. */
const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

/** Colour only where a person looks; a log of CI stays plain text. */
const COLOURS = process.stdout.isTTY ? {} : { NO_COLOR: '1', FORCE_COLOR: '0' };

/** Runs a program of this folder with our output as its own; KILL at the limit. */
function run(command: readonly string[], limitMs: number, env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const [program = '', ...args] = command;
    const child = spawn(path.join(ROOT, program), args, {
      cwd: ROOT,
      env: { ...process.env, ...COLOURS, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    let tooLong = false;
    const timer = setTimeout(() => {
      tooLong = true;
      child.kill('SIGKILL');
    }, limitMs);
    const end = (exitCode: number | null): void => {
      clearTimeout(timer);
      resolve({ exitCode, tooLong });
    };
    child.on('error', (error) => {
      console.error(`${program}: ${error.message}`);
      end(null);
    });
    child.on('close', end);
  });
}

async function check(name: string, command: readonly string[]): Promise<Tally> {
  const { exitCode } = await run(command, CHECK_LIMIT_MS);
  console.log(`${name}: ${exitCode === 0 ? 'right' : 'WRONG'}`);
  return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function suites(args: readonly string[], long: boolean): Promise<Tally> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'standby-test-'));
  const file = path.join(folder, 'report.json');
  const limitMs = long ? LONG_LIMIT_MS : LIMIT_MS;
  try {
    const ended = await run(
      [
        'tryout/isolate',
        path.join(ROOT, 'bin/node'),
        path.join(ROOT, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--allowOnly=false',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${file}`,
        ...args,
      ],
      limitMs,
      long ? { STANDBY_LONG: '1' } : {},
    );
    if (ended.tooLong) console.error(`the suites were not done after ${limitMs / 60_000} minutes`);
    return count(file, ended);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function count(file: string, ended: Ended): Tally {
  if (!fs.existsSync(file)) {
    console.error('the suites left no report');
    return { passed: 0, failed: 1 };
  }
  const told = report.parse(JSON.parse(fs.readFileSync(file, 'utf8')));
  const unloaded = told.testResults.filter(
    (one) => one.status === 'failed' && one.assertionResults.length === 0,
  ).length;
  const tally = { passed: told.numPassedTests, failed: told.numFailedTests + unloaded };
  if (tally.failed > 0 || (tally.passed > 0 && ended.exitCode === 0)) return tally;
  // Vitest fails as a whole for an error outside any test; it must not be lost. Nor is a run without tests a good one.
  console.error(tally.passed === 0 ? 'no test ran' : 'an error outside any test failed the run');
  return { ...tally, failed: 1 };
}

async function main(): Promise<Tally> {
  const args = process.argv.slice(2);
  const long = args.includes('--long');
  const parts = [
    await check('types', ['bin/node', 'node_modules/typescript/bin/tsc', '--noEmit']),
    await check('lint', [
      'bin/node',
      'node_modules/@biomejs/biome/bin/biome',
      'ci',
      '--error-on-warnings',
      ...(process.stdout.isTTY ? [] : ['--colors=off']),
    ]),
    await suites(
      args.filter((arg) => arg !== '--long'),
      long,
    ),
  ];
  return {
    passed: parts.reduce((sum, part) => sum + part.passed, 0),
    failed: parts.reduce((sum, part) => sum + part.failed, 0),
  };
}

let tally: Tally = { passed: 0, failed: 1 };
try {
  tally = await main();
} catch (error) {
  console.error(error);
}
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;
