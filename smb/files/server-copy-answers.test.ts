/** Copies by servers with limits of their own, and by such that fail in the middle: a scripted server. */
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { type Asked, chain, GOOD, good, type Said, type ScriptedLine, startLine } from '../scripted/signing.ts';
import { COMMAND } from '../wire/header.ts';
import { copy } from './server-copy.ts';

const MIB = 1_048_576;
const SIZE = 5 * MIB + 3;
const RESUME_KEY = 0x0014_0078;
const INVALID_PARAMETER = 0xc000_000d;
const INVALID_VIEW_SIZE = 0xc000_001f;
const DISPOSITION_INFORMATION = 13;

let scripted: ScriptedLine | undefined;
afterEach(() => scripted?.close());

interface Chunk {
  source: number;
  target: number;
  length: number;
}

function chunksOf(to: Asked): Chunk[] {
  return Array.from({ length: to.body.readUInt32LE(56 + 24) }, (_, index) => {
    const at = 56 + 32 + index * 24;
    return {
      source: Number(to.body.readBigUInt64LE(at)),
      target: Number(to.body.readBigUInt64LE(at + 8)),
      length: to.body.readUInt32LE(at + 16),
    };
  });
}

function three(...numbers: [number, number, number]): Buffer {
  const output = Buffer.alloc(12);
  numbers.forEach((number, index) => {
    output.writeUInt32LE(number, index * 4);
  });
  return GOOD.ioctl(output);
}

function done(to: Asked): Said {
  const chunks = chunksOf(to);
  return {
    to,
    body: three(
      chunks.length,
      0,
      chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    ),
  };
}

/** A server with a source of SIZE bytes that answers requests for copies as told. */
async function serve(answer: (to: Asked) => Said | undefined): Promise<ScriptedLine> {
  const usual = (to: Asked): Said => {
    if (to.command === COMMAND.create) return { to, body: GOOD.create(SIZE) };
    if (to.command === COMMAND.close) return { to, body: GOOD.close(SIZE) };
    if (to.command !== COMMAND.ioctl) return good(to);
    return to.body.readUInt32LE(4) === RESUME_KEY ? { to, body: GOOD.ioctl(Buffer.alloc(32, 5)) } : done(to);
  };
  scripted = await startLine(100, (parts) => parts.map((to) => chain([answer(to) ?? usual(to)])));
  return scripted;
}

const isCopy = (to: Asked): boolean => to.command === COMMAND.ioctl && to.body.readUInt32LE(4) !== RESUME_KEY;

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
}

/** Whether what was created was marked for deletion, through its own handle. */
function withdrawn({ asked }: ScriptedLine): boolean {
  return asked
    .flat()
    .some((part) => part.command === COMMAND.setInfo && part.body.readUInt8(3) === DISPOSITION_INFORMATION);
}

describe('a server with limits', () => {
  it.each<[number, number, number]>([
    [1, MIB, MIB],
    [4, 65_536, 16 * MIB],
    [256, MIB, 100_000],
    [3, 4_096, 8_192],
  ])(
    'of %d chunks, %d bytes each and %d in all is given no more, and everything once',
    async (chunks, chunkBytes, totalBytes) => {
      const taken: Chunk[] = [];
      const server = await serve((to) => {
        if (!isCopy(to)) return undefined;
        const asked = chunksOf(to);
        const bytes = asked.reduce((sum, chunk) => sum + chunk.length, 0);
        if (asked.length > chunks || bytes > totalBytes || asked.some((chunk) => chunk.length > chunkBytes))
          return { to, status: INVALID_PARAMETER, body: three(chunks, chunkBytes, totalBytes) };
        taken.push(...asked);
        return done(to);
      });
      expect((await copy(server.line, 'from', 'to')).size).toBe(SIZE);
      let end = 0;
      for (const chunk of taken) {
        expect([chunk.source, chunk.target]).toEqual([end, end]);
        end += chunk.length;
      }
      expect(end).toBe(SIZE);
      expect(withdrawn(server)).toBe(false);
    },
  );

  it.each<[string, Buffer | undefined]>([
    ['of nothing', three(0, 0, 0)],
    ['of single bytes', three(1, 1, 1)],
    ['of chunks of single bytes', three(16, 1, 16 * MIB)],
    ['of single bytes in all', three(16, MIB, 1)],
    ['that are no less than what it was given', three(256, MIB, 16 * MIB)],
    ['that it does not tell', undefined],
  ])('%s is given up, and the file is withdrawn', async (_remark, body) => {
    const server = await serve((to) =>
      isCopy(to) ? { to, status: INVALID_PARAMETER, ...(body === undefined ? {} : { body }) } : undefined,
    );
    expect(await codeOf(copy(server.line, 'from', 'to'))).toBe('nt-status');
    expect(server.asked.flat().filter(isCopy).length).toBe(1);
    expect(withdrawn(server)).toBe(true);
  });
});

it('a server that names other limits each time is given up', async () => {
  let totalBytes = 16 * MIB;
  const server = await serve((to) => {
    if (!isCopy(to)) return undefined;
    totalBytes -= 1;
    return { to, status: INVALID_PARAMETER, body: three(16, MIB, totalBytes) };
  });
  expect(await codeOf(copy(server.line, 'from', 'to'))).toBe('nt-status');
  expect(server.asked.flat().filter(isCopy).length).toBe(2);
  expect(withdrawn(server)).toBe(true);
});

it('a server that tells nothing when the copy closes is asked', async () => {
  let closes = 0;
  const server = await serve((to) => {
    if (to.command !== COMMAND.close) return undefined;
    closes += 1;
    const body = GOOD.close(SIZE);
    // Flags: no attributes. The second one is that of the copy.
    if (closes === 2) body.fill(0, 2);
    return { to, body };
  });
  expect((await copy(server.line, 'from', 'to')).size).toBe(SIZE);
  expect(withdrawn(server)).toBe(false);
});

describe('a copy that cannot be trusted is withdrawn:', () => {
  it('the server says that it copied less', async () => {
    const server = await serve((to) => (isCopy(to) ? { to, body: three(6, 0, 77) } : undefined));
    expect(await codeOf(copy(server.line, 'from', 'to'))).toBe('malformed');
    expect(withdrawn(server)).toBe(true);
  });

  it('the source was cut meanwhile', async () => {
    const server = await serve((to) => (isCopy(to) ? { to, status: INVALID_VIEW_SIZE } : undefined));
    expect(await codeOf(copy(server.line, 'from', 'to'))).toBe('changed');
    expect(withdrawn(server)).toBe(true);
  });

  it('the source is another one when it closes', async () => {
    const server = await serve((to) => (to.command === COMMAND.close ? { to, body: GOOD.close(SIZE + 1) } : undefined));
    expect(await codeOf(copy(server.line, 'from', 'to'))).toBe('changed');
    expect(withdrawn(server)).toBe(true);
  });

  it('its times cannot be set', async () => {
    const server = await serve((to) =>
      to.command === COMMAND.setInfo && to.body.readUInt8(3) === 4 ? { to, status: 0xc000_0022 } : undefined,
    );
    expect(await codeOf(copy(server.line, 'from', 'to'))).toBe('access-denied');
    expect(withdrawn(server)).toBe(true);
  });
});

describe('a server that cannot copy', () => {
  it('is not left with an empty file', async () => {
    const server = await serve((to) => (to.command === COMMAND.ioctl ? { to, status: 0xc000_00bb } : undefined));
    expect(await codeOf(copy(server.line, 'from', 'to'))).toBe('not-supported');
    expect(server.asked.flat().filter((part) => part.command === COMMAND.create).length).toBe(1);
  });
});
