/** `standby smb get` through the real command against a real smbd: whole or not at all, and never over what is there. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lastJson } from '../run.fake.ts';
import { everythingIn, LONG_AGO_S, openSmbBench, type SmbBench } from './bench.fake.ts';
import { downloadFolder } from './download-folder.ts';

const MIB = 1_048_576;

let bench: SmbBench;

// Names like «colon:x» are sent as they are, instead of by a short name.
beforeAll(async () => {
  bench = await openSmbBench({ share: ['mangled names = no'] });
});
afterAll(() => bench.close());
beforeEach(() => bench.clear());

describe('get', () => {
  it('fetches one file whole, with its time', async () => {
    const content = randomBytes(3_000_001);
    bench.serve('big', content);
    const ran = await bench.run(['get', bench.at('big')]);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^big: 1 file, 3\.0 MB in /);
    expect(fs.readFileSync(bench.here('big')).equals(content)).toBe(true);
    expect(fs.statSync(bench.here('big')).mtimeMs).toBe(LONG_AGO_S * 1_000);
    expect(everythingIn(bench.folder)).toEqual(['big']);
  });

  it.each([
    ['under another name', 'other', 'other'],
    ['into a folder that is there', 'folder', 'folder/one'],
    ['into a folder that a slash names', 'folder/', 'folder/one'],
  ])('fetches %s', async (_, local, to) => {
    bench.serve('one');
    fs.mkdirSync(bench.here('folder'));
    const ran = await bench.run(['get', bench.at('one'), local, '--json']);
    expect(lastJson(ran)).toMatchObject({ address: bench.at('one'), to, files: 1, bytes: 14 });
    expect(fs.readFileSync(bench.here(to), 'utf8')).toBe('content of one');
  });

  it('overwrites nothing, unless it is told to', async () => {
    bench.serve('one');
    fs.writeFileSync(bench.here('one'), 'mine');
    const refused = await bench.run(['get', bench.at('one')]);
    expect(refused.exitCode).toBe(20);
    expect(refused.stderr).toContain('nothing was overwritten');
    expect(fs.readFileSync(bench.here('one'), 'utf8')).toBe('mine');
    expect((await bench.run(['get', bench.at('one'), '--overwrite'])).exitCode).toBe(0);
    expect(fs.readFileSync(bench.here('one'), 'utf8')).toBe('content of one');
    expect(everythingIn(bench.folder)).toEqual(['one']);
  });

  it('follows no symbolic link, neither at the name nor as the folder', async () => {
    bench.serve('one');
    fs.writeFileSync(bench.here('precious'), 'mine');
    fs.mkdirSync(bench.here('elsewhere'));
    fs.symlinkSync('precious', bench.here('one'));
    fs.symlinkSync('elsewhere', bench.here('folder'));
    expect((await bench.run(['get', bench.at('one')])).exitCode).toBe(20);
    expect((await bench.run(['get', bench.at('one'), 'folder'])).exitCode).toBe(20);
    expect((await bench.run(['get', bench.at('one'), '--overwrite'])).exitCode).toBe(0);
    expect(fs.readFileSync(bench.here('precious'), 'utf8')).toBe('mine');
    expect(fs.lstatSync(bench.here('one')).isFile()).toBe(true);
    expect(everythingIn(bench.here('elsewhere'))).toEqual([]);
  });

  it('lands behind a link that is named as a folder', async () => {
    bench.serve('one');
    fs.mkdirSync(bench.here('elsewhere'));
    fs.symlinkSync('elsewhere', bench.here('folder'));
    expect((await bench.run(['get', bench.at('one'), 'folder/'])).exitCode).toBe(0);
    expect((await bench.run(['get', bench.at('one'), 'folder/two'])).exitCode).toBe(0);
    expect(everythingIn(bench.here('elsewhere'))).toEqual(['one', 'two']);
  });

  it('says what is wrong with a local name', async () => {
    bench.serve('one');
    const ran = await bench.run(['get', bench.at('one'), 'x'.repeat(300), '--json']);
    expect(lastJson(ran)).toMatchObject({ error: { code: 'enametoolong' }, exitCode: 1 });
    expect(everythingIn(bench.folder)).toEqual([]);
  });

  it('leaves nothing of a file that is written to while it is read', async () => {
    bench.serveLong('moving', 512 * MIB);
    const running = bench.begin(['get', bench.at('moving'), '--json']);
    const growing = setInterval(() => fs.appendFileSync(bench.served('moving'), 'x'), 1);
    const ran = await running.ended.finally(() => clearInterval(growing));
    expect(ran.exitCode).toBe(21);
    expect(lastJson(ran)).toMatchObject({ error: { code: 'changed' } });
    expect(everythingIn(bench.folder)).toEqual([]);
  });

  it('ends with Ctrl-C while the server hangs, leaves nothing, and has shown its progress', async () => {
    bench.serveLong('big', 4_096 * MIB);
    const running = bench.begin(['get', bench.at('big'), '--progress']);
    await running.until(() => everythingIn(bench.folder).some((name) => fs.statSync(bench.here(name)).size > 0));
    bench.stand.samba.freeze();
    try {
      await running.until(() => /\d %.* of 4\.3 GB, .*\/s, .* left\n/.test(running.stderr));
      running.child.kill('SIGINT');
      expect(await running.ended).toMatchObject({ exitCode: 130, stdout: '' });
      expect(everythingIn(bench.folder)).toEqual([]);
    } finally {
      bench.stand.samba.thaw();
    }
  });

  it('of a folder wants -r; of nothing ends with 19', async () => {
    bench.serve('folder/one');
    const ran = await bench.run(['get', bench.at('folder')]);
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr).toContain('add -r');
    expect((await bench.run(['get', bench.at('none')])).exitCode).toBe(19);
    expect(everythingIn(bench.folder)).toEqual([]);
  });
});

describe('get -r', () => {
  it('fetches everything below, with the times of files and folders', async () => {
    for (let index = 0; index < 300; index += 1)
      bench.serve(`tree/${index % 7}/deep/${index}`, randomBytes(index * 97));
    fs.mkdirSync(bench.served('tree', 'empty'));
    fs.utimesSync(bench.served('tree', 'empty'), LONG_AGO_S, LONG_AGO_S);
    fs.utimesSync(bench.served('tree', '3'), LONG_AGO_S, LONG_AGO_S);
    const ran = await bench.run(['get', '-r', bench.at('tree'), 'copy', '--json']);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(lastJson(ran)).toMatchObject({ to: 'copy', files: 300, folders: 15, bytes: 4_350_450, problems: 0 });
    expect(everythingIn(bench.here('copy'))).toEqual(everythingIn(bench.served('tree')));
    for (const name of everythingIn(bench.here('copy'))) {
      const [mine, theirs] = [bench.here('copy', name), bench.served('tree', name)];
      if (fs.statSync(theirs).isFile()) expect(fs.readFileSync(mine).equals(fs.readFileSync(theirs))).toBe(true);
    }
    for (const name of ['3', 'empty', '3/deep/3'])
      expect(fs.statSync(bench.here('copy', name)).mtimeMs).toBe(LONG_AGO_S * 1_000);
  });

  it('shows how far it is, and counts what failed no more', async () => {
    for (let index = 0; index < 40; index += 1) bench.serveLong(`tree/${index}`, 64 * MIB);
    const running = bench.begin(['get', '-r', bench.at('tree'), '--progress']);
    await running.until(() => everythingIn(bench.folder).some((name) => name.endsWith('.part')));
    bench.stand.samba.freeze();
    try {
      await running.until(() => /\d %.* of 40 files, .* of 2\.7 GB, .*\/s/.test(running.stderr));
    } finally {
      running.child.kill('SIGINT');
      bench.stand.samba.thaw();
    }
    expect((await running.ended).exitCode).toBe(130);
    bench.clear();
    for (const name of ['one', 'two', 'below/three', 'taken']) bench.serve(`tree/${name}`, 'x'.repeat(100));
    fs.writeFileSync(bench.here('taken'), 'mine');
    const { connection, tree } = await bench.stand.tree();
    const amount = { files: 0, bytes: 0, found: { files: 0, bytes: 0, all: false } };
    const problems: string[] = [];
    const to = fs.openSync(bench.folder, 'r');
    const { signal } = new AbortController();
    const problem = (at: string): void => void problems.push(at);
    await downloadFolder({ tree, from: 'tree', to, overwrite: false, signal, amount, problem });
    fs.closeSync(to);
    connection.close();
    expect(problems).toEqual(['taken']);
    expect(amount).toEqual({ files: 3, bytes: 300, found: { files: 3, bytes: 300, all: true } });
  });

  it('takes the name of the folder, or of the share', async () => {
    bench.serve('tree/one');
    expect((await bench.run(['get', '-r', bench.at('tree/')])).exitCode).toBe(0);
    expect((await bench.run(['get', '-r', bench.at()])).exitCode).toBe(0);
    expect(everythingIn(bench.folder)).toEqual(['docs', 'docs/tree', 'docs/tree/one', 'tree', 'tree/one']);
  });

  it('tells of each hostile name, fetches the rest, and ends with 6', async () => {
    for (const name of ['fine', 'CON', 'colon:x', 'q?', 'a\\b', 'new\nline', 'esc\u001b[2J'])
      bench.serve(`tree/${name}`);
    fs.symlinkSync('.', bench.served('tree', 'loop'));
    fs.symlinkSync('/etc', bench.served('tree', 'out'));
    const ran = await bench.run(['get', '-r', bench.at('tree'), '--json']);
    expect(ran.exitCode).toBe(6);
    expect(everythingIn(bench.here('tree'))).toEqual(['CON', 'fine']);
    const { problemList } = lastJson(ran) as { problemList: { path: string; code: string }[] };
    expect(new Map(problemList.map((problem) => [problem.path, problem.code]))).toEqual(
      new Map([
        ['colon:x', 'bad-name'],
        ['q?', 'bad-name'],
        ['a\\b', 'bad-name'],
        ['new\\u000aline', 'bad-name'],
        ['esc\\u001b[2J', 'bad-name'],
        ['loop', 'in-circles'],
      ]),
    );
    expect(ran.stderr).toContain('6 names could not be fetched');
    expect(ran.stderr).not.toContain('\u001b');
  });

  it('does its work also when nobody reads what it tells', async () => {
    for (const name of ['new\nline', 'one', 'two']) bench.serve(`tree/${name}`);
    const running = bench.begin(['get', '-r', bench.at('tree')]);
    running.child.stderr?.destroy();
    expect((await running.ended).exitCode).toBe(6);
    expect(everythingIn(bench.here('tree'))).toEqual(['one', 'two']);
  });

  it('goes through no symbolic link that stands in the target, and overwrites nothing', async () => {
    for (const name of ['tree/a/one', 'tree/b/two', 'tree/three', 'tree/four']) bench.serve(name);
    fs.mkdirSync(bench.here('tree'));
    fs.mkdirSync(bench.here('elsewhere'));
    fs.writeFileSync(bench.here('precious'), 'mine');
    fs.writeFileSync(bench.here('tree', 'four'), 'mine');
    fs.symlinkSync('../elsewhere', bench.here('tree', 'a'));
    fs.symlinkSync('../precious', bench.here('tree', 'three'));
    const ran = await bench.run(['get', '-r', bench.at('tree'), '--json']);
    expect(ran.exitCode).toBe(6);
    const { problemList } = lastJson(ran) as { problemList: { path: string; code: string }[] };
    expect(new Map(problemList.map((problem) => [problem.path, problem.code]))).toEqual(
      new Map([
        ['a', 'not-a-folder-here'],
        ['three', 'exists'],
        ['four', 'exists'],
      ]),
    );
    expect((await bench.run(['get', '-r', bench.at('tree'), '--overwrite'])).exitCode).toBe(6);
    expect(everythingIn(bench.here('elsewhere'))).toEqual([]);
    expect(fs.readFileSync(bench.here('precious'), 'utf8')).toBe('mine');
    expect(fs.readFileSync(bench.here('tree', 'four'), 'utf8')).toBe('content of tree/four');
    expect(everythingIn(bench.here('tree'))).toEqual(['a', 'b', 'b/two', 'four', 'three']);
  });

  it('into a symbolic link in the place of the target is refused', async () => {
    bench.serve('tree/one');
    fs.mkdirSync(bench.here('elsewhere'));
    fs.symlinkSync('elsewhere', bench.here('tree'));
    expect((await bench.run(['get', '-r', bench.at('tree')])).exitCode).toBe(1);
    expect(everythingIn(bench.here('elsewhere'))).toEqual([]);
    // Whoever means the link says so.
    expect((await bench.run(['get', '-r', bench.at('tree'), 'tree/'])).exitCode).toBe(0);
    expect(everythingIn(bench.here('elsewhere'))).toEqual(['one']);
  });

  it.each(['SIGINT', 'SIGHUP'] as const)('ended with %s leaves only whole files', async (signal) => {
    for (let index = 0; index < 40; index += 1) bench.serveLong(`tree/${index}`, 64 * MIB);
    const running = bench.begin(['get', '-r', bench.at('tree')]);
    await running.until(() => everythingIn(bench.folder).some((name) => name.endsWith('.part')));
    running.child.kill(signal);
    expect((await running.ended).exitCode).toBe(130);
    for (const name of everythingIn(bench.here('tree'))) {
      expect(name).toMatch(/^\d+$/);
      expect(fs.statSync(bench.here('tree', name)).size).toBe(64 * MIB);
    }
  });

  it('ends when the server dies, and leaves only whole files', async () => {
    const doomed = await openSmbBench();
    try {
      for (let index = 0; index < 20; index += 1) {
        const file = path.join(doomed.stand.folder, String(index));
        fs.writeFileSync(file, '');
        fs.truncateSync(file, 64 * MIB);
      }
      const running = doomed.begin(['get', '-r', doomed.at(), 'copy', '--json']);
      await running.until(() => everythingIn(doomed.folder).some((name) => name.endsWith('.part')));
      doomed.stand.samba.kill();
      const ran = await running.ended;
      expect(ran.exitCode).toBe(17);
      expect(lastJson(ran)).toMatchObject({ error: { code: 'server-answer' } });
      for (const name of everythingIn(path.join(doomed.folder, 'copy'))) expect(name).toMatch(/^\d+$/);
    } finally {
      await doomed.close();
    }
  });
});
