/**
 * Makes smb/corpus/answers.json: what a real smbd answers, taken off the wire between it and our client. The fuzzing of the decoders starts from
 * these bytes. To be run again when the client has learnt to ask something new:
 *
 *   tryout/isolate bin/node smb/scripted/record.ts
 */
import fs from 'node:fs';
import path from 'node:path';
import { mustRun } from '../../base/command.ts';
import { textOf } from '../../base/failure.ts';
import type { StoreSource, Tree } from '../types.ts';
import { COMMAND, splitChain } from '../wire/header.ts';
import { ANSWERS_FILE, type Corpus } from './corpus.ts';
import { ACCOUNT, SHARE, startStand } from './stand.ts';
import { startTamperer } from './tamperer.ts';

/** Of one kind; those of the most different lengths are kept. */
const SAMPLES = 6;
const SAMPLE_BYTES = 2_048;
const SNAPSHOT = '@GMT-2024.02.29-12.00.00';
const COMMAND_NAMES = new Map<number, string>(Object.entries(COMMAND).map(([name, value]) => [value, name]));
const SUCCESSES = new Set([0, 0xc000_0016, 0x8000_0005]);

/** Parts by what was asked: `queryInfo 1.6`, `ioctl 0x0011c017`, `error`. */
class Recorder {
  readonly #asked = new Map<bigint, string>();
  readonly #heard = new Map<string, Buffer[]>();

  request(message: Buffer): void {
    // CANCEL goes by the number of what it cancels.
    if (message.readUInt16LE(12) === COMMAND.cancel) return;
    let id = message.readBigUInt64LE(24);
    for (const part of splitChain(message)) {
      this.#asked.set(id, kindOf(part));
      id += BigInt(Math.max(1, part.readUInt16LE(6)));
    }
  }

  answer(message: Buffer): void {
    const parts = splitChain(message);
    if (parts.length > 1) this.#keep('chain', message);
    for (const part of parts) {
      const status = part.readUInt32LE(8);
      const asked = this.#asked.get(part.readBigUInt64LE(24));
      if (asked !== undefined) this.#keep(SUCCESSES.has(status) ? asked : status === 0x103 ? 'interim' : 'error', part);
    }
  }

  #keep(kind: string, bytes: Buffer): void {
    if (bytes.length > SAMPLE_BYTES) return;
    const kept = this.#heard.get(kind) ?? [];
    this.#heard.set(kind, kept);
    if (!kept.some((each) => each.length === bytes.length)) kept.push(Buffer.from(bytes));
  }

  corpus(): Corpus {
    return Object.fromEntries(
      [...this.#heard]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([kind, samples]) => [kind, spread(samples).map((sample) => sample.toString('hex'))]),
    );
  }
}

/** The shortest, the longest, and some between. */
function spread(samples: Buffer[]): Buffer[] {
  const sorted = [...samples].sort((one, other) => one.length - other.length);
  if (sorted.length <= SAMPLES) return sorted;
  return Array.from(
    { length: SAMPLES },
    (_, index) => sorted[Math.round((index * (sorted.length - 1)) / (SAMPLES - 1))],
  ).filter((sample) => sample !== undefined);
}

function kindOf(part: Buffer): string {
  const command = part.readUInt16LE(12);
  const name = COMMAND_NAMES.get(command) ?? String(command);
  if (command === COMMAND.queryInfo) return `${name} ${part.readUInt8(66)}.${part.readUInt8(67)}`;
  if (command === COMMAND.queryDirectory) return `${name} ${part.readUInt8(66)}`;
  if (command === COMMAND.ioctl) return `${name} 0x${part.readUInt32LE(68).toString(16).padStart(8, '0')}`;
  return name;
}

const sourceOf = (bytes: Buffer): StoreSource => ({
  size: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
});

