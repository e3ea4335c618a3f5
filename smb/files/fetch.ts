/**
 * Reads a whole file. A small one is one round trip, or a part of one (small-reads.ts). Of a big one many READs are in flight at once
 * (fetch-pieces.ts), and holes are left out where the sink takes them.
 * What CREATE and CLOSE tell lets the caller see that the file moved while it was read: SMB gives no snapshot.
 */

import { isFailure } from '../../base/failure.ts';
import { type About, answerAt, type Line } from '../link/line.ts';
import { wirePath } from '../name.ts';
import type { FetchChoice, Fetched, FetchSink, Stat } from '../types.ts';
import { ACCESS, type Create, DISPOSITION, OPTION } from '../wire/create.ts';
import { EXTRA_ACCESS, extraParts, readExtras } from './extras.ts';
import { fetchPieces, type Opened, type PiecesOf } from './fetch-pieces.ts';
import { filled, holesTo, mayHaveHoles, takesHoles } from './fetch-ranges.ts';
import { stat } from './file.ts';
import { cut } from './pieces.ts';
import { SmallReads } from './small-reads.ts';

/** Up to this size a file is read in one chain. */
const ONE_TRIP_BYTES = 262_144;
/** What is asked of a file that was empty when it was listed. */
const EMPTY_BYTES = 65_536;

/** What one READ or QUERY_INFO may carry, as NEGOTIATE told. */
interface Sizes {
  maxReadBytes: number;
  maxTransactBytes: number;
}

/** Whole files of one share. */
export class Fetcher {
  readonly #line: Line;
  readonly #sizes: Sizes;
  readonly #small: SmallReads;

  /** @param maxReadBytes, maxTransactBytes as NEGOTIATE told; 64 KiB is what every server takes */
  constructor(line: Line, maxReadBytes: number, maxTransactBytes = EMPTY_BYTES) {
    this.#line = line;
    this.#sizes = { maxReadBytes, maxTransactBytes };
    this.#small = new SmallReads(line, maxTransactBytes);
  }

  /**
   * @param sizeHint the size that is expected; a wrong one costs a round trip
   * @param choice a stream to be read instead of the content; whether what the file has besides is read too
   */
  async fetch(path: string, sizeHint: number, sink: FetchSink, choice: FetchChoice = {}): Promise<Fetched> {
    if (choice.extras !== true) return this.#fetch(path, sizeHint, sink, choice, 0);
    let isOpened = false;
    const noting: FetchSink = {
      begin: (before) => {
        isOpened = true;
        sink.begin?.(before);
      },
      data: (chunk, offset) => sink.data(chunk, offset),
      ...(sink.hole === undefined ? {} : { hole: (from, to) => sink.hole?.(from, to) }),
    };
    try {
      return await this.#fetch(path, sizeHint, noting, choice, EXTRA_ACCESS);
    } catch (error) {
      // It is the opening that asks for rights. Without this one the content may be had.
      if (isOpened || !isFailure(error, 'access-denied')) throw error;
      return this.#fetch(path, sizeHint, sink, choice, 0);
    }
  }

  async #fetch(path: string, sizeHint: number, sink: FetchSink, choice: FetchChoice, access: number): Promise<Fetched> {
    const { stream } = choice;
    const line = this.#line;
    const about: About = { doing: 'read', subject: path, lane: 'bulk' };
    const create: Create = {
      name: wirePath(path, stream),
      access: ACCESS.readData | ACCESS.readAttributes | ACCESS.synchronize | access,
      disposition: DISPOSITION.open,
      // Not the reparse point itself: of a deduplicated or archived file that would be a hole instead of its content.
      // A symbolic link is still not followed: the server answers STOPPED_ON_SYMLINK and leaves that to us (MS-SMB2 2.2.2.2.1).
      options: OPTION.nonDirectory,
    };
    const look = (): Promise<Stat> => stat(line, path, stream);
    // No more than the file has: Samba would look once more for the rest of it, and keep room.
    const bytes = sizeHint > 0 ? sizeHint : EMPTY_BYTES;
    const extras = choice.extras === true;
    if (bytes <= Math.min(ONE_TRIP_BYTES, line.payload(this.#sizes.maxReadBytes))) {
      const fetched = await this.#small.read({ create, bytes, extras, sink, about, look });
      if (fetched !== undefined) return fetched;
    }
    return fetchBig(line, look, create, sink, this.#sizes, about, extras);
  }
}

/** All of it, or where the sink takes holes apart what is no hole. */
async function fetchBig(
  line: Line,
  look: () => Promise<Stat>,
  create: Create,
  sink: FetchSink,
  { maxReadBytes, maxTransactBytes }: Sizes,
  about: About,
  withExtras: boolean,
): Promise<Fetched> {
  const holes = takesHoles(sink) ? holesTo(sink) : undefined;
  let extras: Fetched['extras'];
  const piecesOf = (opened: Opened): ReturnType<PiecesOf> => {
    const { before, pieceBytes } = opened;
    if (holes !== undefined && mayHaveHoles(before)) return filled(line, opened, holes.tell, about);
    return cut({ from: 0, to: before.size }, pieceBytes);
  };
  // Before CLOSE, whose times then speak for these as well.
  const besides = async ({ fileId }: Opened): Promise<void> => {
    if (!withExtras) return;
    const asked = extraParts(fileId).map((part) => line.exchange([part], about));
    const answers = (await Promise.all(asked)).map((answer) => answerAt(answer, 0));
    extras = await readExtras(line, about.subject, answers, about, maxTransactBytes);
  };
  const fetched = await fetchPieces(line, look, create, sink, maxReadBytes, about, piecesOf, besides);
  return { ...fetched, holeBytes: holes?.bytes ?? 0, ...(extras === undefined ? {} : { extras }) };
}
