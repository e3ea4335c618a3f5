/** `standby smb info|shares|ls|stat|acl|watch` through the real command against a real smbd. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTamperer } from '../../smb/scripted/tamperer.ts';
import { lastJson } from '../run.fake.ts';
import { beginStandby, jsonLines, openSmbBench, type SmbBench } from './bench.fake.ts';

let bench: SmbBench;
const served = (...names: string[]): string => path.join(bench.stand.folder, ...names);

beforeAll(async () => {
  bench = await openSmbBench({ share: ['vfs objects = streams_xattr'] });
  fs.mkdirSync(served('letters', 'old'), { recursive: true });
  fs.writeFileSync(served('letters', 'one.txt'), 'x'.repeat(1_234));
  fs.utimesSync(served('letters', 'one.txt'), 1_000_000_000, 1_100_000_000);
  fs.writeFileSync(served('letters', 'old', 'größer 漢.txt'), '');
  fs.writeFileSync(served('letters', 'evil\u202egpj.exe'), '');
});
afterAll(() => bench.close());

describe('info', () => {
  it('tells what was agreed, without an account', async () => {
    const ran = await bench.run(['info', '//127.0.0.1', '--json']);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    const facts = lastJson(ran);
    expect(facts).toMatchObject({
      address: '//127.0.0.1',
      dialect: '3.1.1',
      signing: 'aes-gmac',
      cipher: 'aes-128-gcm',
    });
    expect(facts).not.toHaveProperty('share');
    const { clockAheadMs, guid } = facts as { clockAheadMs: number; guid: string };
    expect(Math.abs(clockAheadMs)).toBeLessThan(10_000);
    expect(guid).toMatch(/^[0-9a-f]{32}$/);
  });

  it('of a share tells room and identity too', async () => {
    const ran = await bench.run(['info', bench.at(), '--json']);
    const rootFileId = fs.statSync(served(), { bigint: true }).ino.toString();
    expect(lastJson(ran)).toMatchObject({ share: 'docs', rootFileId, dialect: '3.1.1' });
    expect((await bench.run(['info', bench.at()])).stdout).toMatch(/^Dialect +SMB 3\.1\.1\n/);
  });
});

describe('shares', () => {
  it('count also when the server goes with the log-off', async () => {
    const LOGOFF = 2;
    const tamperer = await startTamperer(bench.stand.port, ({ from, message }) =>
      from === 'client' && message.readUInt16LE(12) === LOGOFF ? 'cut' : [message],
    );
    const ways = [
      ['shares', `smb://127.0.0.1:${tamperer.port}`],
      ['info', `smb://127.0.0.1:${tamperer.port}/docs`],
    ];
    for (const args of ways) {
      const ran = await beginStandby(['smb', ...args, '--credentials', bench.credentials], bench.folder).ended;
      expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    }
    tamperer.close();
  });

  it('are those that the server shows', async () => {
    expect(lastJson(await bench.run(['shares', '//127.0.0.1', '--json']))).toMatchObject({
      address: '//127.0.0.1',
      shares: expect.arrayContaining([expect.objectContaining({ name: 'docs', kind: 'disk', special: false })]),
    });
    expect((await bench.run(['shares', 'smb://127.0.0.1'])).stdout).toMatch(/^docs +disk$/m);
  });
});

describe('ls', () => {
  it('lists one folder', async () => {
    const ran = await bench.run(['ls', bench.at('letters')]);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ran.stdout.trimEnd().split('\n').sort()).toEqual(['evil\\u202egpj.exe', 'old/', 'one.txt']);
  });

  it('with -R lists what is below, and with -l attributes, size and times', async () => {
    const { stdout } = await bench.run(['ls', '-lR', bench.at('letters/')]);
    expect(stdout).toMatch(/^-{12} +1\.2 kB +9 Nov 2004, \d\d:33:20 .* one\.txt$/m);
    expect(stdout).toMatch(/^d-{11} .* old\/$/m);
    expect(stdout).toMatch(/ old\/größer 漢\.txt$/m);
    expect(stdout).toMatch(/^3 files, 1\.2 kB\.$/m);
  });

  it('with --json is one object for each name', async () => {
    const found = jsonLines(await bench.run(['ls', '-R', bench.at('letters'), '--json']));
    expect(found.map(({ path: name }) => name).sort()).toEqual(
      ['evil\u202egpj.exe', 'old', 'old/größer 漢.txt', 'one.txt'].sort(),
    );
    expect(found.find(({ path: name }) => name === 'one.txt')).toMatchObject({
      size: 1_234,
      directory: false,
      written: '2004-11-09T11:33:20.000Z',
      fileId: fs.statSync(served('letters', 'one.txt'), { bigint: true }).ino.toString(),
    });
  });

  it('never moves the cursor of whoever looks at it, also with --json', async () => {
    fs.mkdirSync(served('hostile'));
    fs.writeFileSync(served('hostile', 'csi\u009b2J\u202e'), '');
    const ran = await bench.run(['ls', bench.at('hostile'), '--json']);
    expect(ran.stdout).not.toMatch(/[\u007f-\u009f\u202e]/u);
    expect(jsonLines(ran)).toMatchObject([{ path: 'csi\u009b2J\u202e' }]);
    const none = await bench.run(['stat', bench.at('none\u009b2J'), '--json']);
    expect(none.stdout).not.toContain('\u009b');
  });

  it('of a file is that file', async () => {
    expect((await bench.run(['ls', bench.at('letters/one.txt')])).stdout).toBe('one.txt\n');
  });

  it('goes round in no circle, tells it, and ends with 6', async () => {
    fs.mkdirSync(served('circle', 'below'), { recursive: true });
    fs.symlinkSync('..', served('circle', 'below', 'up'));
    const ran = await bench.run(['ls', '-R', bench.at('circle')]);
    expect(ran.exitCode).toBe(6);
    expect(ran.stdout).toBe('below/\nbelow/up/\n');
    expect(ran.stderr).toContain('below/up: it leads back to a folder above it');
  });

  it('ends when its reader has seen enough', async () => {
    fs.mkdirSync(served('many'));
    for (let index = 0; index < 3_000; index += 1) fs.writeFileSync(served('many', `a rather long name, ${index}`), '');
    const { port } = bench.stand;
    const command = `"$0" smb ls "$1" --port ${port} --credentials "$2" | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const program = path.resolve(import.meta.dirname, '../../bin/standby');
    const child = spawn('bash', ['-c', command, program, bench.at('many'), bench.credentials]);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(stdout).toMatch(/^a rather long name, \d+\n0\n$/);
    expect(stderr).toBe('');
  });
});

describe('stat', () => {
  it('tells all times, ids and attributes', async () => {
    const local = fs.statSync(served('letters', 'one.txt'), { bigint: true });
    expect(lastJson(await bench.run(['stat', bench.at('letters/one.txt'), '--json']))).toMatchObject({
      address: bench.at('letters/one.txt'),
      name: 'one.txt',
      directory: false,
      size: 1_234,
      attributes: ['normal'],
      written: '2004-11-09T11:33:20.000Z',
      fileId: local.ino.toString(),
      volumeSerial: expect.stringMatching(/^[0-9a-f]{8}$/),
      names: 1,
      reparseTag: null,
      target: null,
    });
    const { stdout } = await bench.run(['stat', bench.at('letters/ONE.TXT')]);
    expect(stdout).toMatch(/^Name +one\.txt$/m);
    expect(stdout).toMatch(/^Size +1\.2 kB \(1,234 bytes\)$/m);
  });

  it('of the root and of what is not there', async () => {
    expect(lastJson(await bench.run(['stat', bench.at(), '--json']))).toMatchObject({ directory: true, name: null });
    const none = await bench.run(['stat', bench.at('letters/none'), '--json']);
    expect(none.exitCode).toBe(19);
    expect(lastJson(none)).toMatchObject({ error: { code: 'no-such-file' }, exitCode: 19 });
  });
});

describe('acl', () => {
  it('is told in words and as SDDL', async () => {
    const ran = await bench.run(['acl', bench.at('letters/one.txt'), '--json']);
    expect(ran.exitCode).toBe(0);
    const { sddl, words } = lastJson(ran) as { sddl: string; words: string[] };
    expect(sddl).toMatch(/^O:S-1-.*G:S-1-.*D:/);
    expect(words.some((line) => line.startsWith('allow '))).toBe(true);
    expect((await bench.run(['acl', bench.at('letters/one.txt')])).stdout).toBe(`${words.join('\n')}\n${sddl}\n`);
  });
});

describe('streams', () => {
  it('are listed with their sizes', async () => {
    const none = await bench.run(['streams', bench.at('letters/one.txt')]);
    expect(none).toEqual({ exitCode: 0, stdout: 'It has no named streams.\n', stderr: '' });
    const { tree } = await bench.stand.tree();
    const content = Buffer.from('[ZoneTransfer]\r\nZoneId=3\r\n');
    const source = { size: content.length, read: () => content };
    await tree.store('letters/one.txt', source, {}, { stream: 'Zone.Identifier' });
    const ran = await bench.run(['streams', bench.at('letters/one.txt'), '--json']);
    expect(lastJson(ran)).toMatchObject({ streams: [{ name: 'Zone.Identifier', size: content.length }], refused: [] });
    expect((await bench.run(['streams', bench.at('letters/one.txt')])).stdout).toMatch(
      /^Zone\.Identifier {2}\d+ B\n1 stream\.\n$/,
    );
  });
});

describe('watch', () => {
  it('shows changes as they come, and Ctrl-C ends it without a handle left', async () => {
    const watching = bench.begin(['watch', '-R', bench.at('letters'), '--json']);
    await watching.until(() => watching.stderr.includes('Ctrl-C ends it'));
    await bench.stand.smbclient('mkdir letters\\fresh; mkdir letters\\old\\deep');
    await watching.until(() => watching.stdout.includes('deep'));
    fs.writeFileSync(served('letters', 'csi\u001b[2J'), '');
    await watching.until(() => watching.stdout.includes('refused'));
    watching.child.kill('SIGINT');
    const ran = await watching.ended;
    expect(ran.exitCode).toBe(130);
    const changes = jsonLines(ran).map(({ action, path: name }) => `${String(action)} ${String(name)}`);
    expect(changes).toContain('added fresh');
    expect(changes).toContain('added old/deep');
    expect(changes).toContain('refused csi\\u001b[2J');
    expect(await bench.stand.openFiles()).toEqual([]);
  });

  it('of a file is refused', async () => {
    expect((await bench.run(['watch', bench.at('letters/one.txt')])).exitCode).toBe(1);
  });
});