/** Everything that a tree can be asked for, each with little content. */
function questions(tree: Tree): (() => Promise<unknown>)[] {
  return [
    () => tree.makeDirectory('folder'),
    ...[3, 40, 900].map((bytes) => () => tree.store(`folder/${bytes}`, sourceOf(Buffer.alloc(bytes, 'content ')))),
    () => tree.store('folder/größer 文 😀.txt', sourceOf(Buffer.from('x')), { attributes: 0x22 }),
    () => tree.store('folder/40', sourceOf(Buffer.from('in a stream')), {}, { stream: 'side' }),
    () => all(tree.list('')),
    () => all(tree.list('folder')),
    () => all(tree.list('none')),
    ...[3, 40, 900].map((bytes) => () => tree.fetch(`folder/${bytes}`, bytes, { data: () => {} })),
    () => tree.fetch('folder/900', 10_000_000, { data: () => {} }),
    () => tree.fetchRanges('folder/900', { data: () => {}, hole: () => {} }),
    () => tree.copy('folder/900', 'folder/copy'),
    () => tree.setBasic('folder/3', { written: 130_000_000_000_000_000n }),
    () => tree.readSecurity('folder'),
    () => tree.readSecurity('folder/3'),
    () => tree.streams('folder/40'),
    () => tree.streams('folder'),
    () => tree.setExtended('folder/3', [{ name: 'COLOUR', value: Buffer.from('green'), needed: false }]),
    () => tree.extended('folder/3'),
    () => tree.reparse('folder/3'),
    () => tree.linkCount('folder/3'),
    () => tree.canonicalPath('FOLDER/40'),
    () => tree.shortName('folder/größer 文 😀.txt'),
    () => tree.fileId('folder/3'),
    () => tree.fileSystem(),
    () => tree.snapshots(),
    () => tree.space(),
    () => tree.identity(),
    () => tree.rename('folder/40', 'folder/3', { replace: true }),
    () => tree.removeDirectory('folder'),
    () => tree.removeFile('folder/900'),
  ];
}

async function all(batches: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of batches);
}

async function watched(tree: Tree): Promise<void> {
  const watch = await tree.watch('', { recursive: true });
  const batches = watch.batches[Symbol.asyncIterator]();
  await tree.makeDirectory('seen');
  await batches.next();
  await tree.rename('seen', 'gone', { replace: false });
  await batches.next();
  watch.close();
}

async function recordServer(recorder: Recorder, dialect: string): Promise<void> {
  const stand = await startStand({
    global: [`server max protocol = ${dialect}`],
    share: [
      'vfs objects = shadow_copy2 streams_xattr acl_xattr',
      'shadow:snapdir = .snapshots',
      'shadow:snapdirseverywhere = yes',
      'acl_xattr:ignore system acls = yes',
      'ea support = yes',
    ],
  });
  fs.mkdirSync(path.join(stand.folder, '.snapshots', SNAPSHOT), { recursive: true });
  const between = await startTamperer(stand.port, ({ from, message }) => {
    if (from === 'client') recorder.request(message);
    else recorder.answer(message);
    return [message];
  });
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    await work().catch((error: unknown) => console.error(dialect, textOf(error)));
  };
  try {
    const denied = await stand.connect(between.port);
    await attempt(() => denied.logon({ ...ACCOUNT, password: 'wrong' }));
    const connection = await stand.connect(between.port);
    const session = await connection.logon(ACCOUNT);
    await connection.echo(5_000);
    await attempt(() => session.shares());
    await attempt(() => session.sessions(100));
    await attempt(() => session.openFiles(100));
    await attempt(() => session.tree('none'));
    const tree = await session.tree(SHARE);
    for (const question of questions(tree)) await attempt(question);
    await attempt(() => watched(tree));
    await tree.disconnect();
    await session.logoff();
  } finally {
    between.close();
    await stand.stop();
  }
}

// The names of this machine are nobody's business; these namespaces have a name of their own.
await mustRun('hostname', ['main'], { timeLimitMs: 5_000 });
const recorder = new Recorder();
for (const dialect of ['SMB3_11', 'SMB3_02', 'SMB2_10']) await recordServer(recorder, dialect);
fs.writeFileSync(ANSWERS_FILE, `${JSON.stringify(recorder.corpus(), null, 2)}\n`);
