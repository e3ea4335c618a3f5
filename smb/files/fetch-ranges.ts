/**
 * Reads a whole file without its holes: asks which ranges hold data and fetches those alone, several READs at once. The questions
 * go on while the data comes, so that a disk image with a million pieces needs no more memory than a small file.
 */

import { isFailure } from '../../base/failure.ts';
import type { About, Line } from '../link/line.ts';
import { wirePath } from '../name.ts';
import type { Fetched, FetchSink, Stat } from '../types.ts';
import { ACCESS, DISPOSITION, OPTION } from '../wire/create.ts';
import { fetchPieces, type Opened } from './fetch-pieces.ts';
import { stat } from './file.ts';
import type { Range, RangeSink } from './handle-types.ts';
import { cut } from './pieces.ts';
import { allocatedRanges } from './ranges.ts';

/** FILE_ATTRIBUTE_SPARSE_FILE (MS-FSCC 2.6). */
const SPARSE_FILE = 0x200;
/** Shorter holes are read as data: a READ of its own for what lies behind one costs more than the zeros. */
const LEAST_HOLE_BYTES = 65_536;

export async function fetchRanges(line: Line, path: string, sink: RangeSink, maxReadBytes: number): Promise<Fetched> {
  const about: About = { doing: 'read', subject: path, lane: 'bulk' };
  const create = {
    name: wirePath(path),
    access: ACCESS.readData | ACCESS.readAttributes | ACCESS.synchronize,
    disposition: DISPOSITION.open,
    options: OPTION.nonDirectory,
  };
  const holes = holesTo(sink);
  const fetched = await fetchPieces(
    line,
    () => stat(line, path),
    create,
    sink,
    maxReadBytes,
    about,
    (opened) => filled(line, opened, holes.tell, about),
  );
  return { ...fetched, holeBytes: holes.bytes };
}

/** What a sink is told of holes, and their sum. */
export interface Holes {
  bytes: number;
  tell(from: number, to: number): void | Promise<void>;
}

export function holesTo(sink: Pick<RangeSink, 'hole'>): Holes {
  const holes: Holes = {
    bytes: 0,
    tell: (from, to) => {
      holes.bytes += to - from;
      return sink.hole(from, to);
    },
  };
  return holes;
}

/** Whether it is worth a round trip to ask for its holes: it is marked as sparse, or takes less than half of its size. */
export function mayHaveHoles({ attributes, allocatedBytes, size }: Stat): boolean {
  return (attributes & SPARSE_FILE) !== 0 || allocatedBytes < size / 2;
}

/** Whether a sink takes holes at all. */
export function takesHoles(sink: FetchSink): sink is RangeSink {
  return sink.hole !== undefined;
}

/** The pieces that hold data; what lies between them is told on the way. */
export async function* filled(
  line: Line,
  { fileId, before, pieceBytes }: Opened,
  hole: Holes['tell'],
  about: About,
): AsyncGenerator<Range, void, undefined> {
  let at = 0;
  /** Held back: what follows may lie so near that both are one. */
  let held: Range | undefined;
  for await (const ranges of known(line, fileId, before.size, about)) {
    for (const range of ranges) {
      if (held !== undefined && range.from - held.to < LEAST_HOLE_BYTES) {
        held.to = range.to;
        continue;
      }
      if (held !== undefined) {
        yield* cut(held, pieceBytes);
        at = held.to;
      }
      if (range.from > at) await hole(at, range.from);
      held = { ...range };
    }
    if (held === undefined || held.to - held.from < pieceBytes) continue;
    // What is long enough goes out now; its end alone waits for a neighbour.
    yield* cut(held, pieceBytes);
    at = held.to;
    held = { from: at, to: at };
  }
  if (held !== undefined) {
    yield* cut(held, pieceBytes);
    at = held.to;
  }
  if (at < before.size) await hole(at, before.size);
}

/**
 * What holds data: everything from where the server cannot tell any more, or answers with nonsense. A file that can be read must not
 * be lost for a question that only spares time; whether the connection is gone the READs find out.
 */
async function* known(
  line: Line,
  fileId: Buffer,
  size: number,
  about: About,
): AsyncGenerator<Range[], void, undefined> {
  let reached = 0;
  try {
    for await (const ranges of allocatedRanges(line, fileId, { from: 0, to: size }, { ...about, lane: 'urgent' })) {
      yield ranges;
      reached = ranges.at(-1)?.to ?? reached;
    }
  } catch (error) {
    if (!isFailure(error)) throw error;
    if (reached < size) yield [{ from: reached, to: size }];
  }
}
