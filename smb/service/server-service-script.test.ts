/** Lists that come in portions, at several levels, or never end: a scripted server behind the logon says what real ones rarely do. */
import { afterEach, describe, expect, it } from 'vitest';
import { NdrWriter } from '../rpc/ndr.ts';
import { type Asked, chain, good, type Said, type ScriptedLine, startLine } from '../scripted/signing.ts';
import { COMMAND } from '../wire/header.ts';
import { listOpenFiles } from './open-files.ts';
import { FOR_OPERATORS } from './server-service.ts';
import { listSessions } from './sessions.ts';
import { listShares } from './shares.ts';

let server: ScriptedLine | undefined;
afterEach(() => server?.close());

/** An incoming packet (C706 12.6), one fragment. */
function packet(type: number, body: Buffer): Buffer {
  const header = Buffer.from('05000003100000000000000001000000', 'hex');
  header.writeUInt8(type, 2);
  header.writeUInt16LE(16 + body.length, 8);
  return Buffer.concat([header, body]);
}

const BIND_ACK = packet(
  12,
  Buffer.from(
    'b810b8100100000000000000010000000000000004 5d888aeb1cc9119fe808002b10486002000000'.replaceAll(' ', ''),
    'hex',
  ),
);

function response(stub: Buffer): Buffer {
  return packet(2, Buffer.concat([Buffer.alloc(8), stub]));
}

/** The answer to IOCTL (MS-SMB2 2.2.32) around a packet. */
function ioctl(to: Asked, output: Buffer): Said {
  const body = Buffer.alloc(48);
  body.writeUInt16LE(49, 0);
  body.writeUInt32LE(112, 32);
  body.writeUInt32LE(output.length, 36);
  return { to, body: Buffer.concat([body, output]) };
}

/** What was asked in a call: its operation, level, and the handle to go on with, which is the last number. */
interface Call {
  operation: number;
  level: number;
  resumeHandle: number;
}

function callOf(part: Asked): Call {
  const pdu = part.body.subarray(56);
  // Behind the name of the server `\\fs` and two empty filters.
  return {
    operation: pdu.readUInt16LE(22),
    level: pdu.readUInt32LE(24 + 36),
    resumeHandle: pdu.readUInt32LE(pdu.length - 4),
  };
}

/** @param answer the stub for the n-th call behind the bind */
async function serve(answer: (call: Call, index: number) => Buffer): Promise<{ calls: Call[] } & ScriptedLine> {
  const calls: Call[] = [];
  let bound = false;
  const started = await startLine(512, (parts) =>
    parts.map((to) => {
      if (to.command !== COMMAND.ioctl) return chain([good(to)]);
      if (!bound) {
        bound = true;
        return chain([ioctl(to, BIND_ACK)]);
      }
      calls.push(callOf(to));
      return chain([ioctl(to, response(answer(callOf(to), calls.length - 1)))]);
    }),
  );
  server = started;
  return { calls, ...started };
}

function files(ids: number[], status: number, resumeHandle: number): Buffer {
  const stub = new NdrWriter().u32(3).u32(3).pointer().u32(ids.length).pointer().u32(ids.length);
  for (const id of ids) stub.u32(id).u32(1).u32(0).pointer().u32(0);
  for (const id of ids) stub.string(`C:\\${id}`);
  return stub.u32(1_000).pointer().u32(resumeHandle).u32(status).bytes();
}

function nothing(level: number, status: number): Buffer {
  return new NdrWriter().u32(level).u32(level).pointer().u32(0).u32(0).u32(0).pointer().u32(0).u32(status).bytes();
}

/** CLOSE goes out behind everything else. */
async function closed(started: ScriptedLine): Promise<void> {
  await expect.poll(() => started.asked.flat().some(({ command }) => command === COMMAND.close)).toBe(true);
}

describe('a list in portions', () => {
  it('goes on with the handle of the answer before, until the server says that it is all', async () => {
    const started = await serve((_call, index) => files([index * 2, index * 2 + 1], index === 2 ? 0 : 234, 40 + index));
    const { files: found, more } = await listOpenFiles(started.line, 'fs', 100);
    expect(found.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(more).toBe(false);
    expect(started.calls).toEqual([0, 40, 41].map((resumeHandle) => ({ operation: 9, level: 3, resumeHandle })));
    await closed(started);
  });

  it('is not fetched beyond the limit', async () => {
    const started = await serve((_call, index) => files([index * 2, index * 2 + 1], 234, 40 + index));
    const { files: found, more } = await listOpenFiles(started.line, 'fs', 3);
    expect([found.map(({ id }) => id), more]).toEqual([[0, 1, 2], true]);
    expect(started.calls).toHaveLength(2);
    await closed(started);
  });

  it.each([
    ['with portions that are empty', () => files([], 234, 1)],
    ['with the same portion again and again', () => files([1], 234, 1)],
  ])('that does not end is malformed: %s', async (_remark, answer) => {
    const started = await serve(answer);
    await expect(listOpenFiles(started.line, 'fs', 1_000_000)).rejects.toMatchObject({ code: 'malformed' });
    expect(started.calls.length).toBeLessThanOrEqual(1_000);
    await closed(started);
  });
});

describe('a level that the server does not know', () => {
  it('is followed by the next one, and the last refusal counts', async () => {
    const started = await serve(({ level }) => nothing(level, 124));
    await expect(listSessions(started.line, 'fs', 10)).rejects.toMatchObject({ code: 'not-supported' });
    expect(started.calls.map(({ level }) => level)).toEqual([10, 1, 502]);
    await closed(started);
  });
});

describe('a refusal', () => {
  it.each([
    [5, 'access-denied', false],
    [50, 'not-supported', false],
    [8, 'nt-status', true],
    [1_717, 'nt-status', false],
  ])('by the Win32 error %d is %s', async (status, code, retry) => {
    const started = await serve(({ level }) => nothing(level, status));
    await expect(listSessions(started.line, 'fs', 10)).rejects.toMatchObject({ code, retry, subject: 'fs' });
    expect(started.calls).toHaveLength(1);
    await closed(started);
  });

  it.each([
    [5, 'access-denied'],
    [0x1c01_0002, 'not-supported'],
  ])('by the fault %d of RPC is %s, with what was asked and what helps', async (status, code) => {
    const fault = packet(3, Buffer.alloc(12));
    fault.writeUInt32LE(status, 24);
    server = await startLine(512, (parts) =>
      parts.map((to) => chain([to.command === COMMAND.ioctl ? ioctl(to, fault) : good(to)])),
    );
    const { line } = server;
    await expect(listOpenFiles(line, 'fs', 10)).rejects.toMatchObject({
      code,
      doing: 'list the open files of',
      subject: 'fs',
      hint: FOR_OPERATORS,
    });
    await expect(listShares(line, 'fs')).rejects.toMatchObject({ code, hint: expect.stringContaining('by hand') });
  });
});
