/**
 * Copies a whole share to a folder with our SMB client, as a process of its own like its peers: bench/smb-small.ts runs it.
 * The job comes by standard input: {"host","port","user","password","share","folder"}.
 */
import fs from 'node:fs';
import path from 'node:path';
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

/** Files asked for at once; the client itself sends as many as the server's credits allow. */
const IN_FLIGHT = 128;

const job = JSON.parse(fs.readFileSync(0, 'utf8')) as Job;
const connection = await connect({ host: job.host, port: job.port, connectTimeoutMs: 5_000, requestTimeoutMs: 60_000 });
const session = await connection.logon({ user: job.user, domain: '', password: job.password });
const tree = await session.tree(job.share);

const queue: { path: string; size: number }[] = [];
const waiting: (() => void)[] = [];
let running = 0;
let failed: unknown;

async function copy(from: Tree, file: string, size: number): Promise<void> {
  const fd = fs.openSync(path.join(job.folder, file), 'wx');
  try {
    const { after, bytes } = await from.fetch(file, size, {
      data: (chunk, offset) => void fs.writeSync(fd, chunk, 0, chunk.length, offset),
    });
    if (bytes !== after.size) throw new Error(`${file}: ${bytes} of ${after.size} bytes`);
    const written = Number(after.written / 10_000n - 11_644_473_600_000n) / 1000;
    fs.futimesSync(fd, written, written);
  } finally {
    fs.closeSync(fd);
  }
}

function pump(): void {
  while (running < IN_FLIGHT) {
    const next = queue.shift();
    if (next === undefined) break;
    running += 1;
    copy(tree, next.path, next.size)
      .catch((error: unknown) => {
        failed ??= error;
      })
      .finally(() => {
        running -= 1;
        pump();
        if (queue.length < IN_FLIGHT) for (const wake of waiting.splice(0)) wake();
      });
  }
}

async function walk(directory: string): Promise<void> {
  const below: string[] = [];
  for await (const batch of tree.list(directory)) {
    for (const entry of batch.entries) {
      const each = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.directory) {
        fs.mkdirSync(path.join(job.folder, each));
        below.push(each);
      } else {
        queue.push({ path: each, size: entry.size });
      }
    }
    pump();
    if (queue.length > IN_FLIGHT * 8) await new Promise<void>((resolve) => waiting.push(resolve));
  }
  for (const each of below) await walk(each);
}

await walk('');
while (running > 0 || queue.length > 0) await new Promise<void>((resolve) => waiting.push(resolve));
connection.close();
if (failed !== undefined) throw failed;
process.exit(0);
