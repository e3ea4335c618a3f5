/**
 * Messages of a hostile server behind the logon, from somebody in between or from one that knows the password: each ends the connection with one
 * clear Failure for everybody, in bounded time and memory.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { signature } from './crypto/signing.ts';
import { Fetcher } from './files/fetch.ts';
import { stat } from './files/file.ts';
import { list } from './files/list.ts';
import { failureOf } from './hostile.fake.ts';
import { INTERIM_PATIENCE_MS } from './link/exchange.ts';
import type { Line } from './link/line.ts';
import { framed } from './scripted/server.ts';
import { type Asked, chain, good, type ScriptedLine, startLine } from './scripted/signing.ts';
import { type SlowTime, startSlowTime } from './scripted/slow.ts';
import { COMMAND } from './wire/header.ts';
import { echoRequest } from './wire/simple.ts';

const MEBIBYTE = 1_048_576;
const PENDING = 0x103;

let scripted: ScriptedLine | undefined;
let time: SlowTime | undefined;
afterEach(() => {
  scripted?.close();
  time?.end();
  time = undefined;
});

async function lineTo(reply: (parts: Asked[]) => Buffer[], credits = 100): Promise<ScriptedLine> {
  scripted = await startLine(credits, reply, time?.clock);
  return scripted;
}

const ask = (line: Line): Promise<unknown> => line.ask(echoRequest(), { doing: 'test', subject: 'it', lane: 'urgent' });

async function listed(line: Line): Promise<number> {
  let entries = 0;
  for await (const batch of list(line, 'dir', MEBIBYTE)) entries += batch.entries.length;
  return entries;
}

const read = (line: Line): Promise<unknown> => new Fetcher(line, MEBIBYTE).fetch('file', 3, { data: () => {} });

/** A part with another message id, and the signature that only the server can make for it, or the old one. */
function renumbered(frame: Buffer, messageId: bigint, key?: Buffer): Buffer {
  const message = Buffer.from(frame.subarray(4));
  message.writeBigUInt64LE(messageId, 24);
  if (key !== undefined) {
    message.fill(0, 48, 64);
    signature('aes-gmac', key, message, { messageId, fromServer: true, cancel: false }).copy(message, 48);
  }
  return framed(message);
}

/** What an oplock break answers: nothing. It may come at any time. */
const breaking = (to: Asked): Asked => ({ ...to, messageId: 0xffff_ffff_ffff_ffffn, command: COMMAND.oplockBreak });

