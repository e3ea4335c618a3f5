/** The real command against a fake daemon: exit codes, JSON, sentences, confirmation, hostile names. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakePlan, fakeStatus } from '../agent/http/daemon.fake.ts';
import type { Status } from '../api/status.ts';
import { Failure } from '../base/failure.ts';
import { type Bench, lastJson, openBench, type RunOptions, run, runOnTerminal } from './run.fake.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench.close());

const ask = (args: string[], options: RunOptions = {}) => run([...args, '--socket', bench.socket], options);
const listing = ['shares', '--main', 'files01', '--user', 'backup', '--password-stdin'];

describe('exit codes', () => {
  it.each([
    ['wrong-password', 10, 'the password is wrong'],
    ['unreachable', 11, 'nobody there'],
    ['refused', 11, 'a host without a server, which is not a refusal of ours'],
    ['smb1-only', 12, ''],
    ['guest-only', 13, ''],
    ['too-weak', 22, ''],
    ['access-denied', 14, ''],
    ['settings-invalid', 15, ''],
    ['account-locked', 16, ''],
    ['nt-status', 17, ''],
    ['bad-share', 18, ''],
    ['enospc', 1, 'a failure without a code of its own'],
  ])('the failure %s ends with %d', async (code, exitCode) => {
    bench.daemon.answerWith(new Failure({ code, doing: 'log on to', subject: 'files01', what: 'no', hint: 'do this' }));
    const ran = await ask([...listing, '--json'], { input: 'secret\n' });
    expect(ran.exitCode).toBe(exitCode);
    expect(lastJson(ran)).toMatchObject({ error: { what: 'log on to files01: no', hint: 'do this' }, exitCode });
    expect(ran.stderr).toBe('standby: log on to files01: no\n  do this\n');
  });

  it('a refusal ends with 3 and says why and what next', async () => {
    bench.daemon.answerWith({ accepted: false, why: 'changes wait here', hint: 'run restore-files first' });
    const ran = await ask(['start-sync']);
    expect(ran).toEqual({ exitCode: 3, stdout: '', stderr: 'standby: changes wait here\n  run restore-files first\n' });
  });

  it('no daemon ends with 4, whether the socket is missing or dead', async () => {
    const missing = await run(['status', '--json', '--socket', path.join(bench.folder, 'none')]);
    expect(missing.exitCode).toBe(4);
    expect(lastJson(missing)).toMatchObject({ error: { code: 'daemon-unreachable' }, exitCode: 4 });
    const dead = path.join(bench.folder, 'dead');
    fs.writeFileSync(dead, '');
    expect((await run(['status', '--socket', dead])).exitCode).toBe(4);
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['frobnicate']],
    ['an unknown option', ['status', '--frobnicate']],
    ['a password on the command line', ['shares', '--main', 'a', '--user', 'b', '--password', 'c']],
    ['a missing option', ['shares', '--main', 'a']],
    ['nowhere to ask for the password', ['shares', '--main', 'a', '--user', 'b']],
    ['two sources of a password', ['users', 'set', 'a', '--password-stdin', '--password-file', '/x']],
    ['a duration that is none', ['pause', 'soon']],
    ['a pause longer than a week', ['pause', '8d']],
    ['days without a rate', ['limit', '--days', 'mon-fri']],
    ['hours without a limit', ['limit', 'none', '08-18']],
    ['an event number that is none', ['events', '--after', 'x']],
    ['help on what is not there', ['help', 'nothing']],
  ])('%s ends with 2', async (_, args) => {
    const ran = await run(args);
    expect(ran.exitCode).toBe(2);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).not.toBe('');
  });

  it('a usage error is one JSON object too', async () => {
    const ran = await run(['status', '--frobnicate', '--json']);
    expect(lastJson(ran)).toMatchObject({ error: { code: 'usage' }, exitCode: 2 });
  });

  it.each([['--version'], ['--help'], ['help'], ['help', 'users', 'set']])('%j %s is no error', async (...args) => {
    expect(await run(args)).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('what the contract refuses ends with 2 and names the field', async () => {
    const ran = await ask(['users', 'set', 'x'.repeat(200), '--password-stdin'], { input: 'secret' });
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('name: must not be longer');
  });
});

describe('status', () => {
  it('says the sentence first, without a colour where there is no terminal', async () => {
    const ran = await ask(['status']);
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout.split('\n').slice(0, 2)).toEqual([
      '● Protected. If FILES01 stops, STANDBY1 serves its files within about 2 seconds.',
      '  Next: nothing.',
    ]);
    expect(ran.stdout).toContain('FILES01 at 192.168.10.20');
    expect(ran.stdout).toContain('[####################] 100 %  12,000 files, 4.2 GB');
    expect(ran.stdout).toContain('engine     does not run');
    expect(ran.stdout).not.toContain('\u001b');
  });

  it.each([
    [null, 'Mail       is not set up: nobody is told of an alert'],
    [{ waiting: 0, problem: '' }, 'Mail       nothing waits'],
    [{ waiting: 1, problem: '' }, 'Mail       1 mail waits to be sent'],
    [
      { waiting: 3, problem: 'mail.example.com refuses' },
      'Mail       3 mails wait to be sent: mail.example.com refuses',
    ],
  ])('says how the mails fare: %j', async (mail, line) => {
    bench.daemon.change({ mail });
    expect((await ask(['status'])).stdout.split('\n')).toContain(`  ${line}`);
  });

  it('is the status itself with --json, on one line', async () => {
    const ran = await ask(['status', '--json']);
    expect(ran.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(lastJson(ran)).toEqual(fakeStatus);
  });

  it('is coloured on a terminal, and not with NO_COLOR', async () => {
    const args = ['status', '--socket', bench.socket];
    expect((await runOnTerminal(args, [], { NO_COLOR: '' })).shown).toContain('\u001b[32;1m● Protected.');
    expect((await runOnTerminal(args, [], { NO_COLOR: '1' })).shown).not.toContain('\u001b');
  });

  it('follows with --watch', async () => {
    const ran = await ask(['status', '--watch', '--json'], {
      watch: (stdout) => {
        if (!stdout.includes('is serving')) {
          bench.daemon.change({
            sentence: { level: 'serve', sentence: 'STANDBY1 is serving your files.', after: '' },
          });
        }
        return stdout.includes('is serving');
      },
    });
    expect(lastJson(ran)).toMatchObject({ sentence: { level: 'serve' } });
  });
});

describe('dangerous commands', () => {
  it.each([
    ['force-failover', '--confirm FILES01'],
    ['recover-ip', '--confirm FILES01'],
    ['restore-files', '--yes'],
  ])('%s without confirmation ends with 5, does nothing, and says what to add', async (command, flag) => {
    const ran = await ask([command, '--json'], { input: 'FILES01\n' });
    expect(ran.exitCode).toBe(5);
    expect(lastJson(ran)).toMatchObject({ error: { code: 'confirm', hint: `add ${flag}` } });
    expect(bench.daemon.orders.filter((order) => order !== 'plan')).toEqual([]);
  });

  it.each([
    ['force-failover', 'this box takes 192.168.10.20'],
    ['recover-ip', "users lose this box's files"],
  ])('%s says what it means before it asks, else only when it is so', async (command, consequence) => {
    const asked = await runOnTerminal([command, '--socket', bench.socket], [['to go on: ', '\u0003']]);
    expect(asked.shown).toContain(`If you go on, ${consequence}`);
    expect((await ask([command])).stderr).not.toContain(consequence);
    const done = await ask([command, '--confirm', 'FILES01']);
    expect(done.stderr).toContain(`Now ${consequence}`);
    bench.daemon.answerWith({ accepted: false, why: 'not now' });
    const refused = await ask([command, '--confirm', 'FILES01']);
    expect(refused).toEqual({ exitCode: 3, stdout: '', stderr: 'standby: not now\n' });
  });

  it('the wrong name ends with 5, and the daemon itself refuses it', async () => {
    const ran = await ask(['recover-ip', '--confirm', 'FILES02']);
    expect(ran.exitCode).toBe(5);
    expect(bench.daemon.orders).toEqual([]);
  });

  it('the right name goes through, and what is missing is accepted only when said', async () => {
    const missing = {
      ...fakeStatus.mirror,
      shares: fakeStatus.mirror.shares.map((share) => ({ ...share, complete: false, filesToDo: 532_000 })),
    };
    bench.daemon.change({ mirror: missing });
    const ran = await ask(['force-failover', '--confirm', 'FILES01']);
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'it is done\n' });
    expect(ran.stderr).toContain('Projects: 532,000 files');
    await ask(['force-failover', '--confirm', 'FILES01', '--accept-missing']);
    const terminal = await runOnTerminal(['force-failover', '--socket', bench.socket], [['to go on: ', 'FILES01\r']]);
    expect(terminal).toMatchObject({ exitCode: 0 });
    expect(bench.daemon.orders).toEqual([
      { name: 'force-failover', acceptMissing: false },
      { name: 'force-failover', acceptMissing: true },
      { name: 'force-failover', acceptMissing: true },
    ]);
  });

  it('a name typed wrongly does nothing, and Ctrl-C leaves', async () => {
    const args = ['recover-ip', '--socket', bench.socket];
    expect((await runOnTerminal(args, [['to go on: ', 'FILES0\r']])).exitCode).toBe(5);
    expect((await runOnTerminal(args, [['to go on: ', '\u0003']])).exitCode).toBe(130);
    expect(bench.daemon.orders).toEqual([]);
  });

  it('a name with a typing mistake that was corrected goes through', async () => {
    const ran = await runOnTerminal(
      ['recover-ip', '--socket', bench.socket],
      [['to go on: ', 'wrong\u0015FILES02\u007f1\u001b[A\r']],
    );
    expect(ran.exitCode).toBe(0);
    expect(bench.daemon.orders).toEqual([{ name: 'recover-ip' }]);
  });
});

describe('restore-files', () => {
  it('only shows the plan with --plan', async () => {
    const ran = await ask(['restore-files', '--plan']);
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toContain('send    2 files (5.0 kB)');
    expect(ran.stdout).toContain('send  Projects/a/new.txt  (changed here)');
    expect(ran.stdout).not.toContain('skip');
    expect(bench.daemon.orders).toEqual(['plan']);
  });

  it('says how many files could not be looked at', async () => {
    bench.daemon.planWith({ ...fakePlan, blocked: 2 });
    const ran = await ask(['restore-files', '--plan']);
    expect(ran.stdout).toContain('skip    2 files that could not be looked at');
  });

  it('carries out the plan that it showed', async () => {
    const ran = await ask(['restore-files', '--yes', '--json']);
    expect(lastJson(ran)).toMatchObject({ accepted: true, plan: { hash: '0123456789abcdef' } });
    expect(bench.daemon.orders).toEqual(['plan', { name: 'restore-files', planHash: '0123456789abcdef' }]);
  });

  const ends: [mode: Status['mode'], exitCode: number, remark: string][] = [
    ['idle', 0, 'everything was sent'],
    ['handed-back', 3, 'something is still open'],
  ];
  it.each(ends)('--wait ends when the standby is %s with %d: %s', async (mode, exitCode) => {
    bench.daemon.change({ mode: 'restoring' });
    const waiting = ask(['restore-files', '--yes', '--wait', '--json']);
    await until(() => bench.daemon.orders.length === 2);
    bench.daemon.tell({ kind: 'restore', progress: { done: 1, total: 2, bytesPerSecond: 10, leftMs: 100 } });
    bench.daemon.change({ mode });
    expect((await waiting).exitCode).toBe(exitCode);
  });
});

/** Waits for a condition; the test's own time limit ends a wait in vain. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('status', () => {
  it('tells what moved in a day, and nothing of it when nothing did', async () => {
    expect((await ask(['status'])).stdout).not.toContain('24 h');
    const day = { readBytes: 1_073_741_824, writtenBytes: 3_000_000, changedBytes: 1_048_576, uncomparedBytes: 0 };
    const shares = [
      ...fakeStatus.mirror.shares,
      ...fakeStatus.mirror.shares.map((share) => ({ ...share, traffic: { ever: day, day } })),
    ];
    bench.daemon.change({ mirror: { ...fakeStatus.mirror, shares } });
    expect((await ask(['status'])).stdout).toContain('last 24 h: 1.1 GB read, 3.0 MB written, 1.0 MB changed\n');
    for (const share of shares) share.traffic = { ever: day, day: { ...day, uncomparedBytes: 2_000_000 } };
    bench.daemon.change({ mirror: { ...fakeStatus.mirror, shares } });
    expect((await ask(['status'])).stdout).toContain('; 4.0 MB replaced whole, not compared\n');
    expect(lastJson(await ask(['status', '--json']))).toMatchObject({
      mirror: { shares: shares.map(({ traffic }) => ({ traffic })) },
    });
  });
});

describe('start-sync', () => {
  it('--wait shows the progress on a terminal and ends when the first copy is complete', async () => {
    const share = {
      ...fakeStatus.mirror.shares[0],
      complete: false,
      state: 'first-pass' as const,
      bytesToDo: 4_200_000_000,
      filesToDo: 5,
    };
    const shares = fakeStatus.mirror.shares.map((full) => ({ ...full, ...share }));
    bench.daemon.change({ mode: 'syncing', mirror: { ...fakeStatus.mirror, shares, leftMs: 6_720_000 } });
    const complete = (): string => {
      bench.daemon.change({ mode: 'standing-by', mirror: fakeStatus.mirror });
      return '';
    };
    const { exitCode, shown } = await runOnTerminal(
      ['start-sync', '--wait', '--socket', bench.socket],
      [['idle, 1 h 52 min left', complete]],
    );
    expect(exitCode).toBe(0);
    expect(shown).toContain('[##########..........]  50 %');
    expect(shown).toContain('100 %');
  });

  it('--wait ends with 3 and the sentence when something comes between', async () => {
    bench.daemon.change({ mode: 'syncing' });
    const waiting = ask(['start-sync', '--wait']);
    await until(() => bench.daemon.orders.length === 1);
    bench.daemon.change({
      mode: 'idle',
      sentence: { level: 'off', sentence: 'Not protected.', after: 'Next: Start Sync.' },
    });
    expect(await waiting).toMatchObject({ exitCode: 3, stderr: 'standby: Not protected.\n  Next: Start Sync.\n' });
  });
});

describe('passwords', () => {
  it('are typed without echo', async () => {
    const { exitCode, shown } = await runOnTerminal(
      ['users', 'set', 'alice', '--socket', bench.socket],
      [['Password for alice: ', 'hunter2\r']],
    );
    expect(exitCode).toBe(0);
    expect(shown).not.toContain('hunter2');
    expect(bench.daemon.orders).toEqual([{ name: 'alice', password: 'hunter2' }]);
  });

  it('come from a file that only its owner reads, without the end of its line', async () => {
    const file = path.join(bench.folder, 'password');
    fs.writeFileSync(file, 'from the file\n', { mode: 0o600 });
    expect((await ask(['users', 'set', 'bob', '--password-file', file])).exitCode).toBe(0);
    expect(bench.daemon.orders).toEqual([{ name: 'bob', password: 'from the file' }]);
    fs.chmodSync(file, 0o640);
    const refused = await ask(['users', 'set', 'bob', '--password-file', file]);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(`chmod 600 ${file}`);
    expect((await ask(['users', 'set', 'bob', '--password-file', `${file}.none`])).exitCode).toBe(2);
  });

  it.each([
    ['nothing', ''],
    ['only the end of a line', '\n'],
    ['two lines', 'a\nb\n'],
    ['more than any password', 'x'.repeat(5_000)],
  ])('standard input with %s is refused', async (_, input) => {
    expect((await ask(['users', 'set', 'bob', '--password-stdin'], { input })).exitCode).toBe(2);
    expect(bench.daemon.orders).toEqual([]);
  });
});

describe('names from elsewhere', () => {
  const hostile = 'Pay\u001b]0;owned\u0007\u001b[2Jroll\nPublic\u202e';
  const harmful = ['\u001b', '\u0007', '\u202e'];
  const defused = 'Pay\\u001b]0;owned\\u0007\\u001b[2Jroll\\u000aPublic\\u202e';

  it.each([
    ['shares', [...listing]],
    ['status', ['status']],
    ['events', ['events']],
  ])('move nothing on the terminal in %s', async (_, args) => {
    bench.daemon.listWith({
      name: hostile,
      shares: [{ name: hostile, comment: hostile, kind: 'disk', special: true }],
    });
    const shares = fakeStatus.mirror.shares.map((share) => ({ ...share, share: hostile, problem: hostile }));
    bench.daemon.happen({ atMs: 0, level: 'error', code: 'x', what: hostile, why: hostile, next: hostile });
    bench.daemon.change({
      mirror: { ...fakeStatus.mirror, shares },
      sentence: { level: 'bad', sentence: hostile, after: hostile },
      alerts: bench.daemon.events(0).events,
    });
    const ran = await ask(args, { input: 'secret' });
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toContain(defused);
    for (const sign of harmful) expect(ran.stdout + ran.stderr).not.toContain(sign);
  });

  it('nor in the words of an error', async () => {
    bench.daemon.answerWith(new Failure({ code: 'x', doing: 'open', subject: hostile, what: hostile }));
    const ran = await ask(listing, { input: 'secret' });
    for (const sign of harmful) expect(ran.stderr).not.toContain(sign);
  });
});
