/**
 * Reads a whole file. A small one is one round trip, or a part of one (small-reads.ts). Of a big one many READs are in flight at once;
 * Samba answers those from several threads, a chain from one.
 * What CREATE and CLOSE tell lets the caller see that the file moved while it was read: SMB gives no snapshot.
 */

import type { About, Line } from '../link/line.ts';
import { wirePath } from '../name.ts';
import type { Fetched, FetchSink, Stat } from '../types.ts';
import { ACCESS, type Create, DISPOSITION, OPTION } from '../wire/create.ts';
import { stat } from './file.ts';
import { cut, eachPiece } from './pieces.ts';
import { PIECE_BYTES, PIECES, readPiece } from './range-io.ts';
import { SmallReads } from './small-reads.ts';

/** Up to this size a file is read in one chain. */
const ONE_TRIP_BYTES = 262_144;
/** What is asked of a file that was empty when it was listed. */
const EMPTY_BYTES = 65_536;

/** Whole files of one share. */
export class Fetcher {
  readonly #line: Line;
  readonly #maxReadBytes: number;
  readonly #small: SmallReads;

  constructor(line: Line, maxReadBytes: number) {
    this.#line = line;
    this.#maxReadBytes = maxReadBytes;
    this.#small = new SmallReads(line);
  }

  /**
   * @param sizeHint the size that is expected; a wrong one costs a round trip
   * @param stream to be read instead of the content
   */
  async fetch(path: string, sizeHint: number, sink: FetchSink, stream?: string): Promise<Fetched> {
    const line = this.#line;
    const about: About = { doing: 'read', subject: path, lane: 'bulk' };
    const create: Create = {
      name: wirePath(path, stream),
      access: ACCESS.readData | ACCESS.readAttributes | ACCESS.synchronize,
      disposition: DISPOSITION.open,
      // Not the reparse point itself: of a deduplicated or archived file that would be a hole instead of its content.
      // A symbolic link is still not followed: the server answers STOPPED_ON_SYMLINK and leaves that to us (MS-SMB2 2.2.2.2.1).
      options: OPTION.nonDirectory,
    };
    const look = (): Promise<Stat> => stat(line, path, stream);
    // No more than the file has: Samba would look once more for the rest of it, and keep room.
    const bytes = sizeHint > 0 ? sizeHint : EMPTY_BYTES;
    if (bytes <= Math.min(ONE_TRIP_BYTES, line.payload(this.#maxReadBytes))) {
      const fetched = await this.#small.read({ create, bytes, sink, about, look });
      if (fetched !== undefined) return fetched;
    }
    return fetchBig(line, look, create, sink, this.#maxReadBytes, about);
  }
}

async function fetchBig(
  line: Line,
  look: () => Promise<Stat>,
  create: Create,
  sink: FetchSink,
  maxReadBytes: number,
  about: About,
): Promise<Fetched> {
  const { gate } = line.link;
  await gate.enter(0, 'fresh');
  const { fileId, stat: before } = await line.open(create, about).finally(() => gate.leave(0));
  let bytes = 0;
  try {
    sink.begin?.(before);
    let end = before.size;
    const pieceBytes = line.payload(Math.min(PIECE_BYTES, maxReadBytes));
    const pieces = cut({ from: 0, to: before.size }, pieceBytes);
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
