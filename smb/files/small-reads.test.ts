/** Several small files in one chain: whatever a server makes of it, each file comes whole or fails for its own reason. */
import { afterEach, expect, it } from 'vitest';
import { type Asked, chain, GOOD, good, type Said, type ScriptedLine, startLine } from '../scripted/signing.ts';
import type { FetchSink } from '../types.ts';
import { COMMAND } from '../wire/header.ts';
import { Fetcher } from './fetch.ts';

const MEBIBYTE = 1_048_576;
const RELATED = 0x4;
const INVALID_PARAMETER = 0xc000_000d;
const NOT_FOUND = 0xc000_0034;
const CREDITS = 2_000;

let scripted: ScriptedLine | undefined;
afterEach(() => scripted?.close());

/** A server whose files hold their own names, and what each test makes of its answers. */
async function server(change: (answers: Said[]) => Said[] = (answers) => answers): Promise<ScriptedLine> {
  scripted = await startLine(CREDITS, (parts) => {
    let open = '';
    const answers = parts.map((to): Said => {
      if (to.command === COMMAND.create) open = nameOf(to);
      if (to.command === COMMAND.create) return { to, body: GOOD.create(open.length) };
      if (to.command === COMMAND.read) return { to, body: GOOD.read(open) };
      if (to.command === COMMAND.close) return { to, body: GOOD.close(open.length) };
      return good(to);
    });
    return [chain(change(answers))];
  });
  return scripted;
}

function nameOf(create: Asked): string {
  const length = create.body.readUInt16LE(46);
  return create.body.toString('utf16le', 56, 56 + length);
}

/** Asks for so many files at once; what each came to. */
function fetchAll({ line }: ScriptedLine, count: number, sinkOf?: (name: string) => FetchSink): Promise<string[]> {
  const fetcher = new Fetcher(line, MEBIBYTE);
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const name = `file ${index}`;
      const chunks: string[] = [];
      const sink = sinkOf?.(name) ?? { data: (chunk: Buffer) => void chunks.push(chunk.toString()) };
      try {
        await fetcher.fetch(name, 10, sink);
        return chunks.join('');
      } catch (error) {
        return error instanceof Error && 'code' in error ? String(error.code) : String(error);
      }
    }),
  );
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `file ${index}`);
const chains = (asked: Asked[][]): Asked[][] => asked.filter((parts) => parts[0]?.command === COMMAND.create);
const isShared = (parts: Asked[]): boolean => parts.filter((part) => part.command === COMMAND.create).length > 1;

function handles(asked: Asked[][]): { opened: number; closed: number } {
  const count = (command: number): number => asked.flat().filter((part) => part.command === command).length;
  return { opened: count(COMMAND.create), closed: count(COMMAND.close) };
}

it('lets many files share chains of at most eight, every part but the first related', async () => {
  const scripted = await server();
  expect(await fetchAll(scripted, 300)).toEqual(names(300));
  const sent = chains(scripted.asked);
  expect(sent.length).toBeLessThan(150);
  expect(sent.some(isShared)).toBe(true);
  for (const parts of sent) {
    expect(parts.length).toBeLessThanOrEqual(24);
    expect(parts.map((part) => (part.flags & RELATED) !== 0)).toEqual(parts.map((_, index) => index > 0));
  }
});

it('lets each of a few files go alone', async () => {
  const scripted = await server();
  expect(await fetchAll(scripted, 3)).toEqual(names(3));
  expect(chains(scripted.asked).some(isShared)).toBe(false);
});

it('asks again, alone, for what a server fails behind a failed file, and blames only the one that failed', async () => {
  const scripted = await server((answers) => {
    const at = answers.findIndex(({ to }) => to.command === COMMAND.create && nameOf(to) === 'file 50');
    return answers.map((said, index) => (at >= 0 && index >= at ? { to: said.to, status: NOT_FOUND } : said));
  });
  const found = await fetchAll(scripted, 100);
  expect(found).toEqual(names(100).map((name) => (name === 'file 50' ? 'not-found' : name)));
});

it('leaves a server in peace that takes only the first file of a chain', async () => {
  const scripted = await server((answers) =>
    answers.map((said, index) => (index < 3 ? said : { to: said.to, status: INVALID_PARAMETER })),
  );
  expect(await fetchAll(scripted, 1_000)).toEqual(names(1_000));
  // It would be some 125; those that were under way when it became clear are the last.
  expect(chains(scripted.asked).filter(isShared).length).toBeLessThan(30);
});

it('closes a file whose CLOSE failed in a shared chain, and reads it again', async () => {
  let failed = 0;
  const scripted = await server((answers) =>
    answers.map((said, index) => {
      if (index < 3 || said.to.command !== COMMAND.close || answers.length < 6) return said;
      failed += 1;
      return { to: said.to, status: 0xc000_00e5 };
    }),
  );
  expect(await fetchAll(scripted, 60)).toEqual(names(60));
  expect(failed).toBeGreaterThan(0);
  const { opened, closed } = handles(scripted.asked);
  expect(closed).toBe(opened + failed);
});

it('lets a sink that throws fail its own file alone', async () => {
  const seen: string[] = [];
  const found = await fetchAll(await server(), 60, (name) => ({
    data: async (chunk) => {
      if (name === 'file 30') throw new Error('the disk of this one');
      // Still at work when the other one has failed.
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(chunk.toString());
    },
  }));
  expect(found.filter((each) => each !== '')).toEqual(['Error: the disk of this one']);
  expect(seen.length).toBe(59);
});

it('blames an unreadable answer on its own file, and never hands over what it has given up', async () => {
  const scripted = await server((answers) => {
    let open = '';
    return answers.map((said) => {
      if (said.to.command === COMMAND.create) open = nameOf(said.to);
      // The first of each chain is fetched again: it must not be given up with the one that cannot be read.
      if (answers.length >= 6 && said === answers[0]) return { to: said.to, status: INVALID_PARAMETER };
      return open === 'file 40' && said.to.command === COMMAND.create ? { ...said, body: Buffer.alloc(88) } : said;
    });
  });
  const handed = new Map<string, number>();
  const found = await fetchAll(scripted, 80, (name) => ({
    data: () => void handed.set(name, (handed.get(name) ?? 0) + 1),
  }));
  expect(found.filter((each) => each !== '')).toEqual(['malformed']);
  expect([...handed.keys()].sort()).toEqual(
    names(80)
      .filter((name) => name !== 'file 40')
      .sort(),
  );
  expect(Math.max(...handed.values())).toBe(1);
});

it('reads a file another way that has outgrown its place in the chain', async () => {
  const long = 'x'.repeat(70_000);
  const scripted = await server((answers) => {
    let open = '';
    return answers.map((said) => {
      if (said.to.command === COMMAND.create) open = nameOf(said.to);
      const grown = open === 'file 20' || said.to.body.readUInt32LE(4) === 70_000;
      if (!grown) return said;
      if (said.to.command === COMMAND.create) return { ...said, body: GOOD.create(long.length) };
      // It goes on growing.
      if (said.to.command !== COMMAND.read) return { ...said, body: GOOD.close(long.length + 1) };
      return { ...said, body: GOOD.read(long.slice(0, said.to.body.readUInt32LE(4))) };
    });
  });
  const found = await fetchAll(scripted, 40);
  expect(found[20]).toBe(long);
  expect(found.filter((_, index) => index !== 20)).toEqual(names(40).filter((name) => name !== 'file 20'));
});
