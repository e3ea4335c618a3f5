/** docs/SMB.md shows the example as it is, the example works against a real smbd, and the page has every failure code. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, SHARE, type Stand, startStand } from '../../smb/scripted/stand.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const EXAMPLE = path.join(import.meta.dirname, 'smb-client.ts');
const page = fs.readFileSync(path.join(ROOT, 'docs/SMB.md'), 'utf8');

let stand: Stand;
beforeAll(async () => {
  stand = await startStand();
});
afterAll(() => stand.stop());

function runExample(password: string): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const args = [EXAMPLE, '127.0.0.1', SHARE, ACCOUNT.user, String(stand.port)];
  const child = spawn(path.join(ROOT, 'bin/node'), args);
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    out.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    out.stderr += chunk;
  });
  child.stdin.end(`${password}\n`);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, ...out }));
  });
}

describe('the example', () => {
  it('is shown in the page word for word', () => {
    const shown = /<!-- example -->\n```ts\n(.*)```\n<!-- \/example -->/su.exec(page)?.[1];
    expect(shown).toBe(fs.readFileSync(EXAMPLE, 'utf8'));
  });

  it('lists, writes, reads and watches, and leaves nothing open', async () => {
    fs.mkdirSync(path.join(stand.folder, 'folder'));
    fs.writeFileSync(path.join(stand.folder, 'evil\u001b[2J'), 'abc');
    fs.writeFileSync(path.join(stand.folder, 'evil\u009b2J'), 'abc');
    const ran = await runExample(ACCOUNT.password);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    const lines = ran.stdout.trimEnd().split('\n');
    expect(lines[0]).toBe('SMB 0x311, signed with aes-gmac');
    expect(lines).toContain('folder folder');
    expect(lines).toContain('note.txt came back as it was sent');
    expect(lines).toContain('added note.txt');
    expect(lines).toContain('file, 3 bytes evil\\u009b2J');
    expect(ran.stdout).not.toMatch(/[^\P{Cc}\n]/u);
    expect(fs.readFileSync(path.join(stand.folder, 'note.txt'), 'utf8')).toBe('Written by the example.\n');
    expect(await stand.openFiles()).toEqual([]);
  });

  it('ends with the code of what went wrong', async () => {
    fs.writeFileSync(path.join(stand.folder, 'note.txt'), 'mine');
    expect(await runExample(ACCOUNT.password)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^exists: /),
    });
    expect(fs.readFileSync(path.join(stand.folder, 'note.txt'), 'utf8')).toBe('mine');
    const denied = await runExample('not the password');
    expect(denied).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringMatching(/^wrong-password: /) });
    expect(denied.stderr).not.toContain('not the password');
  });
});

it('the page has exactly the failure codes that the contract promises', () => {
  const contract = fs.readFileSync(path.join(ROOT, 'smb/types.ts'), 'utf8');
  const promised = /Codes callers may rely on:\n(.*?)\.\n/su.exec(contract)?.[1] ?? '';
  // What stands in brackets explains the code before it.
  const codes = promised.replaceAll(/\([^)]*\)|[\n*]/gu, ' ').match(/[a-z0-9]+(?:-[a-z0-9]+)*/gu);
  expect([...page.matchAll(/^\| `([a-z0-9-]+)` \|/gmu)].map((match) => match[1])).toEqual(codes);
});
