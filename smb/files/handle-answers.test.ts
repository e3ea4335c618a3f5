/** Open files and servers that answer in ways in which Samba does not: short, late, never whole, or wrong. */
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import {
  type Asked,
  chain,
  GOOD,
  good,
  type Said,
  type ScriptedLine,
  startLine,
  written,
} from '../scripted/signing.ts';
import { COMMAND } from '../wire/header.ts';
import { fetchRanges } from './fetch-ranges.ts';
import { openFile } from './handle.ts';
import type { FileHandle, Range } from './handle-types.ts';

const SIZES = { maxReadBytes: 65_536, maxWriteBytes: 65_536 };
const END_OF_FILE = 0xc000_0011;
const BUFFER_OVERFLOW = 0x8000_0005;
const BUFFER_TOO_SMALL = 0xc000_0023;
const INVALID_DEVICE_REQUEST = 0xc000_0010;
const DISK_FULL = 0xc000_007f;

let scripted: ScriptedLine | undefined;
afterEach(() => scripted?.close());

/** A server that answers as told, and well where it is told nothing. */
async function serve(answer: (to: Asked) => Said | undefined): Promise<ScriptedLine> {
  scripted = await startLine(100, (parts) => parts.map((to) => chain([answer(to) ?? good(to)])));
  return scripted;
}

async function opened(answer: (to: Asked) => Said | undefined): Promise<FileHandle> {
  const { line } = await serve(answer);
  return openFile(line, 'file', { access: 'read-write' }, SIZES);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
}

const CONTENT = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff));

/** Reads from CONTENT, at most so many bytes at once. */
function reading(most: number): (to: Asked) => Said | undefined {
  return (to) => {
    if (to.command !== COMMAND.read) return undefined;
    const offset = Number(to.body.readBigUInt64LE(8));
    const data = CONTENT.subarray(offset, offset + Math.min(to.body.readUInt32LE(4), most));
    if (data.length === 0) return { to, status: END_OF_FILE };
    const head = Buffer.alloc(16);
    head.writeUInt16LE(17, 0);
    head.writeUInt8(80, 2);
    head.writeUInt32LE(data.length, 4);
    return { to, body: Buffer.concat([head, data]) };
  };
}

describe('a READ', () => {
  it('that is answered short goes on', async () => {
    const file = await opened(reading(1_000));
    expect((await file.read(0, 65_536)).equals(CONTENT.subarray(0, 65_536))).toBe(true);
    expect((await file.read(1_234, 198_000)).equals(CONTENT.subarray(1_234, 199_234))).toBe(true);
    expect((await file.read(190_000, 300_000)).equals(CONTENT.subarray(190_000))).toBe(true);
  });

  it('that is answered short without end is given up', async () => {
    expect(await codeOf((await opened(reading(1))).read(0, 65_536))).toBe('malformed');
  });

  it('that meets the end of the file ends the range, also when the file has grown again behind it', async () => {
    const file = await opened((to) => {
      const second = to.command === COMMAND.read && to.body.readBigUInt64LE(8) === 65_536n;
      return second ? { to, status: END_OF_FILE } : reading(65_536)(to);
    });
    expect((await file.read(0, 200_000)).equals(CONTENT.subarray(0, 65_536))).toBe(true);
  });

  it('that fails ends the call with its reason, when nothing is under way any more', async () => {
    let reads = 0;
    const file = await opened((to) => {
      if (to.command !== COMMAND.read) return undefined;
      reads += 1;
      return reads === 2 ? { to, status: 0xc000_0054 } : reading(65_536)(to);
    });
    expect(await codeOf(file.read(0, 200_000))).toBe('locked');
    expect(await codeOf(file.close())).toBe('no failure');
  });
});

