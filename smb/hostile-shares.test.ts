/** The list of shares from a hostile server: endless in every way there is, each way ends in `malformed` and closes the pipe. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Failure } from '../base/failure.ts';
import { failureOf } from './hostile.fake.ts';
import { NdrWriter } from './rpc/ndr.ts';
import { type Asked, chain, GOOD, good, type Said, type ScriptedLine, startLine } from './scripted/signing.ts';
import { listShares } from './service/shares.ts';
import { COMMAND } from './wire/header.ts';
import { echoRequest } from './wire/simple.ts';

const { close: CLOSE, create: CREATE, ioctl: IOCTL, read: READ } = COMMAND;
const BUFFER_OVERFLOW = 0x8000_0005;
const MORE_DATA = 234;
const DOES_NOT_END = expect.stringContaining('does not end');

/** Bytes that the client took by READ. */
let handedOut = 0;
let scripted: ScriptedLine | undefined;
afterEach(() => scripted?.close());

/** An RPC packet (C706 12.6.3.1). Flags: 1 first, 2 last fragment. */
function packet(type: number, flags: number, body: Buffer): Buffer {
  const header = Buffer.from('05000000100000000000000001000000', 'hex');
  header.writeUInt8(type, 2);
  header.writeUInt8(flags, 3);
  header.writeUInt16LE(16 + body.length, 8);
  return Buffer.concat([header, body]);
}

const response = (flags: number, stub: Buffer): Buffer => packet(2, flags, Buffer.concat([Buffer.alloc(8), stub]));

const BIND_ACK = packet(
  12,
  3,
  Buffer.from('b810b81001000000000000000100000000000000045d888aeb1cc9119fe808002b10486002000000', 'hex'),
);

/** The stub of NetrShareEnum's answer with so many shares. */
function shareStub(names: readonly string[], status: number): Buffer {
  const writer = new NdrWriter().u32(1).u32(1).pointer().u32(names.length).pointer().u32(names.length);
  for (const _ of names) writer.pointer().u32(0).pointer();
  for (const name of names) writer.string(name).string('a comment');
  return writer.u32(names.length).pointer().u32(7).u32(status).bytes();
}

/** The answer to IOCTL (MS-SMB2 2.2.32). */
function ioctlAnswer(to: Asked, output: Buffer, status = 0): Said {
  const body = Buffer.alloc(48);
  body.writeUInt16LE(49, 0);
  body.writeUInt32LE(112, 32);
  body.writeUInt32LE(output.length, 36);
  return { to, status, body: Buffer.concat([body, output]) };
}

/** Binds, then answers calls and READs with these bytes. */
async function pipe(call: (round: number) => Buffer, read: () => Buffer): Promise<ScriptedLine> {
  let calls = 0;
  handedOut = 0;
  scripted = await startLine(100, (parts) => [
    chain(
      parts.map((to): Said => {
        if (to.command === READ) {
          const bytes = read();
          handedOut += bytes.length;
          return { to, status: BUFFER_OVERFLOW, body: GOOD.read(bytes) };
        }
        if (to.command !== IOCTL) return good(to);
        calls += 1;
        return ioctlAnswer(to, calls === 1 ? BIND_ACK : call(calls - 1), calls === 1 ? 0 : BUFFER_OVERFLOW);
      }),
    ),
  ]);
  return scripted;
}

async function ended({ line, asked }: ScriptedLine): Promise<Failure> {
  const failure = await failureOf(listShares(line, 'server'));
  await line.ask(echoRequest(), { doing: 'test', subject: 'it', lane: 'urgent' });
  const count = (command: number): number => asked.flat().filter((part) => part.command === command).length;
  expect(count(CLOSE)).toBe(count(CREATE));
  return failure;
}

describe('a list of shares', () => {
  it('that is sound is taken, in one piece, in fragments, and in rounds', async () => {
    const stub = shareStub(['one', 'two'], 0);
    const rounds = [shareStub(['zero'], MORE_DATA), stub];
    const { line } = await pipe(
      (round) => (round === 1 ? response(3, rounds[0] ?? stub) : response(1, stub.subarray(0, 20))),
      () => response(2, stub.subarray(20)),
    );
    expect((await listShares(line, 'server')).map((share) => share.name)).toEqual(['zero', 'one', 'two']);
  });

  it.each<[remark: string, what: unknown, call: (round: number) => Buffer, read: () => Buffer]>([
    [
      'of fragments with one byte each, hundreds at a time',
      DOES_NOT_END,
      () => response(1, Buffer.alloc(1)),
      () => Buffer.concat(Array.from({ length: 400 }, () => response(0, Buffer.alloc(1)))),
    ],
    [
      'of fragments with nothing in them',
      DOES_NOT_END,
      () => response(1, Buffer.alloc(0)),
      () => Buffer.concat(Array.from({ length: 400 }, () => response(0, Buffer.alloc(0)))),
    ],
    [
      'of one fragment that comes byte by byte',
      DOES_NOT_END,
      () => packet(2, 1, Buffer.alloc(60_000)).subarray(0, 20),
      () => Buffer.alloc(1),
    ],
    [
      'of full fragments',
      DOES_NOT_END,
      () => response(1, Buffer.alloc(60_000)),
      () => response(0, Buffer.alloc(60_000)),
    ],
    [
      'of rounds with one share each',
      DOES_NOT_END,
      () => response(3, shareStub(['again'], MORE_DATA)),
      () => Buffer.alloc(0),
    ],
    ['of rounds with none', DOES_NOT_END, () => response(3, shareStub([], MORE_DATA)), () => Buffer.alloc(0)],
    [
      'of rounds with many shares',
      DOES_NOT_END,
      () =>
        response(
          3,
          shareStub(
            Array.from({ length: 500 }, (_, index) => `share ${index}`),
            MORE_DATA,
          ),
        ),
      () => Buffer.alloc(0),
    ],
    [
      'whose pipe gives nothing',
      'the pipe gives nothing more',
      () => response(1, Buffer.alloc(1)),
      () => Buffer.alloc(0),
    ],
    [
      'with a share that leads elsewhere',
      'the name of a share is not safe: it holds a path separator',
      () => response(3, shareStub(['..\\secret'], 0)),
      () => Buffer.alloc(0),
    ],
    [
      'with something behind its packet',
      'it is not of RPC version 5',
      () => Buffer.concat([response(1, Buffer.alloc(4)), Buffer.alloc(40)]),
      () => Buffer.alloc(0),
    ],
  ])('without an end or a sense is malformed: %s', async (_remark, what, call, read) => {
    expect(await ended(await pipe(call, read))).toMatchObject({ code: 'malformed', what });
    expect(handedOut).toBeLessThan(32 * 1_048_576);
  });
});
