/** `standby smb put` and `rm` through the real command against a real smbd: whole or not at all, never over what is there, never unasked. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT } from '../../smb/scripted/stand.ts';
import { lastJson, runOnTerminal } from '../run.fake.ts';
import { everythingIn, LONG_AGO_S, openSmbBench, type SmbBench } from './bench.fake.ts';

const MIB = 1_048_576;

let bench: SmbBench;

beforeAll(async () => {
  bench = await openSmbBench();
});
afterAll(() => bench.close());
beforeEach(() => bench.clear());

describe('put', () => {
  function local(name: string, content: string | Buffer = `local ${name}`): void {
    fs.writeFileSync(bench.here(name), content);
    fs.utimesSync(bench.here(name), LONG_AGO_S, LONG_AGO_S);
  }

  it.each([
    ['under a name', 'two', 'two'],
    ['into a folder', 'folder', 'folder/one'],
  ])('sends a file %s, with its time', async (_, below, to) => {
    fs.mkdirSync(bench.served('folder'));
    const content = randomBytes(3_000_001);
    local('one', content);
    const ran = await bench.run(['put', 'one', bench.at(below), '--json']);
    expect(lastJson(ran)).toMatchObject({ address: bench.at(to), from: 'one', bytes: content.length });
    expect(fs.readFileSync(bench.served(to)).equals(content)).toBe(true);
    expect(fs.statSync(bench.served(to)).mtimeMs).toBe(LONG_AGO_S * 1_000);
    expect(everythingIn(bench.stand.folder)).toEqual(['folder', to].sort());
  });

  it('takes a slash at the end for a folder, which must be there', async () => {
    local('one');
    const ran = await bench.run(['put', 'one', bench.at('none/')]);
    expect(ran.exitCode).toBe(19);
    expect(ran.stderr).toContain('there is no folder of that name');
    expect(everythingIn(bench.stand.folder)).toEqual([]);
  });

  it('overwrites nothing, unless it is told to', async () => {
    bench.serve('one', 'theirs');
    local('one');
    expect((await bench.run(['put', 'one', bench.at('one')])).exitCode).toBe(20);
    expect((await bench.run(['put', 'one', bench.at()])).exitCode).toBe(20);
    expect(fs.readFileSync(bench.served('one'), 'utf8')).toBe('theirs');
    expect((await bench.run(['put', 'one', bench.at('one'), '--overwrite'])).exitCode).toBe(0);
    expect(fs.readFileSync(bench.served('one'), 'utf8')).toBe('local one');
    expect(everythingIn(bench.stand.folder)).toEqual(['one']);
  });

  it('leaves a file alone that somebody has open', async () => {
    bench.serve('one', 'theirs');
    local('one');
    const holder = await bench.stand.hold('one');
    const ran = await bench.run(['put', 'one', bench.at('one'), '--overwrite']);
    await holder.release();
    expect(ran.exitCode).toBe(21);
    expect(fs.readFileSync(bench.served('one'), 'utf8')).toBe('theirs');
    expect(everythingIn(bench.stand.folder)).toEqual(['one']);
  });

  it('leaves nothing when it is ended with Ctrl-C, or the file changes meanwhile', async () => {
    local('big');
    fs.truncateSync(bench.here('big'), 4_096 * MIB);
    const running = bench.begin(['put', 'big', bench.at('big')]);
    await running.until(() => everythingIn(bench.stand.folder).some((name) => name.endsWith('.part')));
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ exitCode: 130, stdout: '' });
    expect(everythingIn(bench.stand.folder)).toEqual([]);
    fs.truncateSync(bench.here('big'), 256 * MIB);
    const changing = bench.begin(['put', 'big', bench.at('big')]);
    await changing.until(() => everythingIn(bench.stand.folder).some((name) => name.endsWith('.part')));
    fs.utimesSync(bench.here('big'), LONG_AGO_S, LONG_AGO_S + 1);
    expect((await changing.ended).exitCode).toBe(21);
    expect(everythingIn(bench.stand.folder)).toEqual([]);
  });

  it('overwrites nothing that gets the name while it is sent', async () => {
    local('big');
    fs.truncateSync(bench.here('big'), 256 * MIB);
    const running = bench.begin(['put', 'big', bench.at('big')]);
    await running.until(() => everythingIn(bench.stand.folder).some((name) => name.endsWith('.part')));
    bench.serve('big', 'theirs');
    expect((await running.ended).exitCode).toBe(20);
    expect(everythingIn(bench.stand.folder)).toEqual(['big']);
    expect(fs.readFileSync(bench.served('big'), 'utf8')).toBe('theirs');
  });

  it.each([
    ['nothing', 'none', 1],
    ['a folder', '.', 2],
    ['a device', '/dev/null', 2],
  ])('of %s ends with an error', async (_, name, exitCode) => {
    expect((await bench.run(['put', name, bench.at('x')])).exitCode).toBe(exitCode);
    expect(everythingIn(bench.stand.folder)).toEqual([]);
  });
});

describe('rm', () => {
  it('deletes nothing without being told twice', async () => {
    bench.serve('one');
    const ran = await bench.run(['rm', bench.at('one'), '--json']);
    expect(ran.exitCode).toBe(5);
    expect(lastJson(ran)).toMatchObject({ error: { code: 'confirm', hint: 'add --yes' } });
    const { port } = bench.stand;
    const args = ['smb', 'rm', bench.at('one'), '--port', String(port), '--credentials', bench.credentials];
    expect((await runOnTerminal(args, [['to delete it: ', 'two\r']])).exitCode).toBe(5);
    expect(fs.existsSync(bench.served('one'))).toBe(true);
    const { exitCode, shown } = await runOnTerminal(args, [['to delete it: ', 'one\r']]);
    expect(shown).toContain('a file of 14 B, written 9 Nov 2004');
    expect(exitCode).toBe(0);
    expect(fs.existsSync(bench.served('one'))).toBe(false);
  });

  it('deletes an empty folder and a file, and nothing else', async () => {
    bench.serve('folder/one');
    const rm = async (below: string): Promise<number | null> =>
      (await bench.run(['rm', '--yes', bench.at(below)])).exitCode;
    expect(await rm('folder')).toBe(1);
    expect(await rm('')).toBe(2);
    const holder = await bench.stand.hold('folder/one');
    expect(await rm('folder/one')).toBe(21);
    await holder.release();
    expect(await rm('folder/one')).toBe(0);
    expect(await rm('folder')).toBe(0);
    expect(everythingIn(bench.stand.folder)).toEqual([]);
    expect(await rm('folder')).toBe(19);
  });
});

it('asks for the password on a terminal, without echo', async () => {
  bench.serve('one');
  const args = ['smb', 'ls', bench.at(), '--port', String(bench.stand.port), '--user', ACCOUNT.user];
  const { exitCode, shown } = await runOnTerminal(args, [['Password of alice: ', `${ACCOUNT.password}\r`]]);
  expect(exitCode).toBe(0);
  expect(shown).toContain('one\r\n');
  expect(shown).not.toContain(ACCOUNT.password);
});
