/** Compares a file's content on the main with the copy's, byte by byte as it streams in; nothing of it is kept. */
import { createHash } from 'node:crypto';
import { Failure } from '../../../base/failure.ts';
import { hasMoved } from '../../../smb/share.ts';
import type { FetchSink, Stat, Tree } from '../../../smb/types.ts';
import { NotContent, whyNotContent } from '../content.ts';
import type { LocalCopy } from './local.ts';

/** Bytes of the copy that are held at a time for one chunk of the main's. */
const BLOCK_BYTES = 262_144;

/** How fast it may go: for whoever must not be felt. */
export interface Gentle {
  /** Files are read in pieces of so many bytes, and not held open between them: nobody on the main finds a file taken for long. */
  pieceBytes: number;
  /** Waits as long as so many bytes are worth. Throws when called off. */
  rest(bytes: number): Promise<void>;
}

export interface Compared {
  /** As the main told of it before its first byte. */
  before: Stat;
  /** What OPEN and CLOSE told differs: it moved while it was read. */
  moved: boolean;
  /** Offset of the first byte that differs; undefined when all are the same. */
  differsAt: number | undefined;
  /** Read from the main. */
  bytes: number;
}

/** It differs already in its size: its bytes need not be read. */
class OtherSize extends Error {}

class Comparing implements FetchSink {
  readonly #copy: LocalCopy;
  before: Stat | undefined;
  differsAt: number | undefined;

  constructor(copy: LocalCopy) {
    this.#copy = copy;
  }

  begin(before: Stat): void {
    mustBeContent(before);
    this.before = before;
    if (before.size !== this.#copy.object.size) throw new OtherSize();
  }

  async data(chunk: Buffer, offset: number): Promise<void> {
    const at = await firstDifference(this.#copy, chunk, offset);
    if (at !== undefined) this.differsAt = Math.min(at, this.differsAt ?? at);
  }
}

function mustBeContent(stat: Stat): void {
  if (stat.directory) throw new Failure({ code: 'is-a-directory', doing: 'compare', what: 'it is a directory now' });
  const problem = whyNotContent(stat);
  if (problem !== undefined) throw new NotContent(problem);
}

/** Offset in the file of the first byte of `chunk` that the copy has not. */
async function firstDifference(copy: LocalCopy, chunk: Buffer, offset: number): Promise<number | undefined> {
  const block = Buffer.allocUnsafe(Math.min(chunk.length, BLOCK_BYTES));
  for (let done = 0; done < chunk.length; done += block.length) {
    const wanted = chunk.subarray(done, done + block.length);
    const found = block.subarray(0, await copy.read(block.subarray(0, wanted.length), offset + done));
    if (found.equals(wanted)) continue;
    for (let at = 0; at < wanted.length; at += 1) if (found[at] !== wanted[at]) return offset + done + at;
  }
  return undefined;
}

/** Throws what the main and the copy's disk throw, `is-a-directory`, and NotContent. */
export async function compareContent(
  tree: Tree,
  path: string,
  copy: LocalCopy,
  sizeHint: number,
  gentle: Gentle | undefined,
): Promise<Compared> {
  if (gentle !== undefined && sizeHint > gentle.pieceBytes) return comparePieces(tree, path, copy, gentle);
  const comparing = new Comparing(copy);
  try {
    const fetched = await tree.fetch(path, sizeHint, comparing);
    await gentle?.rest(fetched.bytes);
    const { differsAt } = comparing;
    return { before: fetched.before, moved: hasMoved(fetched), differsAt, bytes: fetched.bytes };
  } catch (error) {
    if (!(error instanceof OtherSize) || comparing.before === undefined) throw error;
    const { before } = comparing;
    return { before, moved: false, differsAt: Math.min(before.size, copy.object.size), bytes: 0 };
  }
}

async function comparePieces(tree: Tree, path: string, copy: LocalCopy, gentle: Gentle): Promise<Compared> {
  let first: Stat | undefined;
  let done = 0;
  do {
    const { stat, differsAt, bytes } = await comparePiece(tree, path, copy, done, gentle.pieceBytes);
    first ??= stat;
    const moved = !sameFile(stat, first);
    if (moved || differsAt !== undefined) return { before: first, moved, differsAt, bytes: done };
    await gentle.rest(bytes);
    done += bytes;
    if (bytes === 0) break;
  } while (done < first.size);
  const last = await tree.stat(path);
  return { before: first, moved: done !== first.size || !sameFile(last, first), differsAt: undefined, bytes: done };
}

async function comparePiece(
  tree: Tree,
  path: string,
  copy: LocalCopy,
  offset: number,
  length: number,
): Promise<{ stat: Stat; differsAt: number | undefined; bytes: number }> {
  await using file = await tree.open(path, { access: 'read' });
  const { stat } = file;
  mustBeContent(stat);
  if (stat.size !== copy.object.size) return { stat, differsAt: Math.min(stat.size, copy.object.size), bytes: 0 };
  const chunk = await file.read(offset, length);
  return { stat, differsAt: await firstDifference(copy, chunk, offset), bytes: chunk.length };
}

function sameFile(a: Stat, b: Stat): boolean {
  return a.size === b.size && a.written === b.written && a.changed === b.changed && a.created === b.created;
}

/** SHA-256 of the copy, in hex. */
export async function hashOf(copy: LocalCopy): Promise<string> {
  const hash = createHash('sha256');
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  for (let offset = 0; ; ) {
    const length = await copy.read(block, offset);
    if (length === 0) return hash.digest('hex');
    hash.update(block.subarray(0, length));
    offset += length;
  }
}
