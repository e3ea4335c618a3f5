/** The small face of a share against a real smbd: what `list`, `read`, `write` and `close` promise beyond the tree. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { openShare as openShareAt } from './index.ts';
import { ACCOUNT, SHARE, type Stand, startStand } from './scripted/stand.ts';
import { openShare, type Share } from './share.ts';
import type { Entry } from './types.ts';

let stand: Stand;
let share: Share;
const served = (...names: string[]): string => path.join(stand.folder, ...names);

beforeAll(async () => {
  // Names that Windows does not take are sent as they are, instead of by a short name.
  stand = await startStand({ share: ['mangled names = no'] });
  share = await openShare(await stand.connect(), ACCOUNT, SHARE);
});
afterAll(() => stand.stop());

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
}

describe('a share', () => {
  it('is opened in one call', async () => {
    const { port } = stand;
    const limits = { connectTimeoutMs: 5_000, requestTimeoutMs: 10_000 };
    const one = await openShareAt({ host: '127.0.0.1', port, share: SHARE, credentials: ACCOUNT, ...limits });
    await one.write('opened', Buffer.from('x'));
    await one.close();
    await one.close();
    expect(await codeOf(one.read('opened'))).toBe('disconnected');
  });

  it('leaves no connection behind when there is none of that name', async () => {
    const connection = await stand.connect();
    expect(await codeOf(openShare(connection, ACCOUNT, 'none'))).toBe('bad-share');
    expect(await connection.closed).toMatchObject({ code: 'disconnected' });
  });
});

describe('list', () => {
  it('hands out what is safe, and throws at the end when something was not', async () => {
    fs.mkdirSync(served('names'));
    for (const name of ['good', 'a\\b', 'new\nline']) fs.writeFileSync(served('names', name), '');
    const found: Entry[] = [];
    const listing = (async () => {
      for await (const entry of share.list('names')) found.push(entry);
    })();
    await expect(listing).rejects.toMatchObject({
      code: 'bad-name',
      message: expect.stringContaining('new\\u000aline'),
    });
    expect(found.map(({ name }) => name)).toEqual(['good']);
  });
});

describe('read', () => {
  it.each([0, 1, 65_537, 3_000_001])('gives %d bytes as they were written', async (size) => {
    const content = Buffer.alloc(size, 'abcdefg');
    await share.write(`size-${size}`, content);
    expect((await share.read(`size-${size}`)).equals(content)).toBe(true);
    expect(fs.readFileSync(served(`size-${size}`)).equals(content)).toBe(true);
  });

  it('takes no more into memory than was said', async () => {
    fs.writeFileSync(served('huge'), '');
    fs.truncateSync(served('huge'), 2 ** 40);
    expect(await codeOf(share.read('huge'))).toBe('too-large');
    expect(await codeOf(share.read('size-1', 0))).toBe('too-large');
    expect(await codeOf(share.read('size-1', 1))).toBe('no failure');
  });

  it('throws when somebody writes to the file meanwhile', async () => {
    fs.writeFileSync(served('moving'), Buffer.alloc(32 * 1_048_576));
    const reading = share.read('moving');
    const growing = setInterval(() => fs.appendFileSync(served('moving'), 'x'), 0);
    expect(await codeOf(reading).finally(() => clearInterval(growing))).toBe('changed');
  });
});

describe('write', () => {
  it('makes new files only', async () => {
    fs.writeFileSync(served('taken'), 'mine');
    expect(await codeOf(share.write('taken', Buffer.from('theirs')))).toBe('exists');
    expect(fs.readFileSync(served('taken'), 'utf8')).toBe('mine');
  });
});
