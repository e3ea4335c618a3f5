/** Bad input, limits and the socket itself, over a real unix socket. */
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { openLog } from '../../base/log.ts';
import { type FakeDaemon, fakeDaemon } from './daemon.fake.ts';
import type { HttpLimits } from './limits.ts';
import { type HttpEdge, openHttp } from './server.ts';
import { silentLog } from './silent-log.fake.ts';

let folder: string;
let socket: string;
let daemon: FakeDaemon;
const edges: HttpEdge[] = [];

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'http-'));
  socket = path.join(folder, 'standby.sock');
  daemon = fakeDaemon();
});

afterEach(async () => {
  for (const edge of edges.splice(0)) await edge.close();
  fs.rmSync(folder, { recursive: true });
});

async function serve(limits: Partial<HttpLimits> = {}): Promise<HttpEdge> {
  const edge = await openHttp({ socket, daemon, clock: systemClock, log: silentLog, limits });
  edges.push(edge);
  return edge;
}

interface Ask {
  method?: string;
  path?: string;
  body?: string | Buffer;
  headers?: http.OutgoingHttpHeaders;
}

function ask({
  method = 'POST',
  path: at = '/v1/users',
  body,
  headers,
}: Ask): Promise<{ status: number; code: unknown }> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        socketPath: socket,
        agent: false,
        method,
        path: at,
        headers: headers ?? { 'content-type': 'application/json' },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          const value: { error?: { code?: unknown } } = text === '' ? {} : JSON.parse(text);
          resolve({ status: response.statusCode ?? 0, code: value.error?.code });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** Sends bytes as they are; resolves with all that comes back when the server closes. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const connection = net.connect(socket, () => connection.write(bytes));
    connection.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    connection.on('close', () => resolve(text));
    connection.on('error', reject);
  });
}