describe('a server that answers wrongly is given up:', () => {
  const rows: [remark: string, code: string, reply: (parts: Asked[]) => Buffer[]][] = [
    [
      'it answers a message that was never sent',
      'malformed',
      ([to]) => (to ? [renumbered(chain([good(to)]), 999n)] : []),
    ],
    ['it answers twice in one chain', 'malformed', (parts) => [chain(parts.flatMap((to) => [good(to), good(to)]))]],
    [
      'it answers with another command',
      'malformed',
      (parts) => [chain(parts.map((to) => good({ ...to, command: to.command + 1 })))],
    ],
    [
      'it chains more parts than were ever asked for',
      'malformed',
      ([to]) => (to ? [chain(Array.from({ length: 33 }, () => ({ to: breaking(to), credits: 0 })))] : []),
    ],
    ['it does not sign', 'bad-signature', (parts) => [chain(parts.map((to) => ({ ...good(to), unsigned: true })))]],
    [
      'it signs with another key',
      'bad-signature',
      ([to]) => (to ? [renumbered(chain([good(to)]), to.messageId, Buffer.alloc(16, 8))] : []),
    ],
    [
      'it gives one answer for another, with its signature',
      'bad-signature',
      ([to]) => (to ? [renumbered(chain([good({ ...to, messageId: to.messageId + 40n })]), to.messageId)] : []),
    ],
    ['it claims a frame of 16 MiB', 'malformed', () => [Buffer.from([0, 0xff, 0xff, 0xff]), Buffer.alloc(100_000)]],
    ['it sends an empty frame', 'malformed', () => [Buffer.alloc(4)]],
    [
      'it speaks SMB 1 all at once',
      'malformed',
      () => [framed(Buffer.from('ff534d4272000000008801c800000000', 'hex'))],
    ],
    [
      'it encrypts although nothing was agreed on',
      'malformed',
      () => [framed(Buffer.concat([Buffer.from('fd534d42', 'hex'), Buffer.alloc(96)]))],
    ],
    [
      'it sends soup: breaks, interim answers, answers of other parts, and one once more',
      'malformed',
      (parts) => {
        const [first, ...others] = parts;
        if (first === undefined) return [];
        return [
          chain([
            { to: breaking(first), credits: 0 },
            { to: first, status: PENDING, asyncId: 1n, credits: 0 },
            ...others.map(good),
            { to: first, status: PENDING, asyncId: 2n, credits: 0 },
          ]),
          chain([...others.map(good), good(first)]),
        ];
      },
    ],
  ];
  it.each(rows)('%s (%s)', async (_remark, code, reply) => {
    const { line } = await lineTo(reply);
    const before = process.memoryUsage().arrayBuffers;
    const outcomes = await Promise.all([failureOf(read(line)), failureOf(stat(line, 'file')), failureOf(listed(line))]);
    expect(new Set(outcomes.map((failure) => failure.code))).toEqual(new Set([code]));
    for (const failure of outcomes) expect(failure.hint).toMatch(/./);
    expect(line.link.failure).toMatchObject({ code });
    expect((await failureOf(ask(line))).code).toBe(code);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MEBIBYTE);
  });

  it('it answers once more what was answered long ago', async () => {
    const old: Buffer[] = [];
    const { line } = await lineTo((parts) => {
      const answer = chain(parts.map(good));
      old.push(answer);
      return [old.length > 3 ? (old[0] ?? answer) : answer];
    });
    for (let round = 0; round < 3; round += 1) await ask(line);
    expect((await failureOf(ask(line))).code).toBe('malformed');
    expect(line.link.failure).toBeDefined();
  });

  it('it grants no credits any more', async () => {
    const { line } = await lineTo((parts) => [chain(parts.map((to) => ({ ...good(to), credits: 0 })))], 9);
    // Three chains use up what there was.
    for (let round = 0; round < 3; round += 1) await read(line);
    expect((await failureOf(read(line))).code).toBe('malformed');
    expect(line.link.failure).toMatchObject({ code: 'malformed' });
  });
});

describe('time runs out for a server that', () => {
  it('says «pending» for ever: the patience for that begins once, not with every such answer', async () => {
    time = startSlowTime();
    const interims = (parts: Asked[]): Buffer[] =>
      parts.map((to) => chain([{ to, status: PENDING, asyncId: 5n, unsigned: true, credits: 0 }]));
    const { line, asked, say } = await lineTo(interims);
    const outcome = failureOf(stat(line, 'file'));
    await expect.poll(() => asked.length).toBe(2);
    for (let passedMs = 0; passedMs < INTERIM_PATIENCE_MS - 2_000; passedMs += 1_000) {
      await time.pass(1_000);
      for (const bytes of interims(asked[1] ?? [])) say(bytes);
    }
    expect(line.link.failure).toBeUndefined();
    await time.pass(4_000);
    expect((await outcome).code).toBe('timeout');
    expect(line.link.failure).toMatchObject({ code: 'timeout' });
  });

  it('sends its answer byte by byte, one a second', async () => {
    time = startSlowTime();
    let answer: Buffer = Buffer.alloc(0);
    const { line, asked, say } = await lineTo((parts) => {
      answer = chain(parts.map(good));
      return [];
    });
    const outcome = failureOf(stat(line, 'file'));
    await expect.poll(() => asked.length).toBe(2);
    for (let at = 0; at < 3; at += 1) {
      say(answer.subarray(at, at + 1));
      await time.pass(1_000);
    }
    expect((await outcome).code).toBe('timeout');
  });
});
