/**
 * Reads a whole file. A small one is one round trip, or a part of one (small-reads.ts). Of a big one many READs are in flight at once
 * (fetch-pieces.ts), and holes are left out where the sink takes them.
 * What CREATE and CLOSE tell lets the caller see that the file moved while it was read: SMB gives no snapshot.
 */

import type { About, Line } from '../link/line.ts';
import { wirePath } from '../name.ts';
import type { Fetched, FetchSink, Stat } from '../types.ts';
import { ACCESS, type Create, DISPOSITION, OPTION } from '../wire/create.ts';
import { fetchPieces } from './fetch-pieces.ts';
import { filled, holesTo, mayHaveHoles, takesHoles } from './fetch-ranges.ts';
import { stat } from './file.ts';
import { cut } from './pieces.ts';
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

/** All of it, or where the sink takes holes apart what is no hole. */
async function fetchBig(
  line: Line,
  look: () => Promise<Stat>,
  create: Create,
  sink: FetchSink,
  maxReadBytes: number,
  about: About,
): Promise<Fetched> {
  const holes = takesHoles(sink) ? holesTo(sink) : undefined;
  const fetched = await fetchPieces(line, look, create, sink, maxReadBytes, about, (opened) => {
    const { before, pieceBytes } = opened;
    if (holes !== undefined && mayHaveHoles(before)) return filled(line, opened, holes.tell, about);
    return cut({ from: 0, to: before.size }, pieceBytes);
  });
  return { ...fetched, holeBytes: holes?.bytes ?? 0 };
}