/** Waits for a condition; the test's own time limit ends a wait in vain. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const user = JSON.stringify({ name: 'alice', password: 'x' });

describe('bad input', () => {
  const cases: [remark: string, request: Ask, status: number, code: string | undefined][] = [
    ['a path that is not there', { path: '/v1/nothing' }, 404, 'not-found'],
    ['a path that no URL can be', { method: 'GET', path: '//[' }, 404, 'not-found'],
    ['the wrong method', { method: 'GET' }, 405, 'bad-method'],
    ['HEAD, which is no method of the contract', { method: 'HEAD', path: '/v1/status' }, 405, undefined],
    ['a body that is not JSON', { body: '{' }, 400, 'bad-request'],
    ['no body where one is needed', {}, 400, 'bad-request'],
    ['JSON that is no object', { body: '[1]' }, 400, 'bad-request'],
    ['a field too many', { body: '{"name":"a","password":"x","admin":true}' }, 400, 'bad-request'],
    [
      'a field that would change what objects are',
      { body: '{"name":"a","password":"x","__proto__":{}}' },
      400,
      'bad-request',
    ],
    [
      'an array within arrays a hundred thousand deep',
      { body: '['.repeat(100_000) + ']'.repeat(100_000) },
      400,
      'bad-request',
    ],
    [
      'another content type, as a form in a browser sends',
      { body: user, headers: { 'content-type': 'text/plain' } },
      415,
      'bad-type',
    ],
    ['a query that is not a number', { method: 'GET', path: '/v1/events?after=x' }, 400, 'bad-request'],
    ['a query twice', { method: 'GET', path: '/v1/events?after=1&after=2' }, 400, 'bad-request'],
    ['a query that is not known', { method: 'GET', path: '/v1/status?x=1' }, 400, 'bad-request'],
    ['a body larger than allowed, announced', { body: Buffer.alloc(2_000, 32) }, 413, 'too-large'],
    [
      'a body larger than allowed, in chunks',
      { body: Buffer.alloc(2_000, 32), headers: { 'transfer-encoding': 'chunked' } },
      413,
      'too-large',
    ],
    ['headers larger than allowed', { headers: { 'x-long': 'x'.repeat(20_000) } }, 400, 'bad-request'],
  ];
  it.each(cases)('%s is refused', async (remark, request, status, code) => {
    await serve(remark.includes('deep') ? {} : { bodyBytes: 1_000 });
    expect(await ask(request)).toEqual({ status, code });
    expect(daemon.orders).toEqual([]);
  });

  it('says which methods a path takes', async () => {
    await serve();
    const answer = await raw('DELETE /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 405 .*\r\n(.*\r\n)*allow: GET\r\n/i);
  });

  it('never repeats a value that it refuses: it may be a password', async () => {
    await serve();
    const answer = await raw(
      'POST /v1/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{"name":"","password":["hunter2-secret"]}'.slice(
        0,
        -1,
      ),
    );
    expect(answer).toContain('bad-request');
    expect(answer).not.toContain('hunter2');
  });

  it('answers bytes that are not HTTP, and goes on serving', async () => {
    await serve();
    expect(await raw('\u0000\u0001 what\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await ask({ body: user })).toEqual({ status: 200, code: undefined });
  });

  it('takes no notice of a client that leaves in the middle', async () => {
    const lines: string[] = [];
    const log = openLog('test', {
      clock: systemClock,
      format: 'json',
      priorityPrefix: false,
      least: 'debug',
      write: (line) => lines.push(line),
    });
    edges.push(await openHttp({ socket, daemon, clock: systemClock, log }));
    const connection = net.connect(socket);
    connection.write(
      `POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{`,
      () => connection.destroy(),
    );
    expect(await ask({ body: user })).toEqual({ status: 200, code: undefined });
    expect(daemon.orders).toHaveLength(1);
    expect(lines).toEqual([]);
  });

  it('lives through whatever bytes come, and calls nobody', async () => {
    await serve();
    const line = fc.constantFrom(
      'GET /v1/status HTTP/1.1',
      'POST /v1/start-sync HTTP/1.1',
      'GET /v1/stream HTTP/1.0',
      'X',
      '',
    );
    await fc.assert(
      fc.asyncProperty(line, fc.uint8Array({ maxLength: 200 }), async (first, rest) => {
        const connection = net.connect(socket);
        await new Promise<void>((resolve) => {
          connection.on('close', () => resolve());
          connection.on('error', () => resolve());
          connection.resume();
          connection.end(Buffer.concat([Buffer.from(`${first}\r\nContent-Length: 9999\r\n`), rest]));
        });
      }),
      { seed: 3, numRuns: 100 },
    );
    expect(daemon.orders).toEqual([]);
    expect(await ask({ body: user })).toEqual({ status: 200, code: undefined });
  });
});

describe('limits', () => {
  it('closes a connection that says nothing, and one whose request does not end', async () => {
    await serve({ headersMs: 50, requestMs: 100, checkEveryMs: 10 });
    expect(await raw('')).not.toContain('200');
    expect(await raw('GET /v1/status HTTP/1.1\r\nHost: x\r\n')).not.toContain('200');
    expect(await raw('POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{')).not.toContain('200');
    expect(daemon.orders).toEqual([]);
  });

  it('takes no more connections than it may, and takes them again when others leave', async () => {
    await serve({ connections: 2 });
    const held = await Promise.all([1, 2].map(() => connected()));
    await expect(ask({ body: user })).rejects.toThrow();
    for (const connection of held) connection.destroy();
    let answer: { status: number } | undefined;
    while (answer?.status !== 200) answer = await ask({ body: user }).catch(() => undefined);
  });

  it('opens no more streams than it may', async () => {
    await serve({ streams: 1 });
    const first = await stream();
    expect(await ask({ method: 'GET', path: '/v1/stream' })).toEqual({ status: 503, code: 'busy' });
    first.destroy();
  });
});

function connected(): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const connection = net.connect(socket);
    connection.on('error', reject);
    // Half a request, so that the server has accepted it and waits.
    connection.write('GET /v1/status HTTP/1.1\r\n', () => resolve(connection));
  });
}

function stream(query = ''): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    http.get({ socketPath: socket, agent: false, path: `/v1/stream${query}` }, resolve).on('error', reject);
  });
}

/** Collects what a stream brings. */
function texts(response: http.IncomingMessage): { all: string } {
  const got = { all: '' };
  response.setEncoding('utf8').on('data', (chunk: string) => {
    got.all += chunk;
  });
  response.on('error', () => {});
  return got;
}

const happened = { atMs: 0, level: 'info' as const, code: 'mode', what: 'x', why: '', next: '' };

