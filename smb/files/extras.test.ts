/** What a file has beside its content, asked for with it, against a real smbd: the same that the operations of their own tell. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ntAcl } from '../../agent/mirror/nt-acl.ts';
import { isFailure } from '../../base/failure.ts';
import { setXattr } from '../../base/libc.ts';
import { type Stand, startStand } from '../scripted/stand.ts';
import { buildDescriptor } from '../security/descriptor.ts';
import { fromSddl } from '../security/sddl-read.ts';
import type { Extras, Tree } from '../types.ts';

const FULL = ['vfs objects = acl_xattr streams_xattr', 'acl_xattr:ignore system acls = yes', 'ea support = yes'];
/** More than go into one chain, and into several. */
const FILES = 60;

let stand: Stand;
let tree: Tree;

beforeAll(async () => {
  stand = await startStand({ share: FULL });
  ({ tree } = await stand.tree());
});
afterAll(() => stand.stop());

const text = (content: string) => ({ size: content.length, read: () => Buffer.from(content) });

async function fetchWith(from: Tree, name: string, bytes: number): Promise<{ content: string; extras: Extras }> {
  const whole = Buffer.alloc(bytes);
  const sink = { data: (chunk: Buffer, offset: number): void => void chunk.copy(whole, offset) };
  const { extras } = await from.fetch(name, bytes, sink, { extras: true });
  if (extras === undefined) throw new Error('no extras came');
  return { content: whole.toString(), extras };
}

async function expectSame(name: string, extras: Extras): Promise<void> {
  expect(extras.security, name).toEqual(await tree.readSecurity(name));
  expect(extras.streams, name).toEqual(await tree.streams(name));
  expect(extras.extendedBytes === 0, name).toBe((await tree.extended(name)).length === 0);
}

it(`comes with the content of ${FILES} files that are asked for at once`, async () => {
  for (let n = 0; n < FILES; n += 1) {
    await tree.store(`many ${n}`, text(`content ${n}`));
    if (n % 3 === 0) await tree.store(`many ${n}`, text('x'.repeat(n)), {}, { stream: `stream ${n}` });
    if (n % 4 === 0) await tree.setExtended(`many ${n}`, [{ name: 'EA', value: Buffer.from('1'), needed: false }]);
    const rules = `O:BAG:SYD:P(A;;FA;;;S-1-5-21-1-2-3-${n})(A;;FA;;;WD)`;
    await tree.writeSecurity(`many ${n}`, buildDescriptor(fromSddl(rules)));
  }
  // One of them is not there, which must cost none of the others.
  const missing = tree.fetch('not there', 10, { data: () => {} }, { extras: true }).catch((error: unknown) => error);
  const names = Array.from({ length: FILES }, (_, n) => `many ${n}`);
  const fetched = await Promise.all(names.map((name) => fetchWith(tree, name, `content ${name.slice(5)}`.length)));
  expect(isFailure(await missing, 'not-found')).toBe(true);
  for (const [n, { content, extras }] of fetched.entries()) {
    expect(content).toBe(`content ${n}`);
    await expectSame(`many ${n}`, extras);
  }
});

describe('what does not fit into the chain', () => {
  it.each([
    [
      'a list of streams',
      'streams',
      async (name: string) => {
        for (let n = 0; n < 120; n += 1) await tree.store(name, text('x'), {}, { stream: `a rather long name ${n}` });
      },
    ],
    [
      'a list of rules',
      'rules',
      async (name: string) => {
        const rules = Array.from({ length: 200 }, (_, n) => `(A;;FR;;;S-1-5-21-1-2-3-${n})`).join('');
        await tree.writeSecurity(name, buildDescriptor(fromSddl(`D:P(A;;FA;;;WD)${rules}`)));
      },
    ],
  ] as const)('is read by itself: %s', async (_what, name, fill) => {
    await tree.store(name, text('content'));
    await fill(name);
    const { content, extras } = await fetchWith(tree, name, 7);
    expect(content).toBe('content');
    await expectSame(name, extras);
  });
});

it('comes with a large file, and of a folder and the root alone', async () => {
  const bytes = 700_000;
  await tree.store('large', { size: bytes, read: (_at, length) => Buffer.alloc(length, 'L') });
  await tree.store('large', text('x'), {}, { stream: 'one' });
  const { content, extras } = await fetchWith(tree, 'large', bytes);
  expect(content).toBe('L'.repeat(bytes));
  await expectSame('large', extras);
  await tree.makeDirectory('folder');
  await tree.store('folder', text('x'), {}, { stream: 'of the folder' });
  for (const name of ['folder', '']) await expectSame(name, await tree.extras(name));
  expect((await tree.extras('folder')).stat.directory).toBe(true);
});

it('leaves the content to an account that may not read the rules, and says so', async () => {
  const guarded = await startStand({ share: [...FULL, 'force user = alice'] });
  try {
    fs.chmodSync(path.dirname(guarded.folder), 0o755);
    fs.chownSync(guarded.folder, 64_100, 64_100);
    const { tree: alice } = await guarded.tree();
    await alice.store('file', text('content'));
    await alice.store('open', text('content'));
    await alice.store('file', text('x'), {}, { stream: 'one' });
    // Reading content, attributes and extended attributes, and nothing else; the owner, who may always, is somebody else.
    const rules = buildDescriptor(fromSddl('O:S-1-5-21-1-2-3-1107D:P(A;;0x100089;;;WD)'));
    setXattr(path.join(guarded.folder, 'file'), 'security.NTACL', ntAcl(rules));
    const [fetched, beside] = await Promise.all([fetchWith(alice, 'file', 7), fetchWith(alice, 'open', 7)]);
    expect(fetched.content).toBe('content');
    expect(isFailure(fetched.extras.security, 'access-denied')).toBe(true);
    expect(fetched.extras.streams).toMatchObject({ streams: [{ name: 'one' }] });
    expect(beside.extras.security).toBeInstanceOf(Buffer);
    expect(isFailure((await alice.extras('file')).security, 'access-denied')).toBe(true);
    expect(await guarded.openFiles()).toEqual([]);
  } finally {
    await guarded.stop();
  }
});

it('leaves nothing open', async () => {
  expect(await stand.openFiles()).toEqual([]);
});
