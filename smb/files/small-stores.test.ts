/** Several small files written in one chain: whatever a server makes of it, each is there whole, or nothing of it is and its writer knows why. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Asked, chain, GOOD, good, type Said, type ScriptedLine, startLine } from '../scripted/signing.ts';
import { COMMAND } from '../wire/header.ts';
import { Storer } from './store.ts';

const MEBIBYTE = 1_048_576;
const RELATED = 0x4;
const CREDITS = 2_000;
/** Where FileId stands in a body: MS-SMB2 2.2.14, 2.2.21, 2.2.39, 2.2.15. */
const FILE_ID = { created: 64, write: 16, setInfo: 16, close: 8 } as const;
const STATUS = { full: 0xc000_007f, internal: 0xc000_00e5, exists: 0xc000_0035, invalid: 0xc000_000d } as const;

let scripted: ScriptedLine | undefined;
afterEach(() => scripted?.close());

/** A server in memory that knows what is there; `change` makes of its answers what the test wants. */
class Server {
  readonly files = new Set<string>();
  readonly #handles: string[] = [];
  line!: ScriptedLine;

  static async start(change: (answers: Said[]) => Said[] = (answers) => answers): Promise<Server> {
    const server = new Server();
    server.line = await startLine(CREDITS, (parts) => [chain(change(parts.map((to) => server.#answer(to))))]);
    scripted = server.line;
    return server;
  }

  #answer(to: Asked): Said {
    if (to.command === COMMAND.create) {
      const name = nameOf(to);
      this.files.add(name);
      this.#handles.push(name);
      const body = GOOD.create(name.length);
      body.fill(0, FILE_ID.created, FILE_ID.created + 16);
      body.writeUInt32LE(this.#handles.length, FILE_ID.created);
      return { to, body };
    }
    if (to.command === COMMAND.write) return { to, body: written(this.#named(to, FILE_ID.write).length) };
    if (to.command === COMMAND.setInfo && isDeletion(to)) this.files.delete(this.#named(to, FILE_ID.setInfo));
    if (to.command === COMMAND.close) return { to, body: GOOD.close(this.#named(to, FILE_ID.close).length) };
    return good(to);
  }

  /** The file of a part; all ones stand for the one before in the chain. */
  #named({ body }: Asked, at: number): string {
    const handle = body.readUInt32LE(at);
    return this.#handles.at(handle === 0xffff_ffff ? -1 : handle - 1) ?? '';
  }

  /** Stores so many files at once, each with its own name in it; what each came to. */
  store(count: number, used: (data: Buffer) => void = () => undefined): Promise<string[]> {
    const storer = new Storer(this.line.line, MEBIBYTE);
    return Promise.all(
      names(count).map(async (name) => {
        const source = { size: name.length, read: () => Buffer.from(name), used };
        try {
          return String((await storer.store(name, source, {})).size);
        } catch (error) {
          return error instanceof Error && 'code' in error ? String(error.code) : String(error);
        }
      }),
    );
  }

  get chains(): Asked[][] {
    return this.line.asked.filter((parts) => parts[0]?.command === COMMAND.create);
  }
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `file ${index}`);
const sizes = (count: number): string[] => names(count).map((name) => String(name.length));
const isShared = (parts: readonly { command: number }[]): boolean =>
  parts.filter((part) => part.command === COMMAND.create).length > 1;

function nameOf(create: Asked): string {
  return create.body.toString('utf16le', 56, 56 + create.body.readUInt16LE(46));
}

function isDeletion(to: Asked): boolean {
  return to.body.readUInt8(3) === 13;
}

function written(bytes: number): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt16LE(17, 0);
  body.writeUInt32LE(bytes, 4);
  return body;
}

it('lets many files share chains of at most four, every part but the first related, and gives the memory back', async () => {
  const server = await Server.start();
  let used = 0;
  expect(await server.store(200, () => (used += 1))).toEqual(sizes(200));
  expect(used).toBe(200);
  expect(server.files.size).toBe(200);
  expect(server.chains.some(isShared)).toBe(true);
  for (const parts of server.chains) {
    expect(parts.length).toBeLessThanOrEqual(20);
    expect(parts.map((part) => (part.flags & RELATED) !== 0)).toEqual(parts.map((_, index) => index > 0));
  }
});

it('takes one round trip for a single file', async () => {
  const server = await Server.start();
  expect(await server.store(1)).toEqual(sizes(1));
  const { create, write, setInfo, flush, close } = COMMAND;
  expect(server.chains.map((parts) => parts.map(({ command }) => command))).toEqual([
    [create, write, setInfo, flush, close],
  ]);
});

describe('a part that fails', () => {
  /** Fails one part of one file, however often it is tried. */
  const failing = (name: string, command: number, status: number) => {
    let open = '';
    return (answers: Said[]): Said[] =>
      answers.map((said) => {
        if (said.to.command === COMMAND.create) open = nameOf(said.to);
        const isMade = answers.some(({ to }) => to.command === COMMAND.write);
        return open === name && isMade && said.to.command === command ? { to: said.to, status } : said;
      });
  };

  it.each([
    ['WRITE', COMMAND.write, STATUS.full, 'no-space'],
    ['SET_INFO', COMMAND.setInfo, STATUS.invalid, 'nt-status'],
    ['FLUSH', COMMAND.flush, STATUS.full, 'no-space'],
  ])('%s leaves nothing of its file, and all of the others', async (_remark, command, status, code) => {
    const server = await Server.start(failing('file 37', command, status));
    let used = 0;
    const found = await server.store(60, () => (used += 1));
    expect(found.map((came, index) => (came === sizes(60)[index] ? 'whole' : came))).toEqual(
      names(60).map((name) => (name === 'file 37' ? code : 'whole')),
    );
    expect([...server.files].sort()).toEqual(
      names(60)
        .filter((name) => name !== 'file 37')
        .sort(),
    );
    expect(used, 'memory of what failed may be on its way').toBe(59);
  });

  it('CLOSE, has its handle closed and its file made anew', async () => {
    let failed = 0;
    const server = await Server.start((answers) =>
      answers.map((said) => {
        if (said.to.command !== COMMAND.close || answers.length < 10 || failed > 2) return said;
        failed += 1;
        return { to: said.to, status: STATUS.internal };
      }),
    );
    expect(await server.store(60)).toEqual(sizes(60));
    expect(failed).toBe(3);
    const count = (command: number): number =>
      server.line.asked.flat().filter((part) => part.command === command).length;
    expect(count(COMMAND.close)).toBe(count(COMMAND.create) + failed);
  });

  it('CREATE of a name that is there, touches nothing of it', async () => {
    const server = await Server.start(failing('file 37', COMMAND.create, STATUS.exists));
    const found = await server.store(60);
    expect(found[37]).toBe('exists');
    expect(found.filter((came) => came !== 'exists')).toHaveLength(59);
    expect(server.line.asked.flat().filter((to) => to.command === COMMAND.setInfo && isDeletion(to))).toEqual([]);
  });
});

it('is not deleted by its name when somebody has put another file there meanwhile', async () => {
  const server = await Server.start((answers) =>
    answers.map((said) => {
      if (said.to.command === COMMAND.flush) return { to: said.to, status: STATUS.full };
      // What is opened for its deletion is another file: larger.
      const isDeleting = said.to.command === COMMAND.create && answers.length === 1;
      return isDeleting ? { to: said.to, body: GOOD.create(4_711) } : said;
    }),
  );
  const [came] = await server.store(1);
  expect(came).toBe('nt-status');
  expect(server.files).toEqual(new Set(['file 0']));
  expect(server.line.asked.flat().filter((to) => to.command === COMMAND.setInfo && isDeletion(to))).toEqual([]);
});

it('leaves a server in peace that cannot flush in the middle of a chain', async () => {
  const server = await Server.start((answers) =>
    answers.map((said, index) =>
      said.to.command === COMMAND.flush && index < answers.length - 1 ? { to: said.to, status: STATUS.internal } : said,
    ),
  );
  expect(await server.store(300)).toEqual(sizes(300));
  expect(server.files.size).toBe(300);
  // Those that were under way when it became clear are the last.
  const closing = server.chains.filter((parts) => parts.length > 1 && parts.at(-1)?.command === COMMAND.close);
  expect(closing.length).toBeLessThan(30);
});
