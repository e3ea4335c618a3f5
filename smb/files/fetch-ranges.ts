/**
 * Reads a whole file without its holes: asks which ranges hold data and fetches those alone, several READs at once. The questions
 * go on while the data comes, so that a disk image with a million pieces needs no more memory than a small file.
 */

import { isFailure } from '../../base/failure.ts';
import type { About, Line } from '../link/line.ts';
import { wirePath } from '../name.ts';
import type { Fetched } from '../types.ts';
import { ACCESS, DISPOSITION, OPTION } from '../wire/create.ts';
import { stat } from './file.ts';
import type { Range, RangeSink } from './handle-types.ts';
import { cut, eachPiece } from './pieces.ts';
import { PIECE_BYTES, PIECES, readPiece } from './range-io.ts';
import { allocatedRanges } from './ranges.ts';

export async function fetchRanges(line: Line, path: string, sink: RangeSink, maxReadBytes: number): Promise<Fetched> {
  const about: About = { doing: 'read', subject: path, lane: 'bulk' };
  const { gate } = line.link;
  await gate.enter(0, 'fresh');
  const { fileId, stat: before } = await line
    .open(
      {
        name: wirePath(path),
        access: ACCESS.readData | ACCESS.readAttributes | ACCESS.synchronize,
        disposition: DISPOSITION.open,
        options: OPTION.nonDirectory,
      },
      about,
    )
    .finally(() => gate.leave(0));
  let bytes = 0;
  try {
    sink.begin?.(before);
    let end = before.size;
    const pieceBytes = line.payload(Math.min(PIECE_BYTES, maxReadBytes));
    await eachPiece(
      filled(line, fileId, before.size, pieceBytes, sink, about),
      Math.min(PIECES, Math.ceil(before.size / pieceBytes)),
      async (piece) => {
        // The file was cut meanwhile: `after` shows it.
        if (piece.from >= end) return;
        const reached = await readPiece(line, fileId, piece, about, (data, at) => {
          bytes += data.length;
          return sink.data(data, at);
        });
        if (reached < piece.to) end = Math.min(end, reached);
      },
    );
  } catch (error) {
    line.closeLater(fileId, about);
    throw error;
  }
  const after = (await line.close(fileId, about)) ?? (await stat(line, path));
  return { before, after, bytes };
}

/** The pieces that hold data; what lies between them is told to the sink on the way. */
async function* filled(
  line: Line,
  fileId: Buffer,
  size: number,
  pieceBytes: number,
  sink: RangeSink,
  about: About,
): AsyncGenerator<Range, void, undefined> {
  let at = 0;
  for await (const ranges of known(line, fileId, size, about)) {
    for (const range of ranges) {
      if (range.from > at) await sink.hole(at, range.from);
      yield* cut(range, pieceBytes);
      at = range.to;
    }
  }
  if (at < size) await sink.hole(at, size);
}

/** What holds data: everything, where the server cannot tell. */
async function* known(
  line: Line,
  fileId: Buffer,
  size: number,
  about: About,
): AsyncGenerator<Range[], void, undefined> {
  let told = false;
  try {
    for await (const ranges of allocatedRanges(line, fileId, { from: 0, to: size }, { ...about, lane: 'urgent' })) {
      told = true;
      yield ranges;
    }
  } catch (error) {
    if (told || !isFailure(error, 'not-supported')) throw error;
    yield [{ from: 0, to: size }];
  }
}