describe('the stream', () => {
  it('begins with the status, then brings events as they happen', async () => {
    await serve();
    const got = texts(await stream());
    await until(() => got.all.includes('event: status'));
    daemon.happen({ ...happened, what: 'first' });
    await until(() => got.all.includes('first'));
  });

  it('brings a reader who comes back exactly what it missed', async () => {
    await serve();
    for (let id = 1; id <= 1_500; id += 1) daemon.happen({ ...happened, what: `number ${id}.` });
    const got = texts(await stream('?after=3'));
    await until(() => got.all.includes('number 1500.'));
    const ids = [...got.all.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
    expect(ids).toEqual(Array.from({ length: 1_497 }, (_, index) => index + 4));
  });

  it('brings everything when the ids began anew', async () => {
    await serve();
    daemon.happen({ ...happened, what: 'after the restart' });
    const got = texts(await stream('?after=900'));
    await until(() => got.all.includes('after the restart'));
  });

  it('joins many changes of the status into the last one', async () => {
    await serve({ streamStatusEveryMs: 50 });
    const got = texts(await stream());
    await until(() => got.all.includes('event: status'));
    for (let count = 1; count <= 1_000; count += 1) daemon.change({ why: `change ${count}.` });
    await until(() => got.all.includes('change 1000.'));
    expect(got.all.match(/event: status/g)?.length).toBeLessThanOrEqual(3);
  });

  it('beats on a quiet stream', async () => {
    await serve({ streamBeatMs: 10 });
    const got = texts(await stream());
    await until(() => (got.all.match(/^: beat$/gm)?.length ?? 0) >= 2);
  });

  it('drops a reader that does not keep up, and goes on with the others', async () => {
    await serve({ streamWaitingBytes: 100_000 });
    const slow = await stream();
    let dropped = false;
    slow.on('close', () => {
      dropped = true;
    });
    slow.on('error', () => {});
    slow.pause();
    const got = texts(await stream());
    for (let count = 0; count < 40; count += 1) {
      daemon.happen({ ...happened, what: 'x'.repeat(50_000) });
      await new Promise((resolve) => setImmediate(resolve));
    }
    daemon.happen({ ...happened, what: 'the last one' });
    await until(() => got.all.includes('the last one'));
    slow.resume();
    await until(() => dropped);
  });

  it('gives a reader who comes back all that was missed, also more than may wait for a slow one', async () => {
    await serve({ streamWaitingBytes: 1_000 });
    daemon.happen({ ...happened, what: 'x'.repeat(50_000) });
    daemon.happen({ ...happened, what: 'the last one' });
    const got = texts(await stream('?after=0'));
    await until(() => got.all.includes('the last one'));
  });
  it('ends every stream and leaves the daemon when it is closed', async () => {
    const edge = await serve();
    const reader = await stream();
    texts(reader);
    expect(daemon.listeners.size).toBe(1);
    await edge.close();
    edges.splice(0);
    await until(() => reader.destroyed);
    expect(daemon.listeners.size).toBe(0);
  });
});

describe('the socket', () => {
  it('is open to its owner and group only, and nothing else lies beside it', async () => {
    await serve();
    const there = fs.statSync(socket);
    expect(there.isSocket()).toBe(true);
    expect(there.mode & 0o777).toBe(0o660);
    const group = fs.readFileSync('/etc/group', 'utf8').match(/^standby:[^:]*:(\d+):/m)?.[1] ?? 0;
    expect(there.gid).toBe(Number(group));
    expect(fs.readdirSync(folder)).toEqual(['standby.sock']);
  });

  it('stays when a connection cannot be taken', async () => {
    const made = vi.spyOn(http, 'createServer');
    await serve();
    const server: unknown = made.mock.results[0]?.value;
    made.mockRestore();
    if (server instanceof http.Server) server.emit('error', new Error('accept EMFILE'));
    expect(server).toBeInstanceOf(http.Server);
    expect(await ask({ body: user })).toEqual({ status: 200, code: undefined });
  });

  it('is gone after closing', async () => {
    const edge = await serve();
    await edge.close();
    edges.splice(0);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('replaces one that nobody answers on', async () => {
    await serve();
    fs.linkSync(socket, path.join(folder, 'kept'));
    await edges.splice(0)[0]?.close();
    fs.renameSync(path.join(folder, 'kept'), socket);
    await serve();
    expect(await ask({ body: user })).toEqual({ status: 200, code: undefined });
  });

  it('leaves one alone that somebody answers on, and a file that is no socket', async () => {
    await serve();
    await expect(openHttp({ socket, daemon, clock: systemClock, log: silentLog })).rejects.toMatchObject({
      code: 'already-running',
    });
    expect(await ask({ body: user })).toEqual({ status: 200, code: undefined });
    const file = path.join(folder, 'file');
    fs.writeFileSync(file, 'precious');
    await expect(openHttp({ socket: file, daemon, clock: systemClock, log: silentLog })).rejects.toMatchObject({
      code: 'not-a-socket',
    });
    expect(fs.readFileSync(file, 'utf8')).toBe('precious');
    expect(daemon.listeners.size).toBe(1);
  });

  it('says which folder is missing', async () => {
    socket = path.join(folder, 'no', 'standby.sock');
    await expect(serve()).rejects.toMatchObject({ code: 'enoent', subject: socket });
  });
});
