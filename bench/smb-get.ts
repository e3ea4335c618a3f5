/**
 * Copies a whole share to a folder with our SMB client, as a process of its own like its peers.
 * The job comes by standard input: {"host","port","user","password","share","folder"}.
 */
import fs from 'node:fs';
import { connect } from '../smb/index.ts';
import type { Tree } from '../smb/types.ts';

interface Job {
  host: string;
  port: number;
  user: string;
  password: string;
  share: string;
  folder: string;
}

/** Files asked for and not yet written, and directories listed at once. */
const FILES = 256;
const DIRECTORIES = 8;

/** Lets so many in at a time. */
class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Undefined when there was room. */
  take(): Promise<void> | undefined {
    if (this.#free === 0) return new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#free -= 1;
    return undefined;
  }

  giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

const job = JSON.parse(fs.readFileSync(0, 'utf8')) as Job;
const files = new Places(FILES);
const directories = new Places(DIRECTORIES);

async function copyFile(tree: Tree, from: string, size: number): Promise<void> {
  let fd: number | undefined;
  try {
    const { after, bytes } = await tree.fetch(from, size, {
      begin: () => {
        fd = fs.openSync(`${job.folder}/${from}`, 'wx');
      },
      data: (chunk, offset) => {
        if (fd !== undefined) fs.writeSync(fd, chunk, 0, chunk.length, offset);
        return 'used';
      },
    });
    if (fd === undefined || bytes !== after.size) throw new Error(`${from}: ${bytes} of ${after.size} bytes`);
    const written = Number(after.written / 10_000n - 11_644_473_600_000n) / 1_000;
    fs.futimesSync(fd, written, written);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
    files.giveBack();
  }
}

async function copyDirectory(tree: Tree, from: string): Promise<void> {
  const work: Promise<void>[] = [];
  await directories.take();
  for await (const { entries } of tree.list(from)) {
    for (const entry of entries) {
      const each = from === '' ? entry.name : `${from}/${entry.name}`;
      if (entry.directory) {
        fs.mkdirSync(`${job.folder}/${each}`);
        work.push(copyDirectory(tree, each));
      } else {
        const room = files.take();
        if (room !== undefined) await room;
        work.push(copyFile(tree, each, entry.size));
      }
    }
  }
  directories.giveBack();
  await Promise.all(work);
}

const { host, port, user, password, share } = job;
const connection = await connect({ host, port, connectTimeoutMs: 5_000, requestTimeoutMs: 60_000 });
const session = await connection.logon({ user, domain: '', password });
await copyDirectory(await session.tree(share), '');
connection.close();
process.exit(0);
