/**
 * Copies a whole share to a folder with our SMB client, as a process of its own like its peers: bench/smb-small.ts runs it. One thread speaks SMB,
 * another one writes the files: see smb-get-slots.ts.
 * The job comes by standard input: {"host","port","user","password","share","folder"}.
 */
import fs from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { connect } from '../smb/index.ts';
import type { Tree } from '../smb/types.ts';
import { newMemory, openSlots, SLOT_BYTES, SLOTS } from './smb-get-slots.ts';

interface Job {
  host: string;
  port: number;
  user: string;
  password: string;
  share: string;
  folder: string;
}

const job = JSON.parse(fs.readFileSync(0, 'utf8')) as Job;
const memory = newMemory();
const slots = openSlots(memory);
const writer = new Worker(new URL('./smb-get-writer.ts', import.meta.url), {
  workerData: { memory, folder: job.folder },
});
writer.on('message', (written: number[]) => {
  for (const slot of written) free.push(slot);
  open -= written.length;
  pump();
  wake();
});
writer.on('error', (error) => {
  throw error;
});

const free = Array.from({ length: SLOTS }, (_, slot) => slot);
const queue: { path: string; size: number }[] = [];
const waiting: (() => void)[] = [];
/** Files asked for and not yet written. */
let open = 0;

function wake(): void {
  for (const each of waiting.splice(0)) each();
}

async function copy(from: Tree, file: string, size: number, slot: number): Promise<void> {
  if (size > SLOT_BYTES) throw new Error(`${file} has ${size} bytes; this bench is about small files`);
  const { bytes: memory, at } = slots.contentOf(slot);
  const { after, bytes } = await from.fetch(file, size, {
    data: (chunk, offset) => void chunk.copy(memory, at + offset),
  });
  if (bytes !== after.size) throw new Error(`${file}: ${bytes} of ${after.size} bytes`);
  slots.fill(slot, { path: file, length: bytes, writtenMs: Number(after.written / 10_000n - 11_644_473_600_000n) });
}

function pump(): void {
  while (queue.length > 0) {
    const slot = free.pop();
    if (slot === undefined) return;
    const next = queue.shift();
    if (next === undefined) return;
    open += 1;
    void copy(tree, next.path, next.size, slot);
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
    while (queue.length > SLOTS) await new Promise<void>((resolve) => waiting.push(resolve));
  }
  for (const each of below) await walk(each);
}

const connection = await connect({ host: job.host, port: job.port, connectTimeoutMs: 5_000, requestTimeoutMs: 60_000 });
const session = await connection.logon({ user: job.user, domain: '', password: job.password });
const tree = await session.tree(job.share);
await walk('');
while (open > 0 || queue.length > 0) await new Promise<void>((resolve) => waiting.push(resolve));
connection.close();
process.exit(0);
