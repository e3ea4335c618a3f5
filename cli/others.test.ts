/** The commands that order one thing or list something, against a fake daemon. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeStatus } from '../agent/http/daemon.fake.ts';
import { EVENTS_LIMIT } from '../api/event.ts';
import type { VerifyStatus } from '../api/verify.ts';
import { Failure } from '../base/failure.ts';
import { type Bench, lastJson, openBench, type RunOptions, run } from './run.fake.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench.close());

const ask = (args: string[], options: RunOptions = {}) => run([...args, '--socket', bench.socket], options);

describe('the other commands', () => {
  it.each([
    [['stop-sync'], { name: 'stop-sync' }],
    [['pause', '2h'], { name: 'pause', minutes: 120 }],
    [['pause', '90'], { name: 'pause', minutes: 90 }],
    [['pause'], { name: 'pause', minutes: undefined }],
    [['resume'], { name: 'resume' }],
    [['limit', 'none'], { limits: [] }],
    [['limit', '20mbit'], { limits: [{ rate: '20mbit' }] }],
    [
      ['limit', '20mbit', '08-18', '--days', 'mon-fri'],
      { limits: [{ rate: '20mbit', hours: '08-18', days: 'mon-fri' }] },
    ],
  ])('%j orders that and says what the daemon says', async (args, order) => {
    expect(await ask(args)).toEqual({ exitCode: 0, stdout: 'it is done\n', stderr: '' });
    expect(bench.daemon.orders).toEqual([order]);
  });

  it('says the next step too when the daemon names one', async () => {
    bench.daemon.answerWith({ accepted: true, why: 'mirroring stops', hint: 'start it again with start-sync' });
    expect((await ask(['stop-sync'])).stdout).toBe('mirroring stops\n  start it again with start-sync\n');
  });

  it('limit shows the limits, the one that holds now, and whether it holds anything back', async () => {
    expect((await ask(['limit'])).stdout).toBe(
      '20mbit    08-18       mon-fri\nNow: 20 Mbit/s, and it is holding the mirror back.\n',
    );
    expect(lastJson(await ask(['limit', '--json']))).toMatchObject({ nowBytesPerSecond: 2_500_000, limiting: true });
  });

  it('a limit that cannot be read is told as the daemon tells it', async () => {
    bench.daemon.answerWith(
      new Failure({ code: 'settings-invalid', doing: 'write settings', what: '1 error\nlimit[0].rate: is not a rate' }),
    );
    const ran = await ask(['limit', 'fast']);
    expect(ran).toMatchObject({ exitCode: 15, stdout: '' });
    expect(ran.stderr).toContain('is not a rate');
  });

  it('status tells what holds the mirror back, and nothing where nothing does', async () => {
    expect((await ask(['status'])).stdout).not.toContain('Load');
    const load = { limitBytesPerSecond: 2_500_000, limiting: true, yielding: true, inFlightAtMost: 2 };
    bench.daemon.change({ mirror: { ...fakeStatus.mirror, load } });
    expect((await ask(['status'])).stdout).toContain(
      'Load       limited to 20 Mbit/s, which holds it back; the main answers slowly: a full pass has at most 2 in flight\n',
    );
  });

  it('problems lists what could not be copied', async () => {
    expect((await ask(['problems'])).stdout).toBe(
      'Projects/a/locked.doc: open elsewhere\n1 file could not be copied.\n',
    );
  });

  it('problems tells how many there are, also when the list holds only some of them', async () => {
    bench.daemon.change({ mirror: { ...fakeStatus.mirror, skipped: 5_000 } });
    expect((await ask(['problems'])).stdout).toContain('5,000 files could not be copied. The first 1 are shown.');
  });

  it('events tells when there are more, and how to see them', async () => {
    const event = { atMs: 0, level: 'info' as const, code: 'mode', what: 'x', why: '', next: '' };
    for (let n = 0; n <= EVENTS_LIMIT; n += 1) bench.daemon.happen(event);
    const first = await ask(['events']);
    expect(first.stdout).toContain(`There are more: standby events --after ${EVENTS_LIMIT}\n`);
    const rest = await ask(['events', '--after', String(EVENTS_LIMIT)]);
    expect(rest.stdout).not.toContain('There are more');
    expect((await ask(['events', '--after', String(EVENTS_LIMIT + 1)])).stdout).toContain('after event');
  });

  it('an answer longer than any pipe holds arrives whole', async () => {
    const event = { atMs: 0, level: 'info' as const, code: 'mode', what: 'x'.repeat(2000), why: '', next: '' };
    for (let n = 0; n < EVENTS_LIMIT; n += 1) bench.daemon.happen(event);
    const ran = await ask(['events']);
    expect(ran.stdout.split(event.what)).toHaveLength(EVENTS_LIMIT + 1);
  });

  it.each([[['help', 'exit-codes']], [['config', 'schema']], [['help']]])('%j takes --json', async (args) => {
    const ran = await run([...args, '--json']);
    expect(ran.exitCode).toBe(0);
    expect(lastJson(ran)).toBeTypeOf('object');
  });

  it('events shows what happened, why, and what next; --follow goes on', async () => {
    const event = {
      atMs: 0,
      level: 'critical' as const,
      code: 'taken-over',
      what: 'STANDBY1 serves',
      why: 'FILES01 is silent',
      next: 'unplug it',
    };
    bench.daemon.happen(event);
    const ran = await ask(['events']);
    expect(ran.stdout).toMatch(/critical {2}STANDBY1 serves\n {4}Why: FILES01 is silent\n {4}Next: unplug it\n$/);
    const followed = await ask(['events', '--follow', '--json'], {
      watch: (stdout) => {
        if (!stdout.includes('second')) bench.daemon.happen({ ...event, what: 'the second' });
        return stdout.includes('second');
      },
    });
    expect(followed.stdout.split('\n')[0]).toContain('STANDBY1 serves');
  });

  it('config check tells whether a file is right, all errors at once', async () => {
    const file = path.join(bench.folder, 'standby.yaml');
    fs.writeFileSync(
      file,
      'version: 1\nmain: {name: FILES01, address: 192.168.10.20, user: backup}\ninterface: eth0\n',
    );
    expect(await run(['config', 'check', file])).toEqual({ exitCode: 0, stdout: `${file} is right.\n`, stderr: '' });
    fs.writeFileSync(file, 'version: 1\nmain: {name: FILES01, address: x, user: backup}\ninterfaces: eth0\n');
    const wrong = await run(['config', 'check', file, '--json']);
    expect(wrong.exitCode).toBe(15);
    expect(lastJson(wrong)).toMatchObject({
      problems: expect.arrayContaining([expect.objectContaining({ path: 'main.address', line: 2 })]),
    });
    expect((await run(['config', 'check', path.join(bench.folder, 'none')])).exitCode).toBe(15);
  });

  it('runs through a link from anywhere', async () => {
    const link = path.join(bench.folder, 'standby');
    fs.symlinkSync(path.resolve(import.meta.dirname, '../bin/standby'), link);
    const { execFileSync } = await import('node:child_process');
    expect(execFileSync(link, ['help', 'exit-codes'], { cwd: '/', encoding: 'utf8' })).toContain(
      '10  the password is wrong',
    );
  });
});

describe('verify and explain', () => {
  const ended: VerifyStatus = {
    id: '1',
    state: 'done',
    heal: false,
    startedMs: 1,
    endedMs: 2,
    share: '',
    filesDone: 3,
    filesTotal: 3,
    bytesDone: 9,
    bytesTotal: 9,
    bytesPerSecond: 0,
    filesPerSecond: 0,
    leftMs: 0,
    same: 3,
    different: 0,
    healed: 0,
    listed: 0,
    changing: 0,
    leftOut: 0,
    open: 0,
    report: '',
    problem: '',
  };
  const finding = {
    share: 'Projects',
    path: 'a/x\u001b.txt',
    class: 'different',
    code: 'content',
    why: 'it differs',
    healed: false,
  } as const;

  it('verify waits for the end and says that there is no difference', async () => {
    bench.daemon.change({ verify: ended });
    const ran = await ask(['verify']);
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'No difference: 3 files are on the mirror as on the main.\n' });
    expect(bench.daemon.orders).toEqual([{ heal: false, report: false }]);
  });

  it('verify has an exit code of its own for differences, and shows them harmlessly', async () => {
    bench.daemon.change({ verify: { ...ended, different: 2, same: 1 } });
    bench.daemon.findWith([finding]);
    const ran = await ask(['verify', '--heal', '--json']);
    expect(ran.exitCode).toBe(23);
    expect(lastJson(ran)).toMatchObject({ verify: { different: 2 }, findings: [{ path: finding.path }] });
    expect(bench.daemon.orders).toEqual([{ heal: true, report: false }]);
    const words = (await ask(['verify'])).stdout;
    expect(words).toContain(
      'different  Projects/a/x\\u001b.txt: it differs\n  … 1 more\n2 differences; 1 file is the same.',
    );
  });

  it('verify joins the one that runs, and fails when that is stopped', async () => {
    bench.daemon.change({ verify: { ...ended, state: 'running' } });
    let asked = 0;
    const { status } = bench.daemon;
    bench.daemon.status = () => {
      asked += 1;
      return status();
    };
    const running = ask(['verify']);
    // Once asked for the status, once following it.
    while (asked < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    bench.daemon.change({ verify: { ...ended, state: 'stopped', problem: 'mirroring was stopped' } });
    const ran = await running;
    expect(ran.exitCode).toBe(3);
    expect(ran.stderr).toContain('mirroring was stopped');
    expect(bench.daemon.orders).toEqual([]);
  });

  it('verify fetches the report, and looks first whether it may be written', async () => {
    fs.writeFileSync(`${bench.folder}/report.jsonl`, '{"result":"same"}\n');
    bench.daemon.change({ verify: { ...ended, report: `${bench.folder}/report.jsonl` } });
    expect((await ask(['verify', '--report', `${bench.folder}/mine`])).exitCode).toBe(0);
    expect(fs.readFileSync(`${bench.folder}/mine`, 'utf8')).toBe('{"result":"same"}\n');
    expect((await ask(['verify', '--report', `${bench.folder}/nowhere/mine`])).exitCode).toBe(2);
    expect(bench.daemon.orders).toHaveLength(1);
  });

  it('verify --stop and --background only order it', async () => {
    expect(await ask(['verify', '--stop'])).toMatchObject({ exitCode: 0, stdout: 'it is done\n' });
    expect(await ask(['verify', '--background'])).toMatchObject({ exitCode: 0, stdout: 'it is done\n' });
    bench.daemon.answerWith({ accepted: false, why: 'frozen', hint: 'restore first' });
    expect((await ask(['verify', '--background'])).exitCode).toBe(3);
  });

  it.each([
    ['Projects/a/new.txt', 'Projects', 'a/new.txt'],
    ['\\\\FILES01\\Projects\\a\\new.txt', 'Projects', 'a/new.txt'],
    ['//FILES01/Projects/a/new.txt', 'Projects', 'a/new.txt'],
    ['Projects', 'Projects', ''],
  ])('explain takes %s', async (typed, share, file) => {
    const ran = await ask(['explain', typed]);
    expect(ran.stdout).toMatch(
      /^Projects\/a\/new.txt: mirrored\n {2}it is mirrored\n {2}the copy here: 5.0 kB, placed /,
    );
    expect(bench.daemon.orders).toEqual([{ share, path: file }]);
  });

  it('explain wants a share', async () => {
    expect((await ask(['explain', '/'])).exitCode).toBe(2);
  });
});