describe('a WRITE', () => {
  it('of which a part is taken goes on with the rest', async () => {
    const taken: { offset: number; bytes: Buffer }[] = [];
    const file = await opened((to) => {
      if (to.command !== COMMAND.write) return undefined;
      const length = Math.min(to.body.readUInt32LE(4), 30_000);
      taken.push({ offset: Number(to.body.readBigUInt64LE(8)), bytes: Buffer.from(to.body.subarray(48, 48 + length)) });
      return { to, body: written(length) };
    });
    await file.write(5, CONTENT);
    const inOrder = taken.sort((a, b) => a.offset - b.offset);
    expect(inOrder[0]?.offset).toBe(5);
    expect(Buffer.concat(inOrder.map((each) => each.bytes)).equals(CONTENT)).toBe(true);
  });

  it('that takes nothing, more than it was given, or has no room is an error', async () => {
    const writing = (body: Buffer, status = 0): Promise<FileHandle> =>
      opened((to) => (to.command === COMMAND.write ? { to, body, status } : undefined));
    expect(await codeOf((await writing(written(0))).write(0, CONTENT))).toBe('nt-status');
    expect(await codeOf((await writing(written(65_537))).write(0, CONTENT))).toBe('malformed');
    expect(await codeOf((await writing(Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 0]), DISK_FULL)).write(0, CONTENT))).toBe(
      'no-space',
    );
  });
});

/** Ranges that begin at multiples of 100 and are 10 long, for a question within [0, 10,000). */
function combOf(asked: Range): Range[] {
  const all = Array.from({ length: 100 }, (_, index) => ({ from: index * 100, to: index * 100 + 10 }));
  return all.filter((range) => range.to > asked.from && range.from < asked.to);
}

function askedRange(to: Asked): Range {
  const from = Number(to.body.readBigUInt64LE(56));
  return { from, to: from + Number(to.body.readBigUInt64LE(64)) };
}

function ranges(to: Asked, found: readonly Range[], status = 0): Said {
  const output = Buffer.alloc(found.length * 16);
  found.forEach((range, index) => {
    output.writeBigUInt64LE(BigInt(range.from), index * 16);
    output.writeBigUInt64LE(BigInt(range.to - range.from), index * 16 + 8);
  });
  return { to, status, body: GOOD.ioctl(output) };
}

async function allRanges(file: FileHandle, from: number, to: number): Promise<Range[]> {
  const found: Range[] = [];
  for await (const batch of file.ranges(from, to)) found.push(...batch);
  return found;
}

