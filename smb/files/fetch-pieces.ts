/**
 * Reads an open file piece by piece, many READs at once; Samba answers those from several threads, a chain from one.
 * Which pieces there are says the caller, who may leave out holes.
 */

import type { About, Line } from '../link/line.ts';
import type { Fetched, FetchSink, Stat } from '../types.ts';
import type { Create } from '../wire/create.ts';
import type { Range } from './handle-types.ts';
import { eachPiece } from './pieces.ts';
import { PIECE_BYTES, PIECES, readPiece } from './range-io.ts';

/** A file as its CREATE showed it. */
export interface Opened {
  fileId: Buffer;
  before: Stat;
  /** The most that one piece should have. */
  pieceBytes: number;
}

type Pieces = Iterator<Range, void> | AsyncIterator<Range, void>;

/**
 * @param look asks for the stat where CLOSE told none
 * @param piecesOf what is to be read, ascending; may tell holes on the way
 */
export async function fetchPieces(
  line: Line,
  look: () => Promise<Stat>,
  create: Create,
  sink: FetchSink,
  maxReadBytes: number,
  about: About,
  piecesOf: (opened: Opened) => Pieces,
): Promise<Fetched> {
  const { gate } = line.link;
  await gate.enter(0, 'fresh');
  const { fileId, stat: before } = await line.open(create, about).finally(() => gate.leave(0));
  let bytes = 0;
  try {
    sink.begin?.(before);
    let end = before.size;
    const pieceBytes = line.payload(Math.min(PIECE_BYTES, maxReadBytes));
    const pieces = piecesOf({ fileId, before, pieceBytes });
    await eachPiece(pieces, Math.min(PIECES, Math.ceil(before.size / pieceBytes)), async (piece) => {
      // The file was cut meanwhile: `after` shows it.
      if (piece.from >= end) return;
      const reached = await readPiece(line, fileId, piece, about, (data, at) => {
        bytes += data.length;
        return sink.data(data, at);
      });
      if (reached < piece.to) end = Math.min(end, reached);
    });
  } catch (error) {
    line.closeLater(fileId, about);
    throw error;
  }
  const after = (await line.close(fileId, about)) ?? (await look());
  return { before, after, bytes };
}
