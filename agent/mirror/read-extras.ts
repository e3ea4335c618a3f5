/**
 * Reads from the main what an object has beside its content, from what its opening told: streams by their own reads, extended
 * attributes where it has any. What cannot be read is told and costs nothing else.
 *
 * Streams are not read with the object's content: whoever asked has to look afterwards whether it moved meanwhile (`isLate`).
 */
import { type Failure, isFailure } from '../../base/failure.ts';
import { printable } from '../../base/human.ts';
import { actionOf } from '../../smb/status/status.ts';
import type { ExtendedAttribute, Extras, StreamInfo, Tree } from '../../smb/types.ts';
import { type Dressing, STREAM_LIMIT_BYTES, tooLarge } from './dressing.ts';
import { isAboutPath } from './ground.ts';

/** Of all streams of one object together: they are held in memory. */
const STREAMS_LIMIT_BYTES = 262_144;
/** Named one by one; the rest is counted. */
const LOST_LIMIT = 5;

/** Where it is read: the share as it is, or as it was in a snapshot. */
export type ExtrasSource = Pick<Tree, 'fetch' | 'extended'>;

export interface ReadDressing extends Dressing {
  /** Some of it was read after the object was closed. */
  isLate: boolean;
}

/**
 * Throws what concerns the connection.
 * @param extras what the opening told; undefined when it told nothing, and then nothing here is touched
 */
export async function readDressing(
  tree: ExtrasSource,
  path: string,
  extras: Extras | undefined,
): Promise<ReadDressing> {
  if (extras === undefined)
    return { security: undefined, streams: undefined, extended: undefined, lost: [], again: false, isLate: false };
  const lost = new Lost();
  const security = lost.orWhy(extras.security, 'its access rules');
  const listed = lost.orWhy(extras.streams, 'the list of its streams');
  const bytes = lost.orWhy(extras.extendedBytes, 'its extended attributes') ?? 0;
  let streams: { name: string; data: Buffer }[] | undefined;
  if (listed !== undefined) {
    for (const name of listed.refused) lost.add(`the stream ${name}: its name cannot be used`);
    streams = await readStreams(tree, path, listed.streams, lost);
  }
  let extended: ExtendedAttribute[] | undefined =
    bytes === 0 && typeof extras.extendedBytes === 'number' ? [] : undefined;
  if (bytes > 0) extended = await lost.ask('its extended attributes', () => tree.extended(path));
  const isLate = (listed?.streams.length ?? 0) > 0 || bytes > 0;
  return { security, streams, extended, lost: lost.told, again: lost.again, isLate };
}

async function readStreams(
  tree: ExtrasSource,
  path: string,
  listed: readonly StreamInfo[],
  lost: Lost,
): Promise<{ name: string; data: Buffer }[]> {
  const read: { name: string; data: Buffer }[] = [];
  let room = STREAMS_LIMIT_BYTES;
  for (const { name, size } of [...listed].sort((a, b) => a.size - b.size)) {
    const what = `the stream ${printable(name)}`;
    if (size > STREAM_LIMIT_BYTES) lost.add(tooLarge(what, size));
    else if (size > room) lost.add(`${what}: all streams together have more than ${STREAMS_LIMIT_BYTES} bytes`);
    else {
      const data = await lost.ask(what, () => readStream(tree, path, name, size));
      if (data === undefined) continue;
      room -= data.length;
      read.push({ name, data });
    }
  }
  return read;
}

/** As it was listed: one that has grown or shrunk meanwhile is seen by the object's ChangeTime. */
async function readStream(tree: ExtrasSource, path: string, stream: string, size: number): Promise<Buffer> {
  const data = Buffer.alloc(size);
  const sink = {
    data: (chunk: Buffer, offset: number): 'used' => {
      if (offset < data.length) chunk.copy(data, offset);
      return 'used';
    },
  };
  if (size > 0) await tree.fetch(path, size, sink, { stream });
  return data;
}

/** Gathers what could not be read. */
class Lost {
  readonly #told: string[] = [];
  #count = 0;
  again = false;

  add(what: string): void {
    this.#count += 1;
    if (this.#told.length < LOST_LIMIT) this.#told.push(what);
  }

  get told(): string[] {
    const more = this.#count - this.#told.length;
    return more > 0 ? [...this.#told, `and ${more} more`] : this.#told;
  }

  /** A server that has no such thing has lost nothing. */
  orWhy<T>(value: T | Failure, what: string): T | undefined {
    if (!isFailure(value)) return value;
    if (actionOf(value)?.do === 'degrade') return undefined;
    this.add(`${what} could not be read: ${value.what}`);
    this.again = true;
    return undefined;
  }

  async ask<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!isAboutPath(error)) throw error;
      return this.orWhy<T>(error, what);
    }
  }
}