describe('the question for ranges', () => {
  const answering = (answer: (to: Asked, asked: Range) => Said): Promise<FileHandle> =>
    opened((to) => (to.command === COMMAND.ioctl ? answer(to, askedRange(to)) : undefined));

  it('goes on where the answer does not hold all', async () => {
    const file = await answering((to, asked) => {
      const comb = combOf(asked);
      return ranges(to, comb.slice(0, 7), comb.length > 7 ? BUFFER_OVERFLOW : 0);
    });
    expect(await allRanges(file, 0, 10_000)).toEqual(combOf({ from: 0, to: 10_000 }));
    expect(await allRanges(file, 105, 10_000)).toEqual([{ from: 105, to: 110 }, ...combOf({ from: 110, to: 10_000 })]);
  });

  it('is put for parts of the file to a server that tells all or nothing', async () => {
    const file = await answering((to, asked) => {
      const comb = combOf(asked);
      return comb.length > 7 ? { to, status: BUFFER_TOO_SMALL } : ranges(to, comb);
    });
    // Scaled up, for of a short part all ranges must fit.
    const many = await codeOf(allRanges(file, 0, 10_000));
    expect(many).toBe('nt-status');
    const scaled = await answering((to, asked) => {
      const comb = combOf({ from: asked.from / 1_000, to: asked.to / 1_000 });
      const found = comb.map((range) => ({ from: range.from * 1_000, to: range.to * 1_000 }));
      return found.length > 7 ? { to, status: BUFFER_TOO_SMALL } : ranges(to, found);
    });
    const whole = await allRanges(scaled, 0, 10_000_000);
    // Parts may cut a range in two.
    const joined: Range[] = [];
    for (const range of whole) {
      const last = joined.at(-1);
      if (last?.to === range.from) last.to = range.to;
      else joined.push({ ...range });
    }
    expect(joined).toEqual(
      combOf({ from: 0, to: 10_000 }).map((range) => ({ from: range.from * 1_000, to: range.to * 1_000 })),
    );
  });

  it.each<[string, Range[]]>([
    ['that goes on and tells none', []],
    [
      'that tells the same again',
      [
        { from: 0, to: 10 },
        { from: 0, to: 10 },
      ],
    ],
    [
      'that runs backwards',
      [
        { from: 50, to: 60 },
        { from: 10, to: 20 },
      ],
    ],
    ['that goes on and lies outside of the question', [{ from: 20_000, to: 20_010 }]],
  ])('is not satisfied by an answer %s', async (_remark, found) => {
    const file = await answering((to) => ranges(to, found, BUFFER_OVERFLOW));
    expect(await codeOf(allRanges(file, 0, 10_000))).toBe('malformed');
  });

  it.each<[string, (to: Asked, asked: Range, count: number) => Said]>([
    ['tells a byte at a time', (to, { from }) => ranges(to, [{ from, to: from + 1 }], BUFFER_OVERFLOW)],
    [
      'says too small of every long part and answers every short one',
      (to, asked) => (asked.to - asked.from > 100_000 ? { to, status: BUFFER_TOO_SMALL } : ranges(to, [{ ...asked }])),
    ],
  ])('is not put for ever to a server that %s', async (_remark, answer) => {
    let count = 0;
    const file = await answering((to, asked) => {
      count += 1;
      return answer(to, asked, count);
    });
    expect(await codeOf(allRanges(file, 0, Number.MAX_SAFE_INTEGER))).toBe('malformed');
    expect(count).toBeLessThan(200);
  });

  it('is put as often as a file of many ranges needs', async () => {
    // 4 KiB of data in every 8: 32 GiB of the most crowded file that there is, 4,096 ranges in each answer.
    const block = 4_096;
    let count = 0;
    const file = await answering((to, asked) => {
      count += 1;
      const found: Range[] = [];
      for (
        let at = Math.ceil(asked.from / (2 * block)) * 2 * block;
        at < asked.to && found.length < 4_096;
        at += 2 * block
      )
        found.push({ from: at, to: at + block });
      return ranges(to, found, (found.at(-1)?.to ?? asked.to) + block < asked.to ? BUFFER_OVERFLOW : 0);
    });
    let told = 0;
    for await (const batch of file.ranges(0, 32 * 1_073_741_824)) told += batch.length;
    expect([told, count]).toEqual([4 * 1_048_576, 1_024]);
  });

  it('whose answer is all crumbs does not make a READ of each', async () => {
    let reads = 0;
    const { line } = await serve((to) => {
      if (to.command === COMMAND.ioctl) {
        const { from } = askedRange(to);
        const crumbs = Array.from({ length: 4_000 }, (_, n) => ({ from: from + 2 * n, to: from + 2 * n + 1 }));
        return ranges(to, crumbs, BUFFER_OVERFLOW);
      }
      if (to.command === COMMAND.create) return { to, body: GOOD.create(CONTENT.length) };
      reads += to.command === COMMAND.read ? 1 : 0;
      return reading(65_536)(to);
    });
    const whole = Buffer.alloc(CONTENT.length);
    let holes = 0;
    const sink = {
      data: (data: Buffer, at: number) => void data.copy(whole, at),
      hole: (from: number, to: number) => {
        holes += to - from;
      },
    };
    const fetched = await fetchRanges(line, 'file', sink, 65_536);
    expect([fetched.bytes, fetched.holeBytes, holes]).toEqual([CONTENT.length, 0, 0]);
    expect(whole.equals(CONTENT)).toBe(true);
    expect(reads).toBeLessThan(60);
  });

  it.each<[string, (to: Asked) => Said]>([
    ['with an error', (to) => ({ to, status: DISK_FULL })],
    ['with nonsense', (to) => ranges(to, [{ from: 9, to: 9 }])],
    ['with no end', (to) => ranges(to, [], BUFFER_OVERFLOW)],
  ])('that is answered %s half way makes the rest data', async (_remark, answer) => {
    const { line } = await serve((to) => {
      if (to.command === COMMAND.ioctl)
        return askedRange(to).from === 0 ? ranges(to, [{ from: 80_000, to: 100_000 }], BUFFER_OVERFLOW) : answer(to);
      if (to.command === COMMAND.create) return { to, body: GOOD.create(CONTENT.length) };
      return reading(65_536)(to);
    });
    const whole = Buffer.alloc(CONTENT.length);
    const holes: Range[] = [];
    const sink = {
      data: (data: Buffer, at: number) => void data.copy(whole, at),
      hole: (from: number, to: number) => void holes.push({ from, to }),
    };
    const fetched = await fetchRanges(line, 'file', sink, 65_536);
    expect(holes).toEqual([{ from: 0, to: 80_000 }]);
    expect([fetched.bytes, fetched.holeBytes]).toEqual([120_000, 80_000]);
    expect(whole.subarray(80_000).equals(CONTENT.subarray(80_000))).toBe(true);
  });

  it('that a server cannot answer makes everything data', async () => {
    const { line } = await serve((to) => {
      if (to.command === COMMAND.ioctl) return { to, status: INVALID_DEVICE_REQUEST };
      if (to.command === COMMAND.create) return { to, body: GOOD.create(CONTENT.length) };
      return reading(65_536)(to);
    });
    const file = await openFile(line, 'file', { access: 'read' }, SIZES);
    expect(await codeOf(allRanges(file, 0, 5))).toBe('not-supported');
    const whole = Buffer.alloc(CONTENT.length);
    const sink = { data: (data: Buffer, at: number) => void data.copy(whole, at), hole: () => expect.unreachable() };
    expect((await fetchRanges(line, 'file', sink, 65_536)).bytes).toBe(CONTENT.length);
    expect(whole.equals(CONTENT)).toBe(true);
  });
});

describe('a file that is cut while it is fetched', () => {
  it('ends early, and its sizes show it', async () => {
    const { line } = await serve((to) => {
      if (to.command === COMMAND.ioctl) return ranges(to, [{ from: 0, to: 500_000 }]);
      if (to.command === COMMAND.create) return { to, body: GOOD.create(500_000) };
      if (to.command === COMMAND.close) return { to, body: GOOD.close(CONTENT.length) };
      return reading(65_536)(to);
    });
    const chunks: Buffer[] = [];
    const sink = { data: (data: Buffer) => void chunks.push(data), hole: () => {} };
    const fetched = await fetchRanges(line, 'file', sink, 65_536);
    expect([fetched.bytes, Buffer.concat(chunks).length]).toEqual([CONTENT.length, CONTENT.length]);
    expect([fetched.before.size, fetched.after.size]).toEqual([500_000, CONTENT.length]);
  });
});

describe('a connection that ended for whatever reason', () => {
  it('is a connection that is gone for everything that is still open', async () => {
    const file = await opened((to) => (to.command === COMMAND.read ? { ...good(to), unsigned: true } : undefined));
    expect(await codeOf(file.read(0, 3))).toBe('bad-signature');
    const calls = [file.read(0, 1), file.write(0, CONTENT), file.setEnd(0), file.flush(), allRanges(file, 0, 1)];
    for (const call of calls) expect(await codeOf(call)).toBe('disconnected');
    expect(await codeOf(file.close())).toBe('disconnected');
  });
});

describe('CLOSE', () => {
  it('may leave the attributes out, and tells when it fails', async () => {
    const bare = GOOD.close();
    bare.writeUInt16LE(0, 2);
    const silent = await opened((to) => (to.command === COMMAND.close ? { to, body: bare } : undefined));
    expect(await silent.close()).toBeUndefined();
    const failing = await opened((to) => (to.command === COMMAND.close ? { to, status: DISK_FULL } : undefined));
    expect(await codeOf(failing.close())).toBe('no-space');
    await failing[Symbol.asyncDispose]();
  });
});
